"""The office's wall clock and calendar at one moment, and whether a condition holds on them.

The rules (midnight, summer time) are those of ``model.schedules``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from appliance.model.documents import Holidays, Site, Weekday, When
from appliance.model.ids import SwitchId
from appliance.model.public_holidays import holiday
from appliance.model.schedules import WEEKDAYS


class Miss(StrEnum):
    """The condition that keeps something from holding."""

    WEEKDAY = "weekday"
    TIME = "time"
    DATE = "date"
    HOLIDAY = "holiday"
    NO_HOLIDAY = "no_holiday"
    SWITCH = "switch"
    BY_HAND = "by_hand"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the calendar; ``holiday`` is its name, empty for an ordinary day."""

    date: date
    weekday: Weekday
    iso: str
    holiday: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """What clock and calendar show: ``clock`` is ``HH:MM``."""

    today: Day
    yesterday: Day
    clock: str
    local: datetime

    @classmethod
    def at(cls, now: datetime, site: Site) -> "WallClock":
        """Read it at ``now`` (aware)."""
        try:
            local = now.astimezone(zone_of(site.timezone))
        except OverflowError:
            local = now
        return cls(
            today=_day(local.date(), site),
            yesterday=_day(_day_before(local.date()), site),
            clock=f"{local.hour:02d}:{local.minute:02d}",
            local=local,
        )

    @classmethod
    def showing(cls, day: date, clock: str, site: Site) -> "WallClock":
        """One that shows this day and time (``HH:MM``) in the office."""
        local = datetime.combine(day, time.fromisoformat(clock), zone_of(site.timezone))
        return cls(today=_day(day, site), yesterday=_day(_day_before(day), site), clock=clock, local=local)

    def later(self, clock: str) -> "WallClock":
        """The same day at another time (``HH:MM``)."""
        local = datetime.combine(self.today.date, time.fromisoformat(clock), self.local.tzinfo)
        return WallClock(today=self.today, yesterday=self.yesterday, clock=clock, local=local)

    def missed(self, when: When, on: frozenset[SwitchId]) -> Miss | None:
        """The first condition that does not hold, None if all do; ``on``: the switches that are on."""
        day = self.today
        if when.over_midnight:
            if self.clock < when.end:
                day = self.yesterday
            elif self.clock < when.start:
                return Miss.TIME
        elif not when.start <= self.clock < when.end:
            return Miss.TIME
        return _day_missed(when, day) or (
            Miss.SWITCH if when.switch is not None and when.switch not in on else None
        )

    def holds(self, whens: Iterable[When], on: frozenset[SwitchId]) -> bool:
        """True if any of them holds."""
        return any(self.missed(when, on) is None for when in whens)

    def turn_of(self, hand_over: str) -> date:
        """The day on which the duty began that is on now, when it changes at ``hand_over`` (``HH:MM``).

        Once a day: in an hour that is repeated at its first coming, in one that is skipped at its end.
        """
        if self.clock >= hand_over:
            return self.today.date
        if self.local.fold:
            first = datetime.combine(self.today.date, time.fromisoformat(hand_over), self.local.tzinfo)
            if first.astimezone(UTC) <= self.local.astimezone(UTC):
                return self.today.date
        return self.yesterday.date


def _day_missed(when: When, day: Day) -> Miss | None:
    if when.weekdays and day.weekday not in when.weekdays:
        return Miss.WEEKDAY
    if when.yearly:
        shown = day.iso[5:]
        inside = (
            when.first <= shown <= when.last
            if when.first <= when.last
            else (shown >= when.first or shown <= when.last)
        )
        if not inside:
            return Miss.DATE
    elif (when.first and day.iso < when.first) or (when.last and day.iso > when.last):
        return Miss.DATE
    if when.holidays is Holidays.ONLY and not day.holiday:
        return Miss.HOLIDAY
    if when.holidays is Holidays.NEVER and day.holiday:
        return Miss.NO_HOLIDAY
    return None


def _day(of: date, site: Site) -> Day:
    return Day(
        date=of,
        weekday=WEEKDAYS[of.weekday()],
        iso=of.isoformat(),
        holiday=holiday(site.country, site.region, of),
    )


def _day_before(of: date) -> date:
    return of if of == date.min else of - timedelta(days=1)


def zone_of(name: str) -> tzinfo:
    """The time zone of that name; UTC when there is none of it."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return UTC
