"""What a document names by id, and what of a newer version is passed over."""

from appliance.model.decode import known_only
from appliance.model.documents import (
    Application,
    Device,
    Document,
    Extension,
    Number,
    RingStep,
    Service,
    Target,
    TargetKind,
)
from appliance.model.ids import E164, DeviceId, ExtensionId, NumberId, ServiceId
from appliance.model.references import Reference, references
from appliance.model.snapshot import build, check


def _target(kind: TargetKind, ref: str) -> Target:
    return Target(kind=kind, ref=ref)


EXTENSION = Extension(id=ExtensionId("21"), number="21")
SERVICE = Service(id=ServiceId("echo"), number="*43", application=Application.ECHO)
DEVICE = Device(id=DeviceId("d"), extension=EXTENSION.id, username="d", secret="not-a-real-one")
NUMBER = Number(
    id=NumberId("n"),
    number=E164("+49221471"),
    steps=(
        RingStep(targets=(_target(TargetKind.EXTENSION, "21"), _target(TargetKind.EXTERNAL, "+4930123"))),
        RingStep(targets=(_target(TargetKind.EXTENSION, "21"), _target(TargetKind.SERVICE, "echo"))),
    ),
)
DOCUMENTS: tuple[Document, ...] = (EXTENSION, SERVICE, DEVICE, NUMBER)


def test_every_name_is_found_with_its_place() -> None:
    assert [*references(DEVICE)] == [Reference(field="extension", kind="extension", id="21")]
    assert [(one.field, one.kind, one.id) for one in references(NUMBER)] == [
        ("steps[0].targets[0].ref", "extension", "21"),
        ("steps[1].targets[0].ref", "extension", "21"),
        ("steps[1].targets[1].ref", "service", "echo"),
    ]
    assert [*references(EXTENSION), *references(SERVICE)] == []


def test_check_reports_exactly_the_references_that_are_dead() -> None:
    assert check(build(DOCUMENTS)) == ()
    for gone, kind in ((EXTENSION, "extension"), (SERVICE, "service")):
        left = [one for one in DOCUMENTS if one is not gone]
        dead = {
            (f"{type(document).__name__.lower()} {document.id}", reference.field)
            for document in left
            for reference in references(document)
            if (reference.kind, reference.id) == (kind, gone.id)
        }
        assert {(one.where, one.field) for one in check(build(left))} == dead


def test_what_only_a_newer_version_knows_is_left_out_at_any_depth() -> None:
    raw = {
        "number": "+49221471",
        "mood": "sunny",
        "steps": [{"targets": [{"kind": "service", "ref": "echo", "weight": 1}], "delay": 2}, "nonsense"],
    }
    assert known_only(Number, raw) == {
        "number": "+49221471",
        "steps": [{"targets": [{"kind": "service", "ref": "echo"}]}, "nonsense"],
    }
    assert known_only(Number, 7) == 7
    assert known_only(Extension, {"language": None, "x": 1}) == {"language": None}
