"""The personal waiting queue: callers of a busy extension wait with music and are rung in turn."""

from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.model.ids import ExtensionId
from appliance.model.plan import Wait


def sit_down(x: Exchange, call: Call, a: Leg, step: Wait) -> bool:
    """Let ``a`` wait; False when there is no seat, or nothing to wait for because nobody talks there."""
    queue = [one for one in x.waiting.get(step.extension, []) if one in x.calls]
    if call.id not in queue:  # else another party has taken the place of the one who waited
        if len(queue) >= step.seats or not x.index.living_of_extension(step.extension):
            return False
        queue.append(call.id)
    x.waiting[step.extension] = queue
    x.answer(a)
    x.hear(a, music(x, call, a, step.extension))
    x.start_timer(f"wait:{call.id}", step.timeout_ms)
    return True


def waits(call: Call) -> bool:
    """Whether the call is at a step where it waits."""
    return call.phase is Phase.SETUP and isinstance(call.plan.steps[call.cursor], Wait)


def stand_up(x: Exchange, call: Call) -> None:
    """Give the seat up."""
    x.cancel_timer(f"wait:{call.id}")
    step = call.plan.steps[call.cursor]
    if isinstance(step, Wait):
        queue = [one for one in x.waiting.get(step.extension, []) if one != call.id]
        if queue:
            x.waiting[step.extension] = queue
        else:
            x.waiting.pop(step.extension, None)


def next_for(x: Exchange, extension: ExtensionId) -> Call | None:
    """The call that waits longest for an extension that is free now, taken out of the queue."""
    while x.waiting.get(extension):
        call = x.calls.get(x.waiting[extension][0])
        if call is not None and waits(call) and x.live(call.a) is not None:
            stand_up(x, call)
            return call
        x.waiting[extension] = x.waiting[extension][1:]
    x.waiting.pop(extension, None)
    return None
