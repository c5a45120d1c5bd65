"""A thread that looks at something again and again."""

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)


class Periodic:
    """Calls ``look`` every so many seconds; a defect in it is logged and does not end the thread."""

    def __init__(self, name: str, every_s: float, look: Callable[[], object]) -> None:
        self._every_s = every_s
        self._look = look
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first look is after the first while."""
        self._thread.start()

    def stop(self) -> None:
        """End; a look under way is waited for a while."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._look()
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
                _log.exception("looking failed", thread=self._thread.name)
