"""The ways to a public number, each with the digits and the identity its provider wants."""

from collections.abc import Iterable
from dataclasses import replace

from appliance.model.documents import Trunk
from appliance.model.ids import ExtensionId
from appliance.model.plan import Diversion, ExternalTarget, TrunkRoute
from appliance.routing.callers import Identity, present_on
from appliance.routing.draft import Draft
from appliance.routing.elsewhere import emergency_routes, route_elsewhere, trunk_elsewhere
from appliance.routing.numbers import PublicNumber, written
from appliance.routing.profiles import number_format
from appliance.routing.ways import emergency_ways, ways_out


def external_target(
    draft: Draft,
    number: PublicNumber,
    identity: Identity,
    diverted: tuple[Diversion, ...] = (),
    *,
    charged: ExtensionId | None,
) -> ExternalTarget | None:
    """A public number and the trunks to reach it; None (and the reason) if there is no trunk."""
    target = _target(draft, number, identity, diverted, ways_out(draft, number.number))
    return replace(target, charged=charged) if target is not None else None


def emergency_target(draft: Draft, number: PublicNumber, identity: Identity) -> ExternalTarget | None:
    """An emergency number over whatever there is; None (and the reason) if there is no trunk."""
    before, after = emergency_routes(draft, number.number)
    own = _target(draft, number, identity, (), emergency_ways(draft))
    routes = (*before, *(own.routes if own is not None else ()), *after)
    return ExternalTarget(number=number.number, routes=routes) if routes else None


def _target(
    draft: Draft,
    number: PublicNumber,
    identity: Identity,
    diverted: tuple[Diversion, ...],
    trunks: Iterable[Trunk],
) -> ExternalTarget | None:
    routes: list[TrunkRoute] = []
    for trunk in trunks:
        dial = written(number.number, number_format(trunk).called, draft.snapshot.site.country)
        draft.because("trunk.route", order=len(routes) + 1, trunk=trunk.id, dial=dial)
        present = present_on(draft, trunk, identity)
        node = None if trunk.enabled else trunk_elsewhere(draft, trunk)
        if node is not None:
            routes.append(route_elsewhere(draft, node, trunk.id, dial, present, number.number))
        else:
            routes.append(TrunkRoute(trunk=trunk.id, dial=dial, present=present))
    if not routes:
        draft.because("trunk.none", number=number.number)
        return None
    return ExternalTarget(number=number.number, routes=tuple(routes), diverted=diverted)
