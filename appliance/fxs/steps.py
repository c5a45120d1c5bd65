"""What goes into and comes out of the story of a port (``appliance.fxs.line``). Frozen values."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.tones import PortTone
from appliance.model.analog_line import Flashed, Lifted, PulsesCounted, Replaced
from appliance.model.causes import Cause


class Other(StrEnum):
    """Is there another party beside the one that is talked with?"""

    NONE = "none"
    HELD = "held"
    WAITING = "waiting"


class Service(StrEnum):
    """What the user wants done with the parties, by the R key."""

    HOLD = "hold"
    """Put the party on hold; a number will follow (or TAKE_BACK)."""
    TAKE_BACK = "take_back"
    """The held one again; whoever was being called meanwhile is let go."""
    REJECT = "reject"
    """R0: send the waiting caller away, or let the held party go."""
    DROP_AND_TAKE = "drop_and_take"
    """R1: let this party go, talk with the other."""
    SWAP = "swap"
    """R2: hold this party, talk with the other."""
    CONFERENCE = "conference"
    """R3: all three."""
    TRANSFER = "transfer"
    """R4: join the two others and leave."""


# What happens to a port.


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeard:
    """A key of the telephone, in the sound or counted from pulses."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingWanted:
    """A call for the telephone."""

    caller: Shown
    kind: RingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOver:
    """The call is gone, or answered elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTaken:
    """The number that was dialled is a call now: this tone is heard, or what comes from the mixer."""

    tone: PortTone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The party has answered, or an own answer was heard, or another party was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOver:
    """The party has gone; the tone that says why."""

    tone: PortTone = PortTone.BUSY


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherChanged:
    """Another party came to be held or waiting, or is no more."""

    other: Other
    caller: Shown | None = None
    """Of a waiting call: announced to the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLost:
    """The equipment is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFound:
    """The equipment works; ``off_hook`` if the handset lies beside the telephone."""

    off_hook: bool


class TimerName(StrEnum):
    """What a port waits for."""

    FIRST_DIGIT = "first_digit"
    NEXT_DIGIT = "next_digit"
    HOT_LINE = "hot_line"
    SERVICE = "service"
    TONE = "tone"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerOver:
    """A timer of the port has run out."""

    timer: TimerName


# What is to be done.


class Hearing(StrEnum):
    """What the telephone hears when it hears no tone."""

    CALL = "call"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """From now on the telephone hears this."""

    what: PortTone | Hearing


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBell:
    """Ring, and show who calls."""

    caller: Shown
    kind: RingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBell:
    """Silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceWaiting:
    """Beep, and show who waits (EN 300 659-2)."""

    caller: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Turn the polarity of the line."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Start a timer; there is one at a time, the next replaces it. No time: stop it."""

    timer: TimerName | None = None
    milliseconds: int = 0


# What call control is told.


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWanted:
    """The user has dialled; ``consulting``: another party is held. CallTaken or CallOver follows."""

    number: str
    consulting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BellAnswered:
    """The handset was lifted while it rang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp:
    """The handset was replaced (or the line is gone): every call of the port is over for its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A key in a call."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWanted:
    """The user wants this done with the parties."""

    service: Service


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRefused:
    """It cannot ring: the handset is off the hook or the line is gone; or its user does not want to."""

    cause: Cause = Cause.BUSY


@dataclass(frozen=True, slots=True, kw_only=True)
class StateShown:
    """The port is in another state, by its name, for status and lamps."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxHeard:
    """A fax machine is at one end of the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundChanged:
    """The telephone's sound is another from now on."""

    wideband: bool
    """Frames of 640 bytes at 16 kHz, else 320 at 8 kHz."""


Report = (
    FaxHeard
    | CallWanted
    | BellAnswered
    | HungUp
    | KeyPressed
    | ServiceWanted
    | BellRefused
    | StateShown
    | SoundChanged
)
Act = Hear | StartBell | StopBell | AnnounceWaiting | Reverse | Wait
Outcome = Act | Report
Fact = (
    Lifted
    | Replaced
    | Flashed
    | PulsesCounted
    | KeyHeard
    | TimerOver
    | RingWanted
    | RingOver
    | CallTaken
    | Connected
    | CallOver
    | OtherChanged
    | LineLost
    | LineFound
)
FACTS: tuple[type, ...] = (
    Lifted,
    Replaced,
    Flashed,
    PulsesCounted,
    KeyHeard,
    TimerOver,
    RingWanted,
    RingOver,
    CallTaken,
    Connected,
    CallOver,
    OtherChanged,
    LineLost,
    LineFound,
)
