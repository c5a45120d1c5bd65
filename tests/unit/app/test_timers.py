"""Timers against a plain model, under any order of starts and cancels."""

import hypothesis.strategies as st
from hypothesis import given

from appliance.app.timers import Timers
from appliance.model.ids import TimerId

NAMES = st.sampled_from(["a", "b", "c", "d"]).map(TimerId)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), NAMES, st.integers(0, 50)),
        st.tuples(st.just("cancel"), NAMES, st.just(0)),
        st.tuples(st.just("pass"), NAMES, st.integers(0, 30)),
    ),
    max_size=300,
)


@given(STEPS)
def test_a_timer_fires_once_when_due_unless_cancelled(steps: list[tuple[str, TimerId, int]]) -> None:
    timers = Timers()
    due: dict[TimerId, int] = {}
    now = 0
    for what, name, amount in steps:
        if what == "start":
            timers.start(name, now + amount)
            due[name] = now + amount
        elif what == "cancel":
            timers.cancel(name)
            due.pop(name, None)
        else:
            now += amount
            expected = {one for one, at in due.items() if at <= now}
            fired = timers.expired(now)
            assert set(fired) == expected
            assert len(fired) == len(expected)
            assert [due[one] for one in fired] == sorted(due[one] for one in fired)
            for one in expected:
                del due[one]
        assert 0 <= timers.wait_ms(now, 20) <= 20
    assert set(timers.expired(now + 100)) == set(due)
