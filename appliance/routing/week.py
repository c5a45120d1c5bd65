"""What a public number does hour by hour: which scenario holds when, for a picture of its week.

A minute that the clock skips or repeats (summer time) is not looked at by itself: it shows the clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.model.documents import OTHERWISE, Number, Scenario
from appliance.model.ids import SwitchId
from appliance.model.schedules import END_OF_DAY, MIDNIGHT
from appliance.model.snapshot import Snapshot
from appliance.routing.wall_clock import WallClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``start`` is included, ``end`` is not (``HH:MM``); ``scenario`` is empty for the number's own steps."""

    start: str
    end: str
    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShown:
    """A day of the picture; ``holiday`` is the name of the public holiday, else empty."""

    date: str
    weekday: str
    holiday: str
    spans: tuple[Span, ...]


def scenario_at(number: Number, clock: WallClock, on: frozenset[SwitchId]) -> str:
    """The scenario that holds, as ``routing.scenarios`` decides; empty: the number's own steps count."""
    if number.override == OTHERWISE:
        return ""
    for scenario in number.scenarios:
        if scenario.enabled and scenario.name == number.override:
            return scenario.name
    return next((one.name for one in number.scenarios if _holds(one, clock, on)), "")


def days_of(number: Number, snapshot: Snapshot, first: date, count: int) -> Iterator[DayShown]:
    """So many days from ``first`` on, with the switches as they are in the snapshot."""
    turns = {MIDNIGHT}
    for scenario in number.scenarios:
        for when in scenario.when:
            turns |= {when.start, when.end}
    turns -= {END_OF_DAY}
    starts = sorted(turns)
    for ahead in range(count):
        day = first + timedelta(days=ahead)
        spans: list[Span] = []
        clock = WallClock.showing(day, MIDNIGHT, snapshot.site)
        for start, end in zip(starts, [*starts[1:], END_OF_DAY], strict=True):
            clock = clock.later(start)
            name = scenario_at(number, clock, snapshot.switches_on)
            if spans and spans[-1].scenario == name:
                spans[-1] = Span(start=spans[-1].start, end=end, scenario=name)
            else:
                spans.append(Span(start=start, end=end, scenario=name))
        yield DayShown(
            date=clock.today.iso,
            weekday=clock.today.weekday.value,
            holiday=clock.today.holiday,
            spans=tuple(spans),
        )


def _holds(scenario: Scenario, clock: WallClock, on: frozenset[SwitchId]) -> bool:
    return scenario.enabled and clock.holds(scenario.when, on)
