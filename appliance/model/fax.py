"""Faxes: the boxes of the office, and what became of a fax, in words that do not need a T.30 manual."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import E164, ExtensionId, FaxBoxId
from appliance.model.languages import Language
from appliance.model.mail import check_address
from appliance.model.validation import check_count, check_id, check_name, check_public, require

MAX_ADDRESSES = 50
_INTERNAL = re.compile(r"[0-9]{0,12}\Z")
_IDENT = re.compile(r"[0-9+ ]{0,20}\Z")
_DOMAIN = re.compile(r"@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxBox:
    """A fax machine without paper: receives to mail, sends documents."""

    id: FaxBoxId
    name: str = ""
    number: str = ""
    """Internal number; empty: reached by public numbers that lead here, and by nobody inside."""
    caller_number: E164 | None = None
    """Shown when it sends; None: the extension's, else the site's."""
    ident: str = ""
    """What the far machine shows and prints (TSI, CSI); empty: ``caller_number``."""
    header: str = ""
    """The sender's name at the top of each page; empty: ``name``."""
    extension: ExtensionId | None = None
    """Whose rights count when it sends; None: it only receives."""
    recipients: tuple[str, ...] = ()
    """Mail addresses that get what is received, and word of what could not be sent."""
    language: Language | None = None
    senders: tuple[str, ...] = ()
    """Mail addresses, or ``@example.com`` for all of a domain, that may send by mail."""
    attempts: int = 5
    """How often a fax is tried before it is given up."""
    ecm: bool = True
    fine: bool = True
    """204×196 dots per inch; False: 204×98, half the time."""
    retention_days: int = 90
    """How long documents are kept; the journal stays. 0: for ever."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_name(self.header, "header")
        require(
            _INTERNAL.match(self.number),
            f"number: '{self.number}' is not an internal number: up to 12 digits",
        )
        if self.caller_number is not None:
            check_public("caller_number", self.caller_number)
        require(
            _IDENT.match(self.ident), f"ident: '{self.ident}' is not possible: digits, + and spaces, up to 20"
        )
        check_count("recipients", self.recipients, MAX_ADDRESSES)
        for address in self.recipients:
            check_address("recipients", address)
        check_count("senders", self.senders, MAX_ADDRESSES)
        for sender in self.senders:
            if not _DOMAIN.match(sender):
                check_address("senders", sender)
        require(1 <= self.attempts <= 20, "attempts: out of range: 1 to 20")
        require(0 <= self.retention_days <= 3650, "retention_days: out of range: 0 (for ever) to 3650")

    def may_send(self, address: str) -> bool:
        """Whether mail from this address may be faxed."""
        known = {one.lower() for one in self.senders}
        address = address.lower()
        return address in known or f"@{address.rpartition('@')[2]}" in known


class FaxCause(StrEnum):
    """Why a fax ended as it did. Texts for people: ``FAX_CAUSES``."""

    SENT = "sent"
    RECEIVED = "received"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    NUMBER = "number"
    NOT_ALLOWED = "not_allowed"
    NO_LINE = "no_line"
    NO_FAX = "no_fax"
    HUNG_UP = "hung_up"
    LINE = "line"
    INCOMPATIBLE = "incompatible"
    REFUSED = "refused"
    DOCUMENT = "document"
    ENGINE = "engine"
    RESTART = "restart"
    CANCELLED = "cancelled"
    TOO_LONG = "too_long"


FINAL_CAUSES = frozenset(
    {
        FaxCause.SENT,
        FaxCause.RECEIVED,
        FaxCause.NUMBER,
        FaxCause.NOT_ALLOWED,
        FaxCause.INCOMPATIBLE,
        FaxCause.DOCUMENT,
        FaxCause.CANCELLED,
    }
)
"""After these another attempt would end the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxFigures:
    """How the transfer went. ``rate`` in bit/s, ``resolution`` in dots per inch across and down."""

    pages: int = 0
    rate: int = 0
    ecm: bool = False
    resolution: tuple[int, int] = (0, 0)
    remote_ident: str = ""
    bad_rows: int = 0
    """Damaged lines in the last page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxResult:
    """The end of one transfer. ``detail`` is the protocol's own word, for experts."""

    cause: FaxCause
    figures: FaxFigures = FaxFigures()
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether every page arrived."""
        return self.cause in (FaxCause.SENT, FaxCause.RECEIVED)
