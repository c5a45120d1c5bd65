"""What presses mean and what lamps show; pure, times in seconds of any steady clock."""

from dataclasses import dataclass
from enum import StrEnum

BOUNCE_S = 0.03
SHORT_S = 2.0
"""A longer press is no short one any more."""
RESET_S = 10.0
"""So long the reset button must be held; a child does not do that by chance."""
SLOW_S, FAST_S = 1.0, 0.15


class Press(StrEnum):
    """What somebody did with a button."""

    SHORT = "short"
    LONG = "long"
    """Held for ``RESET_S``; told once, while it is still held."""


class Glow(StrEnum):
    """What a lamp does."""

    OFF = "off"
    ON = "on"
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxState:
    """What the panel shows."""

    ready: bool = False
    """Calls can be made."""
    fault: bool = False
    """Something is broken: no data, a critical alarm."""
    warning: bool = False
    enrolling: bool = False
    updating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamps:
    """Both lamps."""

    status: Glow
    fault: Glow


class Button:
    """Tells short and long presses apart. Feed it every edge, and the time now and then."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._told = False

    @property
    def held(self) -> bool:
        """Whether it is down."""
        return self._since is not None

    def edge(self, at: float, pressed: bool) -> Press | None:
        """It went down or up."""
        if pressed:
            if self._since is None:
                self._since, self._told = at, False
            return None
        since, self._since = self._since, None
        if since is None or self._told:
            return None
        long = at - since
        if long >= RESET_S:
            return Press.LONG
        return Press.SHORT if BOUNCE_S <= long < SHORT_S else None

    def look(self, now: float) -> Press | None:
        """Time goes by; a button held long enough counts before it is let go."""
        if self._since is None or self._told or now - self._since < RESET_S:
            return None
        self._told = True
        return Press.LONG


def lamps(state: BoxState, *, resetting: bool = False) -> Lamps:
    """What the lamps show; ``resetting``: the reset button is held."""
    if resetting:
        return Lamps(status=Glow.FAST, fault=Glow.FAST)
    status = Glow.ON if state.ready else Glow.SLOW
    if state.enrolling or state.updating:
        status = Glow.FAST
    fault = Glow.ON if state.fault else Glow.SLOW if state.warning else Glow.OFF
    return Lamps(status=status if not state.fault or state.ready else Glow.OFF, fault=fault)


def lit(glow: Glow, now: float) -> bool:
    """Whether a lamp is lit at this moment."""
    match glow:
        case Glow.OFF:
            return False
        case Glow.ON:
            return True
        case Glow.SLOW:
            return int(now / SLOW_S) % 2 == 0
        case Glow.FAST:
            return int(now / FAST_S) % 2 == 0
