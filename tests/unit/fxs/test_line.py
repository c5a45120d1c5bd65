"""The story of a port: every cell of its table, and what users do."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import IllegalTransition
from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.line import IGNORED, Line
from appliance.fxs.line_settings import Completeness, LineSettings, LineState
from appliance.fxs.steps import (
    FACTS,
    AnnounceWaiting,
    BellAnswered,
    BellRefused,
    CallOver,
    CallTaken,
    CallWanted,
    Connected,
    Fact,
    Hear,
    Hearing,
    HungUp,
    KeyHeard,
    KeyPressed,
    LineFound,
    LineLost,
    Other,
    OtherChanged,
    Outcome,
    Reverse,
    RingOver,
    RingWanted,
    Service,
    ServiceWanted,
    StartBell,
    StateShown,
    StopBell,
    TimerName,
    TimerOver,
    Wait,
)
from appliance.fxs.tones import PortTone
from appliance.model.analog import PortKind
from appliance.model.analog_line import Flashed, Lifted, PulsesCounted, Replaced

ANNA = Shown(number="22", name="Anna Berg")
EXAMPLES: dict[type, Fact] = {
    type(one): one
    for one in (
        Lifted(at_ms=0),
        Replaced(at_ms=0),
        Flashed(at_ms=0),
        PulsesCounted(at_ms=0, digit="1"),
        KeyHeard(key="2"),
        TimerOver(timer=TimerName.TONE),
        RingWanted(caller=ANNA, kind=RingKind.INTERNAL),
        RingOver(),
        CallTaken(),
        Connected(),
        CallOver(),
        OtherChanged(other=Other.NONE),
        LineLost(),
        LineFound(off_hook=False),
    )
}


def judge(digits: str) -> Completeness:
    """An office with two-digit extensions."""
    return Completeness.WHOLE if len(digits) == 2 and digits[0] == "2" else Completeness.MORE


def state_of(made: Line) -> LineState:
    """Asked anew: it changes behind the type checker's back."""
    return made.state


def line(**fields: object) -> Line:
    made = Line(judge, LineSettings(**fields))  # type: ignore[arg-type]
    made.handle(LineFound(off_hook=False))
    return made


def after(made: Line, *facts: Fact) -> list[Outcome]:
    """What the last of these facts leads to."""
    out: list[Outcome] = []
    for fact in facts:
        out = made.handle(fact)
    return out


def dial(made: Line, digits: str) -> list[Outcome]:
    return after(made, *(KeyHeard(key=one) for one in digits))


def talking(**fields: object) -> Line:
    made = line(**fields)
    after(made, Lifted(at_ms=0))
    dial(made, "22")
    after(made, CallTaken(), Connected())
    assert state_of(made) is LineState.TALKING
    return made


def consulting(*, answered: bool = True, **fields: object) -> Line:
    made = talking(**fields)
    after(made, Flashed(at_ms=0))
    dial(made, "23")
    after(made, CallTaken())
    if answered:
        after(made, Connected())
    assert made.other is Other.HELD
    return made


def with_waiting() -> Line:
    made = talking()
    after(made, OtherChanged(other=Other.WAITING, caller=ANNA))
    return made


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("state", list(LineState))
def test_every_pair_is_listed_once(state: LineState, fact: type) -> None:
    assert ((state, fact) in Line.table) != ((state, fact) in IGNORED)
    made = line()
    made.state = state
    made.handle(EXAMPLES[fact])


def test_what_is_not_listed_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Line.table, (LineState.IDLE, Lifted))
    with pytest.raises(IllegalTransition):
        line().handle(Lifted(at_ms=0))


def test_lifting_gives_a_dial_tone() -> None:
    assert Hear(what=PortTone.DIAL) in line().handle(Lifted(at_ms=0))
    assert Hear(what=PortTone.SPECIAL_DIAL) in line(something_set=True).handle(Lifted(at_ms=0))
    assert Hear(what=PortTone.DIAL) in line(something_set=True, kind=PortKind.FAX).handle(Lifted(at_ms=0))


def test_the_dial_tone_ends_with_the_first_digit_and_a_whole_number_is_dialled_at_once() -> None:
    made = line()
    after(made, Lifted(at_ms=0))
    assert Hear(what=Hearing.NOTHING) in dial(made, "2")
    assert CallWanted(number="22") in dial(made, "2")
    assert state_of(made) is LineState.CALLING


