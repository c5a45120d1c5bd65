"""Documents of notification by e-mail: the relay, and what each extension wants to be told."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import ExtensionId
from appliance.model.languages import Language
from appliance.model.validation import check_count, check_id, has_control, require

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z|\[[0-9A-Fa-f:.]+\]\Z")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z"
)
_HERE = ("localhost", "127.0.0.1", "[::1]")
MAX_ADDRESSES = 10


class MailTls(StrEnum):
    """How the way to the relay is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    """Required, not only used when offered (RFC 3207)."""
    TLS = "tls"
    """From the first byte (RFC 8314 §3.3)."""


_PORTS = {MailTls.NONE: 25, MailTls.STARTTLS: 587, MailTls.TLS: 465}


class NotificationEvent(StrEnum):
    """What an extension may be told by mail."""

    MISSED_CALL = "missed_call"
    BLOCKED_CALL = "blocked_call"
    ACCOUNT_CHANGE = "account_change"
    MISSED_WAKE_UP = "missed_wake_up"
    VOICEMAIL = "voicemail"
    """A message in a box that the extension owns, with the message itself if the box allows it."""
    MAILBOX_FULL = "mailbox_full"


def check_address(field: str, value: str) -> None:
    """Raise ValueError for what is no plain mail address (RFC 5321 §4.1.2 without quotes and literals)."""
    local = value.partition("@")[0]
    require(
        _ADDRESS.match(value) and len(local) <= 64 and len(value) <= 254,
        f"{field}: '{value[:80]}' is not a mail address: write for example anna@example.com",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The relay through which the box sends mail; there is at most one, with id ``main``."""

    id: str = "main"
    enabled: bool = True
    host: str
    """The relay's name or address."""
    port: int = 0
    """0: 25 (none), 587 (starttls), 465 (tls)."""
    tls: MailTls = MailTls.STARTTLS
    verify: bool = True
    """False: any certificate of the relay is taken."""
    username: str = ""
    """Empty: the relay knows us by our address."""
    secret: str = ""
    sender: str
    """The address mails come from."""
    per_hour: int = 20
    """Mails an hour to one address; what goes beyond is gathered into one."""

    def __post_init__(self) -> None:
        require(self.id == "main", "id: must be 'main': there is one mail document")
        require(
            _HOST.match(self.host),
            f"host: '{self.host}' is not a host name or address: for example mail.example.com",
        )
        require(0 <= self.port <= 65535, "port: out of range: 0 (by the kind of tls) to 65535")
        check_address("sender", self.sender)
        require(1 <= self.per_hour <= 1000, "per_hour: out of range: 1 to 1000")
        for field in ("username", "secret"):
            value = getattr(self, field)
            require(len(value) <= 256, f"{field}: is too long: at most 256 characters")
            require(not has_control(value), f"{field}: has control characters: use printable ones")
        require(not self.secret or self.username, "username: is missing: the secret belongs to one")
        require(
            not self.username or self.tls is not MailTls.NONE or self.host in _HERE,
            "tls: name and secret would be readable on the way: choose starttls or tls",
        )

    @property
    def real_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS[self.tls]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Who is told by mail what happens at an extension; the id is the extension's."""

    id: ExtensionId
    addresses: tuple[str, ...]
    language: Language | None = None
    """None: the extension's, else the site's."""
    events: tuple[NotificationEvent, ...] = (NotificationEvent.MISSED_CALL,)

    def __post_init__(self) -> None:
        check_id(self.id)
        require(self.addresses, "addresses: is empty: name one, or delete the document")
        check_count("addresses", self.addresses, MAX_ADDRESSES)
        for address in self.addresses:
            check_address("addresses", address)
