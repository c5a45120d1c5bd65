"""A phone that rings answers 302: what it names rings in its place, in the same step.

The other phones of its extension ring on, as all branches of a forked request do (RFC 3261 §16.7). A call may
be sent on so often by phones, and by each extension once.
"""

from appliance.calls import ringing, steps
from appliance.calls.call import Call, Phase, TargetProgress
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model.causes import Cause
from appliance.model.plan import (
    CallRequest,
    DivertedOn,
    ExtensionTarget,
    ExternalTarget,
    Redirect,
    Ring,
    RingTarget,
    Run,
)

MAX_REDIRECTS = 5


def follow(x: Exchange, call: Call, leg: Leg, to: str) -> bool:
    """Let ring what the phone named; True when the step is over, because a service answers instead."""
    progress = next((one for one in call.targets if leg.id in one.legs), None)
    a = x.live(call.a)
    if (
        progress is None
        or a is None
        or a.origin is None
        or call.phase is not Phase.SETUP
        or call.then is not None
        or call.speaker is not None
        or len(call.redirected) >= MAX_REDIRECTS
    ):
        return False
    target = progress.target
    if not isinstance(target, ExtensionTarget) or target.auto_answer:
        return False
    request = CallRequest(
        origin=a.origin,
        caller=call.plan.caller,
        dialled=to,
        on_behalf_of=call.plan.caller,
        redirect=Redirect(
            by=target.extension,
            to=to,
            on=DivertedOn.ALWAYS if leg.record.alerted is None else DivertedOn.NO_ANSWER,
            diverted=target.diverted,
            turned=frozenset(call.redirected),
        ),
    )
    plan = x.planner(request, x.snapshot, x.now)
    call.redirected.add(target.extension)
    x.update_call(call, reasons=(*call.record.reasons, *plan.reasons))
    step = plan.steps[0]
    if isinstance(step, Ring):
        _ring_too(x, call, step.targets)
    elif isinstance(step, Run) and len(call.ringing_legs()) == 1 and len(call.targets) == 1:
        ringing.stop(x, call, Cause.TRANSFERRED)
        call.targets = []
        steps.continue_with(x, call, (step,))
        return True
    return False


def _ring_too(x: Exchange, call: Call, targets: tuple[RingTarget, ...]) -> None:
    """Ring what does not ring yet; whoever sent the call on does not get it back."""
    known = {_key(one.target) for one in call.targets}
    for target in targets:
        sent_on = isinstance(target, ExtensionTarget) and target.extension in call.redirected
        if _key(target) not in known and not sent_on:
            progress = TargetProgress(target=target)
            call.targets.append(progress)
            ringing.start_target(x, call, progress)


def _key(target: RingTarget) -> str:
    match target:
        case ExtensionTarget():
            return f"extension {target.extension}"
        case ExternalTarget():
            return f"external {target.number}"
        case _:
            return repr(target)
