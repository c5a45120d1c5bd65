"""A time zone as phones want it: offset and rule of summer time, out of the system's own tables."""

import re
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

_NAME = r"(?:<[^>]{1,12}>|[A-Za-z]{3,8})"
_TIME = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_RULE = rf"M[0-9]{{1,2}}\.[1-5]\.[0-6](?:/{_TIME})?"
_POSIX = re.compile(rf"{_NAME}({_TIME})(?:{_NAME}({_TIME})?,({_RULE}),({_RULE}))?\Z")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,30}(/[A-Za-z0-9_+-]{1,30}){0,2}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """When the clock changes: local time before the change. ``week`` 5 is the last of the month."""

    month: int
    week: int
    weekday: int
    """0 is Sunday."""
    hour: int
    minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummerTime:
    """From ``start`` to ``end`` the clock is ``save_minutes`` ahead."""

    start: Change
    end: Change
    save_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """A time zone. ``posix`` is its rule as POSIX.1 §8.3 writes it, ``CET-1CEST,M3.5.0,M10.5.0/3``."""

    zone: str
    offset_minutes: int
    """East of Greenwich, in winter."""
    posix: str
    summer: SummerTime | None

    @property
    def offset_hours(self) -> str:
        """``+1``, ``-3:30``."""
        hours, minutes = divmod(abs(self.offset_minutes), 60)
        sign = "-" if self.offset_minutes < 0 else "+"
        return f"{sign}{hours}:{minutes:02d}" if minutes else f"{sign}{hours}"


@lru_cache(maxsize=32)
def clock_of(zone: str) -> ClockFacts:
    """The facts of an IANA zone; UTC for one that is not known."""
    return read_posix(zone, _footer(zone))


def read_posix(zone: str, posix: str) -> ClockFacts:
    """Read a POSIX rule; what is not understood counts as UTC without summer time."""
    found = _POSIX.match(posix)
    if found is None:
        return ClockFacts(zone=zone, offset_minutes=0, posix="UTC0", summer=None)
    offset = -_minutes(found[1])
    if not found[3]:
        return ClockFacts(zone=zone, offset_minutes=offset, posix=posix, summer=None)
    ahead = -_minutes(found[2]) if found[2] else offset + 60
    start, end, save = _change(found[3]), _change(found[4]), ahead - offset
    if save < 0:  # Ireland: the law calls summer time the standard
        start, end, save, offset = end, start, -save, ahead
    summer = SummerTime(start=start, end=end, save_minutes=save)
    return ClockFacts(zone=zone, offset_minutes=offset, posix=posix, summer=summer)


def _change(rule: str) -> Change:
    day, _, time = rule.removeprefix("M").partition("/")
    month, week, weekday = (int(one) for one in day.split("."))
    # Rules may lie outside of the day; no phone can say so.
    at = min(max(_minutes(time) if time else 120, 0), 23 * 60 + 59)
    return Change(month=month, week=week, weekday=weekday, hour=at // 60, minute=at % 60)


def _minutes(text: str) -> int:
    hours, _, rest = text.lstrip("+-").partition(":")
    minutes = int(hours) * 60 + int(rest[:2] or 0)
    return -minutes if text.startswith("-") else minutes


def _footer(zone: str) -> str:
    """The rule at the end of a TZif file (RFC 8536 §3.3)."""
    if not _ZONE.match(zone):
        return ""
    for folder in zoneinfo.TZPATH:
        path = Path(folder) / zone
        if path.is_file():
            return _last_line(path.read_bytes())
    try:
        return _last_line(resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes())
    except (ModuleNotFoundError, OSError):
        return ""


def _last_line(data: bytes) -> str:
    lines = data.rsplit(b"\n", 2)
    return lines[-2].decode("ascii", "replace") if data.startswith(b"TZif") and len(lines) == 3 else ""
