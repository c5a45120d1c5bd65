"""Arithmetic upon frames: louder, softer, how loud."""

import math
import sys
from array import array

_FULL = 32768.0


def samples_of(frame: bytes) -> "array[int]":
    """16 bit samples as numbers."""
    samples = array("h", frame)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _frame(samples: "array[int]") -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def factor(decibels: float) -> float:
    """By what a sample is multiplied."""
    return float(10 ** (decibels / 20))


def scaled(frame: bytes, by: float) -> bytes:
    """Every sample times ``by``, cut at full scale."""
    return _frame(array("h", [max(-32768, min(32767, int(one * by))) for one in samples_of(frame)]))


def mixed(first: bytes, second: bytes) -> bytes:
    """The sum, cut at full scale. Both of the same length."""
    pairs = zip(samples_of(first), samples_of(second), strict=True)
    return _frame(array("h", [max(-32768, min(32767, a + b)) for a, b in pairs]))


def doubled(frame: bytes) -> bytes:
    """The same at twice the rate, by straight interpolation."""
    samples = samples_of(frame)
    made = array("h", bytes(2 * len(frame)))
    made[0::2] = samples
    following = samples[1:]
    following.extend(samples[-1:])
    made[1::2] = array("h", [(a + b) // 2 for a, b in zip(samples, following, strict=True)])
    return _frame(made)


def level_db(frame: bytes) -> float:
    """How loud, in dB below full scale; -99 for silence."""
    samples = samples_of(frame)
    power = sum(one * one for one in samples) / max(1, len(samples))
    return max(-99.0, 10 * math.log10(power / _FULL**2)) if power > 0 else -99.0
