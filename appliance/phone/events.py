"""What the phone says. ``call`` numbers count up from 1 and are never used twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The phone runs. ``address`` is where it hears SIP, ``host:port``."""

    address: str
    transport: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The server has accepted us, for so many seconds."""

    user: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered:
    """The registration is given up or was never asked for."""

    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFailed:
    """The server has refused us (SIP status), or does not answer (408, 503)."""

    user: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """We call somebody; further events name this call."""

    call: int
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Somebody calls. ``called`` is the Request-URI's user part, ``headers`` those that tell identities."""

    call: int
    number: str
    display: str
    called: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """The called party is alerted (18x)."""

    call: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyMedia:
    """Audio flows before the answer."""

    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The call is established."""

    call: int
    number: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The other side said in the middle of the call who it is (now)."""

    call: int
    number: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The call is over. ``status`` is SIP's; ``cause`` is the Reason header (RFC 3326), if there was one."""

    call: int
    status: int
    reason: str
    cause: str
    by_remote: bool
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """We have put the other side on hold, and it agreed."""

    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """We talk again after our hold."""

    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteHeld:
    """The other side has put us on hold."""

    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResumed:
    """The other side has taken us back."""

    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digit:
    """The other side sent a digit. ``method`` is ``rtp`` or ``info``."""

    call: int
    digit: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferProgress:
    """How the transfer we asked for goes (NOTIFY, RFC 3515)."""

    call: int
    status: int
    reason: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked:
    """The other side sends us to ``target``; we follow with the new call ``follow``."""

    call: int
    target: str
    follow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """The called party sent us to ``target`` before answering; the call goes on there."""

    call: int
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The new call ``by`` takes this call's place (INVITE with Replaces, RFC 3891)."""

    call: int
    by: int


class Hearing(StrEnum):
    """What kind of sound it is."""

    SILENCE = "silence"
    TONE = "tone"
    SOUND = "sound"
    """Speech, music or noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is heard has changed, or was asked for. ``hz`` has one or two frequencies for a tone."""

    call: int
    kind: Hearing
    hz: tuple[float, ...]
    dbfs: float
    """Root mean square relative to full scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The file has been sent to its end."""

    call: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFigures:
    """Audio of a call: codec, encryption, packets."""

    call: int
    codec: str
    clock_rate: int
    secure: bool
    sent: int
    received: int
    lost: int
    jitter_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Messages wait in the voice box (RFC 3842)."""

    new: int
    old: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStatus:
    """One call in a status report."""

    call: int
    state: str
    number: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Registration and calls."""

    registered: bool
    calls: tuple[CallStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A command could not be carried out."""

    command: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Something went wrong inside the phone."""

    message: str


Event = (
    Ready
    | Registered
    | Unregistered
    | RegistrationFailed
    | Calling
    | Incoming
    | Ringing
    | EarlyMedia
    | Answered
    | Identity
    | Ended
    | Held
    | Resumed
    | RemoteHeld
    | RemoteResumed
    | Digit
    | TransferProgress
    | TransferAsked
    | Redirected
    | Replaced
    | Heard
    | Played
    | MediaFigures
    | Waiting
    | StatusReport
    | Failed
    | Defect
)
