"""Conference rooms as targets, and callers who are asked before they are recorded."""

import pytest

from appliance.model.conferences import ConferenceRoom
from appliance.model.documents import (
    Application,
    Menu,
    MenuAction,
    MenuOption,
    RingStep,
    Target,
    TargetKind,
)
from appliance.model.ids import ConferenceId, ExtensionId, MenuId, NumberId, RecordingRuleId, TrunkId
from appliance.model.plan import CallKind, Outcome, Ring, Run
from appliance.model.recordings import Consent, Direction, RecordingRule
from appliance.model.snapshot import check
from tests.unit.routing.office import codes, inside, number, office, outside, rings, well_formed

ROOM = ConferenceRoom(id=ConferenceId("board"), number="800", name="Board", owner=ExtensionId("e21"))
MAIN = "+4922147100"


def into(*refs: Target) -> RingStep:
    return RingStep(targets=(Target(kind=TargetKind.CONFERENCE, ref="board"), *refs))


def test_a_colleague_dials_a_room() -> None:
    made = inside("800", office(ROOM))
    (step,) = made.steps
    assert isinstance(step, Run)
    assert (step.application, step.argument, made.kind) == (Application.CONFERENCE, "board", CallKind.SERVICE)
    assert "conference.answers" in codes(made)


@pytest.mark.parametrize("together", [False, True])
def test_a_public_number_leads_into_a_room(together: bool) -> None:
    step = into(Target(kind=TargetKind.EXTENSION, ref="e22")) if together else into()
    made = outside(MAIN, office(ROOM, number(MAIN, step)))
    assert isinstance(made.steps[0], Run)
    assert made.steps[0].argument == "board"
    assert ("distribution.room_alone" in codes(made)) is together


def test_a_key_of_a_menu_leads_into_a_room() -> None:
    into_room = Target(kind=TargetKind.CONFERENCE, ref="board")
    option = MenuOption(key="1", action=MenuAction.CONNECT, to=into_room)
    menu = Menu(id=MenuId("main"), number="80", prompts=("welcome",), options=(option,))
    made = inside("80", office(ROOM, menu))
    assert any(isinstance(step, Run) and step.argument == "board" for step in made.steps[1:])
    well_formed(made)


def test_a_room_that_is_gone_is_skipped_and_reported() -> None:
    snapshot = office(number(MAIN, into(), rings("e22")))
    made = outside(MAIN, snapshot)
    assert "target.no_room" in codes(made)
    assert isinstance(made.steps[0], Ring)
    assert any("conference_room 'board'" in problem.message for problem in check(snapshot))


def test_no_two_have_the_number_of_a_room() -> None:
    twin = ConferenceRoom(id=ConferenceId("twin"), number="21")
    assert any("already belongs" in problem.message for problem in check(office(ROOM, twin)))


def rule(**fields: object) -> RecordingRule:
    return RecordingRule(id=RecordingRuleId("sales"), name="Sales", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (rule(), True),
        (rule(directions=(Direction.INBOUND,), numbers=(NumberId(f"n{MAIN}"),)), True),
        (rule(directions=(Direction.OUTBOUND,)), False),
        (rule(numbers=(NumberId("n+49221471021"),)), False),
        (rule(extensions=(ExtensionId("e22"),)), True),
        (rule(extensions=(ExtensionId("e23"),)), False),
        (rule(trunks=(TrunkId("second"),)), False),
        (rule(consent=Consent.ANNOUNCE), False),
        (rule(enabled=False), False),
    ],
)
def test_a_caller_from_outside_is_asked_first(wanted: RecordingRule, asked: bool) -> None:
    plain = outside(MAIN)
    made = outside(MAIN, office(wanted))
    first = made.steps[0]
    assert (isinstance(first, Run) and first.application is Application.CONSENT) is asked
    assert ("recording.asks" in codes(made)) is asked
    assert len(made.steps) == len(plain.steps) + asked
    if isinstance(first, Run):
        assert (first.argument, first.next) == ("sales", {Outcome.DONE: 1})
        well_formed(made)


def test_colleagues_and_emergencies_are_never_asked() -> None:
    assert isinstance(inside("22", office(rule())).steps[0], Ring)
    made = inside("112", office(rule()))
    assert made.kind is CallKind.EMERGENCY
    assert isinstance(made.steps[0], Ring)
