"""Which telephones can be asked to answer by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.model.plan import ExtensionTarget

if TYPE_CHECKING:
    from appliance.calls.call import Call, TargetProgress
    from appliance.calls.legs import Leg
    from appliance.model.plan import DeviceTarget


def answers_by_itself(call: Call, leg: Leg) -> tuple[TargetProgress, ExtensionTarget, DeviceTarget] | None:
    """Where a ringing leg stands when its telephone can be asked to answer by itself: SIP phones can."""
    for progress in call.targets:
        target = progress.target
        if leg.id in progress.legs and isinstance(target, ExtensionTarget):
            for device in target.devices:
                if device.device == leg.device and not (device.port or device.system):
                    return progress, target, device
    return None
