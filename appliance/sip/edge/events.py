"""What passes between the edge and the core: frozen events out, typed values in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Account = NewType("Account", str)
"""A phone's SIP user name in the digest, ``20-desk``; often the same as the extension."""

Aor = NewType("Aor", str)
"""The user part under which contacts are registered and called: the extension's number, ``20``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What an account needs to pass: ``ha1`` is MD5(account:realm:password) in lower-case hex (RFC 2617
    §3.2.2.2).
    """

    ha1: str
    aor: Aor


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One registered phone; ``uri`` is what ``X-Edge-Contact`` takes to call it alone."""

    aor: Aor
    uri: str
    source_ip: str
    source_port: int
    transport: str
    user_agent: str
    expires_s: int

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """What makes it another contact or the same one elsewhere; a mere refresh does not change it."""
        return self.aor, self.uri, self.source_ip, self.source_port, self.transport


class DialogState(StrEnum):
    """What a busy lamp shows (RFC 4235 §3.7.1)."""

    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class DialogDirection(StrEnum):
    """Who called, seen from the watched extension (RFC 4235 §4.1.2)."""

    INITIATOR = "initiator"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogInfo:
    """One call of a watched extension; ``call_id`` tells its calls apart, tags are given where known."""

    call_id: str
    state: DialogState
    direction: DialogDirection
    remote: str
    remote_display: str = ""
    local_tag: str = ""
    remote_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """An address, or one account at an address, that is refused until ``until_unix_s``."""

    source_ip: str
    account: str
    until_unix_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStats:
    """Figures of the running edge; memory in bytes, counters since its start."""

    contacts: int
    registered: int
    requests: int
    replies: int
    transactions: int
    memory_used: int
    memory_free: int
    tcp_connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeUp:
    """The edge is reached and knows credentials and lamps; ``contacts`` are all registrations now."""

    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeDown:
    """The edge is not reached; phones may go on with what it knows. Reported once, when it begins."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRegistered:
    """A phone registered, or moved to another address; refreshes are silent."""

    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactUnregistered:
    """A phone went: it said so, its time was over or its place was taken."""

    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthFailed:
    """The first wrong password of an account from an address within the ban window."""

    source_ip: str
    account: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BanStarted:
    """An address, or an account at an address, is refused from now; ``reason`` is ``passwords`` or
    ``flood``.
    """

    source_ip: str
    account: str
    duration_s: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanEnded:
    """A ban ran out by itself."""

    source_ip: str
    account: str


EdgeEvent = EdgeUp | EdgeDown | ContactRegistered | ContactUnregistered | AuthFailed | BanStarted | BanEnded
