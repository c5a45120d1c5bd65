"""An update that failed, or was taken back, is an alarm until another succeeds or is dropped."""

from pathlib import Path

import structlog

from appliance.app.periodic import Periodic
from appliance.control.client import ControlClient, NotRunning
from appliance.control.update import SOCKET
from appliance.errors import OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.telemetry.alarms import Alarms

LOOK_S = 60.0
SUBJECT = "update"
_FAILED = "failed"
_log = structlog.get_logger("update")


class UpdateWatch:
    """Asks the update service now and then; a machine that has none is left alone."""

    def __init__(self, alarms: Alarms, socket: Path = SOCKET, look_s: float = LOOK_S) -> None:
        self._alarms = alarms
        self._socket = socket
        self._periodic = Periodic("update-watch", look_s, self._asked)

    def start(self) -> None:
        """Begin to look."""
        self._periodic.start()

    def stop(self) -> None:
        """End."""
        self._periodic.stop()

    def _asked(self) -> None:
        try:
            self.look()
        except OrtsamtError as error:
            _log.info("the update service does not answer", error=error.error_id)

    def look(self) -> None:
        """Ask once. Raises OrtsamtError for a service that is there and does not answer."""
        if not self._socket.exists():
            return
        try:
            with ControlClient(self._socket, timeout=10) as client:
                found = client.call("update.show")
        except NotRunning:
            return
        if isinstance(found, dict) and found.get("phase") == _FAILED:
            self._alarms.raise_alarm(
                AlarmKind.UPDATE_FAILED, SUBJECT, detail=str(found.get("error", ""))[:200]
            )
        else:
            self._alarms.clear(AlarmKind.UPDATE_FAILED, SUBJECT)
