"""The mean opinion score that the E-model gives to what packets tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.listening import RATED_PACKETS, mos


@pytest.mark.parametrize(
    ("lost", "jitter_ms", "round_trip_ms", "score"),
    [
        (0, 0.0, 0.0, 4.4),  # G.107: R 92.2
        (10, 0.0, 0.0, 4.3),  # 1 %: R 88.6
        (53, 0.0, 0.0, 3.9),  # 5 %: R 76.4
        (111, 0.0, 0.0, 3.4),  # 10 %: R 65.2
        (250, 0.0, 0.0, 2.6),  # 20 %: R 50.1
        (0, 0.0, 600.0, 3.5),  # 340 ms from mouth to ear: R 67.1
        (0, 60.0, 0.0, 4.3),
    ],
)
def test_as_the_e_model_has_it(lost: int, jitter_ms: float, round_trip_ms: float, score: float) -> None:
    assert mos(received=1000, lost=lost, jitter_ms=jitter_ms, round_trip_ms=round_trip_ms) == score


def test_too_little_is_not_rated() -> None:
    assert mos(received=RATED_PACKETS - 1, lost=0, jitter_ms=0, round_trip_ms=0) is None


COUNTS, TIMES = st.integers(0, 100_000), st.floats(0, 5000)


@given(lost=COUNTS, more=COUNTS, jitter=TIMES, round_trip=TIMES, longer=TIMES)
def test_more_loss_or_delay_never_sounds_better(
    lost: int, more: int, jitter: float, round_trip: float, longer: float
) -> None:
    one = mos(received=1000, lost=lost, jitter_ms=jitter, round_trip_ms=round_trip)
    for other in (
        mos(received=1000, lost=lost + more, jitter_ms=jitter, round_trip_ms=round_trip),
        mos(received=1000, lost=lost, jitter_ms=jitter, round_trip_ms=round_trip + longer),
    ):
        assert one is not None
        assert other is not None
        assert 1.0 <= other <= one <= 4.4
