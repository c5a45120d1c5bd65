"""Call control by a program (CTI): what the keys of a telephone do, in the name of an extension.

What is refused is told before anything is done. To be answered, a telephone is called anew and asked to
answer by itself, since there is no way to lift a handset from afar; hold is ours alone, the telephone does
not know.
"""

from appliance.calls import talking, transfer
from appliance.calls.answering import answers_by_itself
from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.ringing import ring_again
from appliance.model.causes import Cause
from appliance.model.events import LegTransfer, Steer
from appliance.model.parties import SteerAct
from appliance.model.plan import FromDevice

_RINGING = (SteerAct.ANSWER, SteerAct.REJECT)


def refusal(x: Exchange, event: Steer) -> str | None:
    """Why it cannot be done now; None: it can."""
    call = x.calls.get(event.call)
    leg = _leg(x, call, event)
    if call is None or leg is None:
        return "there is nothing that rings here" if event.act in _RINGING else "the extension is not in it"
    match event.act:
        case SteerAct.ANSWER if answers_by_itself(call, leg) is None:
            return "this telephone cannot answer by itself: lift the handset"
        case SteerAct.ANSWER if not x.room_for(1, call.plan):
            return "there is no room for another leg"
        case SteerAct.HOLD | SteerAct.RESUME if call.phase is not Phase.TALKING or leg.id not in call.members:
            return "nobody talks yet"
        case SteerAct.HOLD | SteerAct.RESUME if call.room is not None or call.speaker is not None:
            return "a conference cannot be held"
        case SteerAct.HOLD if leg.held:
            return "it is held already"
        case SteerAct.RESUME if not leg.held:
            return "it is not held"
        case SteerAct.RESUME if not leg.steered:
            return "it is held at the telephone: resume it there"
        case SteerAct.TRANSFER | SteerAct.JOIN:
            return _untransferable(x, call, leg, event)
        case SteerAct.DIGITS if call.phase is not Phase.TALKING and leg.id != call.a:
            return "nobody talks yet"
    return None


def _untransferable(x: Exchange, call: Call, leg: Leg, event: Steer) -> str | None:
    if not isinstance(leg.origin, FromDevice) or transfer.peer_of(x, call, leg) is None:
        return "there is no single party to transfer"
    if event.act is SteerAct.TRANSFER:
        return None
    consult = _consult(x, leg, event)
    other = x.call_of(consult) if consult is not None else None
    if consult is None or other is None:
        return "the extension has no other call to join"
    there = other.phase is Phase.TALKING and consult.id in other.members
    return None if there or (other.phase is Phase.SETUP and other.a == consult.id) else "the other call rings"


def steer(x: Exchange, event: Steer) -> None:
    """Do it, as far as it still can be done."""
    call = x.calls.get(event.call)
    leg = _leg(x, call, event)
    if call is None or leg is None or refusal(x, event) is not None:
        return
    match event.act:
        case SteerAct.ANSWER:
            ring_again(x, call, leg)
        case SteerAct.REJECT:
            x.end_leg(leg, Cause.REJECTED)
        case SteerAct.HANGUP:
            x.end_leg(leg, Cause.NORMAL)
        case SteerAct.HOLD | SteerAct.RESUME:
            leg.held = leg.steered = event.act is SteerAct.HOLD
            talking.refresh(x, call)
        case SteerAct.DIGITS:
            for digit in event.to:
                talking.digit(x, call, leg, digit)
        case SteerAct.TRANSFER:
            leg.held = leg.steered = False
            transfer.requested(x, leg, LegTransfer(leg=leg.id, target=event.to))
        case SteerAct.JOIN:
            _join(x, call, leg, event)


def _join(x: Exchange, call: Call, leg: Leg, event: Steer) -> None:
    peer, consult = transfer.peer_of(x, call, leg), _consult(x, leg, event)
    other = x.call_of(consult) if consult is not None else None
    if peer is not None and consult is not None and other is not None:
        consult.held = consult.steered = False
        transfer.join(x, call, leg, peer, consult, other)


def _leg(x: Exchange, call: Call | None, event: Steer) -> Leg | None:
    """The extension's leg in the call that is meant; to be answered, one that can answer by itself."""
    if call is None:
        return None
    ringing = set(call.ringing_legs())
    found: list[Leg] = []
    for leg in x.index.of_extension(event.extension).values():
        rings = leg.id in ringing and not leg.answered
        fits = event.act is SteerAct.HANGUP or rings == (event.act in _RINGING)
        if leg.live and leg.call == call.id and event.device in (None, leg.device) and fits:
            found.append(leg)
    if event.act is SteerAct.ANSWER:
        found.sort(key=lambda leg: answers_by_itself(call, leg) is None)
    return found[0] if found else None


def _consult(x: Exchange, leg: Leg, event: Steer) -> Leg | None:
    """The extension's leg in another call."""
    if leg.extension is None:
        return None
    for one in x.index.of_extension(leg.extension).values():
        if one.live and one.call != leg.call and event.other in (None, one.call) and one.call in x.calls:
            return one
    return None
