"""Calls from our devices to the public network."""

from appliance.model.causes import Cause
from appliance.model.ids import Milliseconds
from appliance.model.plan import CallKind, Outcome, Plan, Ring
from appliance.routing.callers import own_identity
from appliance.routing.draft import Draft, Ending
from appliance.routing.numbers import PublicNumber
from appliance.routing.trunks import external_target

OUTBOUND_RING_MS = Milliseconds(180_000)
"""Networks give up after two to three minutes; this only ends what they forget."""
NO_LINE = Ending(prompt="no_line", cause=Cause.NO_ROUTE)


def plan_outbound(draft: Draft, number: PublicNumber) -> Plan:
    """Over the trunks by priority."""
    identity = own_identity(draft, draft.extension, withheld=draft.withheld)
    target = external_target(draft, number, identity)
    if target is None:
        return draft.finish(CallKind.OUTBOUND, draft.announce(NO_LINE), called=number.number)
    ring = Ring(targets=(target,), timeout_ms=OUTBOUND_RING_MS)
    steps = draft.steps((draft.link(ring),), {Outcome.NO_LINE: NO_LINE})
    return draft.finish(CallKind.OUTBOUND, steps, called=number.number)
