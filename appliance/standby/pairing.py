"""How two boxes know each other: a certificate of each box's own, a secret of the pair, one-time codes.

The box that was there first gives out a code; its second half says which certificate has to answer
(:func:`appliance.sync.enrolling.pin_of`). The other connects, shows the code and gets the secret; from then
on it connects by itself, checks the certificate whole, and both prove the secret.
"""

import contextlib
import hashlib
import hmac
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.sync.enrolment import CODE_LENGTH
from appliance.sync.files import write_json

FILE = "pair.json"
TRIES, TRIES_S = 10, 60.0
_DAYS = "7300"
_OPENSSL_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The other box, as this one knows it. ``calls``: this box is the one that connects."""

    node: str
    address: str
    port: int
    fingerprint: str
    """SHA-256 of the other's certificate, hex; empty where the other connects."""
    key: str
    """Secret of the pair, 64 hex digits."""
    calls: bool


def read(folder: Path) -> Pairing | None:
    """What is kept; None when there is no other box. Raises ConfigError."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pairing)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be used: {error}",
            error_id="standby.pairing",
            hint="pair the boxes again: ortsamt ctl standby-code",
        ) from error


def write(folder: Path, pairing: Pairing) -> None:
    """Keep it. Raises DeviceUnavailable."""
    try:
        write_json(folder / FILE, pairing)
    except OSError as error:
        raise DeviceUnavailable(
            f"{folder / FILE} cannot be written: {error.strerror}", error_id="standby.unwritable"
        ) from error


def forget(folder: Path) -> None:
    """There is no other box any more."""
    (folder / FILE).unlink(missing_ok=True)


def certificate(folder: Path, node: str) -> tuple[Path, Path]:
    """(certificate, key) of this box, made at the first time. Raises DeviceUnavailable."""
    found = folder / "own.crt", folder / "own.key"
    if all(path.exists() for path in found):
        return found
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-sha256", "-days", _DAYS, "-subj", f"/CN={node}",
        "-keyout", str(folder / "new.key"), "-out", str(folder / "new.crt"),
    ]  # fmt: skip
    try:
        subprocess.run(command, capture_output=True, timeout=_OPENSSL_S, check=True)
        (folder / "new.key").chmod(0o600)
        (folder / "new.key").replace(found[1])
        (folder / "new.crt").replace(found[0])
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceUnavailable(
            f"no certificate can be made: {error}", error_id="standby.certificate"
        ) from error
    return found


def fingerprint(path: Path) -> bytes:
    """The certificate (DER) in a PEM file."""
    return ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii"))


def proof(key: str, who: str, der: bytes) -> str:
    """That ``who`` (``caller``, ``called``) has the secret, on a connection to this certificate."""
    text = who.encode() + b"\0" + hashlib.sha256(der).digest()
    return hmac.digest(bytes.fromhex(key), text, "sha256").hex()


def is_proof(given: object, key: str, who: str, der: bytes) -> bool:
    """Whether it is."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), proof(key, who, der).encode())


def hashed(code: str) -> str:
    """What is kept of a code: its first half, however it was typed."""
    return hashlib.sha256(plain(code)[:CODE_LENGTH].encode()).hexdigest()


def plain(code: str) -> str:
    """A code without what people put between."""
    return "".join(one for one in code.upper() if one.isalnum())


class Door:
    """Whether a code opens: each once, for as long as it lives, and not for those who guess."""

    def __init__(self) -> None:
        self._hash, self._until = "", 0.0
        self._used = ""
        self._tries: list[float] = []

    def set(self, code_hash: str, until: float) -> None:
        """Let this code open and no other (seconds since 1970); a used one stays used."""
        self._hash, self._until = code_hash, until

    def opens(self, code: str) -> bool:
        """Use it up. Raises DeviceUnavailable when too many were tried."""
        now = time.monotonic()
        self._tries = [one for one in self._tries if now - one < TRIES_S]
        if len(self._tries) >= TRIES:
            raise DeviceUnavailable(
                "too many codes were tried", error_id="standby.too_many", hint="try again in a minute"
            )
        self._tries.append(now)
        given = hashed(code)
        if not self._hash or self._until < time.time() or self._used == self._hash:
            return False
        if not hmac.compare_digest(given, self._hash):
            return False
        self._used = self._hash
        with contextlib.suppress(IndexError):
            self._tries.pop()
        return True
