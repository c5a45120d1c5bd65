"""Lines that are no SIP legs in the mixer: one port each, fed by an :class:`appliance.ports.AudioPort`.

Ports are made once and used again by later legs: taking one out of the running mixer is the riskiest moment
of its life. The mixer calls them on its own clock thread.
"""

from array import array
from typing import Any

import pjsua2 as pj

from appliance.model.ids import LegId
from appliance.ports import AudioPort

RATE = 8000
FRAME_BYTES = 320
"""20 ms of 16 bit mono at 8 kHz."""


class LinePort(pj.AudioMediaPort):
    """A place in the mixer; silent while no line is there."""

    def __init__(self, name: str, times: int = 1, *, wideband: bool = False) -> None:
        """``times``: the mixer's rate by ours; we double samples and take every other one then."""
        super().__init__()
        self._times = times
        self._bytes = FRAME_BYTES * 2 if wideband else FRAME_BYTES
        self._silence = bytes(self._bytes)
        self.kind = (times, wideband)
        """Which later legs may use it."""
        form = pj.MediaFormatAudio()
        form.init(pj.PJMEDIA_FORMAT_PCM, RATE * times * (2 if wideband else 1), 1, 20000, 16)
        self.line: AudioPort | None = None
        self.createPort(name, form)

    def onFrameRequested(self, frame: Any) -> None:
        """The mixer wants 20 ms of what the line says (clock thread)."""
        line = self.line
        data = line.read() if line is not None else self._silence
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        data = data if len(data) == self._bytes else self._silence
        frame.buf = pj.ByteVector(data if self._times == 1 else _repeated(data, self._times))
        frame.size = self._bytes * self._times

    def onFrameReceived(self, frame: Any) -> None:
        """The mixer has 20 ms for the line, or nothing (clock thread)."""
        line = self.line
        if line is not None:
            if frame.size != self._bytes * self._times:
                line.write(self._silence)
            else:
                data = bytes(frame.buf)
                line.write(data if self._times == 1 else array("h", data)[:: self._times].tobytes())


def _repeated(data: bytes, times: int) -> bytes:
    """Every sample so often."""
    samples = array("h", data)
    made = array("h", bytes(len(data) * times))
    for offset in range(times):
        made[offset::times] = samples
    return made.tobytes()


class LinePorts:
    """The ports of all lines that have a leg now. Engine thread only; drop it before the library ends."""

    def __init__(self, clock_rate: int = RATE) -> None:
        self._times = max(1, clock_rate // RATE)
        self._used: dict[LegId, LinePort] = {}
        self._free: dict[tuple[int, bool], list[LinePort]] = {}
        self._made = 0

    def attach(self, leg: LegId, line: AudioPort, *, exact: bool = False, wideband: bool = False) -> None:
        """Give the leg a place; raises pj.Error when the mixer has none left.

        ``exact``: for data. The mixer resamples voice as people like it and a fax cannot bear; such a line's
        samples are repeated and taken out again as they were. ``wideband``: the line is at 16 kHz.
        """
        times = self._times if exact else 1
        free = self._free.setdefault((times, wideband), [])
        if free:
            port = free.pop()
        else:
            self._made += 1
            port = LinePort(f"line-{self._made}", times, wideband=wideband)
        port.line = line
        self._used[leg] = port

    def detach(self, leg: LegId) -> None:
        """Take the line away; its place, which must hear nobody and be heard by nobody, is for the next."""
        port = self._used.pop(leg, None)
        if port is not None:
            port.line = None
            self._free.setdefault(port.kind, []).append(port)

    def get(self, leg: LegId) -> LinePort | None:
        """The place of a leg."""
        return self._used.get(leg)

    def close(self) -> None:
        """Drop every port; the library is about to end."""
        for port in self._used.values():
            port.line = None
        self._used.clear()
        self._free.clear()
