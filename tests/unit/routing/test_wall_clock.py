"""Conditions of clock and calendar, against an oracle that goes minute by minute over clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.model.documents import Holidays, Site, Weekday, When
from appliance.model.ids import SwitchId
from appliance.model.public_holidays import holiday
from appliance.model.schedules import WEEKDAYS
from appliance.routing.wall_clock import Miss, WallClock

KOELN = Site(region="NW")
NONE_ON: frozenset[SwitchId] = frozenset()


def at(text: str, site: Site = KOELN) -> WallClock:
    """The wall clock at a local time of the site."""
    return WallClock.at(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(site.timezone)), site)


def missed(when: When, text: str, site: Site = KOELN) -> Miss | None:
    return at(text, site).missed(when, NONE_ON)


OFFICE = When(weekdays=WEEKDAYS[:5], start="08:00", end="17:00", holidays=Holidays.NEVER)
NIGHT = When(weekdays=(Weekday.FRIDAY,), start="22:00", end="06:00")
NEW_YEAR = When(first="12-27", last="01-06")
SUMMER = When(first="2026-07-01", last="2026-07-31")


@pytest.mark.parametrize(
    ("when", "moment", "expected"),
    [
        (When(), "2026-03-07T12:00", None),
        (OFFICE, "2026-03-09T08:00", None),
        (OFFICE, "2026-03-09T16:59:59", None),
        (OFFICE, "2026-03-09T17:00", Miss.TIME),
        (OFFICE, "2026-03-09T07:59:59", Miss.TIME),
        (OFFICE, "2026-03-07T12:00", Miss.WEEKDAY),
        (OFFICE, "2026-06-04T12:00", Miss.NO_HOLIDAY),
        (NIGHT, "2026-03-06T22:00", None),
        (NIGHT, "2026-03-07T05:59", None),
        (NIGHT, "2026-03-07T06:00", Miss.TIME),
        (NIGHT, "2026-03-07T23:00", Miss.WEEKDAY),
        (NIGHT, "2026-03-06T05:00", Miss.WEEKDAY),
        (NEW_YEAR, "2026-12-27T00:00", None),
        (NEW_YEAR, "2027-01-06T23:59", None),
        (NEW_YEAR, "2027-01-07T00:00", Miss.DATE),
        (NEW_YEAR, "2026-12-26T23:59", Miss.DATE),
        (SUMMER, "2026-07-31T23:59", None),
        (SUMMER, "2026-08-01T00:00", Miss.DATE),
        (SUMMER, "2027-07-15T12:00", Miss.DATE),
        (When(holidays=Holidays.ONLY), "2026-12-25T12:00", None),
        (When(holidays=Holidays.ONLY), "2026-12-24T12:00", Miss.HOLIDAY),
        (When(first="02-29", last="02-29"), "2028-02-29T12:00", None),
        (When(first="02-29", last="02-29"), "2026-03-01T12:00", Miss.DATE),
        (When(switch=SwitchId("night")), "2026-03-07T12:00", Miss.SWITCH),
    ],
)
def test_when_a_condition_holds(when: When, moment: str, expected: Miss | None) -> None:
    assert missed(when, moment) is expected


def test_a_span_over_midnight_takes_the_holiday_of_the_day_it_begins() -> None:
    christmas_night = When(start="22:00", end="06:00", holidays=Holidays.ONLY)
    assert missed(christmas_night, "2026-12-27T03:00") is None  # begun on the 26th
    assert missed(christmas_night, "2026-12-25T03:00") is Miss.HOLIDAY  # begun on the 24th


def test_regional_holidays_are_those_of_the_site() -> None:
    corpus_christi = date(2026, 6, 4)
    assert holiday("DE", "NW", corpus_christi)
    assert not holiday("DE", "BE", corpus_christi)
    assert not holiday("DE", "", corpus_christi)
    assert holiday("DE", "Augsburg", date(2026, 8, 8))
    assert holiday("CH", "ZH", date(2026, 8, 1))
    assert not holiday("XX", "", date(2026, 12, 25))
    assert not holiday("DE", "no such", corpus_christi)
    assert holiday("DE", "no such", date(2026, 12, 25))


def test_a_switch_that_is_on_makes_its_condition_hold() -> None:
    night = SwitchId("night")
    assert at("2026-03-07T12:00").missed(When(switch=night), frozenset({night})) is None


def test_an_unknown_time_zone_is_utc() -> None:
    clock = WallClock.at(datetime(2026, 7, 1, 12, 0, tzinfo=UTC), Site(timezone="Mars/Olympus"))
    assert clock.clock == "12:00"


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_do_no_harm(moment: datetime) -> None:
    for timezone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        clock = WallClock.at(moment, Site(timezone=timezone))
        assert clock.missed(When(), NONE_ON) is None


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata"]
CHANGES = [
    datetime(2024, 3, 31, tzinfo=UTC),
    datetime(2025, 10, 26, tzinfo=UTC),
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2027, 11, 7, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2026, 12, 31, tzinfo=UTC),
]

clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
near_changes = st.sampled_from(["01:30", "01:59", "02:00", "02:15", "02:30", "03:00", "00:00"]) | clocks


@st.composite
def whens(draw: st.DrawFn) -> When:
    start = draw(near_changes)
    end = draw(near_changes.filter(lambda text: text != start) | st.just("24:00"))
    days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
    match draw(st.sampled_from(["none", "range", "yearly"])):
        case "range":
            a, b = sorted((draw(days), draw(days)))
            first = draw(st.sampled_from([a.isoformat(), ""]))
            last = draw(st.sampled_from([b.isoformat(), ""]))
        case "yearly":
            first, last = draw(days).isoformat()[5:], draw(days).isoformat()[5:]
        case _:
            first = last = ""
    return When(
        weekdays=tuple(draw(st.sets(st.sampled_from(WEEKDAYS), max_size=6))),
        start=start,
        end=end,
        first=first,
        last=last,
        holidays=draw(st.sampled_from(Holidays)),
    )


def day_counts(when: When, day: date, site: Site) -> bool:
    if when.weekdays and WEEKDAYS[day.weekday()] not in when.weekdays:
        return False
    is_holiday = bool(holiday(site.country, site.region, day))
    if (when.holidays is Holidays.ONLY and not is_holiday) or (
        when.holidays is Holidays.NEVER and is_holiday
    ):
        return False
    if len(when.first) == 5:
        one = (int(when.first[:2]), int(when.first[3:]))
        other = (int(when.last[:2]), int(when.last[3:]))
        shown = (day.month, day.day)
        return one <= shown <= other if one <= other else not other < shown < one
    if when.first and day < date.fromisoformat(when.first):
        return False
    return not (when.last and day > date.fromisoformat(when.last))


def spans(when: When, around: date, site: Site) -> list[tuple[datetime, datetime]]:
    """Every span near a day, as naive readings of the wall clock."""
    found = []
    for offset in range(-3, 4):
        day = around + timedelta(days=offset)
        if not day_counts(when, day, site):
            continue
        midnight = datetime.combine(day, datetime.min.time())
        begin = midnight + timedelta(hours=int(when.start[:2]), minutes=int(when.start[3:]))
        end = midnight + timedelta(hours=int(when.end[:2]), minutes=int(when.end[3:]))
        found.append((begin, end if end > begin else end + timedelta(days=1)))
    return found


@settings(max_examples=150, deadline=None)
@given(when=whens(), zone=st.sampled_from(ZONES), change=st.sampled_from(CHANGES))
def test_conditions_agree_with_the_clock_minute_by_minute(when: When, zone: str, change: datetime) -> None:
    """Two days around a change of the clocks: what the wall clock shows decides, and nothing else."""
    site = Site(timezone=zone, region="NW")
    known = spans(when, change.date(), site)
    for minute in range(-14 * 60, 34 * 60, 3):
        now = change + timedelta(minutes=minute)
        shown = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        expected = any(begin <= shown < end for begin, end in known)
        assert (WallClock.at(now, site).missed(when, NONE_ON) is None) is expected, now


def test_every_minute_of_the_clock_changes_of_germany() -> None:
    """02:30 does not come in March and comes twice in October."""
    when = When(start="02:15", end="02:45")
    hits = {}
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        minutes = [day + timedelta(minutes=i) for i in range(-120, 600)]
        hits[day.month] = sum(WallClock.at(now, KOELN).missed(when, NONE_ON) is None for now in minutes)
    assert hits == {3: 0, 10: 60}
