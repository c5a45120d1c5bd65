"""Tones for tests: make them, write and read WAV files, tell what is in them. Samples are 16-bit, mono."""

import array
import math
import sys
import time
import wave
from collections.abc import Sequence
from pathlib import Path

Samples = Sequence[int]


def tone(hz: float, *, seconds: float = 1.0, rate: int = 16000, dbfs: float = -12.0) -> "array.array[int]":
    """A sine; ``dbfs`` is its peak relative to full scale."""
    peak = 32767 * 10 ** (dbfs / 20)
    step = 2 * math.pi * hz / rate
    return array.array("h", (round(peak * math.sin(step * i)) for i in range(round(seconds * rate))))


def write_wav(path: Path, samples: "array.array[int]", *, rate: int = 16000) -> Path:
    """Write mono 16-bit WAV and hand back its path."""
    data = array.array("h", samples)
    if sys.byteorder == "big":
        data.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(data.tobytes())
    return path


def read_wav(path: Path) -> tuple["array.array[int]", int]:
    """Samples and rate of a mono 16-bit WAV."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = array.array("h")
        samples.frombytes(file.readframes(file.getnframes()))
        if sys.byteorder == "big":
            samples.byteswap()
        return samples, file.getframerate()


def complete_wav(path: Path, timeout_s: float = 5.0) -> "array.array[int]":
    """Samples of a file that is being closed: waits until its header says how long it is."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            samples, _ = read_wav(path)
        except (wave.Error, EOFError, OSError):
            samples = array.array("h")
        if samples:
            return samples
        assert time.monotonic() < deadline, f"{path} is never complete"
        time.sleep(0.01)


def rms_dbfs(samples: Samples) -> float:
    """Root mean square relative to full scale; -120 for silence."""
    if not samples:
        return -120.0
    power = sum(value * value for value in samples) / len(samples)
    return 10 * math.log10(power / 32767**2) if power > 0 else -120.0


def goertzel(samples: Samples, hz: float, *, rate: int = 16000) -> float:
    """How much of the power is at ``hz``: 1.0 for that sine alone, near 0.0 for anything else."""
    total = sum(value * value for value in samples)
    if total == 0:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hz / rate)
    before = last = 0.0
    for value in samples:
        before, last = last, value + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * power / (len(samples) * total)


def strongest(
    samples: Samples, *, rate: int = 16000, low: int = 100, high: int = 3800, step: int = 10
) -> int:
    """The frequency with the most power, searched in steps of so many Hz."""
    return max(range(low, high, step), key=lambda hz: goertzel(samples, hz, rate=rate))