def test_pulses_and_keys_may_be_mixed() -> None:
    made = line()
    after(made, Lifted(at_ms=0), PulsesCounted(at_ms=0, digit="2"))
    assert CallWanted(number="22") in dial(made, "2")


def test_a_number_without_known_end_is_dialled_after_a_pause() -> None:
    made = line(next_digit_ms=3000)
    after(made, Lifted(at_ms=0))
    assert Wait(timer=TimerName.NEXT_DIGIT, milliseconds=3000) in dial(made, "0221471")
    assert CallWanted(number="0221471") in after(made, TimerOver(timer=TimerName.NEXT_DIGIT))


def test_a_hash_ends_a_number_but_belongs_to_a_code() -> None:
    made = line()
    after(made, Lifted(at_ms=0))
    assert CallWanted(number="0221471") in dial(made, "0221471#")
    made = line()
    after(made, Lifted(at_ms=0))
    dial(made, "*21*22#")
    assert CallWanted(number="*21*22#") in after(made, TimerOver(timer=TimerName.NEXT_DIGIT))


def test_digits_without_end_end() -> None:
    made = line()
    after(made, Lifted(at_ms=0))
    dial(made, "0" * 39)
    assert CallWanted(number="0" * 40) in dial(made, "0")


def test_who_dials_nothing_hears_congestion_then_the_howler_then_nothing() -> None:
    made = line()
    after(made, Lifted(at_ms=0))
    assert Hear(what=PortTone.CONGESTION) in after(made, TimerOver(timer=TimerName.FIRST_DIGIT))
    assert Hear(what=PortTone.HOWLER) in after(made, TimerOver(timer=TimerName.TONE))
    assert Hear(what=Hearing.NOTHING) in after(made, TimerOver(timer=TimerName.TONE))
    assert state_of(made) is LineState.LEFT
    assert after(made, RingWanted(caller=ANNA, kind=RingKind.EXTERNAL)) == [BellRefused()]
    after(made, Replaced(at_ms=0))
    assert state_of(made) is LineState.IDLE
    assert StartBell(caller=ANNA, kind=RingKind.EXTERNAL) in after(
        made, RingWanted(caller=ANNA, kind=RingKind.EXTERNAL)
    )


def test_a_fax_machine_hears_no_howler_and_has_no_r_key_and_no_waiting() -> None:
    made = talking(kind=PortKind.FAX)
    assert after(made, Flashed(at_ms=0)) == []
    assert after(made, OtherChanged(other=Other.WAITING, caller=ANNA)) == []
    assert not made.wants_keys
    after(made, CallOver(), TimerOver(timer=TimerName.TONE))
    assert state_of(made) is LineState.LEFT


def test_a_hot_line_dials_by_itself() -> None:
    out = line(kind=PortKind.HOTLINE, hot_line="22").handle(Lifted(at_ms=0))
    assert CallWanted(number="22") in out
    assert not [one for one in out if isinstance(one, Hear) and one.what is PortTone.DIAL]


def test_a_delayed_hot_line_lets_something_else_be_dialled() -> None:
    made = line(kind=PortKind.HOTLINE, hot_line="22", hot_line_ms=5000)
    assert Wait(timer=TimerName.HOT_LINE, milliseconds=5000) in made.handle(Lifted(at_ms=0))
    assert CallWanted(number="22") in after(made, TimerOver(timer=TimerName.HOT_LINE))
    made = line(kind=PortKind.HOTLINE, hot_line="22", hot_line_ms=5000)
    after(made, Lifted(at_ms=0))
    assert CallWanted(number="23") in dial(made, "23")


def test_it_rings_and_is_answered() -> None:
    made = line()
    assert StartBell(caller=ANNA, kind=RingKind.RECALL) in after(
        made, RingWanted(caller=ANNA, kind=RingKind.RECALL)
    )
    out = after(made, Lifted(at_ms=0))
    assert out[0] == StopBell()
    assert BellAnswered() in out
    assert Hear(what=Hearing.CALL) in out


