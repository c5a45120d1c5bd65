"""Consulting from a mobile: one leg and two calls, of which the other, *kept* one waits with music.

``*2<number>#`` asks somebody while the peer waits. Then ``*1`` goes to and fro, ``*3`` brings all three
together, ``*4#`` or hanging up lets the two others talk, ``*#`` ends the present call and goes back.
"""

from appliance.calls import emergency, redial, steps, talking, taping, transfer
from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.model.causes import Cause
from appliance.model.plan import CallRequest, FromDevice


def start(x: Exchange, call: Call, leg: Leg, target: str) -> bool:
    """Call somebody while the peer waits; False when there is no peer, or one waits already."""
    peer = transfer.peer_of(x, call, leg)
    if peer is None or not isinstance(leg.origin, FromDevice) or talking.kept_by(x, leg) is not None:
        return False
    request = CallRequest(origin=leg.origin, caller=leg.party, dialled=target)
    plan = x.plan(request)
    leg.held = False
    _set_aside(x, call, leg)
    anew = x.open_call(request, plan)
    x.move_leg(leg, anew)
    anew.a = leg.id
    redial.remember(x, leg.extension, request, plan)
    emergency.remember(x, leg.extension, plan)
    steps.run(x, anew)
    return True


def swap(x: Exchange, call: Call, leg: Leg) -> bool:
    """Talk to the other one; False when there is none, or this one has not answered yet."""
    kept = talking.kept_by(x, leg)
    if kept is None or transfer.peer_of(x, call, leg) is None:
        return False
    _set_aside(x, call, leg)
    talking.take_up(x, kept, leg)
    x.mobiles.aside[leg.id] = call.id
    return True


def together(x: Exchange, call: Call, leg: Leg) -> bool:
    """Let all three talk; False when there are no three."""
    kept = talking.kept_by(x, leg)
    peer = transfer.peer_of(x, call, leg)
    if kept is None or peer is None:
        return False
    taping.leg_gone(x, leg.id)
    x.move_leg(peer, kept)
    kept.members.append(peer.id)
    kept.owner = leg.id
    x.merge_call(call, kept.id)
    talking.take_up(x, kept, leg)
    return True


def hand_over(x: Exchange, call: Call, leg: Leg, kept: Call) -> None:
    """Let the two others talk, or whoever waited ring where the mobile's owner is (the leg may be gone)."""
    peer = next((one for one in map(x.live, kept.members) if one is not None), None)
    kept.away = None
    x.mobiles.aside.pop(leg.id, None)
    if peer is None:
        return
    ready = call.phase is not Phase.PARTING and call.speaker is None and call.room is None
    if ready and transfer.take_place(x, call, leg, peer, Cause.TRANSFERRED):
        kept.members = []
        x.update_call(kept, merged_into=call.id)
        x.close_call(kept, Cause.TRANSFERRED)
    elif isinstance(leg.origin, FromDevice):
        x.end_leg(leg, Cause.NORMAL)
        transfer.send_on(x, kept, leg, peer, leg.origin, leg.party.number)


def _set_aside(x: Exchange, call: Call, leg: Leg) -> None:
    taping.leg_gone(x, leg.id)  # who is talked to next agreed to nothing
    call.members.remove(leg.id)
    call.away = leg.id
    x.mobiles.aside[leg.id] = call.id
    for one in map(x.live, call.members):
        if one is not None:
            x.hear(one, music(x, call, one, leg.extension))
