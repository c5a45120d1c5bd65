"""Emergency calls: recognised before anything else, sent over every trunk there is, never refused by us."""

from dataclasses import replace

from appliance.model.causes import Cause
from appliance.model.documents import Site
from appliance.model.ids import Milliseconds
from appliance.model.instances import Task
from appliance.model.plan import CallKind, FromTrunk, Outcome, Plan, Ring
from appliance.model.snapshot import Snapshot
from appliance.routing.callers import own_identity
from appliance.routing.dialling import split_modifier
from appliance.routing.draft import Draft, Ending
from appliance.routing.numbers import PublicNumber, is_emergency, trunk_prefix
from appliance.routing.trunks import emergency_target

EMERGENCY_RING_MS = Milliseconds(300_000)
"""Long enough for a busy control room; the caller ends it otherwise."""
UNAVAILABLE = Ending(prompt="emergency_unavailable", cause=Cause.NO_ROUTE)


def emergency_number(dialled: str, snapshot: Snapshot) -> str | None:
    """The emergency number meant by the digits; None if they are none.

    Also with the outside prefix (0112 where 0 fetches the line), and with the country's trunk prefix
    as people do it out of habit, unless that is an internal number. A closing # is a phone's send key, and
    the wish to withhold the number (*31#112) changes nothing.
    """
    site = snapshot.site
    _, digits = split_modifier(dialled)
    digits = digits.rstrip("#")
    if not digits:
        return None
    outside = digits.removeprefix(site.outside_prefix)
    for candidate in (digits, outside):
        if _is_emergency(candidate, site):
            return candidate
    habit = outside.removeprefix(trunk_prefix(site.country))
    internal = (
        digits in snapshot.extension_by_number
        or digits in snapshot.service_by_number
        or digits in snapshot.room_by_number
    )
    return habit if not internal and _is_emergency(habit, site) else None


def _is_emergency(digits: str, site: Site) -> bool:
    return digits in site.emergency_numbers or is_emergency(digits, site.country)


def plan_emergency(draft: Draft, dialled: str) -> Plan | None:
    """The plan if one of ours dials an emergency number, else None; nobody else can call one through us."""
    origin = draft.request.origin
    if isinstance(origin, FromTrunk) and (origin.handed is None or origin.handed.task is not Task.EMERGENCY):
        return None
    number = emergency_number(dialled, draft.snapshot)
    if number is None:
        return None
    draft.because("emergency.number", dialled=dialled, number=number)
    identity = own_identity(draft, draft.extension, withheld=False)
    place = draft.request.conditions.places.get(draft.device) if draft.device is not None else None
    if place is not None:
        draft.because("emergency.place", number=place)
        identity = replace(identity, own=place)
    target = emergency_target(draft, PublicNumber(number=number, short=True), identity)
    if target is None:
        draft.because("emergency.no_trunk", number=number)
        return draft.finish(CallKind.EMERGENCY, draft.announce(UNAVAILABLE), called=number)
    ring = Ring(targets=(target,), timeout_ms=EMERGENCY_RING_MS)
    steps = draft.steps((draft.link(ring),), {Outcome.UNREACHABLE: UNAVAILABLE})
    return draft.finish(CallKind.EMERGENCY, steps, called=number)
