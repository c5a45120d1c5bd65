"""Cards that are plugged in: DAHDI channels for telephones that ``box.toml`` does not name become ports.

An FXS port is configured with FXO signalling (``fxoks=`` in system.conf); ``/proc/dahdi/<span>`` lists
channels. One that was found once stays a port: it says itself when its card is gone, and comes back with it.
"""

import re
import threading
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)
EVERY_S = 5.0
_STOP_S = 2.0
_MOST = 64
"""Ports that are found; beyond, somebody must name them."""
_LARGEST = 16_384
"""Characters of a span's file that are read: thirty channels take some 2000."""
_CHANNEL = re.compile(r"(?m)^\s+(\d{1,4}) \S+ FXO(?:KS|LS|GS)\b")


def channels(folder: Path) -> tuple[int, ...]:
    """Channels for telephones that the kernel knows now, in order; none without DAHDI."""
    found: set[int] = set()
    try:
        for span in folder.iterdir():
            with span.open(encoding="utf-8", errors="replace") as file:
                found |= {int(one) for one in _CHANNEL.findall(file.read(_LARGEST))}
    except OSError:
        pass  # no DAHDI, or a span that went while it was read: the next look tells
    return tuple(sorted(found))


class CardSearch:
    """Owner of the thread ``fxs-search``; ``found`` is called on it, once for each channel."""

    def __init__(
        self, found: Callable[[int], None], *, named: Collection[int], folder: Path = Path("/proc/dahdi")
    ) -> None:
        self._found = found
        self._known = set(named)
        self._folder = folder
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fxs-search", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)

    def look(self) -> None:
        """Once."""
        for channel in channels(self._folder):
            if channel not in self._known and len(self._known) < _MOST:
                self._known.add(channel)
                _log.info("fxs.card_found", channel=channel)
                self._found(channel)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:  # noqa: BLE001 - told in the log; it is looked again
                _log.exception("fxs.search")
            self._stopping.wait(EVERY_S)
