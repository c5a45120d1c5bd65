"""Music on hold, computed: soft broken chords over a pad, forty seconds that loop without a seam.

Written for the telephone: the tones lie between 200 and 1600 Hz, where narrow-band codecs are at their
best, and no tone is loud or steady enough to be taken for a signal or to upset voice activity detection.
"""

from __future__ import annotations

import array
import functools
import math

from sound import FULL_SCALE, RATE

_BEATS_PER_MINUTE = 72
_BEAT = RATE * 60 // _BEATS_PER_MINUTE
_BAR = 4 * _BEAT
_LEVEL = 0.30
"""Peak of the finished piece, relative to full scale."""

# Four voices of each bar's chord, low to high, as MIDI note numbers.
_CHORDS = (
    (60, 64, 67, 71),
    (57, 64, 67, 72),
    (65, 69, 72, 76),
    (62, 67, 71, 74),
    (60, 64, 67, 71),
    (64, 67, 71, 74),
    (65, 69, 72, 76),
    (67, 71, 74, 77),
    (57, 64, 67, 72),
    (62, 65, 69, 72),
    (67, 69, 74, 77),
    (60, 64, 67, 74),
)
_FIGURE = (0, 1, 2, 3, 2, 1, 2, 1)
"""Which voice of the chord each eighth note plays."""
# (bar, beat, note): a few long tones above the chords.
_MELODY = (
    (0, 0.0, 79),
    (0, 2.5, 76),
    (1, 1.0, 74),
    (2, 0.0, 77),
    (2, 3.0, 79),
    (3, 1.0, 74),
    (4, 0.0, 76),
    (4, 2.5, 79),
    (5, 1.0, 83),
    (6, 0.0, 81),
    (7, 0.0, 79),
    (7, 2.0, 77),
    (8, 0.0, 76),
    (9, 0.0, 77),
    (9, 2.0, 74),
    (10, 1.0, 74),
    (11, 0.0, 76),
    (11, 2.5, 72),
)


def _frequency(note: int) -> float:
    """Equal temperament, A4 (69) = 440 Hz."""
    return 440.0 * 2 ** ((note - 69) / 12)


@functools.cache
def _plucked(note: int) -> list[float]:
    """A soft bell of three partials: 12 ms attack, exponential decay, higher partials fade first."""
    length = int(RATE * 2.4)
    attack = RATE * 12 // 1000
    step = 2 * math.pi * _frequency(note) / RATE
    out: list[float] = []
    for i in range(length):
        t = i / RATE
        body = (
            math.exp(-2.2 * t) * math.sin(step * i)
            + 0.35 * math.exp(-4.0 * t) * math.sin(2 * step * i)
            + 0.12 * math.exp(-7.0 * t) * math.sin(3 * step * i)
        )
        fade = min(1.0, i / attack) * min(1.0, (length - i) / (RATE * 0.1))
        out.append(body * fade)
    return out


@functools.cache
def _pad(note: int) -> list[float]:
    """A held tone that swells and fades over a bar and half a beat; two voices beat slowly."""
    length = _BAR + _BEAT // 2
    step = 2 * math.pi * _frequency(note) / RATE
    return [
        math.sin(math.pi * i / length) ** 2
        * (math.sin(step * i) + 0.8 * math.sin(step * 1.002 * i) + 0.25 * math.sin(2 * step * i))
        for i in range(length)
    ]


def compose() -> array.array[int]:
    """The whole loop as samples; tails that run over the end sound on at the beginning."""
    length = len(_CHORDS) * _BAR
    mix = [0.0] * length

    def place(tone: list[float], start: int, gain: float) -> None:
        for i, value in enumerate(tone, start):
            mix[i % length] += gain * value

    for bar, chord in enumerate(_CHORDS):
        for note in chord[:3]:
            place(_pad(note), bar * _BAR, 0.10)
        for eighth, voice in enumerate(_FIGURE):
            accent = 0.34 if eighth == 0 else 0.24
            place(_plucked(chord[voice]), bar * _BAR + eighth * _BEAT // 2, accent)
    for bar, beat, note in _MELODY:
        place(_plucked(note), bar * _BAR + round(beat * _BEAT), 0.32)
    scale = _LEVEL * FULL_SCALE / max(map(abs, mix))
    return array.array("h", (round(value * scale) for value in mix))
