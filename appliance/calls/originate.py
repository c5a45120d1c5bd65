"""Calls that the box starts: it rings somebody, and when they answer it takes them where they want to go."""

import dataclasses

from appliance.calls import steps
from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model.ids import DeviceId, ExtensionId, Milliseconds
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    DeviceTarget,
    ExtensionTarget,
    FromDevice,
    Plan,
    Presentation,
    Ring,
)

RING_MS = Milliseconds(30_000)


def shown(x: Exchange, extension: ExtensionId) -> Caller:
    """An extension as a caller."""
    found = x.snapshot.extensions.get(extension)
    return Caller(number=found.number, name=found.name) if found is not None else Caller()


def place(
    x: Exchange,
    extension: ExtensionId,
    then: CallRequest | Plan,
    *,
    shown_number: str,
    shown_name: str = "",
    auto_answer: bool = False,
) -> Call | None:
    """Ring an extension, showing where the call will lead; None without a device or room for it."""
    found = x.snapshot.extensions.get(extension)
    devices = x.snapshot.devices_by_extension.get(extension, ())
    if found is None or not devices or x.closing:
        return None
    target = ExtensionTarget(
        extension=extension,
        number=found.number,
        devices=tuple(
            DeviceTarget(device=device.id, username=device.username, srtp=device.srtp) for device in devices
        ),
        call_waiting=True,
        present=Presentation(number=shown_number, name=shown_name),
        auto_answer=auto_answer,
    )
    plan = Plan(
        kind=CallKind.INTERNAL,
        steps=(Ring(targets=(target,), timeout_ms=RING_MS),),
        called=then.dialled if isinstance(then, CallRequest) else then.called,
        caller=shown(x, extension),
    )
    if not x.room_for(len(devices) + 1, plan):
        return None
    call = x.open_call(_request(then, extension), plan)
    call.then = then
    steps.run(x, call)
    return call


def _request(then: CallRequest | Plan, extension: ExtensionId) -> CallRequest:
    if isinstance(then, CallRequest):
        return then
    origin = FromDevice(device=DeviceId(""), extension=extension)
    return CallRequest(origin=origin, caller=Caller(), dialled=then.called)


def dial(x: Exchange, extension: ExtensionId, dialled: str) -> Call | None:
    """Click to dial: ring an extension, then call this number for it; None when it cannot be rung."""
    origin = FromDevice(device=DeviceId(""), extension=extension)
    request = CallRequest(origin=origin, caller=shown(x, extension), dialled=dialled)
    return place(x, extension, request, shown_number=dialled)


def answered(x: Exchange, call: Call, leg: Leg, then: CallRequest | Plan) -> None:
    """The one we rang is there: now it is their call."""
    call.then = None
    call.a = leg.id
    if isinstance(then, Plan):
        steps.follow_plan(x, call, then)
        return
    origin = then.origin
    if isinstance(origin, FromDevice) and leg.device is not None:
        origin = dataclasses.replace(origin, device=leg.device)
    plan = x.planner(dataclasses.replace(then, origin=origin), x.snapshot, x.now)
    x.update_call(call, kind=plan.kind, called=plan.called, reasons=plan.reasons)
    steps.follow_plan(x, call, plan)
