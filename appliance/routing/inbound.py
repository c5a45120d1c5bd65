"""Calls to our public numbers: which of ours is meant, and what its distribution reaches."""

from appliance.model.causes import Cause
from appliance.model.documents import Number, Site
from appliance.model.plan import CallKind, FromTrunk, Plan, Reject
from appliance.model.snapshot import Snapshot
from appliance.routing.calling_back import with_who_called_for_help
from appliance.routing.draft import Draft
from appliance.routing.fax import fax_target
from appliance.routing.numbers import readings
from appliance.routing.path import of_number
from appliance.routing.reach import finish, reach_distribution
from appliance.routing.scenarios import distribution_of
from appliance.routing.together import own_number


def find_number(received: str, snapshot: Snapshot) -> Number | None:
    """Our number that a provider means, whatever its spelling; never a guess between two."""
    site: Site = snapshot.site
    possible = readings(received, site.country, site.area_code)
    if not possible:
        return None
    exact = snapshot.number_by_e164.get(possible[0])
    if exact is not None:
        return exact
    hits = {one.id: one for one in map(snapshot.number_by_e164.get, possible[1:]) if one is not None}
    return next(iter(hits.values())) if len(hits) == 1 else None


def plan_inbound(draft: Draft, origin: FromTrunk) -> Plan:
    """A call from the public network: ours or refused. Nothing goes through the box to anywhere else."""
    dialled = draft.request.dialled
    number = find_number(dialled, draft.snapshot)
    trunk = draft.snapshot.trunks.get(origin.trunk)
    if number is None and trunk is not None and trunk.username and dialled == trunk.username:
        # Some providers call the account instead of the number that was dialled.
        number = own_number(trunk.default_number or "", draft.snapshot)
        if number is not None:
            draft.because("inbound.account", trunk=trunk.id, number=number.number)
    if number is None:
        draft.because("inbound.not_ours", dialled=dialled, trunk=origin.trunk)
        return draft.finish(CallKind.REFUSED, (Reject(cause=Cause.UNALLOCATED),), called=dialled)
    made = plan_distribution(draft, number, CallKind.INBOUND)
    return with_who_called_for_help(draft, made, number) if draft.request.helped else made


def plan_distribution(draft: Draft, number: Number, kind: CallKind) -> Plan:
    """Ring what the number's distribution says that holds now."""
    draft.number = number
    draft.because("number.ours", number=number.number, name=number.name)
    distribution = distribution_of(draft, number)
    draft.scenario = distribution.scenario
    draft.notify = distribution.emails
    draft.fax = fax_target(draft, number.fax_box) if number.fax_box is not None else None
    if draft.fax is not None:
        draft.because("fax.switch", number=draft.fax.number, name=draft.fax.name or draft.fax.box)
    path = of_number(draft, number)
    path.numbers.add(number.id)
    reached = reach_distribution(path, number, distribution)
    if not reached.chain:
        draft.because("number.nobody", number=number.number)
    return finish(draft, reached, kind, called=number.number, number=number.id)
