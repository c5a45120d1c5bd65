"""Calls that the box starts: it rings somebody, and when they answer it takes them where they want to go."""

import dataclasses

from appliance.calls import redial, steps
from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model.documents import ALL_DEVICES, Application
from appliance.model.ids import DeviceId, ExtensionId, Milliseconds
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    ExtensionTarget,
    ExternalTarget,
    FromDevice,
    Plan,
    Presentation,
    Ring,
    Run,
)
from appliance.routing.extensions import device_target
from appliance.routing.selection import dial_out_of

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
    device: DeviceId | None = None,
) -> Call | None:
    """Ring an extension, showing where the call will lead; None without a device or room for it.

    ``device``: only that one, as long as it is the extension's.
    """
    found = x.snapshot.extensions.get(extension)
    devices = x.snapshot.devices_by_extension.get(extension, ())
    devices = tuple(one for one in devices if one.id == device) or devices
    if found is None or not devices or x.closing:
        return None
    target = ExtensionTarget(
        extension=extension,
        number=found.number,
        devices=tuple(device_target(device) for device in devices),
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


def play(x: Exchange, extension: ExtensionId, prompt: str, device: DeviceId | None = None) -> Call | None:
    """Ring an extension (or one telephone of it) and play something to it; None when nothing can be rung."""
    language = x.language_of(extension)
    step = Run(application=Application.ANNOUNCEMENT, prompt=prompt, language=language)
    then = Plan(kind=CallKind.SERVICE, steps=(step,), called="", caller=shown(x, extension))
    return place(x, extension, then, shown_number=shown(x, extension).number, device=device)


def _request(then: CallRequest | Plan, extension: ExtensionId) -> CallRequest:
    if isinstance(then, CallRequest):
        return then
    origin = FromDevice(device=DeviceId(""), extension=extension)
    return CallRequest(origin=origin, caller=Caller(), dialled=then.called)


def dial(
    x: Exchange,
    extension: ExtensionId,
    dialled: str,
    *,
    shown_number: str = "",
    shown_name: str = "",
    auto_answer: bool = False,
    device: DeviceId | None = None,
) -> Call | None:
    """Click to dial: ring where the extension dials out, then call this number for it.

    None when nothing can be rung. The shown number is ``dialled`` unless another is given.
    """
    found = x.snapshot.extensions.get(extension)
    origin = FromDevice(device=DeviceId(""), extension=extension)
    request = CallRequest(origin=origin, caller=shown(x, extension), dialled=dialled)
    wish = dial_out_of(found) if found is not None else ALL_DEVICES
    if wish.number is not None and device is None:
        return _place_outside(x, extension, request, wish.number)
    return place(
        x,
        extension,
        request,
        shown_number=shown_number or dialled,
        shown_name=shown_name,
        auto_answer=auto_answer,
        device=device or wish.device,
    )


def _place_outside(x: Exchange, extension: ExtensionId, then: CallRequest, number: str) -> Call | None:
    """Ring the extension's person outside, by the right and over the line of the extension."""
    plan = x.plan(dataclasses.replace(then, dialled=number))
    step = plan.steps[0]
    outside = isinstance(step, Ring) and all(isinstance(one, ExternalTarget) for one in step.targets)
    if not isinstance(step, Ring) or not outside or x.closing or not x.room_for(2, plan):
        return None
    ring = Ring(targets=step.targets, timeout_ms=RING_MS)
    call = x.open_call(then, dataclasses.replace(plan, steps=(ring,), called=then.dialled))
    call.then = then
    steps.run(x, call)
    return call


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
    plan = x.plan(dataclasses.replace(then, origin=origin))
    x.update_call(call, kind=plan.kind, called=plan.called, reasons=plan.reasons)
    if isinstance(origin, FromDevice):
        redial.remember(x, origin.extension, then, plan)
    steps.follow_plan(x, call, plan)
