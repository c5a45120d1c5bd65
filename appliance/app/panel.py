"""The front panel put together: what the lamps show is asked of the core, what the buttons mean is done."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import sdnotify
import structlog

from appliance.control.client import ControlClient
from appliance.drivers.panel.front import TICK_S, Front
from appliance.drivers.panel.story import BoxState
from appliance.errors import OrtsamtError
from appliance.firmware.bootstore import NOTES, boot_store
from appliance.firmware.service import Box
from appliance.model.box import BoxSettings

LOOK_S = 2.0
ENROL_S = 120
BUSY = ("installing", "trial")
_log = structlog.get_logger("panel")


class PanelProcess:
    """Owns the front; the core is asked on a thread of its own, so that the buttons never wait."""

    def __init__(self, box: BoxSettings, factory: object = None, notes: Path = NOTES) -> None:
        self._socket = box.paths.runtime_dir / "control.sock"
        self._notes = notes
        self._state = BoxState()
        self._stopping = threading.Event()
        self._enrolling_until = 0.0
        self._front = Front(box.panel, factory, on_pairing=self._pair, on_reset=self._reset)
        self._watch = threading.Thread(target=self._look, name="panel-look", daemon=True)

    def run(self) -> None:
        """Until :meth:`stop`."""
        self._watch.start()
        sdnotify.SystemdNotifier().notify("READY=1")
        while not self._stopping.wait(TICK_S):
            enrolling = time.monotonic() < self._enrolling_until
            self._front.turn(replace(self._state, enrolling=enrolling))
        self._watch.join(LOOK_S * 3)
        self._front.close()

    def stop(self) -> None:
        """Come to an end."""
        self._stopping.set()

    def _look(self) -> None:
        while not self._stopping.is_set():
            self._state = self._ask()
            self._stopping.wait(LOOK_S)

    def _ask(self) -> BoxState:
        fault = (self._notes / "fault").exists()
        try:
            with ControlClient(self._socket, timeout=LOOK_S) as client:
                ready = bool(client.call("status")["edge"]["up"])
                severities = [one["severity"] for one in client.call("alarms.list")["active"]]
        except OrtsamtError:
            return BoxState(fault=fault)
        return BoxState(
            ready=ready,
            fault=fault or "critical" in severities,
            warning="warning" in severities,
            updating=self._updating(),
        )

    def _updating(self) -> bool:
        try:
            with ControlClient(self._socket, timeout=LOOK_S) as client:
                return client.call("update.show")["phase"] in BUSY
        except OrtsamtError:
            return False

    def _pair(self) -> None:
        _log.info("pairing button")
        threading.Thread(target=self._enrol, name="panel-enrol", daemon=True).start()

    def _enrol(self) -> None:
        try:
            with ControlClient(self._socket, timeout=10.0) as client:
                client.call("dect.enrol", {"seconds": ENROL_S})
            self._enrolling_until = time.monotonic() + ENROL_S
        except OrtsamtError as error:
            _log.warning("nothing can be enrolled", error=str(error))

    def _reset(self) -> None:
        _log.warning("reset button: the box forgets everything")
        try:
            with boot_store(self._notes) as store:
                store.write(replace(store.read(), reset=True))
        except OrtsamtError as error:
            _log.error("the wish for a reset cannot be kept", error=str(error))
            return
        Box().restart()
