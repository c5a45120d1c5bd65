"""What the phone can be told. ``call`` names one of several calls; None is the one a person means now."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.phone.lines import Grammar


class DigitMethod(StrEnum):
    """How a digit travels: as an RFC 4733 event in the audio stream, or in a SIP INFO request."""

    RTP = "rtp"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call a number or a SIP URI."""

    number: str
    headers: tuple[str, ...] = ()
    """Added to the INVITE, each as ``Name: value``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer the ringing call."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Refuse the ringing call with a SIP status."""

    status: int = 486
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send the ringing call elsewhere (302)."""

    number: str
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End a call, in whatever state."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Put the other side on hold."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Take the other side back from hold."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Send digits: 0-9 * # A-D."""

    digits: str
    method: DigitMethod = DigitMethod.RTP
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Transfer the other side to a number at once."""

    number: str
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult:
    """Hold this call and call a number to ask first; then 'complete'."""

    number: str
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """Connect the call held for the question with the one asked."""

    call: int | None = None
    other: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Send a re-INVITE (or an UPDATE) that changes nothing."""

    update: bool = False
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Send silence for now."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmute:
    """Send again."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Send a WAV file (mono, 16 bit), once."""

    path: str
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """Send a sine of so many Hz; 0 is silence."""

    hz: int
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Send back what is heard."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Say what is heard."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Say codec, encryption and packet counts of a call."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Say whether we are registered and which calls there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Register with the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregister:
    """Give the registration up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Show this list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit:
    """End all calls and leave."""


Command = (
    Call
    | Answer
    | Reject
    | Redirect
    | Hangup
    | Hold
    | Resume
    | Digits
    | Transfer
    | Consult
    | Complete
    | Refresh
    | Mute
    | Unmute
    | Play
    | Tone
    | Echo
    | Listen
    | Media
    | Status
    | Register
    | Unregister
    | Help
    | Quit
)

GRAMMAR: Grammar[Command] = Grammar(
    Command.__args__,
    aliases={"?": "help", "exit": "quit", "dial": "call", "bye": "hangup", "h": "hangup", "a": "answer"},
)
