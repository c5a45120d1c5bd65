"""Calls from our devices to the public network."""

from appliance.model.causes import Cause
from appliance.model.conditions import Internet
from appliance.model.documents import TrunkKind
from appliance.model.ids import Milliseconds
from appliance.model.plan import CallKind, Outcome, Plan, Ring
from appliance.routing.callers import own_identity
from appliance.routing.destinations import class_of
from appliance.routing.draft import Draft, Ending
from appliance.routing.numbers import PublicNumber
from appliance.routing.trunks import external_target

OUTBOUND_RING_MS = Milliseconds(180_000)
"""Networks give up after two to three minutes; this only ends what they forget."""
FEW_LINES = Ending(prompt="few_lines", cause=Cause.FORBIDDEN)
LIMITED = Ending(prompt="limit_reached", cause=Cause.LIMITED)
NO_LINE = Ending(prompt="no_line", cause=Cause.NO_ROUTE)


def plan_outbound(draft: Draft, number: PublicNumber) -> Plan:
    """Over the trunks by priority."""
    cut_off = draft.request.conditions.internet is Internet.CUT_OFF
    if cut_off and draft.extension is not None:
        cls = class_of(draft, draft.extension)
        if not cls.when_cut_off:
            draft.because("class.cut_off", cls=cls.name or cls.id)
            return draft.finish(CallKind.OUTBOUND, draft.announce(FEW_LINES), called=number.number)
    identity = own_identity(draft, draft.extension, withheld=draft.withheld)
    target = external_target(draft, number, identity, charged=draft.extension_id)
    if target is None:
        return draft.finish(CallKind.OUTBOUND, draft.announce(NO_LINE), called=number.number)
    ring = Ring(targets=(target,), timeout_ms=OUTBOUND_RING_MS)
    chain = [draft.link(ring)]
    first = draft.snapshot.trunks.get(target.routes[0].trunk)
    if cut_off and draft.snapshot.site.announce_mobile and first is not None and first.kind is TrunkKind.GSM:
        chain.insert(0, draft.link(draft.prompt("by_mobile")))
    endings = {Outcome.NO_LINE: NO_LINE}
    if draft.snapshot.limits:
        endings[Outcome.LIMITED] = LIMITED
    steps = draft.steps(tuple(chain), endings)
    return draft.finish(CallKind.OUTBOUND, steps, called=number.number)
