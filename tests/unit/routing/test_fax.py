"""Fax boxes: what reaches them, and with whose rights they call."""

from dataclasses import replace
from typing import Any

from appliance.model.analog import AnalogDevice, PortKind
from appliance.model.causes import Cause
from appliance.model.documents import (
    ClassOfService,
    Destination,
    DialRule,
    Document,
    FaxBox,
    Language,
    Permission,
    RingStep,
    Target,
    TargetKind,
)
from appliance.model.ids import E164, ClassId, DeviceId, ExtensionId, FaxBoxId
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    ExternalTarget,
    FaxTarget,
    FromDevice,
    FromFax,
    Plan,
    Reject,
)
from appliance.model.snapshot import Snapshot, check
from appliance.routing.explain import explain
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    codes,
    extension,
    from_inside,
    number,
    office,
    outside,
    ring,
    well_formed,
)

BOX = FaxBox(
    id=FaxBoxId("main"),
    name="Zentrale",
    number="80",
    caller_number=E164("+49221471088"),
    extension=ExtensionId("e21"),
)
LEADS_HERE = RingStep(targets=(Target(kind=TargetKind.FAX, ref="main"),))


def sends(dialled: str, snapshot: Snapshot, box: FaxBox = BOX) -> Plan:
    origin = FromFax(box=box.id, extension=box.extension or ExtensionId(""))
    made = plan(CallRequest(origin=origin, caller=Caller(), dialled=dialled), snapshot, NOON)
    well_formed(made)
    return made


def test_a_public_number_leads_to_a_box() -> None:
    snapshot = office(BOX, number("+49221471088", LEADS_HERE))
    made = outside("+49221471088", snapshot)
    (target,) = ring(made).targets
    assert isinstance(target, FaxTarget)
    assert (target.box, target.present.number) == ("main", "030901820")
    assert "fax.receives" in codes(made)
    assert any("Faxpostfach" in line for line in explain(made, Language.GERMAN).reasons)


def test_a_colleague_dials_a_box() -> None:
    made = plan(from_inside("80"), office(BOX), NOON)
    (target,) = ring(made).targets
    assert isinstance(target, FaxTarget)
    assert (made.kind, target.present.name) == (CallKind.SERVICE, "Anna")


def test_a_box_that_should_ring_with_others_answers_alone() -> None:
    step = RingStep(targets=(Target(kind=TargetKind.EXTENSION, ref="e21"), *LEADS_HERE.targets))
    made = outside("+49221471088", office(BOX, number("+49221471088", step)))
    (target,) = ring(made).targets
    assert isinstance(target, FaxTarget)
    assert "distribution.fax_alone" in codes(made)


def test_a_box_sends_with_its_own_number() -> None:
    made = sends("+4930123456", office(BOX))
    (target,) = ring(made).targets
    assert isinstance(target, ExternalTarget)
    assert target.routes[0].present.number == "+49221471088"
    assert (made.kind, made.caller) == (CallKind.OUTBOUND, Caller(number="80", name="Zentrale"))


def test_a_box_may_dial_what_its_extension_may_and_hears_no_announcement() -> None:
    barred = ClassOfService(
        id=ClassId("inland"),
        rules=(DialRule(permission=Permission.BAR, destinations=(Destination.INTERNATIONAL,)),),
    )
    owner = replace(extension("21", "Anna"), class_of_service=barred.id)
    snapshot = office(BOX, barred, owner)
    assert sends("+41435435570", snapshot).steps == (Reject(cause=Cause.FORBIDDEN),)
    assert sends("030123456", snapshot).kind is CallKind.OUTBOUND


def test_a_box_without_an_extension_sends_nothing() -> None:
    box = replace(BOX, extension=None)
    assert sends("030123456", office(box), box).steps == (Reject(cause=Cause.FORBIDDEN),)


def test_a_box_reaches_colleagues_and_other_boxes() -> None:
    other = FaxBox(id=FaxBoxId("other"), number="81")
    snapshot = office(BOX, other)
    assert sends("22", snapshot).kind is CallKind.INTERNAL
    (target,) = ring(sends("81", snapshot)).targets
    assert isinstance(target, FaxTarget)
    assert target.box == "other"


def test_dead_names_are_found() -> None:
    lost = replace(BOX, extension=ExtensionId("gone"), number="21")
    found = {
        problem.where + " " + problem.field for problem in check(office(lost, number("+4922147", LEADS_HERE)))
    }
    assert {"fax_box main extension", "fax_box main number"} <= found
    dead = check(office(number("+49221471088", LEADS_HERE)))
    assert any("fax_box 'main' does not exist" in problem.message for problem in dead)


def machine(**fields: Any) -> AnalogDevice:
    return AnalogDevice(
        id=DeviceId("a22"), extension=ExtensionId("e22"), port="fxs1", kind=PortKind.FAX, **fields
    )


def machine_dials(dialled: str, *documents: Document) -> Plan:
    origin = FromDevice(device=DeviceId("a22"), extension=ExtensionId("e22"))
    request = CallRequest(origin=origin, caller=Caller(), dialled=dialled)
    return plan(request, office(*documents), NOON)


def test_what_a_machine_faxes_to_the_outside_is_stored_and_sent_on() -> None:
    made = machine_dials("030123456", BOX, machine(fax_box=BOX.id))
    (target,) = ring(made).targets
    assert isinstance(target, FaxTarget)
    assert (target.box, target.relay) == (BOX.id, "+4930123456")
    assert "fax.relays" in codes(made)
    assert any("schickt es an +4930123456 weiter" in line for line in explain(made, Language.GERMAN).reasons)


def test_inside_and_in_an_emergency_a_machine_reaches_its_party_at_once() -> None:
    documents = (BOX, machine(fax_box=BOX.id))
    assert not isinstance(ring(machine_dials("21", *documents)).targets[0], FaxTarget)
    assert isinstance(ring(machine_dials("112", *documents)).targets[0], ExternalTarget)
    assert isinstance(ring(machine_dials("030123456", BOX, machine())).targets[0], ExternalTarget)


def test_what_sends_on_must_be_able_to_send() -> None:
    box = replace(BOX, extension=None)
    found = [one.field for one in check(office(box, machine(fax_box=box.id)))]
    assert found == ["fax_box"]
    gone = check(office(machine(fax_box=BOX.id)))
    assert [(one.where, one.field) for one in gone] == [("analog a22", "fax_box")]
