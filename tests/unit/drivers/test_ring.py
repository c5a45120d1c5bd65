"""Sound between two clocks: no drift, no gap, no click, whatever the clocks do."""

from array import array
from itertools import pairwise
from math import pi, sin
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.drivers.ring import FRAME_BYTES, FRAME_SAMPLES, SILENCE, SoundRing


def wave(start: int, count: int) -> bytes:
    return array("h", (int(8000 * sin(2 * pi * 440 * (start + i) / 8000)) for i in range(count))).tobytes()


@pytest.mark.parametrize("parts_per_million", [-300, -50, 0, 50, 300])
def test_two_clocks_stay_together_over_half_an_hour_without_gap_or_click(parts_per_million: int) -> None:
    ring, random = SoundRing(), Random(1)
    at_put = 0.0
    sent = 0
    step = 20.0 * (1 + parts_per_million / 1e6)
    levels: list[int] = []
    largest, last = 0, 0
    checked = 30 * 60 * 50
    for number in range(checked):
        at_take = 20.0 * number + random.choice((-8, 0, 0, 8))
        while at_put <= at_take:
            ring.put(wave(sent, FRAME_SAMPLES) if number < 3000 or number > checked - 3000 else SILENCE)
            sent += FRAME_SAMPLES
            at_put += step
        frame = ring.take()
        if number > 50:
            levels.append(ring.level)
        if 50 < number < 2900:
            samples = array("h", frame)
            for sample in samples:
                largest = max(largest, abs(sample - last))
                last = sample
        elif number == 50:
            last = array("h", frame)[-1]
    assert ring.underruns == 0
    assert ring.dropped == 0
    assert max(levels) <= 8 * FRAME_SAMPLES  # 160 ms at the very most
    assert sum(levels) / len(levels) < 6 * FRAME_SAMPLES
    assert largest < 8000 * 2 * pi * 440 / 8000 * 1.1 + 2  # no step steeper than the tone's own


def test_a_stall_is_not_turned_into_delay() -> None:
    ring = SoundRing()
    for _ in range(100):
        ring.put(bytes(FRAME_BYTES))
    ring.take()
    assert ring.level <= 5 * FRAME_SAMPLES
    assert ring.dropped > 0


def test_an_end_of_sound_fades() -> None:
    ring = SoundRing()
    for _ in range(5):
        ring.put(array("h", [8000] * FRAME_SAMPLES).tobytes())
    frames = [array("h", ring.take()) for _ in range(7)]
    steps = [abs(a - b) for frame in frames for a, b in pairwise(frame)]
    assert max(steps) <= 300
    assert frames[-1].tobytes() == SILENCE


@settings(max_examples=50)
@given(cuts=st.lists(st.integers(0, 999), min_size=1, max_size=60))
def test_octets_may_be_cut_anywhere(cuts: list[int]) -> None:
    ring = SoundRing()
    data = wave(0, 5000)
    at = 0
    heard = b""
    for cut in cuts:
        ring.put(data[at : at + cut])
        at += cut
        frame = ring.take()
        assert len(frame) == FRAME_BYTES
        heard += frame
    ring.clear()
    assert ring.level == 0
    assert ring.take() == SILENCE
