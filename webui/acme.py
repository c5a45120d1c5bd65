"""Certificates by ACME (RFC 8555): another program gets them, this is where it leaves them and its proofs.

Any client does (certbot, lego, dehydrated): ``ortsamt web install-certificate`` is its deploy hook, the
folder ``acme`` its web root for the HTTP-01 challenge. Taken into use at once, at the edge too.
"""

import contextlib
import os
import re
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from appliance.errors import ConfigError
from appliance.store.writing import write_file

WELL_KNOWN = "/.well-known/acme-challenge/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
INCOMING = ("incoming.crt", "incoming.key")


def named_by(environment: Mapping[str, str]) -> tuple[Path, Path] | None:
    """Chain and key as certbot or lego name them to their hooks; None: neither does."""
    if lineage := environment.get("RENEWED_LINEAGE"):
        return Path(lineage) / "fullchain.pem", Path(lineage) / "privkey.pem"
    if path := environment.get("LEGO_CERT_PATH"):
        return Path(path), Path(environment.get("LEGO_CERT_KEY_PATH", ""))
    return None


def leave(folder: Path, chain: Path, key: Path) -> bool:
    """Leave a pair for the web process in its folder and wake it; False: it does not run and finds it later.

    Raises ConfigError when they cannot be read or written.
    """
    try:
        texts = [one.read_bytes() for one in (chain, key)]
    except OSError as error:
        raise ConfigError(f"cannot read {error.filename}: {error.strerror}", hint="name both") from error
    tls = folder / "tls"
    for name, text in reversed(list(zip(INCOMING, texts, strict=True))):  # the chain makes the pair whole
        write_file(tls / name, text)
        if os.geteuid() == 0:
            owner = folder.stat()
            shutil.chown(tls / name, owner.st_uid, owner.st_gid)
    try:
        os.kill(int((folder / "pid").read_text(encoding="ascii")), signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def left(folder: Path) -> tuple[str, str] | None:
    """The pair that was left, and it is left no longer; None: none was."""
    chain, key = (folder / "tls" / name for name in INCOMING)
    if not (chain.exists() and key.exists()):
        return None
    try:
        return chain.read_text(encoding="utf-8", errors="replace"), key.read_text(
            encoding="utf-8", errors="replace"
        )
    finally:
        for one in (chain, key):
            with contextlib.suppress(OSError):
                one.unlink()


def proof(folder: Path, path: str) -> bytes | None:
    """What a client left to be read at this path of the challenge (RFC 8555 §8.3)."""
    token = path.removeprefix(WELL_KNOWN)
    if token == path or not _TOKEN.match(token):
        return None
    try:
        return (folder / "acme" / WELL_KNOWN.strip("/") / token).read_bytes()[:4096]
    except OSError:
        return None
