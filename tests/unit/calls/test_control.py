"""Call control by example: one event in, exactly these effects out."""

import dataclasses
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from appliance.calls import returned
from appliance.calls.control import CallControl
from appliance.calls.exchange import Limits
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.ids import CallId, ExtensionId, LegId, TimerId, TrunkId
from appliance.model.plan import Caller, CallKind, CallRequest, FromTrunk, Origin, Plan
from appliance.model.records import CallRecord
from appliance.model.snapshot import Snapshot
from tests.unit.calls import office

A = LegId("a")


class Bench:
    """Call control with its effects sorted by what a reader asks for."""

    def __init__(self, max_legs: int = 50) -> None:
        numbers = itertools.count(1)
        self.control = CallControl(
            planner=office.planner,
            new_id=lambda: f"id{next(numbers)}",
            snapshot=office.snapshot(),
            limits=Limits(max_legs=max_legs),
        )
        self.records: dict[str, fx.RecordCall] = {}
        self.legs: dict[str, fx.RecordLeg] = {}

    def feed(self, event: ev.Event) -> list[fx.Effect]:
        """Handle an event; timers, records and lines are kept aside."""
        out: list[fx.Effect] = []
        for effect in self.control.handle(event, office.NOW):
            if isinstance(effect, fx.RecordCall):
                self.records[effect.record.call] = effect
            elif isinstance(effect, fx.RecordLeg):
                self.legs[effect.record.leg] = effect
            elif not isinstance(effect, fx.StartTimer | fx.CancelTimer | fx.PublishLine):
                out.append(effect)
        return out

    def dial(self, dialled: str, origin: Origin | None = None, leg: LegId = A) -> list[fx.Effect]:
        origin = origin or office.device("21")
        return self.feed(ev.LegIncoming(leg=leg, origin=origin, caller=Caller(number="1"), dialled=dialled))

    def expire(self, timer: str) -> list[fx.Effect]:
        return self.feed(ev.TimerExpired(timer=TimerId(timer)))

    def talk(self) -> LegId:
        """21 calls 22, which answers; returns 22's leg."""
        b = originated(self.dial("22"))[0]
        self.feed(ev.LegAnswered(leg=b))
        self.feed(ev.LegAnswered(leg=A))
        return b


def originated(effects: Sequence[fx.Effect]) -> list[LegId]:
    return [effect.leg for effect in effects if isinstance(effect, fx.Originate)]


def ended(effects: Sequence[fx.Effect]) -> dict[LegId, Cause]:
    return {effect.leg: effect.cause for effect in effects if isinstance(effect, fx.EndLeg)}


def hears(effects: Sequence[fx.Effect]) -> dict[LegId, fx.AudioSource]:
    return {effect.leg: effect.hears for effect in effects if isinstance(effect, fx.SetAudio)}


def legs(*names: LegId) -> fx.HearsLegs:
    return fx.HearsLegs(legs=frozenset(names))


def test_a_call_rings_is_answered_and_ends() -> None:
    bench = Bench()
    b = originated(bench.dial("22"))[0]
    assert bench.feed(ev.LegRinging(leg=b)) == [fx.SendRinging(leg=A)]
    assert bench.feed(ev.LegAnswered(leg=b)) == [
        fx.Answer(leg=A),
        fx.SetAudio(leg=A, hears=legs(b)),
        fx.SetAudio(leg=b, hears=legs(A)),
    ]
    assert ended(bench.feed(ev.LegEnded(leg=b, cause=Cause.NORMAL))) == {A: Cause.NORMAL}
    bench.feed(ev.LegEnded(leg=A, cause=Cause.NORMAL, by_remote=False))
    (record,) = [one.record for one in bench.records.values()]
    assert (record.answered, record.ended, record.cause) == (office.NOW, office.NOW, Cause.NORMAL)
    assert {leg.record.by_remote for leg in bench.legs.values()} == {True, False}


def test_a_caller_who_gives_up_cancels_the_ringing_phone() -> None:
    bench = Bench()
    b = originated(bench.dial("22"))[0]
    assert ended(bench.feed(ev.LegEnded(leg=A, cause=Cause.CANCELLED))) == {b: Cause.CANCELLED}
    # the phone answered at the same moment
    assert bench.feed(ev.LegAnswered(leg=b)) == []
    bench.feed(ev.LegEnded(leg=b, cause=Cause.NORMAL))
    assert bench.control.leg_count == 0
    assert [one.record.cause for one in bench.records.values()] == [Cause.CANCELLED]


