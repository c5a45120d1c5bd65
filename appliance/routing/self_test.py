"""Where a test call of the box to itself goes: to the echo, whatever it dials."""

from appliance.model.documents import Application, Service
from appliance.model.ids import DeviceId, ServiceId
from appliance.model.plan import FromDevice, Origin, Plan
from appliance.routing.draft import Draft
from appliance.routing.services import plan_service

SELF_TEST = DeviceId("selftest")
NUMBER = "0"
_ECHO = Service(id=ServiceId("selftest"), number=NUMBER, application=Application.ECHO)


def is_self_test(origin: Origin) -> bool:
    """Whether the box calls itself; a device of the office belongs to an extension."""
    return isinstance(origin, FromDevice) and origin.device == SELF_TEST and not origin.extension


def plan_self_test(draft: Draft) -> Plan:
    """The echo answers."""
    return plan_service(draft, _ECHO)
