"""What the provider says; the events of calls are the phone's (appliance.phone.events)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.phone import events as phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The box has registered an account (or refreshed it)."""

    account: str
    contact: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered:
    """The box has given an account up."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A request was refused: who claimed what, and why. Status 0: no (sensible) answer was sent."""

    method: str
    account: str
    status: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The box calls a public number. ``headers`` are those that tell identities, as received."""

    call: int
    account: str
    called: str
    number: str
    display: str
    conduct: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxOver:
    """A fax machine out there is done. ``file``: what it sent, or received (TIFF)."""

    call: int
    sent: bool
    cause: str
    pages: int
    rate: int
    remote: str
    file: str
    t38: bool = False
    """By packets (T.38) at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """The box answered the refresh of a session."""

    call: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """One account in a status report."""

    account: str
    contact: str
    """Empty: not registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus:
    """Accounts and calls."""

    mode: str
    accounts: tuple[AccountStatus, ...]
    calls: tuple[phone.CallStatus, ...]


Event = (
    Registered
    | Unregistered
    | Refused
    | Incoming
    | ProviderStatus
    | FaxOver
    | Refreshed
    | phone.Ready
    | phone.Calling
    | phone.Ringing
    | phone.EarlyMedia
    | phone.Answered
    | phone.Identity
    | phone.Ended
    | phone.Held
    | phone.Resumed
    | phone.RemoteHeld
    | phone.RemoteResumed
    | phone.Digit
    | phone.Heard
    | phone.Failed
    | phone.Defect
)
