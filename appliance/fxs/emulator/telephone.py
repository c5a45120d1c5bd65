"""A telephone on a wire: contact, key pad, bell, display, and somebody who uses it.

Everything happens in the time of the line it hangs on. What the user does is a script that runs on by
itself: ``lift``, ``keys``, ``wait`` … may be called from any thread and follow one another. The other half
is the wire's, for emulated cards: ``edges``, ``exchange``, ``bell``.
"""

import math
import random
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from appliance.fxs.announcing import ANSWER
from appliance.fxs.caller_id import Display, read
from appliance.fxs.tones import FRAME_BYTES, SILENCE
from appliance.media.spandsp.identity import MessageListener
from appliance.media.spandsp.keys import KeySounder

_FRAME_MS = 20
_HEARD_MOST = 16_000 * 120
"""The last two minutes are kept."""
_ALERT_HZ = (2130, 2750)
_ALERT_LEVEL = 600.0
_ALERT_FRAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contact:
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Say:
    sound: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """One burst of the bell; ``end_ms`` 0 while it rings."""

    begin_ms: int
    end_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deed:
    do: Callable[[], None]


class Machine(Protocol):
    """What sits in the place of the person: a fax machine."""

    def dialled(self) -> None:
        """A number was dialled."""

    def rings(self) -> None:
        """The bell begins to ring."""

    def exchange(self, frame: bytes) -> bytes:
        """20 ms of the line while off the hook."""

    def hung_up(self) -> None:
        """The loop was opened for longer than a moment."""


