"""Alarms are told one after another; what fails keeps nobody else from hearing of it."""

import threading
from datetime import UTC, datetime

from appliance.app.alarm_desk import AlarmDesk
from appliance.errors import DeviceUnavailable
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.documents import Site
from appliance.model.ids import E164

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_critical_alarms_go_out_as_sms_too_whatever_fails() -> None:
    site = Site(name="Büro", alarm_numbers=(E164("+4915112345678"), E164("+4915112345679")))
    told: list[Alarm] = []
    sent: list[tuple[str, str]] = []
    done = threading.Event()

    def broken(_alarm: Alarm) -> None:
        raise DeviceUnavailable("no disk")

    def worse(_alarm: Alarm) -> None:
        raise RuntimeError

    def last(number: str, text: str) -> None:
        sent.append((number, text))
        if number.endswith("9"):
            done.set()

    desk = AlarmDesk(lambda: site, (broken, worse, told.append), last)
    desk.start()
    desk.take(Alarm(kind=AlarmKind.TRUNK_DOWN, subject="t", values={"detail": "503"}, at=NOW))
    values = {"called": "112", "caller": "21", "name": "Anna"}
    desk.take(Alarm(kind=AlarmKind.EMERGENCY_CALL, subject="21", values=values, at=NOW))
    assert done.wait(10)
    desk.stop()
    assert [one.kind for one in told] == [AlarmKind.TRUNK_DOWN, AlarmKind.EMERGENCY_CALL]
    assert sent[0] == ("+4915112345678", "Büro: Notruf 112 von 21 (Anna).")
    assert len(sent) == 2
