"""Codes that a mobile keys while it talks, for it has no keys for hold and transfer.

``*#`` ends the call (who called through gets the dial tone), ``*1`` holds and resumes, ``*4<number>#``
transfers the peer, ``*2<number>#`` asks somebody first (:mod:`appliance.calls.consulting`). Digits that turn
out to be no code go to the far end. Recording has its own codes.
"""

from appliance.calls import consulting, ringing, talking, taping, transfer, waiting
from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.events import LegTransfer

END, HOLD, CONSULT, TOGETHER, TRANSFER = "*#", "*1", "*2", "*3", "*4"
WITH_NUMBER = (CONSULT, TRANSFER)
MAX_KEYED = 32
PAUSE_MS = 3000


def key(x: Exchange, call: Call, leg: Leg, pressed: str) -> bool:
    """Take a key of a mobile; False when it is none of ours and means what it always means."""
    keyed = x.mobiles.keyed.pop(leg.id, "")
    if leg.id not in x.mobiles.coded or (not keyed and pressed != "*"):
        return False
    x.cancel_timer(f"keyed:{leg.id}")
    keyed += pressed
    if keyed == END:
        _end(x, call, leg)
    elif keyed == HOLD and (call.phase is Phase.TALKING or talking.kept_by(x, leg) is not None):
        _hold(x, call, leg)
    elif keyed == TOGETHER and talking.kept_by(x, leg) is not None:
        if not consulting.together(x, call, leg):
            _impossible(x, leg)
    elif keyed == TRANSFER + "#" and (kept := talking.kept_by(x, leg)) is not None:
        consulting.hand_over(x, call, leg, kept)
    elif keyed.startswith(WITH_NUMBER) and len(keyed) > 3 and pressed == "#":
        _with_number(x, call, leg, keyed[:-1])
    elif keyed in ("*", *WITH_NUMBER) or (
        keyed.startswith(WITH_NUMBER) and pressed != "#" and len(keyed) < MAX_KEYED
    ):
        x.mobiles.keyed[leg.id] = keyed
        x.start_timer(f"keyed:{leg.id}", PAUSE_MS)
    else:
        _pass_on(x, call, leg, keyed)
    return True


def timed_out(x: Exchange, leg: Leg) -> None:
    """No key came that makes it a code; a number to transfer to is complete now."""
    keyed, call = x.mobiles.keyed.pop(leg.id, ""), x.call_of(leg)
    if call is None or not keyed:
        return
    if keyed.startswith(WITH_NUMBER) and len(keyed) > 2:
        _with_number(x, call, leg, keyed)
    else:
        _pass_on(x, call, leg, keyed)


def _pass_on(x: Exchange, call: Call, leg: Leg, keyed: str) -> None:
    for one in keyed:
        talking.digit(x, call, leg, one)
        if leg.id in call.members:
            taping.keyed(x, call, leg, one)


def _end(x: Exchange, call: Call, leg: Leg) -> None:
    others = [one for one in call.members if one != leg.id]
    talked = call.phase is Phase.TALKING
    if call.a == leg.id:
        ringing.stop(x, call, Cause.CANCELLED)
        x.cancel_timer(f"play:{call.id}")
        if waiting.waits(call):
            waiting.stand_up(x, call)
    if talked and len(others) > 1:
        x.end_leg(leg, Cause.NORMAL)  # the others talk on
    elif talking.come_back(x, call, leg, Cause.NORMAL, talked=talked):
        x.end_legs(others, Cause.NORMAL)
    else:
        x.end_leg(leg, Cause.NORMAL)


def _transfer(x: Exchange, leg: Leg, target: str) -> None:
    if leg.held:
        leg.held = False
    call = x.call_of(leg)
    transfer.requested(x, leg, LegTransfer(leg=leg.id, target=target))
    if call is not None and call.transferor != leg.id and leg.live and call.phase is Phase.TALKING:
        _impossible(x, leg)


def _hold(x: Exchange, call: Call, leg: Leg) -> None:
    if talking.kept_by(x, leg) is None:
        leg.held = not leg.held
        talking.refresh(x, call)
    elif not consulting.swap(x, call, leg):
        _impossible(x, leg)


def _with_number(x: Exchange, call: Call, leg: Leg, keyed: str) -> None:
    if keyed.startswith(TRANSFER):
        _transfer(x, leg, keyed[len(TRANSFER) :])
    elif not consulting.start(x, call, leg, keyed[len(CONSULT) :]):
        _impossible(x, leg)


def _impossible(x: Exchange, leg: Leg) -> None:
    language = x.language_of(leg.extension)
    x.emit(fx.Announce(legs=frozenset({leg.id}), names=("not_possible",), language=language))
