"""Where a port is in its story, and what the story depends on."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.analog import PortKind


class LineState(StrEnum):
    """Where a port is in its story."""

    GONE = "gone"
    IDLE = "idle"
    RINGING = "ringing"
    DIALLING = "dialling"
    CALLING = "calling"
    TALKING = "talking"
    SERVICE = "service"
    ENDED = "ended"
    HOWLING = "howling"
    LEFT = "left"


class Completeness(StrEnum):
    """What the number plan says of the digits so far."""

    MORE = "more"
    """It goes on, or may: wait for the next digit."""
    WHOLE = "whole"
    """Nothing longer can be meant: dial now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """What the story depends on; a change holds from the next fact on."""

    kind: PortKind = PortKind.PHONE
    hot_line: str = ""
    """Dialled by itself, for HOTLINE."""
    hot_line_ms: int = 0
    """0: at once, else a dial tone for so long in which something else may be dialled."""
    first_digit_ms: int = 15_000
    next_digit_ms: int = 4_000
    polarity_on_answer: bool = False
    call_waiting: bool = True
    something_set: bool = False
    """A forwarding is on or a message waits: special dial tone."""


Judge = Callable[[str], Completeness]
"""Says of the digits so far whether a longer number can be meant."""