def test_all_targets_ring_and_the_first_answer_wins() -> None:
    bench = Bench()
    ringing = originated(bench.dial("all", FromTrunk(trunk=TrunkId("t2"))))
    assert len(ringing) == 6  # four extensions, one of them with two phones, and a public number
    effects = bench.feed(ev.LegAnswered(leg=ringing[2]))
    assert ended(effects) == dict.fromkeys(set(ringing) - {ringing[2]}, Cause.ANSWERED_ELSEWHERE)


def test_steps_follow_one_another_when_nobody_answers() -> None:
    bench = Bench()
    (first,) = originated(bench.dial("steps", FromTrunk(trunk=TrunkId("t2"))))
    call = next(iter(bench.records))
    effects = bench.expire(f"ring:{call}")
    assert ended(effects) == {first: Cause.NO_ANSWER}
    second = originated(effects)
    assert len(second) == 2
    assert ended(bench.expire(f"ring:{call}")) == {
        **dict.fromkeys(second, Cause.NO_ANSWER),
        A: Cause.NO_ANSWER,
    }


def test_a_busy_phone_ends_the_call_busy() -> None:
    bench = Bench()
    b = originated(bench.dial("22"))[0]
    assert ended(bench.feed(ev.LegEnded(leg=b, cause=Cause.BUSY))) == {A: Cause.BUSY}


def test_one_phone_that_is_busy_leaves_the_other_ringing() -> None:
    bench = Bench()
    first, second = originated(bench.dial("24"))
    assert bench.feed(ev.LegEnded(leg=first, cause=Cause.BUSY)) == []
    assert ended(bench.feed(ev.LegEnded(leg=second, cause=Cause.UNREACHABLE))) == {A: Cause.BUSY}


def test_declining_on_one_phone_declines_for_the_extension() -> None:
    bench = Bench()
    first, second = originated(bench.dial("24"))
    assert ended(bench.feed(ev.LegEnded(leg=first, cause=Cause.REJECTED))) == {
        second: Cause.REJECTED,
        A: Cause.REJECTED,
    }


def test_without_call_waiting_a_further_call_finds_busy() -> None:
    bench = Bench()
    first = originated(bench.dial("24"))[0]
    bench.feed(ev.LegAnswered(leg=first))
    effects = bench.dial("24", office.device("22"), LegId("c"))
    assert originated(effects) == []
    assert ended(effects) == {LegId("c"): Cause.BUSY}


def test_a_refused_trunk_call_takes_the_next_route() -> None:
    bench = Bench()
    (first,) = originated(bench.dial("0"))
    effects = bench.feed(ev.LegEnded(leg=first, cause=Cause.CONGESTION))
    (again,) = [effect for effect in effects if isinstance(effect, fx.Originate)]
    assert again.endpoint == fx.ToTrunk(trunk=TrunkId("t2"), dial="030123456")
    assert ended(bench.feed(ev.LegEnded(leg=again.leg, cause=Cause.BUSY))) == {A: Cause.BUSY}


def test_a_silent_provider_is_given_up_for_the_next() -> None:
    bench = Bench()
    (first,) = originated(bench.dial("0"))
    effects = bench.expire(f"progress:{first}")
    assert ended(effects) == {first: Cause.TIMEOUT}
    assert len(originated(effects)) == 1
    # the answer that comes too late finds nobody, the call rings on at the second provider
    assert bench.feed(ev.LegAnswered(leg=first)) == []


def test_a_trunk_takes_no_more_calls_than_it_may_but_emergencies() -> None:
    bench = Bench()
    for i in range(2):
        bench.dial("0", leg=LegId(f"x{i}"))
    third = [e for e in bench.dial("0", leg=LegId("x2")) if isinstance(e, fx.Originate)]
    assert third[0].endpoint == fx.ToTrunk(trunk=TrunkId("t2"), dial="030123456")
    effects = bench.dial("112", leg=LegId("x3"))
    assert ended(effects) == {}
    sos = [e for e in effects if isinstance(e, fx.Originate)]
    assert sos[0].endpoint == fx.ToTrunk(trunk=TrunkId("t2"), dial="030123456")


