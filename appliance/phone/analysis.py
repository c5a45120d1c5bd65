"""Tell what is heard: silence, one or two tones with their frequencies, or other sound. Pure.

Sound is cut into windows of 64 ms. A window's power spectrum tells whether nearly all power sits in one or
two narrow peaks. What one window shows is believed when some windows in a row show it, so that a vowel is
not taken for a tone, nor a breath between words for silence.
"""

import array
import cmath
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.phone.events import Hearing

WINDOW_MS = 64
SILENCE_DBFS = -55.0
_TONE_SHARE = 0.85
"""Of the power, that one or two peaks must hold."""
_SECOND_SHARE = 0.10
_PEAK_BINS = 2
"""A tone's power under a Hann window reaches so many bins to either side."""
_SAME_HZ = 8.0
_IN_A_ROW = {Hearing.SILENCE: 4, Hearing.TONE: 3, Hearing.SOUND: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What one window or a row of them sounds like."""

    kind: Hearing
    hz: tuple[float, ...] = ()
    dbfs: float = -120.0

    def like(self, other: "Impression") -> bool:
        """Whether a listener would call both the same."""
        return (
            self.kind is other.kind
            and len(self.hz) == len(other.hz)
            and all(abs(a - b) <= _SAME_HZ for a, b in zip(self.hz, other.hz, strict=True))
        )


def level_dbfs(samples: Sequence[float]) -> float:
    """Root mean square relative to 16-bit full scale; -120 for silence."""
    power = sum(value * value for value in samples) / max(1, len(samples))
    return max(-120.0, 10 * math.log10(power / 32768**2)) if power > 0 else -120.0


def tone_share(samples: Sequence[float], hz: float, rate: int) -> float:
    """The part of the power that is at ``hz`` (Goertzel's algorithm): 1.0 for that sine alone."""
    total = sum(value * value for value in samples)
    if total == 0:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hz / rate)
    before = last = 0.0
    for value in samples:
        before, last = last, value + coefficient * last - before
    return 2 * (last * last + before * before - coefficient * last * before) / (len(samples) * total)


def impression(samples: Sequence[float], rate: int) -> Impression:
    """Classify one window; its length must be a power of two."""
    dbfs = level_dbfs(samples)
    if dbfs < SILENCE_DBFS:
        return Impression(kind=Hearing.SILENCE, dbfs=dbfs)
    size = len(samples)
    hann = _hann(size)
    spectrum = _transform([complex(value * weight) for value, weight in zip(samples, hann, strict=True)])
    power = [abs(one) ** 2 for one in spectrum[: size // 2]]
    power[0] = power[1] = 0.0  # an offset is no sound
    total = sum(power) or 1.0
    first, share = _peak(power, total)
    found = [first]
    if share < _TONE_SHARE:
        rest = [0.0 if abs(i - first) <= 2 * _PEAK_BINS else value for i, value in enumerate(power)]
        second, more = _peak(rest, total)
        if more < _SECOND_SHARE or share + more < _TONE_SHARE:
            return Impression(kind=Hearing.SOUND, dbfs=dbfs)
        found.append(second)
    hz = tuple(sorted(round(_between(power, i) * rate / size, 1) for i in found))
    return Impression(kind=Hearing.TONE, hz=hz, dbfs=dbfs)


class Listener:
    """Takes 16-bit samples as they come and says when the impression changes."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.now = Impression(kind=Hearing.SILENCE)
        self._size = 1 << round(math.log2(rate * WINDOW_MS / 1000))
        self._samples = array.array("h")
        self._candidate: Impression | None = None
        self._row = 0
        self._told = False

    def feed(self, data: bytes) -> Impression | None:
        """Take more samples (native 16-bit); returns the new impression when it has changed."""
        self._samples.frombytes(data)
        changed: Impression | None = None
        while len(self._samples) >= self._size:
            window = self._samples[: self._size]
            del self._samples[: self._size]
            changed = self._consider(self._window(window)) or changed
        return changed

    def _window(self, window: "array.array[int]") -> Impression:
        # A tone that goes on is by far the most frequent case; looking for it alone costs a tenth.
        hz = self.now.hz
        if len(hz) == 1 and tone_share(window, hz[0], self.rate) > 0.95:
            dbfs = level_dbfs(window)
            if dbfs >= SILENCE_DBFS:
                return Impression(kind=Hearing.TONE, hz=hz, dbfs=dbfs)
        return impression(window, self.rate)

    def _consider(self, seen: Impression) -> Impression | None:
        if self._candidate is not None and seen.like(self._candidate):
            self._row += 1
        else:
            self._candidate, self._row = seen, 1
        if self._row < _IN_A_ROW[seen.kind]:
            return None
        news = not (self._told and seen.like(self.now))
        self.now = seen
        self._told = True
        return seen if news else None


@functools.cache
def _hann(size: int) -> tuple[float, ...]:
    return tuple(0.5 - 0.5 * math.cos(2 * math.pi * i / size) for i in range(size))


@functools.cache
def _turns(size: int) -> tuple[complex, ...]:
    return tuple(cmath.exp(-2j * math.pi * i / size) for i in range(size // 2))


def _transform(values: list[complex]) -> list[complex]:
    """Fourier transform by halving; the length is a power of two."""
    size = len(values)
    if size == 2:
        return [values[0] + values[1], values[0] - values[1]]
    even = _transform(values[::2])
    odd = [turn * value for turn, value in zip(_turns(size), _transform(values[1::2]), strict=True)]
    return [a + b for a, b in zip(even, odd, strict=True)] + [a - b for a, b in zip(even, odd, strict=True)]


def _peak(power: Sequence[float], total: float) -> tuple[int, float]:
    top = max(range(len(power)), key=power.__getitem__)
    around = power[max(0, top - _PEAK_BINS) : top + _PEAK_BINS + 1]
    return top, sum(around) / total


def _between(power: Sequence[float], top: int) -> float:
    """The peak's true place: a parabola through the logarithms of three bins."""
    if not 0 < top < len(power) - 1:
        return float(top)
    left, middle, right = (math.log(max(value, 1e-12)) for value in power[top - 1 : top + 2])
    bend = left - 2 * middle + right
    return top + (0.5 * (left - right) / bend if bend else 0.0)
