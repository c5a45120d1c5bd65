"""Several calls in a row: who called through gets the dial tone back when a call of theirs is over.

Each number dialled is a call of its own with a record of its own; the party's leg goes from one to the next.
"""

from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model.causes import Cause
from appliance.model.plan import CallKind, CallRequest, Plan

MAX_ROUNDS = 50
"""Nobody makes so many calls in a row."""


def back(x: Exchange, call: Call, leg: Leg, cause: Cause, *, talked: bool) -> bool:
    """Close the call and give the party the dial tone; False for those who have none."""
    through = x.mobiles.through.get(leg.id)
    if through is None or leg.origin is None or not leg.answered or x.closing:
        return False
    through.rounds += 1
    if through.rounds > MAX_ROUNDS:
        return False
    through.cause = None if talked or cause is Cause.NORMAL else cause
    if call.a == leg.id:
        call.a = None
    call.members = [one for one in call.members if one != leg.id]
    called = through.step.argument
    request = CallRequest(origin=leg.origin, caller=leg.party, dialled=called)
    plan = Plan(kind=CallKind.SERVICE, steps=(through.step,), called=called, caller=leg.party)
    anew = x.open_call(request, plan)
    x.move_leg(leg, anew)
    anew.a = leg.id
    x.close_call(call, cause)
    x.start_application(x, anew, leg, through.step)
    return True