def test_an_emergency_call_takes_the_line_of_the_newest_call_when_all_are_taken() -> None:
    bench = Bench()
    others = [originated(bench.dial("0", leg=LegId(f"x{i}")))[0] for i in range(4)]
    bench.feed(ev.LegAnswered(leg=others[1]))
    effects = bench.dial("112", leg=LegId("sos"))
    assert ended(effects) == {others[0]: Cause.PREEMPTED}  # the one that nobody answered yet
    sos = [e for e in effects if isinstance(e, fx.Originate)]
    assert sos[0].endpoint == fx.ToTrunk(trunk=TrunkId("t1"), dial="030123456")
    assert effects.index(fx.EndLeg(leg=others[0], cause=Cause.PREEMPTED)) < effects.index(sos[0])
    # a second one takes the next line, never that of the first
    second = bench.dial("112", leg=LegId("sos2"))
    assert ended(second) == {others[1]: Cause.PREEMPTED}
    bench.dial("112", leg=LegId("sos3"))
    bench.dial("112", leg=LegId("sos4"))
    fifth = bench.dial("112", leg=LegId("sos5"))
    assert ended(fifth) == {}
    assert len(originated(fifth)) == 1


def test_an_emergency_call_tries_trunks_that_are_down_last() -> None:
    bench = Bench()
    bench.feed(ev.TrunksDown(trunks=frozenset({TrunkId("t1")})))
    (sos,) = [e for e in bench.dial("112") if isinstance(e, fx.Originate)]
    assert sos.endpoint == fx.ToTrunk(trunk=TrunkId("t2"), dial="030123456")


def test_beyond_the_limit_calls_are_refused_but_emergencies_are_not() -> None:
    bench = Bench(max_legs=2)
    bench.dial("22")
    assert ended(bench.dial("23", office.device("22"), LegId("b"))) == {LegId("b"): Cause.CONGESTION}
    assert len(originated(bench.dial("112", office.device("23"), LegId("c")))) == 1


def test_hold_gives_music_and_resume_gives_the_party_back() -> None:
    bench = Bench()
    b = bench.talk()
    held = hears(bench.feed(ev.LegHeld(leg=A, held=True)))
    assert held[A] == fx.HearsNothing()
    assert held[b] == fx.HearsFile(name="music/default", language=held[b].language, loop=True)  # type: ignore[union-attr]
    assert hears(bench.feed(ev.LegHeld(leg=A, held=False))) == {A: legs(b), b: legs(A)}


def test_digits_reach_the_other_side() -> None:
    bench = Bench()
    b = bench.talk()
    assert bench.feed(ev.LegDigit(leg=A, digit="7")) == [fx.SendDigit(leg=b, digit="7")]
    assert bench.feed(ev.LegDigit(leg=b, digit="#")) == [fx.SendDigit(leg=A, digit="#")]


def test_a_blind_transfer_connects_the_peer_and_releases_the_transferor() -> None:
    bench = Bench()
    b = bench.talk()
    effects = bench.feed(ev.LegTransfer(leg=b, target="23"))
    (c,) = originated(effects)
    assert hears(bench.feed(ev.LegRinging(leg=c)))[A] == fx.HearsTone(tone=fx.ToneKind.RINGBACK)
    effects = bench.feed(ev.LegAnswered(leg=c))
    assert fx.TransferResult(leg=b, sip_status=200) in effects
    assert ended(effects) == {b: Cause.TRANSFERRED}
    assert hears(effects) == {A: legs(c), c: legs(A)}


def test_a_blind_transfer_that_fails_gives_the_peer_back() -> None:
    bench = Bench()
    b = bench.talk()
    (c,) = originated(bench.feed(ev.LegTransfer(leg=b, target="23")))
    effects = bench.feed(ev.LegEnded(leg=c, cause=Cause.BUSY))
    assert fx.TransferResult(leg=b, sip_status=486) in effects
    assert hears(effects) == {A: legs(b), b: legs(A)}


