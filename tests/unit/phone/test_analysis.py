"""What the phone says it hears is what is there."""

import array
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.phone.analysis import Impression, Listener, impression, tone_share
from appliance.phone.events import Hearing
from tests.support import tones

RATE = 16000


def hear(samples: "array.array[int]", rate: int = RATE, chunk: int = 320) -> list[Impression]:
    listener = Listener(rate)
    news = [listener.feed(samples[at : at + chunk].tobytes()) for at in range(0, len(samples), chunk)]
    return [one for one in news if one is not None]


def mixed(*parts: "array.array[int]") -> "array.array[int]":
    return array.array("h", (sum(values) for values in zip(*parts, strict=True)))


@given(hz=st.integers(150, 7500), dbfs=st.floats(-40, -1))
@settings(max_examples=60, deadline=None)
def test_any_tone_is_named_within_two_hertz(hz: int, dbfs: float) -> None:
    seen = impression(tones.tone(hz, seconds=0.064, dbfs=dbfs), RATE)
    assert seen.kind is Hearing.TONE
    assert len(seen.hz) == 1
    assert abs(seen.hz[0] - hz) < 2
    assert abs(seen.dbfs - (dbfs - 3)) < 0.5


@pytest.mark.parametrize(("low", "high"), [(697, 1209), (941, 1633), (350, 440), (480, 620), (1400, 2060)])
def test_two_tones_at_once_are_named(low: int, high: int) -> None:
    pair = mixed(tones.tone(low, seconds=0.5, dbfs=-15), tones.tone(high, seconds=0.5, dbfs=-12))
    (seen,) = hear(pair)
    assert [abs(a - b) < 3 for a, b in zip(seen.hz, (low, high), strict=True)] == [True, True]


def test_silence_then_tone_then_another_then_silence() -> None:
    quiet = tones.tone(100, seconds=0.6, dbfs=-80)
    samples = quiet + tones.tone(1000, seconds=0.6) + tones.tone(700, seconds=0.6) + quiet
    heard = hear(samples)
    assert [(one.kind, [round(hz, -1) for hz in one.hz]) for one in heard] == [
        (Hearing.SILENCE, []),
        (Hearing.TONE, [1000]),
        (Hearing.TONE, [700]),
        (Hearing.SILENCE, []),
    ]


def test_noise_is_no_tone() -> None:
    chance = random.Random(1)
    noise = array.array("h", (round(chance.gauss(0, 3000)) for _ in range(RATE)))
    assert [one.kind for one in hear(noise)] == [Hearing.SOUND]


def test_a_glide_like_a_vowel_is_no_tone() -> None:
    """A buzz of many harmonics whose pitch moves, as in speech."""
    out = array.array("h")
    phase = 0.0
    for i in range(RATE):
        phase += 2 * math.pi * (120 + 30 * math.sin(2 * math.pi * 2 * i / RATE)) / RATE
        out.append(round(sum(1500 / n * math.sin(n * phase) for n in range(1, 15))))
    assert {one.kind for one in hear(out)} == {Hearing.SOUND}


def test_short_gaps_and_clicks_change_nothing() -> None:
    samples = tones.tone(1000, seconds=1.0)
    samples[8000:8320] = array.array("h", bytes(640))
    assert [one.kind for one in hear(samples)] == [Hearing.TONE]


def test_the_share_of_a_tone() -> None:
    assert tone_share(tones.tone(1000, seconds=0.064), 1000, RATE) > 0.99
    assert tone_share(tones.tone(1000, seconds=0.064), 1100, RATE) < 0.01
    assert tone_share([0] * 1024, 1000, RATE) == 0.0


@given(st.lists(st.binary(max_size=900).map(lambda data: data[: len(data) // 2 * 2]), max_size=12))
def test_any_bytes_are_survived(chunks: list[bytes]) -> None:
    listener = Listener(RATE)
    for chunk in chunks:
        listener.feed(chunk)
