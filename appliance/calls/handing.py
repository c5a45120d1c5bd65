"""Legs to other instances of the office: what they are asked for, and calls that they do not take."""

import dataclasses

from appliance.calls.call import Call, TargetProgress
from appliance.calls.exchange import Exchange
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.ids import TrunkId
from appliance.model.instances import Task, account_of
from appliance.model.plan import (
    Caller,
    ExtensionTarget,
    ExternalTarget,
    Handed,
    Presentation,
    Ring,
    TrunkRoute,
)


def of_call(call: Call, handed: Handed) -> Handed:
    """The same, naming the call where it began."""
    return handed if handed.call else dataclasses.replace(handed, call=call.id)


def ring_elsewhere(
    x: Exchange,
    call: Call,
    progress: TargetProgress,
    target: ExtensionTarget,
    present: Presentation,
    party: Caller,
) -> None:
    """Ring the extension's telephones at other instances."""
    for handed in target.elsewhere:
        if not x.room_for(1, call.plan):
            return
        endpoint = fx.ToTrunk(
            trunk=TrunkId(account_of(handed.node)), dial=target.number, handed=of_call(call, handed)
        )
        leg = x.outgoing_leg(
            call,
            endpoint,
            present,
            party,
            target.extension,
            auto_answer=target.auto_answer,
            diverted=target.diverted,
        )
        progress.legs.add(leg.id)
        x.start_timer(f"progress:{leg.id}", PROGRESS_MS)


PROGRESS_MS = 4000
"""An instance without even a 100 by then is cut off."""


def way(call: Call, route: TrunkRoute) -> fx.ToTrunk:
    """Where this way out leads."""
    handed = of_call(call, route.handed) if route.handed is not None else None
    return fx.ToTrunk(trunk=route.trunk, dial=route.dial, handed=handed)


def billed(route: TrunkRoute) -> TrunkId:
    """The trunk that is paid for, wherever it is."""
    return route.handed.trunk or route.trunk if route.handed is not None else route.trunk


def not_taken(x: Exchange, call: Call, step: Ring, cause: Cause) -> None:
    """Nobody was there at the instance where the number lives: the call is served from here."""
    target = step.targets[0]
    if not isinstance(target, ExternalTarget) or not target.routes:
        return
    handed = target.routes[0].handed
    if handed is not None and handed.task is Task.NUMBER and call.record.part:
        x.update_call(call, part=False, rerouted=handed.node)
        x.because(call, "number.not_taken", node=handed.node, cause=cause.value)