def test_a_failed_transfer_whose_transferor_left_lets_the_peer_hear_why() -> None:
    bench = Bench()
    b = bench.talk()
    (c,) = originated(bench.feed(ev.LegTransfer(leg=b, target="23")))
    bench.feed(ev.LegEnded(leg=b, cause=Cause.NORMAL))
    effects = bench.feed(ev.LegEnded(leg=c, cause=Cause.BUSY))
    assert hears(effects) == {A: fx.HearsTone(tone=fx.ToneKind.BUSY)}
    call = next(iter(bench.records))
    assert ended(bench.expire(f"part:{call}")) == {A: Cause.BUSY}


def test_an_attended_transfer_joins_the_two_far_ends() -> None:
    bench = Bench()
    b = bench.talk()
    y = LegId("y")
    c = originated(bench.dial("23", office.device("22"), y))[0]
    bench.feed(ev.LegAnswered(leg=c))
    effects = bench.feed(ev.LegTransfer(leg=b, target="", replaces=y))
    assert fx.TransferResult(leg=b, sip_status=200) in effects
    assert ended(effects) == {b: Cause.TRANSFERRED, y: Cause.TRANSFERRED}
    assert hears(effects) == {A: legs(c), c: legs(A)}
    # either end hangs up: the other follows, nothing is left
    effects = bench.feed(ev.LegEnded(leg=c, cause=Cause.NORMAL))
    assert ended(effects) == {A: Cause.NORMAL}


def test_an_attended_transfer_while_the_target_still_rings() -> None:
    bench = Bench()
    b = bench.talk()
    y = LegId("y")
    c = originated(bench.dial("23", office.device("22"), y))[0]
    bench.feed(ev.LegRinging(leg=c))
    effects = bench.feed(ev.LegTransfer(leg=b, target="", replaces=y))
    assert hears(effects)[A] == fx.HearsTone(tone=fx.ToneKind.RINGBACK)
    assert hears(bench.feed(ev.LegAnswered(leg=c))) == {A: legs(c), c: legs(A)}


def test_a_trunk_may_not_transfer() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("0"))
    bench.feed(ev.LegAnswered(leg=b))
    assert bench.feed(ev.LegTransfer(leg=b, target="0")) == [fx.TransferResult(leg=b, sip_status=403)]


def test_another_device_takes_the_place_of_a_talking_leg() -> None:
    bench = Bench()
    b = bench.talk()
    n = LegId("n")
    effects = bench.feed(
        ev.LegIncoming(leg=n, origin=office.device("23"), caller=Caller(), dialled="", replaces=b)
    )
    assert fx.Answer(leg=n) in effects
    assert ended(effects) == {b: Cause.REPLACED}
    assert hears(effects) == {A: legs(n), n: legs(A)}


def test_another_device_picks_up_a_ringing_leg() -> None:
    bench = Bench()
    b = originated(bench.dial("22"))[0]
    n = LegId("n")
    effects = bench.feed(
        ev.LegIncoming(leg=n, origin=office.device("23"), caller=Caller(), dialled="", replaces=b)
    )
    assert ended(effects) == {b: Cause.ANSWERED_ELSEWHERE}
    assert hears(effects) == {A: legs(n), n: legs(A)}


def test_echo_announces_itself_and_then_echoes() -> None:
    bench = Bench()
    effects = bench.dial("echo")
    intro = hears(effects)[A]
    assert isinstance(intro, fx.HearsFile)
    assert effects[0] == fx.Answer(leg=A)
    assert hears(bench.feed(ev.PlaybackEnded(leg=A, playback=intro.playback))) == {A: legs(A)}


def test_an_announcement_as_early_media_goes_on_to_ring() -> None:
    bench = Bench()
    effects = bench.dial("play", office.device("22"))
    assert effects[0] == fx.SendEarlyMedia(leg=A)
    prompt = hears(effects)[A]
    assert isinstance(prompt, fx.HearsFile)
    (b,) = originated(bench.feed(ev.PlaybackEnded(leg=A, playback=prompt.playback)))
    assert hears(bench.feed(ev.LegRinging(leg=b))) == {A: fx.HearsTone(tone=fx.ToneKind.RINGBACK)}


def test_early_media_of_a_single_target_is_passed_on() -> None:
    bench = Bench()
    (b,) = originated(bench.dial("0"))
    assert bench.feed(ev.LegEarlyMedia(leg=b)) == [
        fx.SendEarlyMedia(leg=A),
        fx.SetAudio(leg=A, hears=legs(b)),
        fx.SetAudio(leg=b, hears=legs(A)),
    ]


