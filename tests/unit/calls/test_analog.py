"""Analog telephones and fax machines as legs of call control."""

from datetime import UTC, datetime

import pytest

from appliance.calls.control import CallControl
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.analog import AnalogDevice, PortKind
from appliance.model.documents import Device, Extension
from appliance.model.ids import DeviceId, ExtensionId, LegId
from appliance.model.plan import Caller, FromDevice
from appliance.model.snapshot import build
from appliance.routing.plan import plan

NOW = datetime(2026, 11, 23, 9, 45, tzinfo=UTC)
CALLER = LegId("caller")
OFFICE = build(
    [
        *(Extension(id=ExtensionId(number), number=number) for number in ("21", "23", "30")),
        Device(id=DeviceId("d21"), extension=ExtensionId("21"), username="anna", secret="12345678"),
        AnalogDevice(id=DeviceId("a23"), extension=ExtensionId("23"), port="fxs1"),
        AnalogDevice(id=DeviceId("a30"), extension=ExtensionId("30"), port="fxs2", kind=PortKind.FAX),
    ]
)


def call(device: str, extension: str, dialled: str) -> list[fx.Effect]:
    ids = iter(f"n{number}" for number in range(100))
    control = CallControl(planner=plan, new_id=ids.__next__, snapshot=OFFICE)
    origin = FromDevice(device=DeviceId(device), extension=ExtensionId(extension))
    return control.handle(
        ev.LegIncoming(leg=CALLER, origin=origin, caller=Caller(number=extension), dialled=dialled), NOW
    )


@pytest.mark.parametrize(
    ("device", "extension", "dialled", "endpoint", "fax"),
    [
        ("d21", "21", "23", fx.ToAnalog(device=DeviceId("a23"), port="fxs1"), False),
        ("d21", "21", "30", fx.ToAnalog(device=DeviceId("a30"), port="fxs2"), False),
        ("a23", "23", "21", fx.ToDevice(device=DeviceId("d21"), username="anna"), False),
        ("a30", "30", "21", fx.ToDevice(device=DeviceId("d21"), username="anna"), True),
    ],
)
def test_who_is_called_and_whether_it_carries_a_fax(
    device: str, extension: str, dialled: str, endpoint: fx.Endpoint, fax: bool
) -> None:
    effects = call(device, extension, dialled)
    (originate,) = [one for one in effects if isinstance(one, fx.Originate)]
    assert (originate.endpoint, originate.fax) == (endpoint, fax)
    carried = [one.leg for one in effects if isinstance(one, fx.CarryFax)]
    assert carried == ([CALLER] if dialled == "30" else [])
