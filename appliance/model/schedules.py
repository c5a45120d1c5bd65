"""When something applies: conditions of the office's wall clock and calendar, as documents hold them.

Defined once for every rule: what the clock on the wall shows counts. An hour that is skipped in spring
never comes, one that is repeated in autumn counts twice. A span over midnight belongs to the day on which it
begins: Friday 22:00 to 06:00 ends on Saturday morning, and weekday, date and holiday are those of Friday.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from appliance.model.ids import SwitchId
from appliance.model.validation import require

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_EVERY_YEAR = re.compile(r"([0-9]{2})-([0-9]{2})\Z")
_OF_YEAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
MIDNIGHT, END_OF_DAY = "00:00", "24:00"


class Weekday(StrEnum):
    """A day of the week, in the order of ``date.weekday()``."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


WEEKDAYS: tuple[Weekday, ...] = tuple(Weekday)


class Holidays(StrEnum):
    """Whether the public holidays of the site's region count."""

    EITHER = "either"
    ONLY = "only"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Every condition must hold; one that is left at its default always does."""

    weekdays: tuple[Weekday, ...] = ()
    """Empty: every day."""
    start: str = MIDNIGHT
    """``HH:MM`` of the wall clock, included."""
    end: str = END_OF_DAY
    """``HH:MM``, excluded; not after ``start``: on the next day."""
    first: str = ""
    """``2026-12-24``, or ``12-24`` for every year; included. Empty: since ever."""
    last: str = ""
    """Of the same form as ``first``, included; ``12-27`` to ``01-06`` goes over New Year."""
    holidays: Holidays = Holidays.EITHER
    switch: SwitchId | None = None
    """A switch that must be on."""

    def __post_init__(self) -> None:
        require(_CLOCK.match(self.start), f"start: '{self.start}' is not a time: write for example 08:00")
        require(
            self.end == END_OF_DAY or _CLOCK.match(self.end),
            f"end: '{self.end}' is not a time: write for example 17:30 or 24:00",
        )
        require(self.start != self.end, "end: is the same as start: write 00:00 and 24:00 for the whole day")
        for field, text in (("first", self.first), ("last", self.last)):
            require(
                not text or _is_date(text),
                f"{field}: '{text}' is not a date: write 2026-12-24, or 12-24 for every year",
            )
        yearly = [len(text) == 5 for text in (self.first, self.last) if text]
        require(
            all(yearly) or not any(yearly), "last: is of another form than first: write both with the year"
        )
        require(len(yearly) != 1 or not yearly[0], "last: is missing: a date of every year needs both ends")
        require(
            not self.first or not self.last or any(yearly) or self.first <= self.last,
            "last: is before first: exchange the two",
        )

    @property
    def yearly(self) -> bool:
        """True if the dates come again every year."""
        return len(self.first) == 5

    @property
    def over_midnight(self) -> bool:
        """True if the span ends on the day after it began."""
        return self.end <= self.start


def _is_date(text: str) -> bool:
    yearly = _EVERY_YEAR.match(text)
    try:
        # 2000 was a leap year: 02-29 is a date of some years.
        date(2000, int(yearly[1]), int(yearly[2])) if yearly else date.fromisoformat(text)
    except ValueError:
        return False
    return yearly is not None or _OF_YEAR.match(text) is not None


def check_clock(field: str, value: str) -> None:
    """Raise ValueError unless the value is a time of day."""
    require(_CLOCK.match(value), f"{field}: '{value}' is not a time: write for example 08:00")


def check_date(field: str, value: str) -> None:
    """Raise ValueError unless the value is a date with its year."""
    require(
        len(value) == 10 and _is_date(value),
        f"{field}: '{value}' is not a date: write for example 2026-12-24",
    )
