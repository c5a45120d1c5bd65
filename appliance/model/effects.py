"""What call control wants done. Frozen values; the wiring hands each to the port that owns the leg.

Effects on a leg that has ended meanwhile are ignored by the port: crossing messages are normal.
"""

from dataclasses import dataclass
from enum import StrEnum

from appliance.model.causes import Cause
from appliance.model.documents import Language, Srtp
from appliance.model.ids import (
    CallId,
    DectSystemId,
    DeviceId,
    ExtensionId,
    FaxBoxId,
    LegId,
    Milliseconds,
    TimerId,
    TrunkId,
)
from appliance.model.plan import Diversion, Edit, Handed, Presentation
from appliance.model.records import CallRecord, LegRecord
from appliance.model.voice import Request, Side
from appliance.model.wishes import CallbackWish


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDevice:
    """A leg to one of our SIP accounts, through the edge."""

    device: DeviceId
    username: str
    srtp: Srtp = Srtp.OPTIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTrunk:
    """A leg to the public network; ``dial`` as the provider wants it. Or to another instance."""

    trunk: TrunkId
    dial: str
    handed: Handed | None = None
    """What the other instance is asked for; ``trunk`` is its account then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFax:
    """A leg to the fax engine, which receives for this box."""

    box: FaxBoxId
    relay: str = ""
    """To be sent on to this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAnalog:
    """A leg to a telephone or fax machine at an analog port."""

    device: DeviceId
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToHandset:
    """A leg to a handset of a DECT module in this box (``DectMedia.LOCAL``)."""

    device: DeviceId
    system: DectSystemId


Endpoint = ToDevice | ToTrunk | ToFax | ToAnalog | ToHandset


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRinging:
    """Tell an incoming leg that it rings (180 without SDP: the phone makes its own tone)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEarlyMedia:
    """Open audio towards an incoming leg before answering (183 with SDP)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer an incoming leg (200)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLeg:
    """End a leg in whatever state it is: final response, CANCEL or BYE, with a Reason (RFC 3326)."""

    leg: LegId
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate:
    """Start an outgoing leg."""

    leg: LegId
    endpoint: Endpoint
    present: Presentation
    auto_answer: bool = False
    """Ask the phone to answer by itself (Call-Info answer-after=0 and Alert-Info, as vendors read them)."""
    diverted: tuple[Diversion, ...] = ()
    """Who sent the call here, the first first."""
    outside: bool = False
    """The call comes from the public network: phones may ring in another way."""
    fax: bool = False
    """The leg carries a fax: G.711 alone, and a buffer that keeps every sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenForFax:
    """Find out whether the leg's party is a fax machine; LegFax comes if it is."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryFax:
    """From now on the leg carries a fax: as ``Originate.fax``, negotiated anew where it is answered."""

    leg: LegId
    joined: bool = False
    """With a fax machine or box: it is certain, and T.38 may be offered."""


class ToneKind(StrEnum):
    """A call-progress tone of the site's country, or a beep of ours."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    DIAL = "dial"
    SPECIAL_DIAL = "special_dial"
    """A dial tone that tells of a setting: calls are forwarded, messages wait."""
    CALL_WAITING = "call_waiting"
    INFORMATION = "information"
    """The three rising tones before an announcement."""
    HOWLER = "howler"
    """The handset was not put back."""
    RECORDING = "recording"
    """The conversation is being recorded."""
    TEST = "test"
    """1000 Hz without end, for measuring a line."""
    BEEP = "beep"
    """Speak now; once, as the next two. In lists: ``tone/beep``, ``tone/enter``, ``tone/leave``."""
    CONFERENCE_ENTER = "conference_enter"
    CONFERENCE_LEAVE = "conference_leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class HearsLegs:
    """The leg hears these legs, mixed. Itself included means echo."""

    legs: frozenset[LegId]


@dataclass(frozen=True, slots=True, kw_only=True)
class HearsTone:
    """The leg hears a tone: a beep once, the others without end."""

    tone: ToneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HearsFile:
    """The leg hears a prompt or music, by name in that language; ``playback`` comes back in PlaybackEnded."""

    name: str
    language: Language
    loop: bool = False
    playback: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HearsNothing:
    """The leg hears silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearsList:
    """The leg hears these one after another, then silence; ``playback`` comes back in PlaybackEnded.

    Each is the name of a prompt, ``voice/…`` for something recorded, or ``tone/…`` for a short tone.
    """

    names: tuple[str, ...]
    language: Language
    playback: int = 0


