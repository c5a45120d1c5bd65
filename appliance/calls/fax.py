"""A call that turns out to be a fax goes to the fax box of its number, or is carried on with care."""

from dataclasses import replace

from appliance.calls import ringing, steps, talking, waiting
from appliance.calls.call import Call, Phase, Turn
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.voice import runner
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.ids import Milliseconds
from appliance.model.plan import Ring

RING_MS = Milliseconds(20_000)


def heard(x: Exchange, call: Call, leg: Leg) -> None:
    """The party of this leg is a fax machine."""
    box = call.plan.fax
    if call.room is not None:
        return
    if box is None or leg.trunk is None:
        if call.phase is Phase.TALKING and leg.id in call.members:
            talking.carry_fax(x, call)
        return
    if call.phase is Phase.TALKING and leg.id in call.members and len(call.members) == 2:
        others = [one for one in call.members if one != leg.id]
        call.turn(Turn.TRANSFER)
        call.members = []
        x.end_legs(others, Cause.TRANSFERRED)
    elif call.phase is Phase.SETUP and call.a == leg.id:
        runner.left(call)
        ringing.stop(x, call, Cause.ANSWERED_ELSEWHERE)
        x.cancel_timer(f"play:{call.id}")
        call.playback = 0
        call.script = []
        if waiting.waits(call):
            waiting.stand_up(x, call)
    else:
        return
    call.a = leg.id
    call.targets = []
    call.steps_taken = 0
    x.hear(leg, fx.HearsNothing())
    ring = Ring(targets=(box,), timeout_ms=RING_MS)
    steps.follow_plan(x, call, replace(call.plan, steps=(ring,), fax=None))
