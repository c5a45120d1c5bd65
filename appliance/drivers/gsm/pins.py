"""Which PINs were tried: on disk before a SIM is asked, so that no restart and no crash tries one twice."""

import hashlib
import json
import os
import threading
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
_MOST = 1000


class PinFile:
    """A PinMemory in a file. Holds digests only; for any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def refused(self, sim: str, pin: str) -> bool:
        """It was tried, and nobody knows that it was right."""
        with self._lock:
            return _digest(sim, pin) in self._read()

    def note(self, sim: str, pin: str) -> None:
        """It is about to be tried; raises OSError when that cannot be kept."""
        with self._lock:
            self._write([*self._read(), _digest(sim, pin)])

    def right(self, sim: str, pin: str) -> None:
        """It was the right one."""
        digest = _digest(sim, pin)
        with self._lock:
            self._write([one for one in self._read() if one != digest])

    def _read(self) -> list[str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            log.warning("pins.unreadable", path=str(self._path), error=str(error))
            return []
        return [one for one in found if isinstance(one, str)][-_MOST:] if isinstance(found, list) else []

    def _write(self, digests: list[str]) -> None:
        beside = self._path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump(digests, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _digest(sim: str, pin: str) -> str:
    return hashlib.sha256(f"{sim}:{pin}".encode()).hexdigest()
