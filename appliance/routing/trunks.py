"""The ways out: enabled trunks by priority, each with the digits and the identity its provider wants."""

from appliance.model.plan import Diversion, ExternalTarget, TrunkRoute
from appliance.routing.callers import Identity, present_on
from appliance.routing.draft import Draft
from appliance.routing.numbers import PublicNumber, written
from appliance.routing.profiles import number_format


def external_target(
    draft: Draft, number: PublicNumber, identity: Identity, diverted: tuple[Diversion, ...] = ()
) -> ExternalTarget | None:
    """A public number and the trunks to reach it; None (and the reason) if there is no trunk."""
    routes: list[TrunkRoute] = []
    for trunk in draft.snapshot.trunks_by_priority:
        if not trunk.enabled:
            draft.because("trunk.disabled", trunk=trunk.id)
            continue
        dial = written(number.number, number_format(trunk).called, draft.snapshot.site.country)
        draft.because("trunk.route", order=len(routes) + 1, trunk=trunk.id, dial=dial)
        present = present_on(draft, trunk, identity)
        routes.append(TrunkRoute(trunk=trunk.id, dial=dial, present=present))
    if not routes:
        draft.because("trunk.none", number=number.number)
        return None
    return ExternalTarget(number=number.number, routes=tuple(routes), diverted=diverted)
