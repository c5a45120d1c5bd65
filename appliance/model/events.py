"""What happens to legs, as ports report it to call control. Frozen; made on any thread, handled on one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.model.causes import Cause
from appliance.model.conditions import Internet
from appliance.model.conferences import RoomAct
from appliance.model.contacts import Names
from appliance.model.ids import (
    E164,
    CallId,
    ConferenceId,
    DeviceId,
    ExtensionId,
    LegId,
    Milliseconds,
    MobileId,
    TimerId,
    TrunkId,
)
from appliance.model.instances import Elsewhere
from appliance.model.listening import mos
from appliance.model.parties import SteerAct
from appliance.model.plan import Caller, Origin
from appliance.model.recordings import TapeAct
from appliance.model.snapshot import Snapshot
from appliance.model.voice import RecordingEnd, Reply
from appliance.model.wishes import CallbackWish


@dataclass(frozen=True, slots=True, kw_only=True)
class LegIncoming:
    """A party calls: nothing has been said to it yet. ``replaces``: it wants that leg's place (RFC 3891)."""

    leg: LegId
    origin: Origin
    caller: Caller
    dialled: str
    replaces: LegId | None = None
    source: str = ""
    """Where it came from, ``udp:192.0.2.7:5060``, for logs and records."""
    authenticated: bool = True
    """False: the caller gave no password, as for emergency calls is allowed; nothing else may come of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegTrying:
    """The far side of an outgoing leg has the request (100 or more)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging:
    """An outgoing leg rings (180 without media)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEarlyMedia:
    """An outgoing leg sends audio before it answers (18x with SDP)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered:
    """An outgoing leg answered (2xx), or our own answer to an incoming leg was acknowledged (ACK)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How the audio of a leg was, from RTCP and the jitter buffer."""

    codec: str = ""
    secure: bool = False
    received_packets: int = 0
    lost_packets: int = 0
    jitter_ms: float = 0.0
    remote_lost_packets: int = 0
    round_trip_ms: float = 0.0

    @property
    def mos(self) -> float | None:
        """How good what was received sounded; see :func:`appliance.model.listening.mos`."""
        return mos(
            received=self.received_packets,
            lost=self.lost_packets,
            jitter_ms=self.jitter_ms,
            round_trip_ms=self.round_trip_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    """A leg is over, for whatever reason; the last event of every leg, exactly once."""

    leg: LegId
    cause: Cause
    sip_status: int = 0
    by_remote: bool = True
    redirect: str = ""
    """Where a phone sends the call instead (302), as it would be dialled there; cause TRANSFERRED."""
    quality: Quality = field(default_factory=Quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld:
    """The party put us on hold (True) or took us back (False)."""

    leg: LegId
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDigit:
    """The party pressed a key: one of ``0-9 * # A-D``, however it was sent."""

    leg: LegId
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFax:
    """The party is a fax machine: it was heard to be one, or changed to T.38."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegTransfer:
    """The party transfers its peer (REFER, RFC 3515). ``replaces``: to the peer of that leg (attended)."""

    leg: LegId
    target: str
    """What the transferor dialled; empty when ``replaces`` names a leg."""
    replaces: LegId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEnded:
    """What this leg heard as ``playback`` is over (never sent for loops)."""

    leg: LegId
    playback: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingEnded:
    """A recording of this leg is over; its file is complete within a moment."""

    leg: LegId
    recording: str
    length_ms: Milliseconds
    end: RecordingEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted:
    """The reply to a request of a voice application; None: it could not be met."""

    call: CallId
    serial: int
    reply: Reply | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerExpired:
    """A timer started by an effect has run out."""

    timer: TimerId


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotChanged:
    """The configuration changed; calls being set up from now on use this one."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunksDown:
    """These trunks cannot take calls as far as is known, all others can."""

    trunks: frozenset[TrunkId]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereChanged:
    """Other instances came, went, or have other telephones than before."""

    elsewhere: Elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesChanged:
    """Telephones that are carried about are at places with a number of their own; all others are not."""

    numbers: Mapping[DeviceId, E164]


@dataclass(frozen=True, slots=True, kw_only=True)
class InternetChanged:
    """The box is connected to the world in another way than before."""

    internet: Internet


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationChanged:
    """The edits that a call asked for were made, or refused."""

    call: CallId
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteBegins:
    """A minute of the wall clock begins: what is due is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesKept:
    """The first event after a start: who still waits to be called back."""

    wishes: tuple[CallbackWish, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCall:
    """Ring an extension, and when it answers dial this for it (click to dial)."""

    extension: ExtensionId
    dialled: str
    auto_answer: bool = False
    """The telephone answers by itself, where it can."""
    device: DeviceId | None = None
    """Which telephone; None: that with which the extension dials out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesChanged:
    """The address books are these from now on."""

    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Steer:
    """A program does something with a call in the name of one of its parties."""

    call: CallId
    act: SteerAct
    extension: ExtensionId
    device: DeviceId | None = None
    """Which of its telephones; None: whichever is in the call."""
    to: str = ""
    """A number to transfer to, or digits."""
    other: CallId | None = None
    """The call to join; None: the other one that the extension has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Call a mobile of an extension back and dial this for it; nothing to dial: it gets a dial tone."""

    extension: ExtensionId
    dialled: str = ""
    mobile: MobileId | None = None
    """None: its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReceived:
    """An SMS came: it may order a callback. ``number`` as the network sends it."""

    number: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Let the paging group of an announcement hear it now."""

    announcement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerateRoom:
    """A person or program does something in a conference room; to everybody but moderators without a leg."""

    room: ConferenceId
    act: RoomAct
    leg: LegId | None = None
    dialled: str = ""
    """Whom to add."""
    extension: ExtensionId | None = None
    """By whose rights; None: the owner's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeCall:
    """A person or program starts, stops, pauses or resumes the recording of a call."""

    call: CallId
    act: TapeAct
    who: str
    extension: ExtensionId | None = None
    """Whose side of the call; None: any of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapingAllowed:
    """The disk has room for recordings, or has not."""

    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayTo:
    """Ring an extension and play something to it when it answers."""

    extension: ExtensionId
    prompt: str
    device: DeviceId | None = None
    """Only that one of its telephones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """A person or program ends a call or one of its legs."""

    call: CallId | None = None
    leg: LegId | None = None
    cause: Cause = Cause.ADMINISTRATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutDown:
    """The core stops: no new calls, all legs are ended."""


Event = (
    LegIncoming
    | LegTrying
    | LegRinging
    | LegEarlyMedia
    | LegAnswered
    | LegEnded
    | LegHeld
    | LegDigit
    | LegFax
    | LegTransfer
    | PlaybackEnded
    | RecordingEnded
    | Consulted
    | TimerExpired
    | SnapshotChanged
    | TrunksDown
    | PlacesChanged
    | ElsewhereChanged
    | InternetChanged
    | ConfigurationChanged
    | MinuteBegins
    | WishesKept
    | PlaceCall
    | CallBack
    | Steer
    | NamesChanged
    | TextReceived
    | Announce
    | ModerateRoom
    | TapeCall
    | TapingAllowed
    | PlayTo
    | HangUp
    | ShutDown
)
