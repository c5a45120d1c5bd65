"""What somebody at an emulated telephone would say they hear: ``425 Hz, 480 ms on, 480 ms off``. Pure."""

import statistics
import sys
from array import array
from itertools import groupby

from appliance.phone.analysis import Impression, impression, level_dbfs
from appliance.phone.events import Hearing

_WINDOW_MS = 64
"""Fine enough to tell 350 from 440 Hz."""
_FRAME_MS = 20
_SILENT_DB = -50.0
_LEAST_FRAMES = 8
_RATE = 8000


def describe(sound: bytes, rate: int = _RATE) -> str:
    """Of 16 bit mono, best some seconds of it."""
    frame, window = rate * _FRAME_MS // 1000, rate * _WINDOW_MS // 1000
    samples = array("h", sound[: len(sound) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    loud = [
        level_dbfs(samples[at : at + frame]) > _SILENT_DB for at in range(0, len(samples) - frame + 1, frame)
    ]
    if len(loud) < _LEAST_FRAMES:
        return "nothing yet"
    if not any(loud):
        return "silence"
    windows = [
        impression(samples[at : at + window], rate)
        for at in range(0, len(samples) - window + 1, window)
        if all(loud[at // frame : (at + window) // frame + 1])
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
