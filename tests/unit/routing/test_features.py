"""Feature codes: which dialled digits are which action, and that changed codes and slots are honoured."""

from datetime import UTC, datetime

import pytest

from appliance.model.documents import Device, Extension, Language
from appliance.model.features import ACTIONS, Action, FeatureCode, PagingGroup, ParkLot, PickupGroup
from appliance.model.ids import DeviceId, ExtensionId, TrunkId
from appliance.model.plan import Caller, CallRequest, Feature, FromDevice, FromTrunk, Plan
from appliance.model.snapshot import Snapshot, build, check
from appliance.routing.explain import explain
from appliance.routing.plan import plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def office(*more: object) -> Snapshot:
    documents: list[object] = list(more)
    for number in ("21", "22", "23"):
        documents.append(Extension(id=ExtensionId(number), number=number))
        documents.append(
            Device(id=DeviceId(number), extension=ExtensionId(number), username=number, secret="x" * 9)
        )
    documents.append(ParkLot(id="lot", first="701", count=3))
    documents.append(
        PagingGroup(id="all", number="1", members=tuple(ExtensionId(one) for one in ("21", "22", "23")))
    )
    return build(documents)  # type: ignore[arg-type]


def dial(dialled: str, snapshot: Snapshot | None = None) -> Plan:
    origin = FromDevice(device=DeviceId("21"), extension=ExtensionId("21"))
    return plan(CallRequest(origin=origin, caller=Caller(), dialled=dialled), snapshot or office(), NOW)


@pytest.mark.parametrize(
    ("dialled", "action", "argument"),
    [
        ("**22", Action.PICKUP, "22"),
        ("*8", Action.PICKUP_GROUP, ""),
        ("*70", Action.PARK, ""),
        ("*70702", Action.PARK, "702"),
        ("*70*702#", Action.PARK, "702"),
        ("702", Action.RETRIEVE, "702"),
        ("*3", Action.CONFERENCE, ""),
        ("*71", Action.MOVE, ""),
        ("*37", Action.CALLBACK, ""),
        ("*37#", Action.CALLBACK, ""),
        ("#37", Action.CALLBACK_CANCEL, ""),
        ("*66", Action.REDIAL, ""),
        ("*8022", Action.INTERCOM, "22"),
        ("*811", Action.PAGING, "all"),
    ],
)
def test_a_code_is_its_action(dialled: str, action: Action, argument: str) -> None:
    (step,) = dial(dialled).steps
    assert isinstance(step, Feature)
    assert (step.action, step.argument) == (action, argument)


@pytest.mark.parametrize("dialled", ["*8099", "*70799", "*819", "*371", "*99", "704"])
def test_what_fits_no_feature_is_no_feature(dialled: str) -> None:
    assert not any(isinstance(step, Feature) for step in dial(dialled).steps)


def test_paging_rings_everybody_but_the_speaker_and_phones_answer_by_themselves() -> None:
    (step,) = dial("*811").steps
    assert isinstance(step, Feature)
    assert [target.number for target in step.targets] == ["22", "23"]
    assert all(target.auto_answer for target in step.targets)


def test_the_office_changes_and_switches_off_codes() -> None:
    changed = office(FeatureCode(id="pickup_group", code="*99"), FeatureCode(id="redial", enabled=False))
    (step,) = dial("*99", changed).steps
    assert isinstance(step, Feature)
    assert step.action is Action.PICKUP_GROUP
    assert not isinstance(dial("*8", changed).steps[0], Feature)
    assert not isinstance(dial("*66", changed).steps[0], Feature)


def test_nobody_outside_uses_codes() -> None:
    request = CallRequest(origin=FromTrunk(trunk=TrunkId("t")), caller=Caller(), dialled="*70")
    assert not any(isinstance(step, Feature) for step in plan(request, office(), NOW).steps)


@pytest.mark.parametrize("action", [*ACTIONS])
@pytest.mark.parametrize("language", [*Language])
def test_every_action_is_explained(action: Action, language: Language) -> None:
    argument = {"extension": "22", "slot": "702", "group": "1", "dial": "1", "none": ""}[
        ACTIONS[action].argument
    ]
    text = "\n".join(explain(dial(ACTIONS[action].code + argument), language).lines())
    assert ACTIONS[action].code in text


def test_slots_codes_and_groups_that_collide_are_named_on_both_sides() -> None:
    snapshot = office(
        Extension(id=ExtensionId("x"), number="702"),
        FeatureCode(id="park", code="*8"),
        PickupGroup(id="g", members=(ExtensionId("21"), ExtensionId("nobody"))),
    )
    told = [str(problem) for problem in check(snapshot)]
    assert any("park_lot lot" in one and "'702' already belongs to extension x" in one for one in told)
    assert any("'*8' already belongs to the feature code for" in one for one in told)
    assert any("pickup_group g: members[1]" in one and "'nobody' does not exist" in one for one in told)
