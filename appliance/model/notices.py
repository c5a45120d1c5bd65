"""What is odd about an office but may be meant: shown, never in the way of a change.

Computed when somebody looks, not with every change.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from appliance.errors import Problem, Severity
from appliance.model.documents import (
    Extension,
    ForwardOn,
    Holidays,
    Number,
    RingStep,
    Scenario,
    Target,
    TargetKind,
    When,
)
from appliance.model.ids import ExtensionId
from appliance.model.menu_checks import unreachable
from appliance.model.mobiles import LONG_PIN
from appliance.model.patterns import matches
from appliance.model.schedules import END_OF_DAY, WEEKDAYS
from appliance.model.snapshot import Snapshot

_DAY = 24 * 60


def notices(snapshot: Snapshot) -> tuple[Problem, ...]:
    """Everything odd, each with the entity, the field and what one could do."""
    found: list[Problem] = []
    for number in snapshot.numbers.values():
        found += _of_number(snapshot, number)
    for extension in snapshot.extensions.values():
        found += _of_extension(extension)
    found += _circles(snapshot)
    found += _of_mobiles(snapshot)
    found += _of_classes(snapshot)
    found += _of_rewriting(snapshot)
    found += _outside_blocks(snapshot)
    found += _lonely_menus(snapshot)
    return tuple(found)


def _notice(where: str, field: str, message: str, remedy: str) -> Problem:
    return Problem(where=where, field=field, message=message, remedy=remedy, severity=Severity.NOTICE)


# Scenarios


def _of_number(snapshot: Snapshot, number: Number) -> Iterator[Problem]:
    where = f"number {number.id}"
    yield from _silent(snapshot, where, "steps", number.steps)
    timed = [(i, one) for i, one in enumerate(number.scenarios) if one.enabled]
    for i, scenario in timed:
        field = f"scenarios[{i}]"
        yield from _silent(snapshot, where, f"{field}.steps", scenario.steps)
        if not scenario.steps and not scenario.greeting:
            yield _notice(
                where, f"{field}.steps", f"'{scenario.name}' names no target", "add a step or a greeting"
            )
        for j, when in enumerate(scenario.when):
            if never(when):
                yield _notice(
                    where,
                    f"{field}.when[{j}]",
                    f"'{scenario.name}' never comes: no such weekday in these dates",
                    "correct weekdays or dates",
                )
    for position, (i, scenario) in enumerate(timed):
        yield from _behind(where, i, scenario, timed[:position])


def _behind(
    where: str, i: int, scenario: Scenario, earlier: Sequence[tuple[int, Scenario]]
) -> Iterator[Problem]:
    """What the scenarios in front of one leave to it."""
    if not scenario.when:
        return
    before = [when for _, one in earlier for when in one.when]
    if before and all(any(covers(wide, when) for wide in before) for when in scenario.when):
        yield _notice(
            where,
            f"scenarios[{i}].when",
            f"'{scenario.name}' never has its turn: scenarios in front of it cover all its time",
            "put it further in front",
        )
        return
    for _, one in earlier:
        if any(overlap(when, other) for when in scenario.when for other in one.when):
            yield _notice(
                where,
                f"scenarios[{i}].when",
                f"'{scenario.name}' and '{one.name}' may hold at once; then '{one.name}' counts",
                "this is in order if it is meant so",
            )


def covers(wide: When, narrow: When) -> bool:
    """True if ``wide`` holds whenever ``narrow`` does; False also where that cannot be told easily."""
    first, last = _span(wide)
    begin, end = _span(narrow)
    return (
        first <= begin
        and end <= last
        and (not wide.weekdays or (bool(narrow.weekdays) and set(narrow.weekdays) <= set(wide.weekdays)))
        and _dates_cover(wide, narrow)
        and wide.holidays in (Holidays.EITHER, narrow.holidays)
        and wide.switch in (None, narrow.switch)
    )


def overlap(one: When, other: When) -> bool:
    """True if both may hold at the same time; dates are compared loosely where years come again."""
    return any(_overlap(one, other, shift) for shift in (-1, 0, 1))


def _overlap(one: When, other: When, shift: int) -> bool:
    """``other`` belongs to the day that is ``shift`` days after that of ``one``."""
    first, last = _span(one)
    begin, end = _span(other)
    if not (first < end + shift * _DAY and begin + shift * _DAY < last):
        return False
    days = {WEEKDAYS[(WEEKDAYS.index(day) + shift) % 7] for day in one.weekdays or WEEKDAYS}
    if not days & set(other.weekdays or WEEKDAYS):
        return False
    if shift == 0 and {one.holidays, other.holidays} == {Holidays.ONLY, Holidays.NEVER}:
        return False
    return _dates_meet(one, other, grace=shift != 0)


def _span(when: When) -> tuple[int, int]:
    """Minutes of the day it belongs to, the end beyond midnight if it is."""
    begin = _minutes(when.start)
    end = _DAY if when.end == END_OF_DAY else _minutes(when.end)
    return begin, end + _DAY if when.over_midnight else end


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _dates_cover(wide: When, narrow: When) -> bool:
    if not wide.first and not wide.last:
        return True
    if wide.yearly or narrow.yearly:
        return (wide.first, wide.last) == (narrow.first, narrow.last)
    return wide.first <= narrow.first and (not wide.last or (bool(narrow.last) and narrow.last <= wide.last))


def _dates_meet(one: When, other: When, *, grace: bool) -> bool:
    if one.yearly or other.yearly:
        return True
    latest = max(one.first, other.first)
    ends = [last for last in (one.last, other.last) if last]
    if not latest or not ends:
        return True
    # A span of the last day may reach into the next one.
    return latest <= (_day_after(min(ends)) if grace else min(ends))


def _day_after(iso: str) -> str:
    day = date.fromisoformat(iso)
    return iso if day == date.max else (day + timedelta(days=1)).isoformat()


def never(when: When) -> bool:
    """True for dates of a few days with none of the weekdays among them."""
    if not when.weekdays or when.yearly or not when.first or not when.last:
        return False
    first, last = date.fromisoformat(when.first), date.fromisoformat(when.last)
    if (last - first).days >= 6:
        return False
    days = {WEEKDAYS[(first + timedelta(days=i)).weekday()] for i in range((last - first).days + 1)}
    return not days & set(when.weekdays)


def _silent(snapshot: Snapshot, where: str, field: str, steps: Sequence[RingStep]) -> Iterator[Problem]:
    """Steps in which no phone can ring."""
    for i, step in enumerate(steps):
        if all(_has_no_phone(snapshot, target) for target in step.targets):
            yield _notice(
                where, f"{field}[{i}].targets", "nothing can ring: no phone is there", "add a device"
            )


def _has_no_phone(snapshot: Snapshot, target: Target) -> bool:
    extension = snapshot.extensions.get(ExtensionId(target.ref))
    return (
        target.kind is TargetKind.EXTENSION
        and extension is not None
        and extension.id not in snapshot.devices_by_extension
        and not extension.forwardings
        and not extension.ringings
    )


# Extensions


def _of_extension(extension: Extension) -> Iterator[Problem]:
    where = f"extension {extension.id}"
    for i, rule in enumerate(extension.rules):
        if rule.enabled and rule.calls.everything and i + 1 < len(extension.rules):
            yield _notice(
                where,
                f"rules[{i + 1}]",
                "never has its turn: the rule in front of it is for every call",
                "put the general rule last",
            )
            break
    for on in ForwardOn:
        places = [i for i, one in enumerate(extension.forwardings) if one.on is on and one.enabled]
        for i, following in pairwise(places):
            if extension.forwardings[i].calls.everything:
                yield _notice(
                    where,
                    f"forwardings[{following}]",
                    "never has its turn: the forwarding in front of it is for every call",
                    "put the general forwarding last",
                )
                break


def _circles(snapshot: Snapshot) -> Iterator[Problem]:
    """Forwardings that may lead back, under whatever conditions, also over public numbers of ours."""
    onward = {one.id: _leads_to(snapshot, one) for one in snapshot.extensions.values()}
    onward = {start: ends for start, ends in onward.items() if ends}
    told: set[frozenset[ExtensionId]] = set()
    for start in onward:
        way = _way_back(onward, start)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            said = " → ".join(snapshot.extensions[one].number for one in (*way, start))
            yield _notice(
                f"extension {start}",
                "forwardings",
                f"calls may come round in a circle: {said}; they end there",
                "this is in order if it is meant so",
            )


def _way_back(onward: dict[ExtensionId, set[ExtensionId]], start: ExtensionId) -> list[ExtensionId]:
    before: dict[ExtensionId, ExtensionId] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for there in sorted(onward.get(here, ())):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if there not in before:
                before[there] = here
                waiting.append(there)
    return []


def _leads_to(snapshot: Snapshot, extension: Extension) -> set[ExtensionId]:
    found: set[ExtensionId] = set()
    for one in extension.forwardings_in_use:
        if one.enabled:
            found |= _rings(snapshot, one.to, set())
    return found & snapshot.extensions.keys()


def _rings(snapshot: Snapshot, target: Target, seen: set[str]) -> set[ExtensionId]:
    if target.kind is TargetKind.EXTENSION:
        return {ExtensionId(target.ref)}
    number = snapshot.number_by_e164.get(target.ref) if target.kind is TargetKind.EXTERNAL else None
    if number is None or number.id in seen:
        return set()
    seen.add(number.id)
    steps = [*number.steps, *(step for one in number.scenarios for step in one.steps)]
    return {end for step in steps for other in step.targets for end in _rings(snapshot, other, seen)}


# Dialling


def _of_classes(snapshot: Snapshot) -> Iterator[Problem]:
    for one in snapshot.classes.values():
        for i, rule in enumerate(one.rules[:-1]):
            if rule.enabled and not (rule.destinations or rule.numbers or rule.when):
                yield _notice(
                    f"class_of_service {one.id}",
                    f"rules[{i + 1}]",
                    "never has its turn: the rule in front of it is for every number",
                    "put the general rule last",
                )
                break


def _of_rewriting(snapshot: Snapshot) -> Iterator[Problem]:
    inside: Iterable[str] = (*snapshot.extension_by_number, *snapshot.service_by_number)
    for i, rule in enumerate(snapshot.site.rewriting):
        caught = next((number for number in inside if rule.enabled and matches(rule.pattern, number)), None)
        if caught is not None:
            yield _notice(
                "site main",
                f"rewriting[{i}].pattern",
                f"{rule.pattern} also catches the internal number {caught}",
                "lengthen the pattern",
            )


def _outside_blocks(snapshot: Snapshot) -> Iterator[Problem]:
    if not snapshot.blocks:
        return
    for number in snapshot.numbers.values():
        if not any(number.number in block for block in snapshot.blocks.values()):
            yield _notice(
                f"number {number.id}",
                "number",
                f"{number.number} is in no block",
                "add its block, or correct the number",
            )


# Menus


def _lonely_menus(snapshot: Snapshot) -> Iterator[Problem]:
    for menu in unreachable(snapshot):
        yield _notice(
            f"menu {menu.id}",
            "number",
            "nobody can reach this menu",
            "give it a number, or let a number, a forwarding or another menu lead to it",
        )


def _of_mobiles(snapshot: Snapshot) -> Iterator[Problem]:
    for mobile in snapshot.mobiles.values():
        where = f"mobile {mobile.id}"
        extension = snapshot.extensions.get(mobile.extension)
        if mobile.needs_pin and extension is not None and not extension.pin:
            message = f"is asked for, but extension {extension.number} has none: it cannot call through"
            yield _notice(where, "needs_pin", message, "give the extension a PIN")
        if mobile.rings and mobile.reverse:
            yield _notice(where, "rings", "has no effect, since it calls in instead", "choose one of the two")
        if mobile.reverse and not snapshot.callthroughs:
            message = "cannot work: there is no number where it could call in"
            yield _notice(where, "reverse", message, "make a callthrough and lead a number to it")
    for one in snapshot.callthroughs.values():
        for i, who in enumerate(one.anywhere):
            extension = snapshot.extensions.get(who)
            if extension is not None and len(extension.pin) < LONG_PIN:
                message = f"extension {extension.number} has no PIN of {LONG_PIN} digits and is refused"
                yield _notice(f"callthrough {one.id}", f"anywhere[{i}]", message, "give it a longer PIN")
