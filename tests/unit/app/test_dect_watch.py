"""When somebody is told that DECT does not work: not at once, not twice, and when it is over."""

from dataclasses import replace
from datetime import UTC, datetime

from appliance.app.dect_watch import BASE_PATIENCE_MS, HANDSET_PATIENCE_MS, SYSTEM_PATIENCE_MS, DectWatch
from appliance.app.watch import Watch
from appliance.control.dect import tree
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.dect import DectFamily, DectMedia
from appliance.model.dect_air import BaseState, BaseStatus, DectState, DectStatus, HandsetState, HandsetStatus
from appliance.model.ids import CallId, DectSystemId, DeviceId, LegId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.telemetry.alarms import Alarms

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BASE = BaseState(key="a", name="Store", status=BaseStatus.READY)
HANDSET = HandsetState(key="1", handset=DeviceId("dect31"), name="Frida", status=HandsetStatus.READY)
GOOD = DectState(
    system=DectSystemId("halls"), family=DectFamily.MITEL, media=DectMedia.SIP, status=DectStatus.READY,
    bases=(BASE,), handsets=(HANDSET,),
)  # fmt: skip


class Scene:
    def __init__(self) -> None:
        self.now = 0
        self.told: list[Alarm] = []
        self.alarms = Alarms(self.told.append)
        self.watch = DectWatch(self.alarms, lambda: self.now)

    def after(self, milliseconds: int, state: DectState) -> list[tuple[AlarmKind, bool]]:
        self.now += milliseconds
        self.told.clear()
        self.watch.look((state,))
        return [(one.kind, one.over) for one in self.told]


def test_a_base_is_told_as_lost_after_a_while_and_as_back_at_once() -> None:
    scene = Scene()
    lost = replace(GOOD, bases=(replace(BASE, status=BaseStatus.LOST),))
    assert scene.after(0, GOOD) == []
    assert scene.after(0, lost) == []
    assert scene.after(BASE_PATIENCE_MS, lost) == [(AlarmKind.DECT_BASE, False)]
    assert scene.after(BASE_PATIENCE_MS, lost) == []
    assert scene.after(0, GOOD) == [(AlarmKind.DECT_BASE, True)]


def test_handsets_are_told_late_and_systems_in_place_of_all_theirs() -> None:
    scene = Scene()
    away = replace(GOOD, handsets=(replace(HANDSET, status=HandsetStatus.AWAY),))
    assert scene.after(0, away) == []
    assert scene.after(HANDSET_PATIENCE_MS, away) == [(AlarmKind.DECT_HANDSET, False)]
    gone = replace(away, status=DectStatus.AWAY)
    assert scene.after(0, gone) == [(AlarmKind.DECT_HANDSET, True)]
    assert scene.after(SYSTEM_PATIENCE_MS, gone) == [(AlarmKind.DECT_SYSTEM, False)]
    module = Scene()
    mute = replace(GOOD, media=DectMedia.LOCAL, status=DectStatus.FAILED, detail="no sound")
    assert module.after(0, mute) == []
    assert module.after(BASE_PATIENCE_MS, mute) == [(AlarmKind.DECT_SYSTEM, False)]
    refused = Scene()
    assert refused.after(0, replace(GOOD, status=DectStatus.REFUSED)) == [(AlarmKind.DECT_SYSTEM, False)]


def test_the_tree_of_clocks_has_every_base_once_whatever_they_say() -> None:
    chain = tuple(BaseState(key=str(i), sync_to=str(i - 1) if i else "") for i in range(4))
    (root,) = tree(chain)
    assert root["below"][0]["below"][0]["base"] == "2"
    lost = (BaseState(key="x", sync_to="nobody"),)
    assert [one["base"] for one in tree((*chain, *lost))] == ["0", "x"]


def test_an_emergency_call_tells_where_the_handset_is() -> None:
    told: list[Alarm] = []
    places = {"dect31": "Hall 2, gate 4"}
    watch = Watch(Alarms(told.append), lambda: 0, place_of=lambda device: places.get(device, ""))
    for device in ("dect31", "desk"):
        call = CallId(device)
        leg = LegRecord(
            leg=LegId(device), call=call, direction=Direction.INCOMING, endpoint=f"device:{device}",
            party="31", started=NOW,
        )  # fmt: skip
        watch.leg(leg)
        watch.call(
            CallRecord(
                call=call, kind=CallKind.EMERGENCY, started=NOW, caller_number="31", caller_name="Frida",
                withheld=False, dialled="112", called="112",
            )
        )  # fmt: skip
    assert [one.values["name"] for one in told] == ["Frida, Hall 2, gate 4", "Frida"]
