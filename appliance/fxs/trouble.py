"""What is wrong with a port's line or equipment, now and last."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from appliance.errors import DeviceUnavailable
from appliance.fxs.line_settings import LineState
from appliance.fxs.port_health import LEFT_OFF
from appliance.model.analog_line import AlarmKind, LineAlarm, LineHealth, PortId

_log = structlog.get_logger(__name__)


class Trouble:
    """Of one port. Written on the port's thread, read on any."""

    def __init__(self, port: PortId, office_time: Callable[[], datetime]) -> None:
        self._port = port
        self._office_time = office_time
        self._alarm = AlarmKind.NONE
        self._gone = ""
        self.last: tuple[str, datetime | None] = ("", None)
        """What was wrong last, and when; kept when all is well again."""

    def alarm(self, event: LineAlarm) -> None:
        """The equipment says so of the line."""
        self._alarm = event.kind
        if event.kind is AlarmKind.NONE:
            _log.info("fxs.alarm_over", port=self._port)
        else:
            _log.warning("fxs.alarm", port=self._port, alarm=event.kind.value)
            self.last = (f"alarm: {event.kind.value}", self._office_time())

    def lost(self, error: DeviceUnavailable) -> None:
        """The equipment cannot be used."""
        if not self._gone:
            _log.warning("fxs.lost", port=self._port, error=str(error))
            self.last = (str(error), self._office_time())
        self._gone = error.message

    def found(self) -> None:
        """The equipment works."""
        if self._gone:
            _log.info("fxs.found", port=self._port)
        self._gone = ""

    def of(self, line: LineHealth, state: LineState, *, off_hook: bool) -> LineHealth:
        """The line's health with what the port knows of it."""
        if state is LineState.LEFT:
            line = replace(line, detail=LEFT_OFF)
        if self._alarm is AlarmKind.NONE and not self._gone:
            return line
        return replace(line, off_hook=off_hook, alarm=self._alarm, detail=self._gone or line.detail)
