"""How much was called outside today, and whether more may be: limits against fraud.

Counted for the extension that pays (it called, or forwarded) and for the trunk. A day is one of the site's
clock. Calls in progress count with the time they have lasted so far; nobody is cut off in the middle.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model import effects as fx
from appliance.model.documents import Destination, Limit
from appliance.model.ids import ExtensionId, TrunkId
from appliance.model.plan import CallKind, ExternalTarget
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.routing.destinations import destination_of
from appliance.routing.numbers import Dialling
from appliance.routing.wall_clock import zone_of
from appliance.routing.ways import cost_of

_FOREIGN = frozenset({Destination.INTERNATIONAL, Destination.PREMIUM})


@dataclass(slots=True, kw_only=True)
class Usage:
    """What one extension or trunk used on a day."""

    day: date
    calls: int = 0
    seconds: int = 0
    foreign_seconds: int = 0
    cost: int = 0


Subject = ExtensionId | TrunkId


def refuses(x: Exchange, call: Call, target: ExternalTarget) -> bool:
    """True when whoever pays may not make this call; noted in the call's record, and told."""
    if call.plan.emergency or target.charged is None:
        return False
    return _refuses(x, call, target.charged, _limits_of_extension(x, target.charged), target.number)


def trunk_refuses(x: Exchange, call: Call, trunk: TrunkId, number: str) -> bool:
    """True when the trunk may not take this call."""
    if call.plan.emergency:
        return False
    return _refuses(x, call, trunk, _limits_of_trunk(x, trunk), number)


def begins(x: Exchange, leg: Leg) -> None:
    """An outside call begins."""
    for subject in _subjects(leg):
        _usage(x, subject).calls += 1


def ended(x: Exchange, leg: Leg) -> None:
    """A leg to a trunk is over: what it took is counted."""
    if leg.trunk is None or leg.direction is not Direction.OUTGOING or leg.record.answered is None:
        return
    for subject in _subjects(leg):
        _add(x, _usage(x, subject), leg.trunk, leg.party.number, leg.record.answered, x.now)
    for subject in _subjects(leg):
        limits = (
            _limits_of_extension(x, leg.charged) if subject == leg.charged else _limits_of_trunk(x, leg.trunk)
        )
        for limit in limits:
            _warn(x, subject, limit)


def recollect(x: Exchange, calls: Iterable[tuple[CallRecord, Sequence[LegRecord]]], at: datetime) -> None:
    """Count again, after a start, what was called today; what was forwarded outside is not known any more."""
    x.now = at
    for record, legs in calls:
        extension = x.snapshot.extension_by_number.get(record.caller_number)
        if record.kind is not CallKind.OUTBOUND or record.started.astimezone(_zone(x)).date() != _today(x):
            continue
        for leg in legs:
            if leg.direction is not Direction.OUTGOING or not leg.endpoint.startswith("trunk:"):
                continue
            trunk = TrunkId(leg.endpoint.removeprefix("trunk:"))
            subjects: list[Subject] = [trunk, *([extension.id] if extension is not None else [])]
            for subject in subjects:
                usage = _usage(x, subject)
                usage.calls += 1
                if leg.answered is not None and leg.ended is not None:
                    _add(x, usage, trunk, leg.party, leg.answered, leg.ended)


def _refuses(x: Exchange, call: Call, subject: Subject, limits: Sequence[Limit], number: str) -> bool:
    foreign = destination_of(number, Dialling.of(x.snapshot.site)) in _FOREIGN
    for limit in limits:
        for what, used, most in _measures(x, subject, limit, foreign=foreign):
            if most and used >= most:
                name = limit.name or limit.id
                x.because(call, "limit.reached", limit=name, subject=subject, what=what, most=most)
                _tell(x, subject, limit, what, reached=True)
                return True
    return False


def _measures(
    x: Exchange, subject: Subject, limit: Limit, *, foreign: bool
) -> Iterator[tuple[str, int, int]]:
    """Name, used and allowed of everything that is limited; minutes count as soon as they begin."""
    live = list(_live(x, subject))
    usage = _usage(x, subject)
    running = sum(_lasted(x, leg) for leg in live)
    yield "calls_at_once", len(live), limit.calls_at_once
    yield "calls_per_day", usage.calls, limit.calls_per_day
    yield "minutes_per_day", (usage.seconds + running) // 60, limit.minutes_per_day
    if foreign:
        abroad = sum(_lasted(x, leg) for leg in live if _is_foreign(x, leg.party.number))
        yield "foreign_minutes_per_day", (usage.foreign_seconds + abroad) // 60, limit.foreign_minutes_per_day
    yield "cost_per_day", usage.cost, limit.cost_per_day


def _warn(x: Exchange, subject: Subject, limit: Limit) -> None:
    for what, used, most in _measures(x, subject, limit, foreign=True):
        if most and what != "calls_at_once" and used * 100 >= most * limit.warn_percent:
            _tell(x, subject, limit, what, reached=False)


def _tell(x: Exchange, subject: Subject, limit: Limit, what: str, *, reached: bool) -> None:
    key = (_today(x), subject, what, reached)
    if key not in x.warned:
        x.warned = {one for one in x.warned if one[0] == key[0]} | {key}
        x.emit(fx.LimitReached(subject=subject, limit=limit.name or limit.id, what=what, reached=reached))


def _limits_of_extension(x: Exchange, extension: ExtensionId | None) -> list[Limit]:
    enabled = [one for one in x.snapshot.limits.values() if one.enabled]
    own = [one for one in enabled if extension in one.extensions]
    return own or [one for one in enabled if not one.extensions and not one.trunks]


def _limits_of_trunk(x: Exchange, trunk: TrunkId) -> list[Limit]:
    return [one for one in x.snapshot.limits.values() if one.enabled and trunk in one.trunks]


def _subjects(leg: Leg) -> list[Subject]:
    own: list[Subject] = [leg.charged] if leg.charged is not None else []
    return [*own, leg.trunk] if leg.trunk is not None else own


def _live(x: Exchange, subject: Subject) -> Iterator[Leg]:
    for leg in x.index.on_trunks():
        if leg.live and leg.direction is Direction.OUTGOING and subject in (leg.charged, leg.trunk):
            yield leg


def _lasted(x: Exchange, leg: Leg) -> int:
    answered = leg.record.answered
    return max(0, round((x.now - answered).total_seconds())) if answered is not None else 0


def _add(
    x: Exchange, usage: Usage, trunk_id: TrunkId, number: str, answered: datetime, ended: datetime
) -> None:
    seconds = max(0, round((ended - answered).total_seconds()))
    usage.seconds += seconds
    if _is_foreign(x, number):
        usage.foreign_seconds += seconds
    trunk = x.snapshot.trunks.get(trunk_id)
    if trunk is not None and trunk.rates:
        usage.cost += cost_of(x.snapshot, trunk, number, answered, seconds)


def _is_foreign(x: Exchange, number: str) -> bool:
    return destination_of(number, Dialling.of(x.snapshot.site)) in _FOREIGN


def _usage(x: Exchange, subject: Subject) -> Usage:
    today = _today(x)
    usage = x.used.get(subject)
    if not isinstance(usage, Usage) or usage.day != today:
        usage = x.used[subject] = Usage(day=today)
    return usage


def _zone(x: Exchange) -> tzinfo:
    return zone_of(x.snapshot.site.timezone)


def _today(x: Exchange) -> date:
    return x.now.astimezone(_zone(x)).date()
