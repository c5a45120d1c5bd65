"""What an analog line circuit tells and is told: the vocabulary of ``ports.FxsLine``.

Times are milliseconds of the line's own clock (``FxsLine.now_ms``), which never jumps.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

PortId = NewType("PortId", str)
"""An analog port of this box, as ``box.toml`` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopChanged:
    """Current flows (closed) or not: as the contact does it, with bounces, dial pulses and all."""

    at_ms: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """The handset is off the hook, bounces are over."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The handset is back: the loop was open for longer than a flash."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flashed:
    """The R key, or the hook tapped."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PulsesCounted:
    """A digit dialled by pulses: ``1`` to ``9``, ``0`` for ten."""

    at_ms: int
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBurst:
    """The bell begins (on) or pauses; comes of a cadence that was asked for."""

    at_ms: int
    on: bool


class AlarmKind(StrEnum):
    """What the equipment says of a line that does not work."""

    NONE = "none"
    POWER = "power"
    """No feed: the card has no supply, the wire is shorted, the circuit is too hot."""
    STUCK = "stuck"
    """Contacts that never rest: more edges than any telephone makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAlarm:
    """The line does not work any more, or (``NONE``) works again."""

    at_ms: int
    kind: AlarmKind


HookEvent = Lifted | Replaced | Flashed | PulsesCounted
LineEvent = LoopChanged | HookEvent | RingBurst | LineAlarm
"""Equipment that knows the time of its contacts tells LoopChanged; one that counts for itself the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """The bell for so long, then a pause."""

    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingCadence:
    """How the bell rings: ``first`` once, then ``repeated`` over and over; at most eight bursts."""

    first: tuple[Burst, ...] = ()
    repeated: tuple[Burst, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHealth:
    """How a port is. ``detail`` is for people."""

    present: bool = False
    off_hook: bool = False
    alarm: AlarmKind = AlarmKind.NONE
    detail: str = ""
    late_frames: int = 0
    """Frames that the line wanted and had to do without, since it was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTest:
    """What the equipment can measure of a line on its own; None: it cannot tell."""

    loop_closed: bool
    supply_ok: bool
    ringer_load: float | None = None
    """Ringer equivalence number: 1.0 is one usual bell."""
