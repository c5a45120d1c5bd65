"""What the provider can be told: calls from outside, and faults."""

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.phone.lines import Grammar


class Mode(StrEnum):
    """How the provider treats every request."""

    NORMAL = "normal"
    NONSENSE = "nonsense"
    """Answers garbage: half messages, random bytes, responses to nothing."""
    DEAD = "dead"
    """Answers nothing."""
    OVERLOADED = "overloaded"
    """503 with Retry-After."""
    FORBIDDEN = "forbidden"
    """403, as when the bill is not paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An outside caller calls a number of the office."""

    number: str
    caller: str = field(default="+4930123456", metadata={"word": "from"})
    name: str = ""
    withheld: bool = False
    account: str = ""
    """Empty: the account the number belongs to, else the first."""
    fax: str = ""
    """A TIFF file: the caller is a fax machine that sends it."""
    t38: bool = False
    """It takes T.38 when it is offered."""
    loss: int = 0
    """Percent of packets that are lost: of a machine its T.38 ones, each way; of a person those sent."""
    jitter: int = 0
    """Its packets of sound are late by up to so many milliseconds, each by chance (at most 19)."""
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End a call."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The outside party holds."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """The outside party resumes."""

    call: int | None = None


class RefreshBy(StrEnum):
    """How a session is kept alive (RFC 4028)."""

    INVITE = "invite"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Keep the session alive: describe it once more, as it is, by invite or update."""

    by: RefreshBy = RefreshBy.INVITE
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """Say a tone of so many Hz; 0 is silence."""

    hz: int
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Send back what is heard."""

    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Send digits as RFC 4733 events: 0-9 * # A-D."""

    digits: str
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behave:
    """Treat every request so: normal, nonsense, dead, overloaded, forbidden."""

    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Lose all registrations, as after a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Show accounts and calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Show this list and the special numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit:
    """End all calls and leave."""


Command = (
    Call | Hangup | Hold | Resume | Refresh | Tone | Echo | Digits | Behave | Forget | Status | Help | Quit
)

GRAMMAR: Grammar[Command] = Grammar(
    Command.__args__, aliases={"?": "help", "exit": "quit", "mode": "behave", "bye": "hangup"}
)
