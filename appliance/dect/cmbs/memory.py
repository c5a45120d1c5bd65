"""Whose number is whose: a module tells a handset's identity (IPEI) only when it enrols; it is kept here."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


class HandsetMemory:
    """By the module's own identity (RFPI), so that another module in its place is not taken for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, rfpi: str) -> dict[int, str]:
        """Number → IPEI."""
        found = self._all().get(rfpi)
        if not isinstance(found, dict):
            return {}
        return {int(key): str(value) for key, value in found.items() if str(key).isdecimal()}

    def write(self, rfpi: str, handsets: Mapping[int, str]) -> None:
        """On disk when this returns; a disk that is full costs what is known after the next start."""
        kept = {**self._all(), rfpi: {str(key): value for key, value in handsets.items()}}
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("w", encoding="utf-8") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            log.error("cmbs.handsets_not_kept", path=str(self._path), error=str(error))

    def _all(self) -> dict[str, object]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("cmbs.handsets_unreadable", path=str(self._path), error=str(error))
            return {}
        return found if isinstance(found, dict) else {}
