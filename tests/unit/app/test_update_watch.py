"""A failed update is an alarm until it is settled."""

from pathlib import Path
from typing import Any

from appliance.app.update_watch import UpdateWatch
from appliance.control.server import ControlServer
from appliance.model.alarms import AlarmKind
from appliance.telemetry.alarms import Alarms


def test_a_failed_update_is_told_until_another_succeeds(tmp_path: Path) -> None:
    alarms, socket = Alarms(lambda *_: None), tmp_path / "update.sock"
    watch = UpdateWatch(alarms, socket)
    watch.look()  # a machine without such a service
    assert alarms.active() == ()
    state: dict[str, Any] = {"phase": "failed", "error": "Back to version 1.0: it could not make a call."}
    server = ControlServer(socket)
    server.register("update.show", lambda _: state)
    server.start()
    try:
        watch.look()
        watch.look()
        (alarm,) = alarms.active()
        assert alarm.kind is AlarmKind.UPDATE_FAILED
        assert "could not make a call" in str(alarm)
        state["phase"] = "none"
        watch.look()
        assert alarms.active() == ()
    finally:
        server.stop()
    watch.look()  # the service is gone for a moment


def test_it_ends_when_told(tmp_path: Path) -> None:
    watch = UpdateWatch(Alarms(lambda *_: None), tmp_path / "update.sock", look_s=0.01)
    watch.start()
    watch.stop()
