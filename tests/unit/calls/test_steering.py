"""Calls steered by a program: what is done, what is refused and why, and what parties are told."""

from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.ids import CallId, DeviceId, ExtensionId, LegId, TrunkId
from appliance.model.parties import PartyState, SteerAct
from appliance.model.plan import Caller, FromTrunk
from tests.unit.calls.test_control import A, Bench, ended, hears, legs, originated

B2 = LegId("b2")


def steer(bench: Bench, act: SteerAct, extension: str = "21", **fields: str) -> list[fx.Effect]:
    """Do it with the first call, which must not be refused."""
    event = order(bench, act, extension, **fields)
    assert bench.control.refuses(event) is None
    return bench.feed(event)


def order(bench: Bench, act: SteerAct, extension: str = "21", **fields: str) -> ev.Steer:
    call = bench.control.live_calls()[0][0].call
    other = fields.pop("other", "")
    device = fields.pop("device", "")
    return ev.Steer(
        call=CallId(fields.pop("call", call)),
        act=act,
        extension=ExtensionId(extension),
        device=DeviceId(device) if device else None,
        to=fields.pop("to", ""),
        other=CallId(other) if other else None,
    )


def states(bench: Bench) -> dict[str, tuple[str, str]]:
    """Extension → state and the other's number, of what was told last."""
    bench.control.party_news()
    return {one.extension: (one.state.value, one.number) for one in bench.control.parties()}


def test_a_telephone_that_rings_is_called_anew_to_answer_by_itself() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    bench.feed(ev.LegRinging(leg=b))
    assert states(bench) == {"21": ("calling", "22"), "22": ("ringing", "21")}
    effects = steer(bench, SteerAct.ANSWER, "22")
    (again,) = [one for one in effects if isinstance(one, fx.Originate)]
    assert again.auto_answer
    assert ended(effects) == {b: Cause.ANSWERED_ELSEWHERE}
    bench.feed(ev.LegEnded(leg=b, cause=Cause.ANSWERED_ELSEWHERE))
    assert hears(bench.feed(ev.LegAnswered(leg=again.leg)))[again.leg] == legs(A)
    assert states(bench) == {"21": ("talking", "22"), "22": ("talking", "21")}


def test_a_call_is_declined_for_all_telephones() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    assert ended(steer(bench, SteerAct.REJECT, "22")) == {b: Cause.REJECTED}
    assert ended(bench.feed(ev.LegEnded(leg=b, cause=Cause.REJECTED))) == {A: Cause.REJECTED}


def test_hold_lets_the_other_hear_music_until_resumed() -> None:
    bench = Bench()
    b = bench.talk()
    heard = hears(steer(bench, SteerAct.HOLD))
    assert heard[A] == fx.HearsNothing()
    assert isinstance(heard[b], fx.HearsFile | fx.HearsList)
    assert states(bench)["21"][0] == "held"
    assert bench.control.refuses(order(bench, SteerAct.HOLD)) == "it is held already"
    assert hears(steer(bench, SteerAct.RESUME)) == {A: legs(b), b: legs(A)}
    bench.feed(ev.LegHeld(leg=A, held=True))
    assert "at the telephone" in str(bench.control.refuses(order(bench, SteerAct.RESUME)))


def test_a_held_party_is_transferred_and_comes_back_when_nobody_answers() -> None:
    bench = Bench()
    b = bench.talk()
    steer(bench, SteerAct.HOLD)
    (c,) = originated(steer(bench, SteerAct.TRANSFER, to="23"))
    bench.feed(ev.LegEnded(leg=c, cause=Cause.BUSY))
    assert states(bench)["21"][0] == "talking"
    (c,) = originated(steer(bench, SteerAct.TRANSFER, to="23"))
    assert ended(bench.feed(ev.LegAnswered(leg=c))) == {A: Cause.TRANSFERRED}
    bench.feed(ev.LegEnded(leg=A, cause=Cause.TRANSFERRED))
    assert states(bench) == {"22": ("talking", "23"), "23": ("talking", "22")}
    assert b in bench.control._x.legs


def test_two_calls_of_an_extension_are_joined() -> None:
    bench = Bench()
    b = bench.talk()
    steer(bench, SteerAct.HOLD)
    assert bench.control.refuses(order(bench, SteerAct.JOIN)) == "the extension has no other call to join"
    (c,) = originated(bench.dial("23", leg=B2))
    bench.feed(ev.LegAnswered(leg=c))
    bench.feed(ev.LegAnswered(leg=B2))
    effects = steer(bench, SteerAct.JOIN)
    assert ended(effects) == {A: Cause.TRANSFERRED, B2: Cause.TRANSFERRED}
    assert hears(effects) == {b: legs(c), c: legs(b)}


def test_digits_go_to_the_other_and_hanging_up_ends_it() -> None:
    bench = Bench()
    b = bench.talk()
    assert steer(bench, SteerAct.DIGITS, to="1#") == [
        fx.SendDigit(leg=b, digit="1"),
        fx.SendDigit(leg=b, digit="#"),
    ]
    assert states(bench)["22"] == ("talking", "21")
    assert ended(steer(bench, SteerAct.HANGUP)) == {A: Cause.NORMAL}
    bench.feed(ev.LegEnded(leg=A, cause=Cause.NORMAL))
    told = {one.extension: one for one in bench.control.party_news()}
    assert (told[ExtensionId("21")].state, told[ExtensionId("21")].number) == (PartyState.ENDED, "22")


def test_what_cannot_be_done_is_refused() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22", FromTrunk(trunk=TrunkId("t1"))))
    for act in SteerAct:
        assert bench.control.refuses(order(bench, act, "23")), act
    for act in (SteerAct.HOLD, SteerAct.TRANSFER, SteerAct.JOIN, SteerAct.DIGITS):
        assert bench.control.refuses(order(bench, act, "22")), act
    bench.feed(ev.LegAnswered(leg=b))
    bench.feed(ev.LegAnswered(leg=A))
    assert bench.control.refuses(order(bench, SteerAct.ANSWER, "22"))
    assert bench.control.refuses(order(bench, SteerAct.HOLD, "22", device="other"))
    assert bench.control.refuses(order(bench, SteerAct.HOLD, "22", call="gone"))
    before = bench.control.live_calls()
    assert bench.feed(order(bench, SteerAct.ANSWER, "22")) == []
    assert bench.control.live_calls() == before


def test_a_withheld_number_is_told_to_nobody() -> None:
    bench = Bench()
    bench.feed(
        ev.LegIncoming(
            leg=A,
            origin=FromTrunk(trunk=TrunkId("t1")),
            caller=Caller(number="+4930123", withheld=True),
            dialled="22",
        )
    )
    assert states(bench)["22"] == ("ringing", "")
