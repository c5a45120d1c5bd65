"""Fetches a bundle over HTTP: goes on where it was cut, never takes more than a bundle may have."""

import hashlib
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable

PIECE = 1 << 18
TIMEOUT_S = 30.0
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


def fetch(
    url: str, part: Path, most: int, free: Callable[[], int], stop: Callable[[], bool] = lambda: False
) -> int:
    """Bring ``part`` to its whole length; returns it. Raises DeviceUnavailable to be tried again later.

    Raises ConfigError for what will not get better: refused, larger than ``most`` bytes or than the space
    that ``free`` tells of. Until then ``part`` keeps what has come.
    """
    have = part.stat().st_size if part.exists() else 0
    note = part.with_suffix(".tag")
    request = urllib.request.Request(url, headers={"User-Agent": "ortsamt"})  # noqa: S310 - checked by the caller
    if have and note.exists():
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", note.read_text(encoding="utf-8"))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            total = _begin(answer, part, note, most, free)
            with part.open("ab") as file:
                while data := answer.read(PIECE):
                    if file.tell() + len(data) > most:
                        raise _too_large(most)
                    file.write(data)
                    if stop():
                        raise DeviceUnavailable("the download was stopped", error_id="update.fetch")
                file.flush()
                os.fsync(file.fileno())
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return have
        kind = DeviceUnavailable if error.code >= 500 or error.code in (408, 429) else ConfigError
        raise kind(f"the server says {error.code} {error.reason}", error_id="update.fetch") from None
    except (OSError, ValueError) as error:
        raise DeviceUnavailable(f"the download stopped: {error}", error_id="update.fetch") from error
    size = part.stat().st_size
    if total is not None and size != total:
        raise DeviceUnavailable(f"the download stopped at {size} of {total} bytes", error_id="update.fetch")
    return size


def _begin(answer: object, part: Path, note: Path, most: int, free: Callable[[], int]) -> int | None:
    """Look at the answer's head; returns the whole length when it is told."""
    status = getattr(answer, "status", 200)
    headers = getattr(answer, "headers", {})
    found = _RANGE.match(headers.get("Content-Range", "") or "") if status == 206 else None
    have = part.stat().st_size if part.exists() else 0
    if found is None or int(found[1]) != have:
        part.unlink(missing_ok=True)
        have = 0
    length = headers.get("Content-Length", "")
    total = int(found[2]) if found is not None else int(length) if str(length).isdigit() else None
    if total is not None and total > most:
        raise _too_large(most)
    if total is not None and total - have > free():
        raise ConfigError(
            f"the update needs {(total - have) >> 20} MiB of room, {free() >> 20} MiB are free",
            error_id="update.no_room",
            hint="delete recordings or voicemails that are not needed any more",
        )
    tag = headers.get("ETag", "") or headers.get("Last-Modified", "")
    if tag and not str(tag).startswith("W/"):
        note.write_text(str(tag), encoding="utf-8")
    else:
        note.unlink(missing_ok=True)
    return total


def check_hash(path: Path, sha256: str) -> None:
    """Raise ConfigError unless the file has this SHA-256."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        raise ConfigError(
            "what came is not what was promised (SHA-256 differs)",
            error_id="update.hash",
            hint="fetch it again; check the address and the hash",
        )


def _too_large(most: int) -> ConfigError:
    return ConfigError(
        f"the file is larger than an update may be ({most >> 20} MiB)",
        error_id="update.too_large",
        hint="take an update made for this box",
    )
