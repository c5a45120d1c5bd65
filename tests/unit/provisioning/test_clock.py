"""Time zones as phones want them."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from appliance.provisioning.clock import Change, SummerTime, clock_of, read_posix


def test_the_rule_of_berlin() -> None:
    clock = clock_of("Europe/Berlin")
    assert (clock.offset_minutes, clock.offset_hours) == (60, "+1")
    assert clock.posix == "CET-1CEST,M3.5.0,M10.5.0/3"
    assert clock.summer == SummerTime(
        start=Change(month=3, week=5, weekday=0, hour=2, minute=0),
        end=Change(month=10, week=5, weekday=0, hour=3, minute=0),
        save_minutes=60,
    )


@pytest.mark.parametrize(
    ("zone", "offset", "summer"),
    [
        ("UTC", "+0", False),
        ("Asia/Kolkata", "+5:30", False),
        ("America/St_Johns", "-3:30", True),
        ("America/New_York", "-5", True),
        ("Europe/Dublin", "+0", True),
        ("../../etc/passwd", "+0", False),
        ("Nowhere/Atlantis", "+0", False),
    ],
)
def test_zones_of_all_kinds(zone: str, offset: str, summer: bool) -> None:
    clock = clock_of(zone)
    assert (clock.offset_hours, clock.summer is not None) == (offset, summer)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Europe/Dublin", "America/New_York", "Australia/Sydney", "Asia/Tokyo"]
)
@pytest.mark.parametrize("month", range(1, 13))
def test_the_rule_gives_the_time_that_the_system_gives(zone: str, month: int) -> None:
    at = datetime(2027, month, 15, 12, tzinfo=UTC)
    clock = clock_of(zone)
    ahead = timedelta(minutes=clock.offset_minutes)
    if clock.summer is not None:
        start, end = clock.summer.start.month, clock.summer.end.month
        south = start > end
        inside = start <= month < end if not south else not end <= month < start
        ahead += timedelta(minutes=clock.summer.save_minutes) if inside else timedelta()
    if month not in (3, 10, 11, 4):  # in these the change comes before or after the 15th
        assert zoneinfo.ZoneInfo(zone).utcoffset(at.astimezone(zoneinfo.ZoneInfo(zone))) == ahead


@pytest.mark.parametrize("posix", ["", "CET", "nonsense", "CET-1CEST,J60,J300", "A" * 1000])
def test_what_is_no_rule_counts_as_utc(posix: str) -> None:
    assert read_posix("X/Y", posix).posix == "UTC0"