def test_it_rings_and_the_caller_gives_up() -> None:
    made = line()
    after(made, RingWanted(caller=ANNA, kind=RingKind.EXTERNAL))
    assert StopBell() in after(made, RingOver())
    assert state_of(made) is LineState.IDLE


def test_keys_in_a_call_are_passed_on() -> None:
    assert after(talking(), KeyHeard(key="7")) == [KeyPressed(key="7")]


def test_the_polarity_turns_while_the_party_has_answered() -> None:
    made = line(polarity_on_answer=True)
    after(made, Lifted(at_ms=0))
    dial(made, "22")
    assert Reverse(on=True) in after(made, CallTaken(), Connected())
    assert Reverse(on=False) in after(made, CallOver())
    assert not [one for one in after(talking(), CallOver()) if isinstance(one, Reverse)]


def test_the_r_key_holds_and_asks_for_a_number() -> None:
    made = talking()
    out = after(made, Flashed(at_ms=0))
    assert ServiceWanted(service=Service.HOLD) in out
    assert Hear(what=PortTone.RECALL_DIAL) in out
    assert made.collecting
    assert CallWanted(number="23", consulting=True) in dial(made, "23")


@pytest.mark.parametrize("give_up", [Flashed(at_ms=0), TimerOver(timer=TimerName.FIRST_DIGIT)])
def test_a_consultation_that_is_not_wanted_after_all(give_up: Fact) -> None:
    made = talking()
    after(made, Flashed(at_ms=0))
    assert ServiceWanted(service=Service.TAKE_BACK) in after(made, give_up)
    assert (made.state, made.other) == (LineState.TALKING, Other.NONE)


def test_an_r_key_that_came_as_a_pulse_is_one_in_a_call() -> None:
    assert ServiceWanted(service=Service.HOLD) in after(talking(), PulsesCounted(at_ms=0, digit="1"))
    assert after(talking(), PulsesCounted(at_ms=0, digit="4")) == []


@pytest.mark.parametrize(
    ("make", "key", "service", "state", "other"),
    [
        (consulting, "0", Service.REJECT, LineState.TALKING, Other.NONE),
        (consulting, "1", Service.TAKE_BACK, LineState.TALKING, Other.NONE),
        (consulting, "2", Service.SWAP, LineState.TALKING, Other.HELD),
        (consulting, "3", Service.CONFERENCE, LineState.TALKING, Other.NONE),
        (consulting, "4", Service.TRANSFER, LineState.ENDED, Other.NONE),
        (lambda: consulting(answered=False), "1", Service.TAKE_BACK, LineState.TALKING, Other.NONE),
        (lambda: consulting(answered=False), "2", Service.TAKE_BACK, LineState.TALKING, Other.NONE),
        (lambda: consulting(answered=False), "4", Service.TRANSFER, LineState.ENDED, Other.NONE),
        (with_waiting, "0", Service.REJECT, LineState.TALKING, Other.NONE),
        (with_waiting, "1", Service.DROP_AND_TAKE, LineState.TALKING, Other.NONE),
        (with_waiting, "2", Service.SWAP, LineState.TALKING, Other.HELD),
        (with_waiting, "3", Service.CONFERENCE, LineState.TALKING, Other.NONE),
    ],
)
@pytest.mark.parametrize("pulsed", [False, True])
def test_the_r_key_and_a_digit(
    make: Callable[[], Line], key: str, service: Service, state: LineState, other: Other, pulsed: bool
) -> None:
    made = make()
    after(made, Flashed(at_ms=0))
    assert state_of(made) is LineState.SERVICE
    out = after(made, PulsesCounted(at_ms=0, digit=key) if pulsed else KeyHeard(key=key))
    assert [one for one in out if isinstance(one, ServiceWanted)] == [ServiceWanted(service=service)]
    assert (made.state, made.other) == (state, other)


@pytest.mark.parametrize("make", [consulting, with_waiting])
@pytest.mark.parametrize("nothing", [KeyHeard(key="9"), Flashed(at_ms=0), TimerOver(timer=TimerName.SERVICE)])
def test_the_r_key_for_nothing_changes_nothing(make: Callable[[], Line], nothing: Fact) -> None:
    made = make()
    other = made.other
    after(made, Flashed(at_ms=0))
    out = after(made, nothing)
    assert Hear(what=Hearing.CALL) in out
    assert not [one for one in out if isinstance(one, ServiceWanted)]
    assert (made.state, made.other) == (LineState.TALKING, other)


