"""What modules tell of themselves becomes alarms: not at once, once, and over when it is over."""

from datetime import UTC, datetime

import pytest

from appliance.app.module_watch import PROBLEMS, ModuleWatch
from appliance.app.watch import Watch
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.gsm import ModuleState, ModuleStatus
from appliance.model.ids import ModuleId, TrunkId
from appliance.ports import TrunkState, TrunkStatus
from appliance.telemetry.alarms import Alarms


class Box:
    """A watch, its clock, and what it told."""

    def __init__(self) -> None:
        self.told: list[Alarm] = []
        self.now_ms = 0
        self.alarms = Alarms(self.told.append, lambda: datetime(2026, 3, 2, tzinfo=UTC))
        self.watch = ModuleWatch(self.alarms, lambda: self.now_ms)

    def see(self, status: ModuleStatus, *, silent_calls: int = 0, after_ms: int = 1000) -> None:
        self.now_ms += after_ms
        self.watch.look([ModuleState(module=ModuleId("m"), status=status, silent_calls=silent_calls)])

    @property
    def kinds(self) -> list[tuple[AlarmKind, bool]]:
        return [(one.kind, one.over) for one in self.told]


@pytest.mark.parametrize("status", sorted(PROBLEMS))
def test_each_problem_is_told_once_after_its_patience_and_when_it_is_over(status: ModuleStatus) -> None:
    kind, patience_ms = PROBLEMS[status]
    box = Box()
    box.see(status)
    assert box.kinds == ([] if patience_ms else [(kind, False)])
    if patience_ms:
        box.see(status, after_ms=patience_ms - 1)
        assert box.kinds == []
    box.see(status)
    box.see(status, after_ms=3_600_000)
    assert box.kinds == [(kind, False)]
    box.see(ModuleStatus.READY)
    assert box.kinds == [(kind, False), (kind, True)]


def test_what_is_over_in_time_is_nobodys_business() -> None:
    box = Box()
    for _ in range(20):
        box.see(ModuleStatus.NO_NETWORK, after_ms=200_000)
        box.see(ModuleStatus.READY)
    assert box.kinds == []


def test_a_module_that_starts_anew_has_not_got_its_pin_yet() -> None:
    box = Box()
    for status in (ModuleStatus.PIN_WRONG, ModuleStatus.STARTING, ModuleStatus.PIN_WRONG):
        box.see(status)
    assert box.kinds == [(AlarmKind.MODULE_PIN, False)]
    box.see(ModuleStatus.PUK_WANTED)
    assert box.kinds[1:] == [(AlarmKind.MODULE_PIN, True), (AlarmKind.MODULE_PUK, False)]


def test_a_module_that_hangs_on_and_off_has_failed() -> None:
    box = Box()
    for _ in range(10):
        box.see(ModuleStatus.FAILED, after_ms=5000)
        box.see(ModuleStatus.STARTING, after_ms=5000)
    assert box.kinds == [(AlarmKind.MODULE_FAILED, False)]


def test_calls_without_sound_are_told_when_a_restart_did_not_help() -> None:
    box = Box()
    box.see(ModuleStatus.READY, silent_calls=1)
    assert box.kinds == []
    for _ in range(3):
        box.see(ModuleStatus.READY, silent_calls=2)
    assert box.kinds == [(AlarmKind.MODULE_DUMB, False)]
    box.see(ModuleStatus.READY)
    assert box.kinds == [(AlarmKind.MODULE_DUMB, False), (AlarmKind.MODULE_DUMB, True)]


def test_a_module_that_nobody_wants_any_more_has_no_alarm() -> None:
    box = Box()
    box.see(ModuleStatus.NO_SIM)
    box.see(ModuleStatus.NO_SIM, silent_calls=2, after_ms=60_000)
    assert len(box.alarms.active()) == 2
    box.watch.look([])
    assert not box.alarms.active()


def test_a_trunk_that_is_a_module_does_not_tell_the_same_again() -> None:
    told: list[Alarm] = []
    now = [0]
    watch = Watch(Alarms(told.append), lambda: now[0], is_module=lambda trunk: trunk == "gsm")
    for trunk in ("gsm", "sip"):
        watch.trunk(TrunkState(trunk=TrunkId(trunk), status=TrunkStatus.FAILED, detail="no SIM"))
    now[0] = 120_000
    watch.tick()
    assert [one.subject for one in told] == ["sip"]