def test_lamps_follow_the_call() -> None:
    bench = Bench()
    seen: list[tuple[str, str]] = []

    def lamps(event: ev.Event) -> list[fx.Effect]:
        effects = bench.control.handle(event, office.NOW)
        seen.extend((e.number, e.state.value) for e in effects if isinstance(e, fx.PublishLine))
        return effects

    effects = lamps(
        ev.LegIncoming(leg=A, origin=office.device("21"), caller=Caller(number="1"), dialled="22")
    )
    (b,) = originated(effects)
    lamps(ev.LegRinging(leg=b))
    lamps(ev.LegAnswered(leg=b))
    lamps(ev.LegEnded(leg=b, cause=Cause.NORMAL))
    assert sorted(seen[:1]) == [("21", "early")]
    assert ("22", "early") in seen
    assert ("22", "confirmed") in seen
    assert ("21", "confirmed") in seen
    assert seen[-2:].count(("22", "terminated")) + seen[-2:].count(("21", "terminated")) == 2


def test_an_administrator_hangs_a_call_up() -> None:
    bench = Bench()
    b = bench.talk()
    call = next(iter(bench.records))
    assert ended(bench.feed(ev.HangUp(call=bench.records[call].record.call))) == {
        A: Cause.ADMINISTRATIVE,
        b: Cause.ADMINISTRATIVE,
    }


def test_a_defect_ends_the_call_it_met_and_no_other() -> None:
    bench = Bench()
    b = bench.talk()
    bench.dial("24", office.device("23"), LegId("other"))
    broken = ev.LegDigit(leg=b, digit="1")
    assert ended(bench.control.give_up(broken)) == {A: Cause.FAILURE, b: Cause.FAILURE}
    for leg in (A, b):
        bench.feed(ev.LegEnded(leg=leg, cause=Cause.FAILURE))
    (left,) = bench.control.live_calls()
    assert left[0].dialled == "24"


def test_a_caller_whom_a_defect_keeps_out_is_told_so() -> None:
    bench = Bench()
    event = ev.LegIncoming(leg=A, origin=office.device("21"), caller=Caller(), dialled="22")
    assert ended(bench.control.give_up(event)) == {A: Cause.FAILURE}


def test_whom_ours_called_is_known_again_after_a_start_and_forgotten_in_time() -> None:
    record = CallRecord(
        call=CallId("c"), kind=CallKind.OUTBOUND, started=office.NOW, caller_number="21", caller_name="",
        withheld=False, dialled="0", called="+4930123456",
    )  # fmt: skip
    bench = Bench()
    bench.control.recollect([record, dataclasses.replace(record, kind=CallKind.INTERNAL, called="+49301")])
    assert bench.control._x.called_out == {"+4930123456": ("21", office.NOW)}
    for i in range(returned.MAX_KEPT + 5):
        returned.keep(bench.control._x, f"+4940{i}", ExtensionId("22"), office.NOW)
    assert len(bench.control._x.called_out) == returned.MAX_KEPT
    assert "+4930123456" not in bench.control._x.called_out


def test_who_called_for_help_is_known_for_an_hour_and_after_a_restart() -> None:
    asked: list[tuple[str, ...]] = []
    bench = Bench()
    plain = bench.control._x.planner

    def planner(request: CallRequest, snapshot: Snapshot, now: datetime) -> Plan:
        asked.append(request.helped)
        return plain(request, snapshot, now)

    bench.control._x.planner = planner
    bench.dial("112", office.device("23"), LegId("sos"))
    outside = FromTrunk(trunk=TrunkId("t1"))
    bench.dial("21", outside, LegId("b"))
    assert list(asked[-1]) == ["23"]
    bench.dial("21", office.device("22"), LegId("c"))
    assert not asked[-1]
    record = bench.records[next(iter(bench.records))].record
    late = Bench()
    late.control._x.planner = planner
    late.control.recollect([dataclasses.replace(record, caller_number="23")])
    late.dial("21", outside, LegId("d"))
    assert list(asked[-1]) == ["23"]
    late.control.handle(
        ev.LegIncoming(leg=LegId("e"), origin=outside, caller=Caller(), dialled="21"),
        office.NOW + timedelta(minutes=61),
    )
    assert not asked[-1]