def test_a_party_that_answers_during_the_r_key_has_answered() -> None:
    made = consulting(answered=False)
    after(made, Flashed(at_ms=0), Connected(), KeyHeard(key="9"))
    assert (made.state, made.other) == (LineState.TALKING, Other.HELD)


@pytest.mark.parametrize("how", [Flashed(at_ms=0), TimerOver(timer=TimerName.TONE)])
def test_a_consultation_that_fails_leads_back(how: Fact) -> None:
    made = consulting(answered=False)
    assert Hear(what=PortTone.BUSY) in after(made, CallOver())
    assert ServiceWanted(service=Service.TAKE_BACK) in after(made, how)
    assert state_of(made) is LineState.TALKING


def test_the_held_party_goes_while_its_successor_is_dialled() -> None:
    made = talking()
    after(made, Flashed(at_ms=0), OtherChanged(other=Other.NONE))
    assert CallWanted(number="23") in dial(made, "23")


def test_a_waiting_call_is_announced_and_may_be_taken_after_the_talk() -> None:
    made = talking()
    assert after(made, OtherChanged(other=Other.WAITING, caller=ANNA)) == [AnnounceWaiting(caller=ANNA)]
    after(made, CallOver())
    assert ServiceWanted(service=Service.DROP_AND_TAKE) in after(made, Flashed(at_ms=0))
    assert after(talking(call_waiting=False), OtherChanged(other=Other.WAITING, caller=ANNA)) == []


def test_after_the_call_the_r_key_gives_a_dial_tone() -> None:
    made = talking()
    assert Hear(what=PortTone.CONGESTION) in after(made, CallOver(tone=PortTone.CONGESTION))
    assert Hear(what=PortTone.DIAL) in after(made, Flashed(at_ms=0))


@pytest.mark.parametrize("state", list(LineState))
def test_equipment_may_go_at_any_time_and_comes_back(state: LineState) -> None:
    made = line()
    made.state = state
    out = after(made, LineLost())
    assert state_of(made) is LineState.GONE
    gone_quietly = (LineState.GONE, LineState.IDLE, LineState.ENDED, LineState.HOWLING, LineState.LEFT)
    assert (HungUp() in out) == (state not in gone_quietly)
    after(made, LineFound(off_hook=True))
    assert state_of(made) is LineState.ENDED
    after(made, Replaced(at_ms=0), Lifted(at_ms=0))
    assert state_of(made) is LineState.DIALLING


@pytest.mark.parametrize(
    "state", [one for one in LineState if one not in (LineState.GONE, LineState.RINGING)]
)
def test_hanging_up_ends_every_state(state: LineState) -> None:
    made = line()
    made.state = state
    after(made, Replaced(at_ms=0))
    assert (made.state, made.other, made.digits) == (LineState.IDLE, Other.NONE, "")


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_the_port_stays_sound(seed: int) -> None:
    chance = random.Random(seed)
    made = line(polarity_on_answer=True)
    reversed_, ringing = False, False
    for _ in range(120):
        fact = EXAMPLES[chance.choice(FACTS)]
        if isinstance(fact, TimerOver):
            fact = TimerOver(timer=chance.choice(list(TimerName)))
        if isinstance(fact, OtherChanged):
            fact = OtherChanged(other=chance.choice(list(Other)), caller=ANNA)
        if isinstance(fact, KeyHeard):
            fact = KeyHeard(key=chance.choice("0123456789*#"))
        for one in made.handle(fact):
            match one:
                case Reverse():
                    assert one.on != reversed_
                    reversed_ = one.on
                case StartBell():
                    assert not ringing
                    ringing = True
                case StopBell():
                    ringing = False
                case StateShown():
                    assert one.state == made.state.value or one.state in set(LineState)
                case _:
                    pass
        if isinstance(fact, LineLost):
            reversed_, ringing = False, False
        assert len(made.digits) <= 40
        assert ringing == (made.state is LineState.RINGING)
        if made.state in (LineState.IDLE, LineState.GONE):
            assert not made.digits
            assert not reversed_
