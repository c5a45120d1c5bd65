"""What is kept of calls and for how long, and how the journal is asked."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.validation import check_page, require

HIDDEN_SIGN = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """How the box keeps records of calls; there is one, with id ``main``."""

    id: str = "main"
    keep_days: int = 0
    """Records of calls, with their notes, are deleted after so many days; 0: never."""
    hidden_digits: int = 0
    """So many last digits of outside numbers are hidden from those without the right to see them."""

    def __post_init__(self) -> None:
        require(self.id == "main", "id: must be 'main': there is one journal document")
        require(0 <= self.keep_days <= 3650, "keep_days: out of range: 0 (for ever) to 3650")
        require(0 <= self.hidden_digits <= 8, "hidden_digits: out of range: 0 to 8")


USUAL = JournalSettings()
"""Where no document says otherwise."""


class Way(StrEnum):
    """Which way a call went, seen from the office."""

    IN = "in"
    OUT = "out"
    INSIDE = "inside"


class Result(StrEnum):
    """What became of a call."""

    ANSWERED = "answered"
    MISSED = "missed"
    """It rang, nobody answered."""
    BUSY = "busy"
    REFUSED = "refused"
    """By a person, a rule or a right."""
    FAILED = "failed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFilter:
    """Which calls; what is not given does not matter. ``parties``: see ``RecordStore.calls``."""

    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    """A party's number ends with these digits."""
    way: Way | None = None
    result: Result | None = None
    cost_centre: str | None = None
    extension: tuple[str, ...] | None = None
    """Only calls in which one of these has a part, as ``parties``."""
    noted: bool = False
    parties: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_page(self.since, self.until, 1, 1)


def hidden(number: str, digits: int) -> str:
    """An outside number without its last digits; others as they are."""
    if digits <= 0 or not re.fullmatch(r"\+[0-9]{4,}", number):
        return number
    return number[: -min(digits, len(number) - 3)] + HIDDEN_SIGN * min(digits, len(number) - 3)
