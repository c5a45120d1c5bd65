"""Calls to our public numbers: which of ours is meant, and what its distribution reaches."""

from dataclasses import replace

from appliance.model.causes import Cause
from appliance.model.documents import Number, Site
from appliance.model.plan import CallKind, FromTrunk, Plan, Reject
from appliance.model.snapshot import Snapshot
from appliance.routing.calling_back import with_who_called_for_help
from appliance.routing.draft import Draft
from appliance.routing.elsewhere import cut_off, hand_over, lives_elsewhere
from appliance.routing.fax import fax_target
from appliance.routing.numbers import readings
from appliance.routing.path import of_number
from appliance.routing.reach import Reached, finish, reach_distribution
from appliance.routing.scenarios import Distribution, distribution_of
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
    if made.part or not draft.request.helped:
        return made  # where a call is handed over it is known who called for help there
    return with_who_called_for_help(draft, made, number)


def plan_distribution(draft: Draft, number: Number, kind: CallKind) -> Plan:
    """Ring what the number's distribution says that holds now."""
    draft.number = number
    draft.because("number.ours", number=number.number, name=number.name)
    home = lives_elsewhere(draft, number)
    distribution = _standing_in(draft, number, home, distribution_of(draft, number))
    draft.lost = home or ""
    draft.scenario = distribution.scenario
    draft.notify = distribution.emails
    draft.fax = fax_target(draft, number.fax_box) if number.fax_box is not None else None
    if draft.fax is not None:
        draft.because("fax.switch", number=draft.fax.number, name=draft.fax.name or draft.fax.box)
    path = of_number(draft, number)
    path.numbers.add(number.id)
    reached = reach_distribution(path, number, distribution)
    draft.lost = ""
    if home is not None:
        draft.fax = None  # the other instance listens for fax machines
        otherwise = reached.chain or draft.ending(reached.refusal)
        chain = hand_over(draft, number, home, kind, otherwise)
        made = finish(draft, Reached(chain=chain), kind, called=number.number, number=number.id)
        return replace(made, part=True)
    if not reached.chain:
        draft.because("number.nobody", number=number.number)
    made = finish(draft, reached, kind, called=number.number, number=number.id)
    return replace(made, rerouted=cut_off(draft, number))


def _standing_in(draft: Draft, number: Number, home: str | None, distribution: Distribution) -> Distribution:
    """What rings in place of the number's instance while that is cut off."""
    cut = cut_off(draft, number)
    if cut:
        draft.because("number.cut_off", number=number.number, node=cut)
    elif home is not None:
        draft.because("number.if_cut_off", node=home)
    if not (cut or home) or not number.backup:
        return distribution
    draft.because("number.backup", number=number.number)
    return replace(distribution, steps=number.backup, greeting="", voicemail="", scenario="")
