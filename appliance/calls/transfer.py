"""Transfers: blind (REFER), attended (REFER with Replaces), and taking a leg's place (INVITE with Replaces).

The transferor's rights decide where the call may go; the transferee is the party that goes there. A blind
transfer that leads nowhere gives the transferee back to a transferor who is still there.
"""

from appliance.calls import parking, ringing, steps, talking
from appliance.calls.call import Call, Phase, Turn
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.calls.voice import runner
from appliance.model import effects as fx
from appliance.model.causes import SIP_STATUS, Cause
from appliance.model.events import LegTransfer
from appliance.model.plan import CallRequest, FromDevice


def requested(x: Exchange, leg: Leg, event: LegTransfer) -> None:
    """A party asked to transfer its peer."""
    call = x.call_of(leg)
    peer = peer_of(x, call, leg)
    if call is None or peer is None or not isinstance(leg.origin, FromDevice):
        # Only our own users may transfer: a trunk that sends REFER would dial at our cost.
        x.emit(fx.TransferResult(leg=leg.id, sip_status=SIP_STATUS[Cause.FORBIDDEN]))
        return
    if event.replaces is not None:
        _attended(x, call, leg, peer, x.live(event.replaces))
    else:
        x.hear(leg, fx.HearsNothing())
        send_on(x, call, leg, peer, leg.origin, event.target)


def peer_of(x: Exchange, call: Call | None, leg: Leg) -> Leg | None:
    """The only other party of a conversation."""
    if call is None or call.phase is not Phase.TALKING or leg.id not in call.members:
        return None
    if call.speaker or call.room is not None:
        return None
    others = [one for one in (x.live(other) for other in call.members if other != leg.id) if one is not None]
    return others[0] if len(others) == 1 else None


def send_on(x: Exchange, call: Call, leg: Leg, peer: Leg, origin: FromDevice, target: str) -> None:
    """Let the peer of a leg go where the leg's owner may dial; a leg still there hears how it ends."""
    request = CallRequest(origin=origin, caller=leg.party, dialled=target, on_behalf_of=peer.party)
    plan = x.plan(request)
    call.turn(Turn.TRANSFER)
    call.members = []
    call.a = peer.id
    call.transferor = leg.id if leg.live else None
    call.plan = plan
    call.cursor = 0
    call.steps_taken = 0
    x.update_call(call, reasons=(*call.record.reasons, *plan.reasons))
    x.hear(peer, music(x, call, peer, leg.extension))
    steps.run(x, call)


def _attended(x: Exchange, call: Call, leg: Leg, peer: Leg, consult: Leg | None) -> None:
    other = x.call_of(consult) if consult is not None else None
    if consult is None or other is None or other is call or consult.device != leg.device:
        x.emit(fx.TransferResult(leg=leg.id, sip_status=SIP_STATUS[Cause.UNALLOCATED]))
        return
    if not join(x, call, leg, peer, consult, other):
        x.emit(fx.TransferResult(leg=leg.id, sip_status=SIP_STATUS[Cause.REJECTED]))


def join(x: Exchange, call: Call, leg: Leg, peer: Leg, consult: Leg, other: Call) -> bool:
    """Let the peer go on in the place of ``consult`` in the other call; False: that place cannot be taken."""
    if not take_place(x, other, consult, peer, Cause.TRANSFERRED):
        return False
    x.emit(fx.TransferResult(leg=leg.id, sip_status=200))
    call.members = []
    x.end_leg(leg, Cause.TRANSFERRED)
    x.update_call(call, merged_into=other.id)
    x.close_call(call, Cause.TRANSFERRED)
    return True


def take_place(x: Exchange, call: Call, old: Leg, new: Leg, cause: Cause) -> bool:
    """Put ``new`` where ``old`` is in ``call``, end ``old``; False when its place cannot be taken."""
    if call.phase is Phase.TALKING and old.id in call.members:
        x.move_leg(new, call)
        x.answer(new)
        call.members[call.members.index(old.id)] = new.id
        if call.speaker == old.id:
            call.speaker = new.id
        if call.owner == old.id:
            call.owner = new.id
        if call.room is not None:
            call.room.replace(old.id, new.id)
        x.end_leg(old, cause)
        talking.refresh(x, call)
        return True
    if call.phase is Phase.SETUP and call.a == old.id:
        runner.left(call)
        x.move_leg(new, call)
        call.a = new.id
        x.end_leg(old, cause)
        if call.slot and not call.targets:
            parking.settle(x, call, new)
        elif not call.targets:
            steps.run(x, call)  # an announcement or application starts again for the new party
        else:
            for leg_id in call.ringing_legs():
                ringing_leg = x.live(leg_id)
                if ringing_leg is not None and ringing_leg.record.alerted is not None:
                    ringing.alerting(x, call, ringing_leg)
        return True
    return False


def replaces(x: Exchange, leg: Leg, replaced: Leg | None) -> bool:
    """An incoming leg wants the place of another; True when it got it (RFC 3891 §3)."""
    call = x.call_of(replaced) if replaced is not None else None
    if replaced is None or call is None or not isinstance(leg.origin, FromDevice):
        return False
    if replaced.id in call.ringing_legs():
        # Pickup: answer in the place of a phone that rings.
        if call.phase is not Phase.SETUP or x.live(call.a) is None:
            return False
        x.move_leg(leg, call)
        x.answer(leg)
        steps.answered(x, call, leg)
        return True
    return take_place(x, call, replaced, leg, Cause.REPLACED)
