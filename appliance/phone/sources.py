"""What the phone says into a call: silence, a tone, a file, an echo. Pure but for reading the file."""

import array
import math
import sys
import wave
from collections import deque
from pathlib import Path
from typing import Protocol

from appliance.errors import ConfigError

_PEAK = 0.25
"""Of a tone, relative to full scale: -12 dBFS, well below clipping in any codec."""
_MAX_SECONDS = 600
_ECHO_FRAMES = 25


class Source(Protocol):
    """Gives 16-bit samples; called on the sound thread."""

    @property
    def ended(self) -> bool:
        """True when nothing more will come."""

    def take(self, count: int) -> bytes:
        """The next ``count`` samples, padded with silence at the end."""

    def hear(self, data: bytes) -> None:
        """What arrived from the other side in the same 20 ms."""


class Silence:
    """Nothing."""

    ended = False

    def take(self, count: int) -> bytes:
        """Zeros."""
        return bytes(2 * count)

    def hear(self, data: bytes) -> None:
        """Ignored."""


class Sine(Silence):
    """A tone without clicks, kept as whole periods."""

    def __init__(self, hz: int, rate: int) -> None:
        if not 20 <= hz < rate // 2:
            raise ConfigError(
                f"a tone of {hz} Hz is not possible", error_id="phone.tone", hint=f"20 to {rate // 2 - 1}"
            )
        step = 2 * math.pi * hz / rate
        table = array.array("h", (round(_PEAK * 32767 * math.sin(step * i)) for i in range(rate)))
        self._data = table.tobytes()
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next piece of one second that repeats (a whole number of periods)."""
        start, end = self._at, self._at + 2 * count
        piece = self._data[start:end]
        if end >= len(self._data):
            end -= len(self._data)
            piece += self._data[:end]
        self._at = end
        return piece


class Recording(Silence):
    """A WAV file, converted to the phone's rate when it is read; raises ConfigError when it cannot be."""

    def __init__(self, path: Path, rate: int) -> None:
        self.path = path
        self._data = _read(path, rate)
        self._at = 0

    @property
    def ended(self) -> bool:  # type: ignore[override]
        """True when the file is through."""
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        """The next piece."""
        piece = self._data[self._at : self._at + 2 * count]
        self._at += 2 * count
        return piece.ljust(2 * count, b"\0")


class Mirror(Silence):
    """What is heard, at once."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=_ECHO_FRAMES)

    def take(self, count: int) -> bytes:
        """The oldest frame not yet sent back."""
        return self._frames.popleft().ljust(2 * count, b"\0") if self._frames else bytes(2 * count)

    def hear(self, data: bytes) -> None:
        """Keep for the next frame."""
        self._frames.append(data)


def _read(path: Path, rate: int) -> bytes:
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, own_rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(min(file.getnframes(), _MAX_SECONDS * own_rate))
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"cannot play {path}: {error}", error_id="phone.file", hint="a WAV file") from error
    if width != 2:
        raise ConfigError(f"cannot play {path}: {8 * width} bit", error_id="phone.file", hint="16-bit WAV")
    samples = array.array("h")
    samples.frombytes(raw[: len(raw) - len(raw) % (2 * channels)])
    if sys.byteorder == "big":
        samples.byteswap()
    samples = samples[::channels]
    if own_rate == rate or not samples:
        return samples.tobytes()
    return _resampled(samples, own_rate, rate).tobytes()


def _resampled(samples: "array.array[int]", own_rate: int, rate: int) -> "array.array[int]":
    """Linear interpolation: plain, and good enough for a test call."""
    last = len(samples) - 1
    out = array.array("h")
    for i in range(len(samples) * rate // own_rate):
        place, part = divmod(i * own_rate, rate)
        here = samples[min(place, last)]
        out.append(here + (samples[min(place + 1, last)] - here) * part // rate)
    return out
