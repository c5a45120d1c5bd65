"""Call-reverse: a caller hears music while a mobile is rung; the mobile calls in and gets the caller."""

from appliance.calls import steps
from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model.documents import Mobile
from appliance.model.plan import ExternalTarget


def fetch(x: Exchange, call: Call, leg: Leg, mobile: Mobile) -> bool:
    """Connect a mobile that calls in with the caller who waits longest for it; False when nobody does."""
    for other in list(x.calls.values()):
        if other is not call and other.phase is Phase.SETUP and _waits(other, mobile):
            if x.live(other.a) is None:
                continue
            x.adopt(leg, mobile.extension)
            if not mobile.needs_pin:
                x.mobiles.coded.add(leg.id)
            steps.join_instead(x, call, leg, other)
            return True
    return False


def _waits(call: Call, mobile: Mobile) -> bool:
    return any(
        isinstance(one.target, ExternalTarget)
        and one.target.calls_in == mobile.extension
        and one.target.number == mobile.number
        and one.cause is None
        for one in call.targets
    )
