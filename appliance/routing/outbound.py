"""Calls from our devices to the public network."""

from appliance.model.causes import Cause
from appliance.model.ids import Milliseconds
from appliance.model.plan import CallKind, Outcome, Plan, Ring
from appliance.routing.draft import Draft, Ending
from appliance.routing.inbound import own_number, plan_distribution
from appliance.routing.numbers import PublicNumber
from appliance.routing.trunks import external_target

OUTBOUND_RING_MS = Milliseconds(180_000)
"""Networks give up after two to three minutes; this only ends what they forget."""
NO_LINE = Ending(prompt="no_line", cause=Cause.NO_ROUTE)


def plan_outbound(draft: Draft, number: PublicNumber) -> Plan:
    """Over the trunks by priority; a number of our own stays inside."""
    if number.short:
        draft.because("public.short", dialled=draft.request.dialled, number=number.number)
    else:
        draft.because("public.dialled", dialled=draft.request.dialled, number=number.number)
        ours = own_number(number.number, draft.snapshot)
        if ours is not None:
            return plan_distribution(draft, ours, CallKind.INTERNAL)
    extension = draft.extension
    wanted = (extension.caller_number if extension else None) or draft.snapshot.site.default_caller_number
    target = external_target(draft, number, wanted=wanted, withheld=draft.request.caller.withheld)
    if target is None:
        return draft.finish(CallKind.OUTBOUND, draft.announce(NO_LINE), called=number.number)
    ring = Ring(targets=(target,), timeout_ms=OUTBOUND_RING_MS)
    return draft.finish(
        CallKind.OUTBOUND, draft.chain([ring], {Outcome.NO_LINE: NO_LINE}), called=number.number
    )
