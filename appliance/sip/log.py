"""PJSIP's own log in ours."""

import time
from typing import Any

import pjsua2 as pj
import structlog

_log = structlog.get_logger("pjsip")
_LINES_PER_SECOND = 20


class LogWriter(pj.LogWriter):
    """Passes PJSIP's lines on, at most twenty a second. Called from any thread of the library."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._lines = 0

    def write(self, entry: Any) -> None:
        """Log one line; what is too much is counted, not kept."""
        second = int(time.monotonic())
        if second != self._second:
            dropped, self._second, self._lines = self._lines - _LINES_PER_SECOND, second, 0
            if dropped > 0:
                _log.warning("pjsip.lines_dropped", lines=dropped)
        self._lines += 1
        if self._lines > _LINES_PER_SECOND:
            return
        text = str(entry.msg).strip()
        if "socket bind()" in text and "already in use" in text:
            _log.debug("pjsip.rtp_port_taken", text=text)  # the next port is tried
        elif entry.level <= 1:
            _log.error("pjsip.error", text=text)
        elif entry.level == 2:
            _log.warning("pjsip.warning", text=text)
        else:
            _log.debug("pjsip.line", text=text)
