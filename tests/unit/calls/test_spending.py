"""Limits of outside calls: counted for who pays and for the trunk, told, and never for emergencies."""

import dataclasses
from datetime import timedelta

import pytest

from appliance.calls.control import CallControl
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import Limit, Rate
from appliance.model.ids import ExtensionId, LegId, LimitId, TrunkId
from appliance.model.plan import Caller, CallKind, ExternalTarget, Ring
from appliance.model.records import CallRecord, LegRecord
from tests.unit.calls import office


class Phones:
    """21 and 22 call outside; ``now`` moves on when told."""

    def __init__(self, *limits: Limit, rates: tuple[Rate, ...] = ()) -> None:
        snapshot = office.snapshot()
        trunks = {
            key: dataclasses.replace(one, rates=rates, max_calls=30) for key, one in snapshot.trunks.items()
        }
        snapshot = dataclasses.replace(snapshot, limits={one.id: one for one in limits}, trunks=trunks)
        self.ids = iter(f"id{n}" for n in range(1000))
        self.now = office.NOW
        self.told: list[fx.LimitReached] = []
        self.control = CallControl(planner=self.plan, new_id=lambda: next(self.ids), snapshot=snapshot)
        self.records: dict[str, CallRecord] = {}
        self.legs: dict[str, LegRecord] = {}

    def plan(self, request, snapshot, now):  # type: ignore[no-untyped-def]
        made = office.planner(request, snapshot, now)
        step = made.steps[0]
        if isinstance(step, Ring) and isinstance(step.targets[0], ExternalTarget):
            kind = CallKind.EMERGENCY if request.dialled == "112" else CallKind.OUTBOUND
            charged = ExtensionId(request.origin.extension)
            target = dataclasses.replace(step.targets[0], charged=charged)
            made = dataclasses.replace(made, kind=kind, steps=(dataclasses.replace(step, targets=(target,)),))
        return made

    def feed(self, event: ev.Event) -> list[fx.Effect]:
        effects = self.control.handle(event, self.now)
        for effect in effects:
            match effect:
                case fx.LimitReached():
                    self.told.append(effect)
                case fx.RecordCall():
                    self.records[effect.record.call] = effect.record
                case fx.RecordLeg():
                    self.legs[effect.record.leg] = effect.record
        return effects

    def call(self, of: str = "21", dialled: str = "0") -> LegId | None:
        """The leg to the trunk; None when the call was refused."""
        leg = LegId(next(self.ids))
        effects = self.feed(
            ev.LegIncoming(leg=leg, origin=office.device(of), caller=Caller(), dialled=dialled)
        )
        made = [one.leg for one in effects if isinstance(one, fx.Originate)]
        return made[0] if made else None

    def talk(self, minutes: float, of: str = "21") -> bool:
        leg = self.call(of)
        if leg is None:
            return False
        self.feed(ev.LegAnswered(leg=leg))
        self.now += timedelta(minutes=minutes)
        self.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))
        return True


def limit(name: str = "all", **fields: object) -> Limit:
    return Limit(id=LimitId(name), **fields)  # type: ignore[arg-type]


def test_at_once() -> None:
    phones = Phones(limit(calls_at_once=2))
    assert phones.call()
    second = phones.call()
    assert second
    assert phones.call() is None
    assert phones.call("22"), "each extension for itself"
    assert [(one.subject, one.what, one.reached) for one in phones.told] == [("21", "calls_at_once", True)]
    phones.feed(ev.LegEnded(leg=second, cause=Cause.BUSY))
    phones.feed(ev.LegEnded(leg=phones.call(dialled="112") or LegId(""), cause=Cause.NORMAL))
    refused = [one for one in phones.records.values() if one.cause is Cause.LIMITED]
    assert len(refused) == 1
    assert refused[0].reasons[-1].code == "limit.reached"


def test_calls_and_minutes_a_day_with_a_warning_before() -> None:
    phones = Phones(limit(calls_per_day=10, minutes_per_day=20, warn_percent=50))
    assert all(phones.talk(4) for _ in range(5))
    assert not phones.talk(1)
    assert [(one.what, one.reached) for one in phones.told] == [
        ("minutes_per_day", False), ("calls_per_day", False), ("minutes_per_day", True),
    ]  # fmt: skip
    assert phones.talk(1, "22")
    phones.now += timedelta(days=1)
    assert phones.talk(1)


def test_a_call_in_progress_counts_with_the_time_it_has_lasted() -> None:
    phones = Phones(limit(minutes_per_day=5))
    leg = phones.call()
    assert leg is not None
    phones.feed(ev.LegAnswered(leg=leg))
    phones.now += timedelta(minutes=5)
    assert phones.call() is None


def test_what_calls_cost() -> None:
    phones = Phones(limit(cost_per_day=1000), rates=(Rate(per_minute=300),))
    assert phones.talk(2)
    assert phones.talk(1)
    assert phones.talk(0.5)
    assert not phones.talk(1)


def test_an_extension_s_own_limit_goes_before_the_general_one() -> None:
    phones = Phones(limit(calls_per_day=1), limit("boss", extensions=(ExtensionId("22"),), calls_per_day=3))
    assert [phones.talk(1, "21") for _ in range(2)] == [True, False]
    assert [phones.talk(1, "22") for _ in range(4)] == [True, True, True, False]


def test_a_trunk_that_has_carried_enough_is_passed_over() -> None:
    phones = Phones(limit("t1", trunks=(TrunkId("t1"),), calls_per_day=1))
    used = []
    for _ in range(2):
        leg = phones.call()
        assert leg is not None
        used.append(phones.legs[leg].endpoint)
    assert used == ["trunk:t1", "trunk:t2"]
    both = Phones(limit("both", trunks=(TrunkId("t1"), TrunkId("t2")), calls_per_day=1))
    assert [both.call() is not None for _ in range(3)] == [True, True, False]


def test_emergency_calls_know_no_limit() -> None:
    phones = Phones(
        limit(calls_per_day=1), limit("t", trunks=(TrunkId("t1"), TrunkId("t2")), calls_per_day=1)
    )
    phones.talk(1)
    phones.talk(1)
    assert phones.call() is None
    for _ in range(5):
        assert phones.call(dialled="112")


def test_what_was_called_today_is_known_after_a_restart() -> None:
    before = Phones(limit(minutes_per_day=10))
    before.talk(10)
    calls = [
        (
            dataclasses.replace(one, caller_number="21"),
            [leg for leg in before.legs.values() if leg.call == one.call],
        )
        for one in before.records.values()
    ]
    after = Phones(limit(minutes_per_day=10))
    after.control.recollect_spending(calls, before.now)
    assert after.call() is None
    assert after.call("22")
    tomorrow = Phones(limit(minutes_per_day=10))
    tomorrow.control.recollect_spending(calls, before.now + timedelta(days=1))
    tomorrow.now += timedelta(days=1)
    assert tomorrow.call()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "calls_at_once"),
        ({"calls_per_day": -1}, "calls_per_day"),
        ({"calls_per_day": 1, "warn_percent": 5}, "warn"),
    ],
)
def test_a_limit_that_limits_nothing_names_the_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        limit(**fields)  # type: ignore[arg-type]
