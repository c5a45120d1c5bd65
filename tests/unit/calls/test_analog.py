"""Analog telephones and fax machines as legs of call control."""

from datetime import UTC, datetime

import pytest

from appliance.calls.control import CallControl
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.analog import AnalogDevice, PortKind
from appliance.model.documents import Device, Document, Extension
from appliance.model.ids import DeviceId, ExtensionId, LegId
from appliance.model.parties import SteerAct
from appliance.model.plan import Caller, FromDevice
from appliance.model.snapshot import Snapshot, build
from appliance.routing.plan import plan

NOW = datetime(2026, 11, 23, 9, 45, tzinfo=UTC)
CALLER = LegId("caller")
DOCUMENTS: tuple[Document, ...] = (
    *(Extension(id=ExtensionId(number), number=number) for number in ("21", "23", "30")),
    Device(id=DeviceId("d21"), extension=ExtensionId("21"), username="anna", secret="12345678"),
    AnalogDevice(id=DeviceId("a23"), extension=ExtensionId("23"), port="fxs1"),
    AnalogDevice(id=DeviceId("a30"), extension=ExtensionId("30"), port="fxs2", kind=PortKind.FAX),
)
OFFICE = build(DOCUMENTS)


def control_of(office: Snapshot = OFFICE) -> CallControl:
    ids = iter(f"n{number}" for number in range(100))
    return CallControl(planner=plan, new_id=ids.__next__, snapshot=office)


def call(device: str, extension: str, dialled: str, control: CallControl | None = None) -> list[fx.Effect]:
    control = control or control_of()
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


def test_only_telephones_that_can_answer_by_themselves_are_answered_from_afar() -> None:
    """Beside an analog telephone the SIP phone is meant; alone it must be lifted, and that is told."""
    beside = Device(id=DeviceId("d23"), extension=ExtensionId("23"), username="ben", secret="12345678")
    for office, able in (
        (OFFICE, {"a23": False}),
        (build([*DOCUMENTS, beside]), {"a23": False, "d23": True}),
    ):
        control = control_of(office)
        rung = [one.leg for one in call("d21", "21", "23", control) if isinstance(one, fx.Originate)]
        for leg in rung:
            control.handle(ev.LegRinging(leg=leg), NOW)
        control.party_news()
        told = {one.device: one.answers for one in control.parties() if one.extension == "23"}
        assert told == {DeviceId(device): can for device, can in able.items()}
        (found,) = control.live_calls()
        event = ev.Steer(
            call=found[0].call,
            act=SteerAct.ANSWER,
            extension=ExtensionId("23"),
            device=None,
            to="",
            other=None,
        )
        refused = control.refuses(event)
        if True not in able.values():
            assert refused == "this telephone cannot answer by itself: lift the handset"
            continue
        assert refused is None
        (again,) = [one for one in control.handle(event, NOW) if isinstance(one, fx.Originate)]
        assert again.auto_answer
        assert isinstance(again.endpoint, fx.ToDevice)
        assert again.endpoint.device == DeviceId("d23")