class Telephone:
    """``bounce_ms``: how long contacts chatter. ``display``: False for one that shows nothing."""

    def __init__(self, *, bounce_ms: int = 0, seed: int = 0, display: bool = True) -> None:
        self.off_hook = False
        self.bells: list[Bell] = []
        self.displays: list[Display] = []
        self.heard = bytearray()
        """What came out of the receiver, 16 bit mono at 8 kHz; only while off the hook."""
        self.reversed = False
        """Polarity as a meter in the telephone sees it."""
        self.machine: Machine | None = None
        self.waited_ms = 0
        """By the wall clock: from the word to lift the handset to the first sound in it; 0: none yet."""
        self._lifted_at = 0.0
        self._bounce_ms = bounce_ms
        self._chance = random.Random(seed)
        self._script: deque[_Contact | _Pause | _Say | _Deed] = deque()
        self._free_ms = 0.0
        self._edges: deque[tuple[int, bool]] = deque()
        self._mouth = bytearray()
        self._listener = MessageListener() if display else None
        self._alert_frames = 0
        self._muted_frames = 0

    # What the user does.

    def lift(self) -> None:
        """Take the handset."""
        if not self.off_hook:
            self.waited_ms, self._lifted_at = 0, time.monotonic()
        self._script.append(_Contact(closed=True))

    def hang_up(self) -> None:
        """Put it back."""
        self._script.append(_Contact(closed=False))

    def wait(self, milliseconds: float) -> None:
        """Do nothing for so long."""
        self._script.append(_Pause(milliseconds=milliseconds))

    def flash(self, milliseconds: float = 100) -> None:
        """The R key, or the hook tapped for so long."""
        self._script.extend(
            (_Contact(closed=False), _Pause(milliseconds=milliseconds), _Contact(closed=True))
        )

    def keys(self, keys: str, *, on_ms: int = 80, off_ms: int = 80) -> None:
        """Press keys."""
        for key in keys:
            self._script.append(_Say(sound=KeySounder(on_ms=on_ms, off_ms=off_ms).sound(key)))

    def pulses(
        self, digits: str, *, per_second: float = 10, break_share: float = 0.6, between_ms: int = 800
    ) -> None:
        """Dial with a disc."""
        period = 1000 / per_second
        for digit in digits:
            for _ in range(int(digit) or 10):
                self._script.extend(
                    (
                        _Contact(closed=False),
                        _Pause(milliseconds=period * break_share),
                        _Contact(closed=True),
                        _Pause(milliseconds=period * (1 - break_share)),
                    )
                )
            self.wait(between_ms)

    def say(self, sound: bytes) -> None:
        """Speak (16 bit mono, 8 kHz)."""
        self._script.append(_Say(sound=sound))

    def then(self, do: Callable[[], None]) -> None:
        """After all that, this; on the line's thread."""
        self._script.append(_Deed(do=do))

    @property
    def idle(self) -> bool:
        """Nothing is left to do of what was asked for."""
        return not self._script and not self._mouth and not self._edges

    # What the user sees and hears.

    @property
    def rings(self) -> bool:
        """The bell is ringing, or in a pause of its cadence shorter than six seconds: see ``bells``."""
        return bool(self.bells) and not self.bells[-1].end_ms

    def recent(self, milliseconds: int) -> bytes:
        """What was heard last."""
        return bytes(self.heard[-16 * milliseconds :])

    # The wire.

    def edges(self, now_ms: int) -> list[tuple[int, bool]]:
        """What the contact did until now: when, and whether the loop is closed since."""
        if not self._script:
            self._free_ms = max(self._free_ms, float(now_ms))
        while self._script and self._free_ms <= now_ms:
            step = self._script.popleft()
            match step:
                case _Contact():
                    self._move(step.closed, round(self._free_ms))
                case _Pause():
                    self._free_ms += step.milliseconds
                case _Say():
                    self._mouth += step.sound
                    self._free_ms += len(step.sound) / 16
                case _Deed():
                    step.do()
        found: list[tuple[int, bool]] = []
        while self._edges and self._edges[0][0] <= now_ms:
            found.append(self._edges.popleft())
        if found:
            self.off_hook = found[-1][1]
        return found

    def _move(self, closed: bool, at_ms: int) -> None:
        at, level = at_ms, closed
        end = at_ms + self._bounce_ms
        self._edges.append((at, level))
        while self._bounce_ms:
            at += self._chance.randint(1, 2)
            if at >= end:
                break
            level = not level
            self._edges.append((at, level))
        if level != closed:
            self._edges.append((at, closed))

    def bell(self, on: bool, at_ms: int) -> None:
        """Ringing current comes or goes."""
        if on and not self.rings:
            self.bells.append(Bell(begin_ms=at_ms))
            if self.machine is not None and not self.off_hook:
                self.machine.rings()
        elif not on and self.rings:
            self.bells[-1] = Bell(begin_ms=self.bells[-1].begin_ms, end_ms=at_ms)

    def exchange(self, frame: bytes) -> bytes:
        """20 ms from the line for 20 ms to it. On the hook only the display listens."""
        if not self.off_hook:
            self._mouth.clear()
            if self.machine is not None:
                self.machine.hung_up()
            self._show(frame)
            return SILENCE
        if self._muted_frames:
            self._muted_frames -= 1
            self._show(frame)
        else:
            if not self.waited_ms and any(frame):
                self.waited_ms = round(1000 * (time.monotonic() - self._lifted_at)) or 1
            self.heard += frame
            del self.heard[:-_HEARD_MOST]
            if self._listener is not None and self.machine is None:
                self._listen_for_alert(frame)
        if self.machine is not None and not self._mouth:
            return self.machine.exchange(frame)
        said = bytes(self._mouth[:FRAME_BYTES])
        del self._mouth[:FRAME_BYTES]
        return said + bytes(FRAME_BYTES - len(said))

    def _show(self, frame: bytes) -> None:
        if self._listener is not None:
            self.displays += (read(message) for message in self._listener.hear(frame))

    def _listen_for_alert(self, frame: bytes) -> None:
        """A second call is announced: answer, and read without the receiver for a while (EN 300 659-2 §5)."""
        if min(_loudness(frame, hertz) for hertz in _ALERT_HZ) > _ALERT_LEVEL:
            self._alert_frames += 1
            return
        if self._alert_frames >= _ALERT_FRAMES:
            self._listener = MessageListener()
            self._mouth += KeySounder(on_ms=60, off_ms=10).sound(ANSWER)
            self._muted_frames = 1200 // _FRAME_MS
        self._alert_frames = 0


def _loudness(frame: bytes, hertz: int) -> float:
    """The amplitude of one frequency (Goertzel)."""
    samples = array("h", frame)
    if sys.byteorder == "big":
        samples.byteswap()
    turn = 2 * math.cos(2 * math.pi * hertz / 8000)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(0.0, power)) / max(1, len(samples))
