"""Calls to extensions."""

from appliance.model.causes import Cause
from appliance.model.documents import Device, Extension
from appliance.model.ids import Milliseconds
from appliance.model.plan import CallKind, DeviceTarget, ExtensionTarget, Plan, Reject, Ring
from appliance.routing.callers import present_to_phone
from appliance.routing.draft import NOBODY_ANSWERED, Draft, Ending

UNREACHABLE = Ending(prompt="unreachable", cause=Cause.UNREACHABLE)


def extension_target(
    draft: Draft, extension: Extension, *, auto_answer: bool = False
) -> ExtensionTarget | None:
    """The extension's devices but the one that calls; None (and the reason) if none is left."""
    devices = draft.snapshot.devices_by_extension.get(extension.id, ())
    if not devices:
        draft.because("extension.no_device", number=extension.number, name=extension.name)
        return None
    others = tuple(_target(device) for device in devices if device.id != draft.device)
    if not others:
        draft.because("extension.itself", number=extension.number, name=extension.name)
        return None
    return ExtensionTarget(
        extension=extension.id,
        number=extension.number,
        devices=others,
        call_waiting=extension.call_waiting,
        present=present_to_phone(draft.caller, draft.snapshot.site),
        auto_answer=auto_answer,
    )


def _target(device: Device) -> DeviceTarget:
    return DeviceTarget(device=device.id, username=device.username, srtp=device.srtp)


def plan_internal(draft: Draft, extension: Extension) -> Plan:
    """Ring an extension that a colleague dialled."""
    draft.because(
        "extension.called", number=extension.number, name=extension.name, seconds=extension.ring_seconds
    )
    target = extension_target(draft, extension)
    if target is None:
        itself = draft.extension is not None and draft.extension.id == extension.id
        steps = (Reject(cause=Cause.BUSY),) if itself else draft.announce(UNREACHABLE)
        return draft.finish(CallKind.INTERNAL, steps, called=extension.number)
    ring = Ring(targets=(target,), timeout_ms=Milliseconds(extension.ring_seconds * 1000))
    return draft.finish(CallKind.INTERNAL, draft.chain([ring], NOBODY_ANSWERED), called=extension.number)
