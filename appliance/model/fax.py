"""Faxes: what became of one, in words that do not need a T.30 manual."""

from dataclasses import dataclass
from enum import StrEnum


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
