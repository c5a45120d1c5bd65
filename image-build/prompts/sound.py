"""Plain arithmetic on mono 16-bit sound: levelling, margins, writing WAV files. Samples are signed."""

from __future__ import annotations

import array
import io
import math
import os
import wave
from pathlib import Path

RATE = 16000
"""Samples per second of everything made here."""
FULL_SCALE = 32767
_WINDOW = RATE // 50
_AUDIBLE_DBFS = -50.0


def dbfs(rms: float) -> float:
    """Root mean square as decibels below a full-scale square wave; silence is -120."""
    return 20 * math.log10(rms / FULL_SCALE) if rms > 0 else -120.0


def speech_level(samples: array.array[int]) -> float:
    """Loudness of what is spoken, in dBFS: the windows of 20 ms that are not a pause, averaged by power."""
    powers: list[float] = []
    for start in range(0, len(samples), _WINDOW):
        window = samples[start : start + _WINDOW]
        power = sum(value * value for value in window) / len(window)
        if dbfs(math.sqrt(power)) > _AUDIBLE_DBFS:
            powers.append(power)
    return dbfs(math.sqrt(sum(powers) / len(powers))) if powers else -120.0


def levelled(samples: array.array[int], *, target_dbfs: float, peak_dbfs: float) -> array.array[int]:
    """Bring speech to ``target_dbfs``; peaks beyond ``peak_dbfs`` are bent smoothly instead of cut."""
    gain = 10 ** ((target_dbfs - speech_level(samples)) / 20)
    ceiling = FULL_SCALE * 10 ** (peak_dbfs / 20)
    knee = ceiling * 0.6
    room = ceiling - knee
    out = array.array("h")
    for value in samples:
        size = abs(value) * gain
        if size > knee:
            size = knee + room * math.tanh((size - knee) / room)
        out.append(round(size) if value >= 0 else -round(size))
    return out


def trimmed(samples: array.array[int], *, threshold_dbfs: float = -55.0) -> array.array[int]:
    """Cut silence at both ends, in steps of 20 ms."""
    limit = FULL_SCALE * 10 ** (threshold_dbfs / 20)
    loud = [
        start
        for start in range(0, len(samples), _WINDOW)
        if max(map(abs, samples[start : start + _WINDOW])) > limit
    ]
    return samples[loud[0] : loud[-1] + _WINDOW] if loud else array.array("h")


def silence(milliseconds: int) -> array.array[int]:
    """So much of nothing."""
    return array.array("h", bytes(2 * (RATE * milliseconds // 1000)))


def write_wav(path: Path, samples: array.array[int]) -> None:
    """Write mono 16-bit WAV so that the file is either whole or absent."""
    raw = io.BytesIO()
    with wave.open(raw, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    write_whole(path, raw.getvalue())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is either whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as raw:
        raw.write(data)
        raw.flush()
        os.fsync(raw.fileno())
    beside.replace(path)
