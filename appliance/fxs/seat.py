"""One port and the calls of its user: who is talked with, held, waiting."""

from dataclasses import dataclass, field
from typing import Protocol

from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.line_settings import LineState
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.steps import Fact, Other
from appliance.fxs.tap import Tap
from appliance.fxs.tones import PortTone
from appliance.model.analog import PortKind
from appliance.model.causes import Cause
from appliance.model.documents import Extension
from appliance.model.ids import DeviceId, ExtensionId, LegId
from appliance.model.plan import Presentation

_CONGESTION = frozenset({Cause.CONGESTION, Cause.NO_ROUTE, Cause.FAILURE, Cause.TIMEOUT, Cause.UNREACHABLE})
_REJECTED = frozenset({Cause.UNALLOCATED, Cause.NOT_ASSIGNED, Cause.INVALID_NUMBER, Cause.FORBIDDEN})


class SeatPort(Protocol):
    """A port as its seat sees it. All but ``start`` and ``stop`` are words: nothing waits."""

    @property
    def id(self) -> str:
        """Its name."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End; bounded in time."""

    def configure(self, settings: PortSettings) -> None:
        """What the office wants of it from now on."""

    def tell(self, fact: Fact) -> None:
        """Call control's word: RingWanted, RingOver, CallTaken, Connected, CallOver, OtherChanged."""

    def connect(self, parties: tuple[Tap, ...]) -> None:
        """Who is talked with from now on: none, one, or two that hear each other."""

    def carry_fax(self) -> None:
        """The call that goes on is a fax."""


class SeatDevice(Protocol):
    """Whose port it is: the document of a telephone."""

    @property
    def id(self) -> DeviceId:
        """Its own name."""

    @property
    def extension(self) -> ExtensionId:
        """Who is called by it."""


@dataclass(slots=True)
class SeatLeg:
    """A call of a port: its place in the mixer, and who is there."""

    tap: Tap
    party: Shown = field(default_factory=Shown)


@dataclass(slots=True)
class Seat:
    """One port and the legs of its user."""

    port: SeatPort
    device: SeatDevice | None = None
    settings: PortSettings | None = None
    extension: Extension | None = None
    state: str = LineState.GONE
    legs: dict[LegId, SeatLeg] = field(default_factory=dict)
    current: LegId | None = None
    held: LegId | None = None
    third: LegId | None = None
    """Joined with ``current``."""
    coming: LegId | None = None
    """Ringing, or waiting while something else is talked about."""
    returning: bool = False
    """``coming`` is a party that was held when the user hung up: it rings to be taken back."""
    wideband: bool = False
    """The telephone speaks and hears at 16 kHz now."""

    @property
    def fax(self) -> bool:
        """Whether a machine is there."""
        return self.settings is not None and self.settings.line.kind is PortKind.FAX

    def connect(self) -> None:
        """Let the telephone talk with the current party, or both of a three-party call."""
        talked = (self.current, self.third)
        self.port.connect(tuple(self.legs[leg].tap for leg in talked if leg is not None))


def refusal(seat: Seat) -> Cause | None:
    """Why no further call can come to this telephone now."""
    match seat.state:
        case LineState.GONE:
            return Cause.UNREACHABLE
        case LineState.IDLE if seat.coming is None:
            return None
        case LineState.TALKING if seat.coming is None and seat.held is None and seat.third is None:
            return Cause.BUSY if seat.fax else None
        case _:
            return Cause.BUSY


def other_of(seat: Seat) -> Other:
    """What there is beside the party that is talked with."""
    if seat.held is not None:
        return Other.HELD
    return Other.WAITING if seat.coming is not None else Other.NONE


def shown(present: Presentation) -> Shown:
    """What a display shows of a caller."""
    return Shown(number=present.number, name=present.name, withheld=present.withheld)


def ring_kind(present: Presentation) -> RingKind:
    """Numbers inside the office are short."""
    internal = present.number.isdigit() and not present.number.startswith("0") and len(present.number) <= 5
    return RingKind.INTERNAL if internal else RingKind.EXTERNAL


def tone_of(cause: Cause) -> PortTone:
    """What tells the user why a call is over."""
    if cause in _REJECTED:
        return PortTone.REJECTED
    return PortTone.CONGESTION if cause in _CONGESTION else PortTone.BUSY
