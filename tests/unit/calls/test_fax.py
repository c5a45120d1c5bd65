"""A caller that turns out to be a fax machine goes to the fax box of its number."""

from dataclasses import replace
from typing import TypeVar

import pytest

from appliance.calls.control import CallControl
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.ids import FaxBoxId, LegId, TrunkId
from appliance.model.plan import Caller, CallRequest, FaxTarget, FromTrunk, Plan, Presentation
from appliance.model.snapshot import Snapshot
from tests.unit.calls.office import NOW, planner, snapshot

BOX = FaxTarget(box=FaxBoxId("main"), number="80", name="Fax", present=Presentation(number="1"))
CALLER = LegId("machine")
T = TypeVar("T")


def planner_with_box(request: CallRequest, office: Snapshot, now: object) -> Plan:
    return replace(planner(request, office, NOW), fax=BOX)


@pytest.fixture
def control() -> CallControl:
    ids = iter(f"n{number}" for number in range(100))
    return CallControl(planner=planner_with_box, new_id=ids.__next__, snapshot=snapshot())


def call(control: CallControl, dialled: str) -> list[fx.Effect]:
    origin = FromTrunk(trunk=TrunkId("t1"))
    return control.handle(
        ev.LegIncoming(leg=CALLER, origin=origin, caller=Caller(number="+49301"), dialled=dialled), NOW
    )


def of(kind: type[T], effects: list[fx.Effect]) -> list[T]:
    return [one for one in effects if isinstance(one, kind)]


def test_somebody_answered_and_is_let_go(control: CallControl) -> None:
    (rings,) = of(fx.Originate, call(control, "21"))
    answered = control.handle(ev.LegAnswered(leg=rings.leg), NOW)
    assert of(fx.ListenForFax, answered) == [fx.ListenForFax(leg=CALLER)]
    switched = control.handle(ev.LegFax(leg=CALLER), NOW)
    (to_box,) = of(fx.Originate, switched)
    assert (to_box.endpoint, to_box.fax) == (fx.ToFax(box=FaxBoxId("main")), True)
    assert of(fx.CarryFax, switched) == [fx.CarryFax(leg=CALLER)]
    assert [one.leg for one in of(fx.EndLeg, switched)] == [rings.leg]
    joined = control.handle(ev.LegAnswered(leg=to_box.leg), NOW)
    assert fx.SetAudio(leg=to_box.leg, hears=fx.HearsLegs(legs=frozenset({CALLER}))) in joined
    again = control.handle(ev.LegFax(leg=CALLER), NOW)
    assert of(fx.Originate, again) == []


def test_an_announcement_was_playing(control: CallControl) -> None:
    call(control, "echo")
    switched = control.handle(ev.LegFax(leg=CALLER), NOW)
    assert [one.endpoint for one in of(fx.Originate, switched)] == [fx.ToFax(box=FaxBoxId("main"))]


def test_a_fax_engine_that_is_away_ends_the_call(control: CallControl) -> None:
    call(control, "echo")
    (to_box,) = of(fx.Originate, control.handle(ev.LegFax(leg=CALLER), NOW))
    assert any(
        isinstance(effect, fx.SetAudio | fx.EndLeg) and effect.leg == CALLER
        for effect in control.handle(ev.TimerExpired(timer=f"progress:{to_box.leg}"), NOW)  # type: ignore[arg-type]
    )


def test_a_fax_between_a_telephone_s_port_and_a_trunk_is_carried_with_care(control: CallControl) -> None:
    """A machine hangs beside the telephone that answered: nobody is let go, both legs keep every sample."""
    (rings,) = of(fx.Originate, call(control, "21"))
    control.handle(ev.LegAnswered(leg=rings.leg), NOW)
    carried = control.handle(ev.LegFax(leg=rings.leg), NOW)
    assert of(fx.EndLeg, carried) == []
    assert {one.leg for one in of(fx.CarryFax, carried) if one.joined} == {CALLER, rings.leg}


def test_a_box_that_has_answered_may_change_to_t38(control: CallControl) -> None:
    call(control, "echo")
    (to_box,) = of(fx.Originate, control.handle(ev.LegFax(leg=CALLER), NOW))
    joined = control.handle(ev.LegAnswered(leg=to_box.leg), NOW)
    assert fx.CarryFax(leg=CALLER, joined=True) in of(fx.CarryFax, joined)
