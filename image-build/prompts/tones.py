"""Beeps as files, for where a prompt is played: the same tones as ``appliance/media/tones.py`` has them."""

from __future__ import annotations

import array
import math

from sound import FULL_SCALE, RATE, silence

_LEVEL = 0.25
_RAMP = RATE * 8 // 1000
_END_MS = 50
# Hz and ms, one after the other
_BEEPS = {
    "beep": ((1000, 350),),
    "conference_enter": ((600, 120), (800, 180)),
    "conference_leave": ((800, 120), (600, 180)),
}


def beeps() -> dict[str, array.array[int]]:
    """Return the samples of each, by name."""
    return {name: _sounded(parts) for name, parts in _BEEPS.items()}


def _sounded(parts: tuple[tuple[int, int], ...]) -> array.array[int]:
    out = array.array("h")
    for hertz, milliseconds in parts:
        length = RATE * milliseconds // 1000
        for i in range(length):
            swell = min(1.0, i / _RAMP, (length - i) / _RAMP)
            out.append(round(FULL_SCALE * _LEVEL * swell * math.sin(2 * math.pi * hertz * i / RATE)))
    return out + silence(_END_MS)
