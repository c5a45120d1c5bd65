"""Sound between two clocks: 16 bit mono samples in at one's pace, frames out at the other's.

One thread puts in, one takes out, nobody waits. The clocks of a module and of the mixer differ by some parts
in a million: left alone, a second of delay grows in some hours, or frames are lost with a click. So the level
is watched, and while it is off its target a frame is made of one sample more or less than it has, by straight
interpolation: half a per cent of pitch that nobody hears, and the level comes back.
"""

from array import array
from collections import deque

FRAME_SAMPLES = 160
FRAME_BYTES = 2 * FRAME_SAMPLES
"""20 ms at 8 kHz."""
SILENCE = bytes(FRAME_BYTES)
_TARGET = 4 * FRAME_SAMPLES
"""In store before a frame is taken, unless said otherwise: 60 ms are left against jitter when it is."""
_SLACK = FRAME_SAMPLES
"""So far the smoothed level may be off before it is corrected."""
_MOST = 12 * FRAME_SAMPLES
"""More is thrown away: a stall of the other side must not become delay."""
_SMOOTH = 1 / 64


class SoundRing:
    """A ring between two threads: ``put`` is for one of them, ``take`` and ``clear`` are for the other."""

    def __init__(self, target: int = _TARGET, slack: int = _SLACK, *, times: int = 1) -> None:
        """``target``: so many samples are to be in store before a frame is taken; ``slack``: so far the
        smoothed level may be off before it is corrected (data: a sample more or less costs a line of a fax).
        ``times``: 2 for frames and samples at 16 kHz; ``target`` and ``slack`` are at 8 kHz all the same.
        """
        self._frame = FRAME_SAMPLES * times
        self._silence = bytes(2 * self._frame)
        self._most = _MOST * times
        self._target = target = target * times
        self._slack = slack * times
        self._chunks: deque[bytes] = deque()
        self._rest = array("h")
        self._odd = b""
        self._put = self._taken = 0
        self._level = float(target)
        self._flowing = False
        self._last = 0
        self.underruns = 0
        self.dropped = 0
        """Samples thrown away."""

    @property
    def level(self) -> int:
        """Samples in store."""
        return self._put - self._taken

    def put(self, data: bytes) -> None:
        """Samples as octets, cut anywhere."""
        if self._odd:
            data, self._odd = self._odd + data, b""
        if len(data) % 2:
            data, self._odd = data[:-1], data[-1:]
        if data:
            self._chunks.append(data)
            self._put += len(data) // 2

    def take(self) -> bytes:
        """The next frame; silence while there is nothing."""
        level = self.level
        if level > self._most:
            self._throw(level - self._target)
            level = self.level
        if not self._flowing:
            if level < self._target:
                return self._silence
            self._flowing = True
            self._level = float(level)
        self._level += (level - self._level) * _SMOOTH
        wanted = self._frame
        if self._level > self._target + self._slack:
            wanted += 1
        elif self._level < self._target - self._slack:
            wanted -= 1
        if level < wanted:
            self.underruns += 1
            self._flowing = False
            return self._fade()
        samples = self._samples(wanted)
        if wanted != self._frame:
            samples = _stretch(samples, self._frame)
        self._last = samples[-1]
        return samples.tobytes()

    def clear(self) -> None:
        """Forget what is in store; a new call begins."""
        self._throw(self.level)
        self._flowing = False
        self._last = 0

    def _throw(self, count: int) -> None:
        if count > 0:
            self.dropped += len(self._samples(count))

    def _samples(self, count: int) -> "array[int]":
        rest = self._rest
        while len(rest) < count and self._chunks:
            rest.frombytes(self._chunks.popleft())
        taken = rest[:count]
        self._rest = rest[count:]
        self._taken += len(taken)
        return taken

    def _fade(self) -> bytes:
        """From the last sample to silence in 4 ms: the end of sound is no click."""
        last, self._last = self._last, 0
        steps = 32
        ramp = array("h", (last * (steps - i) // steps for i in range(1, steps + 1)))
        return ramp.tobytes() + self._silence[2 * steps :]


def _stretch(samples: "array[int]", frame: int) -> "array[int]":
    """These samples as exactly so many, by straight interpolation from the first to the last."""
    most = len(samples) - 1
    step = most / (frame - 1)
    out = array("h", bytes(2 * frame))
    for i in range(frame):
        at = i * step
        low = int(at)
        if low >= most:
            out[i] = samples[most]
        else:
            here = samples[low]
            out[i] = int(here + (samples[low + 1] - here) * (at - low))
    return out
