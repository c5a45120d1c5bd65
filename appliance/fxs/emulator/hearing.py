"""What somebody at an emulated telephone would say they hear: ``425 Hz, 480 ms on, 480 ms off``. Pure."""

import statistics
import sys
from array import array
from itertools import groupby

from appliance.phone.analysis import Impression, impression, level_dbfs
from appliance.phone.events import Hearing

_WINDOW = 512
"""Samples of 64 ms: fine enough to tell 350 from 440 Hz."""
_FRAME = 160
_FRAME_MS = 20
_SILENT_DB = -50.0
_LEAST_FRAMES = 8
_RATE = 8000


def describe(sound: bytes) -> str:
    """Of 16 bit mono at 8 kHz, best some seconds of it."""
    samples = array("h", sound[: len(sound) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    loud = [
        level_dbfs(samples[at : at + _FRAME]) > _SILENT_DB
        for at in range(0, len(samples) - _FRAME + 1, _FRAME)
    ]
    if len(loud) < _LEAST_FRAMES:
        return "nothing yet"
    if not any(loud):
        return "silence"
    windows = [
        impression(samples[at : at + _WINDOW], _RATE)
        for at in range(0, len(samples) - _WINDOW + 1, _WINDOW)
        if all(loud[at // _FRAME : (at + _WINDOW) // _FRAME + 1])
    ]
    tones = [one for one in windows if one.kind is Hearing.TONE]
    if not windows or len(tones) <= len(windows) // 2:
        return "sound"
    pitch = " + ".join(f"{hertz} Hz" for hertz in _pitch(tones))
    if all(loud):
        return f"{pitch}, steady"
    return f"{pitch}, {_typical(loud, True)} ms on, {_typical(loud, False)} ms off"


def _pitch(tones: list[Impression]) -> list[int]:
    count = statistics.mode(len(one.hz) for one in tones)
    alike = [one.hz for one in tones if len(one.hz) == count]
    return sorted(round(statistics.median(column) / 5) * 5 for column in zip(*alike, strict=True))


def _typical(loud: list[bool], wanted: bool) -> int:
    """How long sound or silence lasts in ms; runs cut by the ends do not count if there are others."""
    runs = [(kind, len(list(group))) for kind, group in groupby(loud)]
    lengths = [length for kind, length in runs[1:-1] if kind is wanted] or [
        length for kind, length in runs if kind is wanted
    ]
    return round(statistics.median(lengths)) * _FRAME_MS
