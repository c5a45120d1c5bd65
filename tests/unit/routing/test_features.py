"""Feature codes: which dialled digits are which action, and that changed codes and slots are honoured."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.model.decode import encode
from appliance.model.documents import (
    Calls,
    Device,
    Extension,
    Forwarding,
    ForwardOn,
    Language,
    Profile,
    Site,
    Status,
    Switch,
    Target,
    TargetKind,
)
from appliance.model.features import (
    ACTIONS,
    Action,
    Argument,
    FeatureCode,
    PagingGroup,
    ParkLot,
    PickupGroup,
    SpeedDial,
    WakeUp,
)
from appliance.model.ids import DeviceId, ExtensionId, SwitchId, TrunkId
from appliance.model.plan import Caller, CallRequest, Feature, FromDevice, FromTrunk, Plan, Ring, Run
from appliance.model.snapshot import Snapshot, build, check
from appliance.routing.explain import explain
from appliance.routing.plan import plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def office(*more: object) -> Snapshot:
    documents: list[object] = []
    home = Profile(name="home")
    for number in ("21", "22", "23"):
        pin = "1234" if number == "22" else ""
        documents.append(Extension(id=ExtensionId(number), number=number, pin=pin, profiles=(home,)))
        documents.append(
            Device(id=DeviceId(number), extension=ExtensionId(number), username=number, secret="x" * 9)
        )
    documents.append(ParkLot(id="lot", first="701", count=3))
    documents.append(
        PagingGroup(id="all", number="1", members=tuple(ExtensionId(one) for one in ("21", "22", "23")))
    )
    documents.append(Switch(id=SwitchId("night"), name="Night", number="60"))
    documents.append(Site(area_code="221"))
    documents += more
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


ARGUMENTS = {
    Argument.NONE: "",
    Argument.EXTENSION: "22",
    Argument.SLOT: "702",
    Argument.GROUP: "1",
    Argument.DIAL: "22",
    Argument.TIME: "0730",
    Argument.PROFILE: "1",
    Argument.SWITCH: "60",
    Argument.ACCOUNT: "22*1234",
    Argument.BOX: "",
    Argument.OWN: "21",
    Argument.OWN_PROFILE: "21*1",
}


@pytest.mark.parametrize("action", [*ACTIONS])
@pytest.mark.parametrize("language", [*Language])
def test_every_action_is_explained(action: Action, language: Language) -> None:
    made = dial(ACTIONS[action].code + ARGUMENTS[ACTIONS[action].argument])
    if action is Action.LOGOUT:  # nobody is logged in here
        assert not isinstance(made.steps[0], Feature)
        return
    assert isinstance(made.steps[0], Run if action is Action.VOICEMAIL else Feature)
    assert ACTIONS[action].code in "\n".join(explain(made, language).lines())


def test_every_code_is_in_the_users_table() -> None:
    table = (Path(__file__).parents[3] / "docs" / "codes.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    for action, spec in ACTIONS.items():
        assert any(
            re.search(rf"\b{action.value}\b", row) and f"`{spec.code}" in row.split("|")[1] for row in rows
        ), f"{spec.code} {action.value}"


def edits(dialled: str, snapshot: Snapshot | None = None) -> dict[str, Any]:
    """The fields that the only edit of this code sets."""
    (step,) = dial(dialled, snapshot).steps
    assert isinstance(step, Feature)
    (edit,) = step.edits
    return {"kind": edit.kind, "id": edit.id, "delete": edit.delete, **edit.fields}


def test_forwarding_is_set_for_all_calls_and_leaves_special_ones_alone() -> None:
    special = Forwarding(
        on=ForwardOn.ALWAYS,
        to=Target(kind=TargetKind.EXTENSION, ref="23"),
        calls=Calls(numbers=("+4930.",)),
    )
    old = Forwarding(on=ForwardOn.NO_ANSWER, to=Target(kind=TargetKind.EXTENSION, ref="23"), seconds=33)
    own = Extension(id=ExtensionId("21"), number="21", forwardings=(special, old))
    always = edits("*21*022 1471 00#".replace(" ", ""), office(own))
    assert always["id"] == "21"
    assert list(always["forwardings"]) == [
        *encode((special, old)),
        encode(Forwarding(on=ForwardOn.ALWAYS, to=Target(kind=TargetKind.EXTERNAL, ref="+4922147100"))),
    ]
    no_answer = edits("*6122", office(own))
    assert list(no_answer["forwardings"]) == [
        encode(special),
        encode(
            Forwarding(on=ForwardOn.NO_ANSWER, to=Target(kind=TargetKind.EXTENSION, ref="22"), seconds=33)
        ),
    ]
    assert list(edits("#61", office(own))["forwardings"]) == [encode(special)]
    assert list(edits("#20", office(own))["forwardings"]) == [encode(special)]


@pytest.mark.parametrize("dialled", ["*21*99#", "*21#", "*21*112#"])
def test_nobody_forwards_to_what_is_no_number(dialled: str) -> None:
    assert not any(isinstance(step, Feature) for step in dial(dialled).steps)


def test_do_not_disturb_and_withholding() -> None:
    assert edits("*26")["status"] == "dnd"
    assert edits("#26")["status"] == "online"
    assert edits("*32")["withhold"] is True
    assert edits("#32")["withhold"] is False


def test_profiles_are_chosen_by_their_place() -> None:
    assert edits("*271")["profile"] == "home"
    assert edits("*27")["profile"] == ""
    assert not isinstance(dial("*272").steps[0], Feature)


def test_a_switch_is_turned_by_code_and_by_its_own_number() -> None:
    assert edits("*2860") == {"kind": "switch", "id": "night", "delete": False, "on": True}
    told = dial("*#2860").steps[0]
    assert isinstance(told, Feature)
    assert (told.edits, told.confirm) == ((), ("switch_is_off",))
    assert edits("60", office(Switch(id=SwitchId("night"), number="60", on=True)))["on"] is False


@pytest.mark.parametrize(("keyed", "time"), [("*550730", "07:30"), ("*55*2359#", "23:59")])
def test_a_wake_up_call_is_set(keyed: str, time: str) -> None:
    assert edits(keyed)["time"] == time


@pytest.mark.parametrize("keyed", ["*552460", "*5573", "*55", "*552400"])
def test_no_wake_up_call_at_a_time_that_is_none(keyed: str) -> None:
    assert not isinstance(dial(keyed).steps[0], Feature)


def test_a_wake_up_call_is_forgotten() -> None:
    wake_up = WakeUp(id="21", extension=ExtensionId("21"), time="07:30")
    assert edits("#55", office(wake_up))["delete"] is True
    (step,) = dial("#55").steps
    assert isinstance(step, Feature)
    assert step.edits == ()


def test_logging_in_at_a_phone_needs_the_pin_and_logging_out_brings_it_home() -> None:
    assert edits("*11*22*1234#") == {
        "kind": "device", "id": "21", "delete": False, "extension": "22", "home": "21",
    }  # fmt: skip
    assert not isinstance(dial("*11*22*9999#").steps[0], Feature)
    assert not isinstance(dial("*11*23*#").steps[0], Feature)  # 23 has no PIN
    at_work = office(
        Device(
            id=DeviceId("21"),
            extension=ExtensionId("22"),
            home=ExtensionId("21"),
            username="21",
            secret="x" * 9,
        )
    )
    request = CallRequest(
        origin=FromDevice(device=DeviceId("21"), extension=ExtensionId("22")), caller=Caller(), dialled="#11"
    )
    (step,) = plan(request, at_work, NOW).steps
    assert isinstance(step, Feature)
    assert step.edits[0].fields == {"extension": "21", "home": None}


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


def test_a_speed_dial_is_the_number_behind_it() -> None:
    snapshot = office(SpeedDial(id="a", number="*001", dial="22", name="Ben"))
    made = dial("*001", snapshot)
    assert made.called == "22"
    assert isinstance(made.steps[0], Ring)


def test_a_speed_dial_to_an_emergency_number_is_an_emergency_call() -> None:
    assert dial("*001", office(SpeedDial(id="a", number="*001", dial="112"))).emergency


def test_a_speed_dial_that_is_an_extension_is_refused() -> None:
    told = [str(one) for one in check(office(SpeedDial(id="a", number="22", dial="+4930123456")))]
    assert any("speed_dial a" in one and "'22' already belongs to" in one for one in told)


@pytest.mark.parametrize(("may", "rings"), [(True, True), (False, False)])
def test_precedence_breaks_through_do_not_disturb_for_those_who_may(may: bool, rings: bool) -> None:
    quiet = Extension(id=ExtensionId("22"), number="22", status=Status.DND)
    boss = Extension(id=ExtensionId("21"), number="21", precedence=may)
    made = dial("*77*22", office(quiet, boss))
    assert isinstance(made.steps[0], Ring) is rings
    assert not isinstance(dial("22", office(quiet, boss)).steps[0], Ring)
