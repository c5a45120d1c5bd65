"""Phones that answer 302, by example: what rings in their place, and that it ends."""

from appliance.calls.redirect import MAX_REDIRECTS
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.ids import ExtensionId, LegId, TrunkId
from appliance.model.plan import FromTrunk
from tests.unit.calls.test_control import A, Bench, ended, hears, legs, originated

OUTSIDE = FromTrunk(trunk=TrunkId("t2"))


def sent_on(bench: Bench, leg: LegId, to: str) -> list[fx.Effect]:
    return bench.feed(ev.LegEnded(leg=leg, cause=Cause.TRANSFERRED, sip_status=302, redirect=to))


def users(effects: list[fx.Effect]) -> list[str]:
    made = [one.endpoint for one in effects if isinstance(one, fx.Originate)]
    return [one.username if isinstance(one, fx.ToDevice) else "out" for one in made]


def test_what_the_phone_named_rings_and_answers() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    effects = sent_on(bench, b, "23")
    (c,) = originated(effects)
    assert users(effects) == ["23"]
    assert hears(bench.feed(ev.LegAnswered(leg=c))) == {A: legs(c), c: legs(A)}


def test_the_other_phones_of_a_step_ring_on_and_none_is_rung_twice() -> None:
    bench = Bench()
    ringing = originated(bench.dial("all", OUTSIDE))
    effects = sent_on(bench, ringing[0], "22")
    assert effects == []
    effects = sent_on(bench, ringing[1], "0")
    assert users(effects) == ["out"] * len(originated(effects))
    assert bench.control.leg_count == 1 + len(ringing) - 2 + len(originated(effects))


def test_a_service_answers_a_call_that_rang_nowhere_else() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    effects = sent_on(bench, b, "echo")
    assert fx.Answer(leg=A) in effects
    assert isinstance(hears(effects)[A], fx.HearsFile)


def test_where_it_leads_nowhere_nobody_could_be_reached() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    assert ended(sent_on(bench, b, "nowhere")) == {A: Cause.UNREACHABLE}


def test_phones_that_send_a_call_round_end_it() -> None:
    bench = Bench()
    (leg,) = originated(bench.dial("22", OUTSIDE))
    rung = 1
    for to in ("23", "24", "21", "22", "23"):
        made = originated(sent_on(bench, leg, to))
        if not made:
            break
        leg = made[0]
        for other in made[1:]:
            bench.feed(ev.LegEnded(leg=other, cause=Cause.UNREACHABLE))
        rung += 1
    assert rung == 4
    assert rung <= MAX_REDIRECTS
    assert bench.records["id1"].record.cause is Cause.UNREACHABLE


def test_a_phone_rung_for_its_own_call_sends_nobody_away() -> None:
    bench = Bench()
    (own,) = originated(bench.feed(ev.PlaceCall(extension=ExtensionId("21"), dialled="22")))
    assert originated(sent_on(bench, own, "23")) == []
    assert bench.control.leg_count == 0


def test_a_late_word_of_a_phone_changes_nothing() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    bench.feed(ev.LegEnded(leg=A, cause=Cause.CANCELLED))
    assert sent_on(bench, b, "23") == []
    assert bench.control.leg_count == 0
