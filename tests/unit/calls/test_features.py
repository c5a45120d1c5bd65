"""Features by example: pickup, park, conference, move, callback, redial, intercom, paging."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import DialOut, Profile
from appliance.model.ids import E164, CallId, DeviceId, ExtensionId, LegId, TrunkId
from appliance.model.plan import CallKind, FromTrunk
from appliance.model.records import CallRecord
from appliance.model.wishes import CallbackWish
from tests.unit.calls import office
from tests.unit.calls.test_control import A, Bench, ended, hears, legs, originated

N = LegId("n")
OUTSIDE = FromTrunk(trunk=TrunkId("t2"))


def said(effects: list[fx.Effect], leg: LegId = N) -> str:
    """The prompt that the leg is told."""
    source = hears(effects)[leg]
    assert isinstance(source, fx.HearsFile)
    return source.name


def finish_saying(bench: Bench, effects: list[fx.Effect], leg: LegId = N) -> list[fx.Effect]:
    """Let the prompt come to its end."""
    source = hears(effects)[leg]
    assert isinstance(source, fx.HearsFile)
    return bench.feed(ev.PlaybackEnded(leg=leg, playback=source.playback))


def lamps(effects: list[fx.Effect]) -> dict[str, str]:
    return {one.number: one.state.value for one in effects if isinstance(one, fx.PublishLine)}


def test_a_colleague_picks_up_a_ringing_call() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22", OUTSIDE))
    effects = bench.dial("pickup 22", office.device("23"), N)
    assert ended(effects) == {b: Cause.ANSWERED_ELSEWHERE}
    assert hears(effects) == {A: legs(N), N: legs(A)}


def test_the_group_picks_up_what_rings_longest() -> None:
    bench = Bench()
    (first,) = originated(bench.dial("22", OUTSIDE))
    bench.dial("21", OUTSIDE, LegId("later"))
    effects = bench.dial("pickup", office.device("23"), N)
    assert ended(effects) == {first: Cause.ANSWERED_ELSEWHERE}


def test_nothing_to_pick_up_is_said() -> None:
    bench = Bench()
    effects = bench.dial("pickup 22", office.device("23"), N)
    assert said(effects) == "nothing_to_pick_up"
    assert ended(finish_saying(bench, effects)) == {N: Cause.UNALLOCATED}


def test_a_blind_transfer_to_park_lets_the_party_wait_with_music_until_fetched() -> None:
    bench = Bench()
    b = bench.talk()
    effects = bench.control.handle(ev.LegTransfer(leg=b, target="park"), office.NOW)
    assert fx.TransferResult(leg=b, sip_status=200) in effects
    assert ended(effects) == {b: Cause.TRANSFERRED}
    assert said(effects, A) == "music/default"
    assert lamps(effects)["701"] == "confirmed"
    effects = bench.control.handle(
        ev.LegIncoming(leg=N, origin=office.device("23"), caller=office.CALLER, dialled="701"), office.NOW
    )
    assert fx.Answer(leg=N) in effects
    assert hears(effects) == {A: legs(N), N: legs(A)}
    assert lamps(effects)["701"] == "terminated"


def test_the_slot_is_told_and_then_taken_by_an_attended_transfer() -> None:
    bench = Bench()
    b = bench.talk()
    effects = bench.dial("park", office.device("22"), N)
    prompts = []
    for _ in range(4):
        prompts.append(said(effects))
        effects = finish_saying(bench, effects)
    assert prompts == ["parked_on", "digit_7", "digit_0", "digit_1"]
    effects = bench.feed(ev.LegTransfer(leg=b, target="", replaces=N))
    assert ended(effects) == {b: Cause.TRANSFERRED, N: Cause.TRANSFERRED}
    assert said(effects, A) == "music/default"


def test_a_parked_party_that_nobody_fetches_rings_back_and_waits_again() -> None:
    bench = Bench()
    b = bench.talk()
    bench.feed(ev.LegTransfer(leg=b, target="park 702"))
    bench.feed(ev.LegEnded(leg=b, cause=Cause.NORMAL))
    call = next(iter(bench.records))
    (back,) = originated(bench.expire(f"park:{call}"))
    assert bench.legs[back].record.endpoint == "device:22"
    bench.feed(ev.LegRinging(leg=back))
    effects = bench.expire(f"ring:{call}")
    assert ended(effects) == {back: Cause.NO_ANSWER}
    assert said(effects, A) == "music/default"
    (again,) = originated(bench.expire(f"park:{call}"))
    assert hears(bench.feed(ev.LegAnswered(leg=again))) == {A: legs(again), again: legs(A)}


def test_a_taken_slot_and_a_full_lot_are_said() -> None:
    bench = Bench()
    for i, dialled in enumerate(["park", "park 702"]):
        bench.dial(dialled, office.device("22"), LegId(f"p{i}"))
    assert said(bench.dial("park", office.device("23"), N)) == "park_full"
    assert said(bench.dial("park 702", office.device("23"), LegId("m")), LegId("m")) == "park_full"


def test_an_empty_slot_is_said() -> None:
    assert said(Bench().dial("702", office.device("23"), N)) == "slot_empty"


def test_a_parked_party_that_hangs_up_frees_the_slot() -> None:
    bench = Bench()
    bench.dial("park", office.device("22"), N)
    bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))
    assert said(bench.dial("701", office.device("23"), A), A) == "slot_empty"


def test_three_parties_talk_and_two_go_on_when_one_leaves() -> None:
    bench = Bench()
    b = bench.talk()
    y = LegId("y")
    c = originated(bench.dial("23", leg=y))[0]
    bench.feed(ev.LegAnswered(leg=c))
    effects = bench.dial("conference", leg=N)
    assert ended(effects) == {A: Cause.REPLACED, y: Cause.REPLACED}
    assert hears(effects) == {b: legs(c, N), c: legs(b, N), N: legs(b, c)}
    for gone in (A, y):
        bench.feed(ev.LegEnded(leg=gone, cause=Cause.NORMAL))
    effects = bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))
    assert ended(effects) == {}
    assert hears(effects) == {b: legs(c), c: legs(b)}


def test_a_conference_of_strangers_ends_when_its_owner_leaves() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("0"))
    bench.feed(ev.LegAnswered(leg=b))
    y = LegId("y")
    (c,) = originated(bench.dial("0", leg=y))
    bench.feed(ev.LegAnswered(leg=c))
    bench.dial("conference", leg=N)
    for gone in (A, y):
        bench.feed(ev.LegEnded(leg=gone, cause=Cause.NORMAL))
    assert ended(bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))) == {
        b: Cause.NORMAL,
        c: Cause.NORMAL,
    }


def test_a_conversation_moves_to_the_other_device() -> None:
    bench = Bench()
    first, second = originated(bench.dial("24"))
    bench.feed(ev.LegAnswered(leg=first))
    bench.feed(ev.LegEnded(leg=second, cause=Cause.ANSWERED_ELSEWHERE))
    origin = office.device("24", "24b")
    effects = bench.dial("move", origin, N)
    assert ended(effects) == {first: Cause.REPLACED}
    assert hears(effects) == {A: legs(N), N: legs(A)}


def test_redial_calls_the_last_number_again() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("0"))
    bench.feed(ev.LegEnded(leg=b, cause=Cause.BUSY))
    bench.feed(ev.LegEnded(leg=A, cause=Cause.BUSY))
    (again,) = [one for one in bench.dial("redial", leg=N) if isinstance(one, fx.Originate)]
    assert isinstance(again.endpoint, fx.ToTrunk)


def test_callback_on_busy_rings_when_both_are_free() -> None:
    bench = Bench()
    first, second = originated(bench.dial("24", office.device("22"), LegId("x")))
    bench.feed(ev.LegAnswered(leg=first))
    bench.feed(ev.LegEnded(leg=second, cause=Cause.ANSWERED_ELSEWHERE))
    bench.dial("24")
    bench.feed(ev.LegEnded(leg=A, cause=Cause.BUSY))
    effects = bench.dial("callback", leg=N)
    assert said(effects) == "callback_set"
    finish_saying(bench, effects)
    assert originated(bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))) == []
    # 24 hangs up: 21 is rung, shown who it is about, and on answering calls 24
    bench.feed(ev.LegEnded(leg=LegId("x"), cause=Cause.NORMAL))
    (ring,) = [
        one for one in bench.feed(ev.LegEnded(leg=first, cause=Cause.NORMAL)) if isinstance(one, fx.Originate)
    ]
    assert isinstance(ring.endpoint, fx.ToDevice)
    assert (ring.endpoint.username, ring.present.number) == ("21", "24")
    targets = originated(bench.feed(ev.LegAnswered(leg=ring.leg)))
    assert len(targets) == 2
    assert hears(bench.feed(ev.LegAnswered(leg=targets[0]))) == {
        ring.leg: legs(targets[0]),
        targets[0]: legs(ring.leg),
    }


def test_callback_on_no_answer_waits_for_a_sign_of_life() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    bench.feed(ev.LegEnded(leg=A, cause=Cause.CANCELLED))
    bench.feed(ev.LegEnded(leg=b, cause=Cause.CANCELLED))
    finish_saying(bench, bench.dial("callback", leg=N))
    assert originated(bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))) == []
    bench.dial("echo", office.device("22"), LegId("sign"))
    (ring,) = originated(bench.feed(ev.LegEnded(leg=LegId("sign"), cause=Cause.NORMAL)))
    assert bench.legs[ring].record.endpoint == "device:21"


DIALS_OUT = (
    (DialOut(), ["24", "24b"]),
    (DialOut(device=DeviceId("24b")), ["24b"]),
    (DialOut(device=DeviceId("22")), ["24", "24b"]),  # somebody else's by now: they moved to another desk
    (DialOut(number=E164("+4915112345678")), ["out"]),
)


@pytest.mark.parametrize(("wish", "rung"), DIALS_OUT)
@pytest.mark.parametrize("by_profile", [False, True])
def test_a_click_rings_where_the_extension_dials_out(
    wish: DialOut, rung: list[str], *, by_profile: bool
) -> None:
    bench = Bench()
    before = bench.control.snapshot
    own = before.extension_by_number["24"]
    mobile = Profile(name="mobile", dial_out=wish)
    changed = (
        replace(own, profiles=(mobile,), profile="mobile") if by_profile else replace(own, dial_out=wish)
    )
    bench.feed(
        ev.SnapshotChanged(
            snapshot=replace(
                before,
                extensions={**before.extensions, own.id: changed},
                extension_by_number={**before.extension_by_number, "24": changed},
            )
        )
    )
    made = [
        one
        for one in bench.feed(ev.PlaceCall(extension=own.id, dialled="22"))
        if isinstance(one, fx.Originate)
    ]
    ends = [one.endpoint.username if isinstance(one.endpoint, fx.ToDevice) else "out" for one in made]
    assert ends == rung
    (target,) = [one for one in bench.feed(ev.LegAnswered(leg=made[0].leg)) if isinstance(one, fx.Originate)]
    assert isinstance(target.endpoint, fx.ToDevice)
    assert target.endpoint.username == "22"
    assert hears(bench.feed(ev.LegAnswered(leg=target.leg)))[target.leg] == legs(made[0].leg)


def test_a_callback_is_forgotten_when_cancelled() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("22"))
    bench.feed(ev.LegEnded(leg=A, cause=Cause.CANCELLED))
    bench.feed(ev.LegEnded(leg=b, cause=Cause.CANCELLED))
    for code in ("callback", "no callback"):
        finish_saying(bench, bench.dial(code, leg=N))
        bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))
    bench.dial("echo", office.device("22"), LegId("sign"))
    assert originated(bench.feed(ev.LegEnded(leg=LegId("sign"), cause=Cause.NORMAL))) == []


def test_what_was_dialled_last_is_known_again_after_a_start() -> None:
    """A redial has a record with its code, a wake-up call one that nobody dialled: neither is a number."""
    made = CallRecord(
        call=CallId("c"), kind=CallKind.INTERNAL, started=office.NOW, caller_number="21", caller_name="",
        withheld=False, dialled="22", called="22",
    )  # fmt: skip
    woken = replace(made, dialled="wake_up 21", called="wake_up 21", kind=CallKind.SERVICE)
    older = replace(made, dialled="23", called="23")
    bench = Bench()
    bench.control.recollect_dialled([woken, replace(made, dialled="redial"), made, older])
    (again,) = [one for one in bench.dial("redial", leg=N) if isinstance(one, fx.Originate)]
    assert isinstance(again.endpoint, fx.ToDevice)
    assert again.endpoint.username == "22"


def test_wishes_kept_over_a_restart_are_fulfilled_or_grow_old() -> None:
    until = office.NOW + timedelta(minutes=10)
    wish = CallbackWish(
        asker=ExtensionId("21"), dialled="22", target=ExtensionId("22"), armed=False, until=until
    )
    bench = Bench()
    bench.feed(ev.WishesKept(wishes=(wish,)))
    bench.dial("echo", office.device("22"), LegId("sign"))
    effects = bench.feed(ev.LegEnded(leg=LegId("sign"), cause=Cause.NORMAL))
    assert [bench.legs[one].record.endpoint for one in originated(effects)] == ["device:21"]
    assert fx.WishChanged(asker=wish.asker, wish=None) in effects
    for timer, rings in (("callback_now:22", True), ("callback:21", False)):
        bench = Bench()
        bench.feed(ev.WishesKept(wishes=(replace(wish, armed=True),)))
        effects = bench.expire(timer)
        assert bool(originated(effects)) is rings
        assert fx.WishChanged(asker=wish.asker, wish=None) in effects


def test_intercom_asks_the_phone_to_answer_by_itself() -> None:
    bench = Bench()
    (call,) = [one for one in bench.dial("intercom", leg=N) if isinstance(one, fx.Originate)]
    assert call.auto_answer
    assert hears(bench.feed(ev.LegAnswered(leg=call.leg))) == {N: legs(call.leg), call.leg: legs(N)}


def test_paging_lets_everybody_hear_the_speaker_and_nobody_else() -> None:
    bench = Bench()
    called = [one for one in bench.dial("paging", leg=N) if isinstance(one, fx.Originate)]
    assert len(called) == 5
    assert all(one.auto_answer for one in called)
    first, second = called[1].leg, called[2].leg
    assert hears(bench.feed(ev.LegAnswered(leg=first))) == {first: legs(N)}
    assert hears(bench.feed(ev.LegAnswered(leg=second))) == {second: legs(N)}
    rest = {one.leg for one in called} - {first, second}
    effects = bench.feed(ev.LegEnded(leg=N, cause=Cause.NORMAL))
    assert set(ended(effects)) == rest | {first, second}


def test_callers_of_a_busy_extension_wait_and_are_rung_in_turn() -> None:
    bench = Bench()
    talking, other = originated(bench.dial("24", office.device("22"), LegId("x")))
    bench.feed(ev.LegAnswered(leg=talking))
    bench.feed(ev.LegEnded(leg=other, cause=Cause.ANSWERED_ELSEWHERE))
    for leg, origin in ((A, office.device("21")), (N, office.device("23"))):
        effects = bench.dial("wait", origin, leg)
        assert fx.Answer(leg=leg) in effects
        assert said(effects, leg) == "music/default"
    full = LegId("full")
    assert ended(bench.dial("wait", OUTSIDE, full)) == {full: Cause.BUSY}
    bench.feed(ev.LegEnded(leg=LegId("x"), cause=Cause.NORMAL))
    first, second = originated(bench.feed(ev.LegEnded(leg=talking, cause=Cause.NORMAL)))
    assert hears(bench.feed(ev.LegAnswered(leg=first))) == {A: legs(first), first: legs(A)}
    bench.feed(ev.LegEnded(leg=second, cause=Cause.ANSWERED_ELSEWHERE))
    bench.feed(ev.LegEnded(leg=A, cause=Cause.NORMAL))
    assert len(originated(bench.feed(ev.LegEnded(leg=first, cause=Cause.NORMAL)))) == 2


def test_a_caller_who_waits_in_vain_hears_busy() -> None:
    bench = Bench()
    talking, _ = originated(bench.dial("24", office.device("22"), LegId("x")))
    bench.feed(ev.LegAnswered(leg=talking))
    bench.dial("wait")
    call = max(bench.records)
    assert hears(bench.expire(f"wait:{call}")) == {A: fx.HearsTone(tone=fx.ToneKind.BUSY)}
