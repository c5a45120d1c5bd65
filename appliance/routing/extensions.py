"""The devices of an extension, as something to ring."""

from appliance.model.documents import AnalogDevice, DectHandset, Extension, Srtp
from appliance.model.plan import DeviceTarget, Diversion, ExtensionTarget
from appliance.model.snapshot import Phone
from appliance.routing.callers import present_to_phone
from appliance.routing.draft import Draft
from appliance.routing.elsewhere import rings_elsewhere


def extension_target(
    draft: Draft, extension: Extension, *, auto_answer: bool = False, diverted: tuple[Diversion, ...] = ()
) -> ExtensionTarget | None:
    """The extension's devices but the one that calls; None (and the reason) if none is left."""
    devices = draft.snapshot.devices_by_extension.get(extension.id, ())
    if not devices:
        draft.because("extension.no_device", number=extension.number, name=extension.name)
        return None
    others = tuple(device_target(device) for device in devices if device.id != draft.device)
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
        diverted=diverted,
        elsewhere=rings_elsewhere(draft, extension),
    )


def device_target(device: Phone) -> DeviceTarget:
    """A device as something to ring."""
    if isinstance(device, AnalogDevice):
        return DeviceTarget(device=device.id, username="", srtp=Srtp.OFF, port=device.port)
    if isinstance(device, DectHandset):
        return DeviceTarget(device=device.id, username="", srtp=Srtp.OFF, system=device.system)
    return DeviceTarget(device=device.id, username=device.username, srtp=device.srtp)
