"""The sound of a module's calls: rings towards the mixer, and the line to the module worked every 20 ms."""

from collections.abc import Callable

from appliance.drivers.ring import FRAME_BYTES, SILENCE, SoundRing
from appliance.drivers.serial_link import Line

TICK_MS = 10
"""How often a line is looked at that cannot be watched, and how exactly the module is served."""
_FRAME_MS = 20
_LATE_MS = 100
"""Without a frame from the module for so long, its clock is replaced by ours."""
_DEAD_MS = 5000
_SILENT_MS = 20_000
"""[U] So long nothing but zeros from the first frame on is no network, it is a dead codec."""
_UNWRITTEN = 2 * FRAME_BYTES
"""Kept of what the line did not take; more is dropped, by whole samples."""


class CallSound:
    """The mixer's end (AudioPort): silence between calls."""

    def __init__(self) -> None:
        self.from_module = SoundRing()
        self.to_module = SoundRing()
        self.on = False
        self._stale = False

    def begin(self) -> None:
        """A call begins; what is left of the one before is nobody's (module's thread)."""
        self.to_module.clear()
        self._stale = self.on = True

    def end(self) -> None:
        """The call is over (module's thread)."""
        self.on = False

    def read(self) -> bytes:
        """The next frame that the module says."""
        if not self.on:
            return SILENCE
        if self._stale:
            self._stale = False
            self.from_module.clear()
        return self.from_module.take()

    def write(self, frame: bytes) -> None:
        """The next frame for the module."""
        if self.on:
            self.to_module.put(frame)


class SoundLine:
    """One call's use of the line, on the module's thread. Every frame read is answered by one written."""

    def __init__(self, line: Line, sound: CallSound, now_ms: Callable[[], int]) -> None:
        self._line = line
        self._sound = sound
        self._now = now_ms
        self._began = self._heard = self._clock = now_ms()
        self._owed = 0
        self._unwritten = b""
        self._any = False
        self.sounded = False
        """Something else than silence came."""
        self.frames_in = 0
        sound.begin()

    def fileno(self) -> int:
        """To be watched for input; -1: call :meth:`work` every TICK_MS."""
        return self._line.fileno()

    def work(self) -> None:
        """Take what is there, give what is due; raises DeviceUnavailable when the line is gone."""
        now = self._now()
        data = self._line.read()
        if data:
            self._heard = self._clock = now
            self._any = True
            self.sounded = self.sounded or any(data)
            self._owed += len(data)
            self.frames_in += len(data) // FRAME_BYTES
            self._sound.from_module.put(data)
        elif now - self._heard >= _LATE_MS:
            while now - self._clock >= _FRAME_MS:  # modules want to be written to even when they are mute
                self._clock += _FRAME_MS
                self._owed += FRAME_BYTES
        self._owed = min(self._owed, 5 * FRAME_BYTES)
        while self._owed >= FRAME_BYTES:
            self._owed -= FRAME_BYTES
            self._give(self._sound.to_module.take())

    def verdict(self) -> str:
        """What is wrong with the sound of this call; empty: nothing is known to be."""
        lasted = self._now() - self._began
        if not self._any:
            return "no sound came from the module" if lasted >= _DEAD_MS else ""
        if not self.sounded and lasted >= _SILENT_MS:
            return "nothing but silence came from the module"
        return "the sound from the module stopped" if self._now() - self._heard >= _DEAD_MS else ""

    def close(self) -> None:
        """The call is over."""
        self._sound.end()
        self._line.close()

    def _give(self, frame: bytes) -> None:
        data = self._unwritten + frame
        taken = self._line.write(data)
        rest = data[taken:]
        if len(rest) > _UNWRITTEN:
            rest = rest[: _UNWRITTEN + len(rest) % 2]
        self._unwritten = rest