AudioSource = HearsLegs | HearsTone | HearsFile | HearsList | HearsNothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Let legs hear something once, mixed into what they hear; names as in HearsList. Its end is not told."""

    legs: frozenset[LegId]
    names: tuple[str, ...]
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAudio:
    """From now on the leg hears this and nothing else; the port keeps it so over every media update."""

    leg: LegId
    hears: AudioSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Write what the leg says (or hears) to ``<name>.wav``: 16 bit, mono, at the mixer's clock.

    ``name`` is ``voice/…`` and unused so far. RecordingEnded comes exactly once; a crash in between leaves a
    file whose header is wrong and whose audio is there up to a quarter of a second before.
    """

    leg: LegId
    recording: str
    """An id of the caller's, unique among the recordings in progress."""
    name: str
    side: Side = Side.SAYS
    longest_ms: int = 0
    """0: without end."""
    silence_ms: int = 0
    """Ends after so long a silence; 0: never for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecord:
    """End a recording of the leg; nothing if it is over."""

    leg: LegId
    recording: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigit:
    """Pass a key press on to the leg (RFC 4733 if negotiated, else SIP INFO or in-band)."""

    leg: LegId
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferResult:
    """Tell the transferor how its REFER went (NOTIFY message/sipfrag, RFC 3515 §2.4.5); 100 is progress."""

    leg: LegId
    sip_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimer:
    """Send TimerExpired after so long; starting a running timer restarts it."""

    timer: TimerId
    after_ms: Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    """Forget a timer; unknown ones are ignored."""

    timer: TimerId


class LineState(StrEnum):
    """What a BLF key shows of an extension (RFC 4235 §3.7.1)."""

    TERMINATED = "terminated"
    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishLine:
    """What lamps show of an extension, or of a park slot (no extension), changed."""

    extension: ExtensionId | None
    number: str
    state: LineState
    incoming: bool = False
    remote_number: str = ""
    remote_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Write the record of a call as it now is (insert or replace by id)."""

    record: CallRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLeg:
    """Write the record of a leg as it now is (insert or replace by id)."""

    record: LegRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeConfiguration:
    """Make these edits, all or none; ConfigurationChanged comes back for the call (none: nobody waits)."""

    call: CallId | None
    edits: tuple[Edit, ...]
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """An extension or trunk is near its limit, or has reached it (told once a day)."""

    subject: str
    limit: str
    what: str
    """The field of the limit."""
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUpMissed:
    """Nobody answered a wake-up call, as often as it was tried."""

    extension: ExtensionId
    time: str
    """When it was to be, ``HH:MM`` of the site's clock."""
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult:
    """Have a request of a voice application met; Consulted comes back for the call (none: nobody waits)."""

    call: CallId | None
    serial: int
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class WishChanged:
    """Keep what this extension wishes (None: nothing any more) over a restart."""

    asker: ExtensionId
    wish: CallbackWish | None


LegEffect = (
    SendRinging
    | SendEarlyMedia
    | Answer
    | EndLeg
    | Originate
    | CarryFax
    | ListenForFax
    | SetAudio
    | Announce
    | Record
    | StopRecord
    | SendDigit
    | TransferResult
)
Effect = (
    LegEffect
    | ChangeConfiguration
    | WakeUpMissed
    | LimitReached
    | WishChanged
    | Consult
    | StartTimer
    | CancelTimer
    | PublishLine
    | RecordCall
    | RecordLeg
)
