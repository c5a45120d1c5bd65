"""Who stands back for whom."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from appliance.standby.decision import (
    ILL_S,
    MOST_STEADY_S,
    ORDER_S,
    STEADY_S,
    Peer,
    Sight,
    State,
    Why,
    decide,
    steady_s,
)

WELL = Peer(active=False, can_call=True)
SEEN = Sight(now_s=0.0, can_call=True, here=True, peer=WELL)


def after(state: State, seconds: float, sight: Sight, step: float = 0.5) -> State:
    """The state when the same was seen for so long, from ``sight.now_s`` on."""
    for tick in range(int(seconds / step) + 1):
        state = decide(state, replace(sight, now_s=sight.now_s + tick * step))
    return state


def ill_at(now: float) -> Sight:
    return replace(SEEN, now_s=now, can_call=False)


def test_a_box_that_is_well_never_stands_back() -> None:
    for peer in (None, WELL, replace(WELL, active=True), replace(WELL, can_call=False)):
        assert not after(State(), 60, replace(SEEN, peer=peer)).standing_back


def test_a_box_without_calls_gives_way_after_two_seconds_to_one_that_has_them() -> None:
    assert not after(State(), ILL_S - 0.5, ill_at(0)).standing_back
    assert after(State(), ILL_S, ill_at(0)).why is Why.ILL


def test_nobody_gives_way_to_a_box_that_is_away_ill_or_giving_way_itself() -> None:
    for peer in (None, replace(WELL, can_call=False), replace(WELL, standing_back=True)):
        state = after(State(), 60, replace(ill_at(0), peer=peer))
        assert state.ill
        assert not state.standing_back


def test_it_returns_when_it_has_been_well_for_a_while() -> None:
    state = after(State(), 5, ill_at(0))
    assert after(state, STEADY_S - 1, replace(SEEN, now_s=10)).standing_back
    assert not after(state, STEADY_S, replace(SEEN, now_s=10)).standing_back


def test_one_answer_does_not_make_it_well_nor_one_silence_ill() -> None:
    state = after(State(), 5, ill_at(0))
    for second in range(10, 60, 2):
        state = decide(state, replace(SEEN, now_s=second))
        state = decide(state, ill_at(second + 1))
    assert state.standing_back
    state = State()
    for second in range(0, 60, 2):
        state = decide(state, ill_at(second))
        state = decide(state, replace(SEEN, now_s=second + 1))
    assert not state.ill


def test_what_fails_again_and_again_waits_longer_each_time_but_not_for_ever() -> None:
    assert [steady_s(count) for count in range(5)] == [STEADY_S, STEADY_S, 10, 20, 40]
    assert steady_s(1000) == MOST_STEADY_S
    state, now = State(), 0.0
    for _ in range(3):
        state = after(state, 5, ill_at(now))
        state = after(state, steady_s(len(state.falls)), replace(SEEN, now_s=now + 10))
        now += 100
        assert not state.ill
    assert len(state.falls) == 3
    assert decide(state, replace(SEEN, now_s=now + 5000)).falls == ()


def test_a_hand_over_lasts_until_the_other_has_the_address() -> None:
    ordered = replace(SEEN, now_s=100.0, order_s=100.0)
    state = decide(State(), ordered)
    assert state.why is Why.ORDER
    state = decide(state, replace(ordered, now_s=101.0, here=False))
    assert state.standing_back, "the other does not have it yet"
    state = decide(state, replace(ordered, now_s=102.0, here=False, peer=replace(WELL, active=True)))
    assert not state.standing_back
    assert not after(state, 10, replace(ordered, now_s=103.0)).standing_back, "once"


def test_a_hand_over_to_nobody_does_not_happen() -> None:
    for peer in (None, replace(WELL, can_call=False)):
        ordered = replace(SEEN, order_s=0.0, peer=peer)
        assert not after(State(), ORDER_S + 5, ordered).standing_back
    late = replace(SEEN, now_s=ORDER_S + 1, order_s=0.0)
    assert not decide(State(), late).standing_back, "an order from long ago"


seen = st.builds(
    lambda can, here, peer, order: replace(
        SEEN, can_call=can, here=here, peer=peer, order_s=0.0 if order else None
    ),
    st.booleans(),
    st.booleans(),
    st.one_of(
        st.none(), st.builds(Peer, active=st.booleans(), can_call=st.booleans(), standing_back=st.booleans())
    ),
    st.booleans(),
)


@given(st.lists(st.tuples(seen, st.floats(0.1, 30))))
def test_whatever_happens_it_stands_back_only_for_one_that_can_make_calls(
    story: list[tuple[Sight, float]],
) -> None:
    state, now = State(), 0.0
    for sight, seconds in story:
        now += seconds
        state = decide(state, replace(sight, now_s=now))
        if state.standing_back:
            assert sight.peer is not None
            assert sight.peer.can_call
            assert not sight.peer.standing_back


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=40),
    st.integers(0, 4),
)
def test_two_boxes_that_hear_each_other_late_never_both_stand_back_for_long(
    story: list[tuple[bool, bool, bool]], delay: int
) -> None:
    states = [State(), State()]
    told: list[list[Peer]] = [[WELL], [WELL]]
    both = 0
    now = 0.0
    for one, two, ordered in [*story, *([(True, True, False)] * 5)]:
        for _ in range(4):
            now += 0.5
            heard = [told[1][max(0, len(told[1]) - 1 - delay)], told[0][max(0, len(told[0]) - 1 - delay)]]
            for side, can in enumerate((one, two)):
                order = now if ordered and side == 0 else None
                sight = replace(SEEN, now_s=now, can_call=can, peer=heard[side], order_s=order)
                states[side] = decide(states[side], sight)
                told[side].append(Peer(active=False, can_call=can, standing_back=states[side].standing_back))
            both = both + 1 if all(state.standing_back for state in states) else 0
            assert both <= delay + 2
