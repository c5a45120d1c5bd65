"""Which box takes a call, with which greeting; who hears messages; codes; every reason in words."""

from dataclasses import replace

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import (
    EVERY_CALL,
    Application,
    Callers,
    CallRule,
    Calls,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Greeting,
    Language,
    RuleAction,
    Scenario,
    Status,
    Target,
    TargetKind,
    VoicemailBox,
)
from appliance.model.ids import ExtensionId, VoicemailBoxId
from appliance.model.plan import Feature, Outcome, Plan, Reject, Ring, Run
from appliance.model.snapshot import Snapshot, check
from appliance.routing.explain import explain
from tests.unit.routing import office as o
from tests.unit.routing.office import inside, office, outside, well_formed

ANNA = ExtensionId("e21")
BOX = VoicemailBox(id=VoicemailBoxId("sales"), name="Sales", number="80", owners=(ANNA,), pin="1234")
TO_BOX = Target(kind=TargetKind.VOICEMAIL, ref="sales")


def anna(**fields: object) -> Extension:
    return replace(o.extension("21", "Anna"), **fields)  # type: ignore[arg-type]  # the tests name real fields


def with_anna(*more: Document, **fields: object) -> Snapshot:
    return office(anna(**fields), *more)


def last(made: Plan) -> Run:
    """The box that answers in the end; nothing follows it."""
    well_formed(made)
    (run,) = [step for step in made.steps if isinstance(step, Run)]
    assert not run.next
    return run


def box_of(made: Plan) -> tuple[Application, str]:
    run = last(made)
    return run.application, run.argument


def test_an_extension_that_wants_a_box_has_one_and_calls_nobody_takes_go_there() -> None:
    snapshot = with_anna(voicemail=True)
    assert snapshot.voicemail_of[ANNA].owners == (ANNA,)
    made = inside("21", snapshot, of="22")
    ring = o.ring(made)
    assert {ring.next[one] for one in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNREACHABLE)} == {1}
    assert box_of(made) == (Application.VOICEMAIL, "e21")
    assert box_of(outside("+49221471021", snapshot)) == (Application.VOICEMAIL, "e21")
    assert office().voicemail_boxes == {}


@pytest.mark.parametrize("status", [Status.DND, Status.UNREACHABLE])
def test_a_quiet_extension_s_calls_go_to_its_box_at_once(status: Status) -> None:
    made = inside("21", with_anna(voicemail=True, status=status), of="22")
    assert isinstance(made.steps[0], Run)


def test_a_caller_whom_a_rule_rejects_leaves_no_message() -> None:
    snapshot = with_anna(voicemail=True, rules=(CallRule(action=RuleAction.BUSY),))
    assert inside("21", snapshot, of="22").steps == (Reject(cause=Cause.BUSY),)
    assert not any(isinstance(step, Run) for step in outside("+49221471021", snapshot).steps)


def test_a_group_is_asked_to_its_end_before_a_box_answers() -> None:
    snapshot = with_anna(voicemail=True)
    made = outside("+4922147100", snapshot)  # rings 21 and 22, then 22 and a mobile
    assert not any(isinstance(step, Run) for step in made.steps)


def test_a_scenario_s_box_takes_what_nobody_takes_and_its_greeting_is_of_the_scenario() -> None:
    number = o.number("+4922147100", o.rings("e21", "e22"))
    box = replace(BOX, greeting="welcome", greetings=(Greeting(greeting="audio/night", scenario="night"),))
    night = Scenario(name="night", voicemail="sales", steps=(o.rings("e22"),))
    made = outside("+4922147100", office(box, replace(number, scenarios=(night,), override="night")))
    assert isinstance(made.steps[0], Ring)
    assert last(made).prompt == "audio/night"
    day = replace(number, voicemail="sales")
    assert last(outside("+4922147100", office(box, day))).prompt == "welcome"
    alone = replace(number, scenarios=(replace(night, steps=()),), override="night")
    assert isinstance(outside("+4922147100", office(box, alone)).steps[0], Run)


def test_the_first_greeting_that_is_for_a_call_counts() -> None:
    greetings = (
        Greeting(greeting="audio/off", enabled=False),
        Greeting(greeting="audio/away", calls=Calls(status=(Status.AWAY,))),
        Greeting(greeting="audio/colleagues", calls=Calls(callers=Callers.INTERNAL)),
    )
    box = replace(BOX, greetings=greetings, greeting="recorded/2")
    assert last(inside("80", office(box), of="22")).prompt == "audio/colleagues"
    assert last(inside("80", with_anna(box, status=Status.AWAY), of="22")).prompt == "audio/away"
    number = replace(o.number("+4922147100", o.rings("e22")), voicemail="sales")
    assert last(outside("+4922147100", office(box, number))).prompt == "recorded/2"


@pytest.mark.parametrize("on", list(ForwardOn))
def test_an_extension_forwards_to_a_box(on: ForwardOn) -> None:
    forwarding = Forwarding(on=on, to=TO_BOX, calls=EVERY_CALL)
    made = inside("21", with_anna(BOX, forwardings=(forwarding,)), of="22")
    assert box_of(made) == (Application.VOICEMAIL, "sales")


def test_a_box_among_phones_waits_until_they_have_rung() -> None:
    step = replace(o.rings("e21", "e22"), targets=(*o.rings("e21", "e22").targets, TO_BOX))
    made = outside("+4922147100", office(BOX, o.number("+4922147100", step)))
    assert isinstance(made.steps[0], Ring)
    assert box_of(made) == (Application.VOICEMAIL, "sales")


def test_owners_hear_their_messages_and_others_leave_one() -> None:
    snapshot = with_anna(BOX)
    assert box_of(inside("80", snapshot)) == (Application.MAILBOX, "sales")
    assert box_of(inside("80", snapshot, of="22")) == (Application.VOICEMAIL, "sales")
    assert box_of(inside("*98", snapshot)) == (Application.MAILBOX, "sales")
    assert box_of(inside("*98", snapshot, of="22")) == (Application.MAILBOX, "")
    assert box_of(inside("*9880", snapshot, of="22")) == (Application.MAILBOX, "sales")
    assert box_of(inside("*9821", snapshot, of="22")) == (Application.MAILBOX, "sales")
    assert not any(isinstance(step, Run) for step in inside("*9822", snapshot).steps)
    own = with_anna(voicemail=True)
    assert box_of(inside("21", own)) == (Application.MAILBOX, "e21")


def test_codes_turn_the_box_on_and_forward_to_it() -> None:
    snapshot = with_anna(BOX)
    for dialled, fields in {"*97": {"voicemail": True}, "#97": {"voicemail": False}}.items():
        (step,) = inside(dialled, snapshot).steps
        assert isinstance(step, Feature)
        assert step.edits[0].fields == fields
    for dialled in ("*21", "*2180"):
        (step,) = inside(dialled, snapshot).steps
        assert isinstance(step, Feature)
        forwardings = step.edits[0].fields["forwardings"]
        assert isinstance(forwardings, tuple)
        assert [one["to"] for one in forwardings] == [{"kind": "voicemail_box", "ref": "sales"}]
    assert not any(isinstance(step, Feature) for step in inside("*21", office()).steps)


def test_what_names_no_box_is_refused() -> None:
    number = replace(o.number("+4922147100", o.rings("e21")), voicemail="nobody")
    scenario = replace(number, voicemail="", scenarios=(Scenario(name="s", voicemail="nobody"),))
    forwards = anna(forwardings=(Forwarding(on=ForwardOn.BUSY, to=replace(TO_BOX, ref="nobody")),))
    for document, field in (
        (number, "voicemail"),
        (scenario, "scenarios[0].voicemail"),
        (forwards, "forwardings[0].to.ref"),
        (replace(BOX, owners=(ExtensionId("nobody"),)), "owners[0]"),
    ):
        (problem,) = check(office(document))
        assert (problem.field, "nobody" in problem.message) == (field, True)
    (twice,) = check(office(replace(BOX, number="22")))
    assert twice.field == "number"


@pytest.mark.parametrize("language", list(Language))
def test_every_reason_and_step_is_in_words(language: Language) -> None:
    box = replace(BOX, greetings=(Greeting(greeting="audio/x"),))
    words = {Language.GERMAN: "Anrufbeantworter", Language.ENGLISH: "oicemail box"}
    for made in (
        inside("80", office(box), of="22"),
        inside("80", with_anna(box)),
        inside("*98", office(box), of="22"),
        outside("+4922147100", office(replace(o.number("+4922147100"), voicemail="gone"))),
    ):
        lines = "\n".join(explain(made, language).lines())
        assert words[language] in lines
        assert "voicemail." not in lines
        assert "target." not in lines


@pytest.mark.parametrize(
    "fields",
    [
        {"pin": "12"},
        {"number": "*1"},
        {"greeting": "recorded/0"},
        {"greeting": "recorded/10"},
        {"greeting": "../x"},
        {"min_seconds": -1},
        {"max_seconds": 4},
        {"silence_seconds": 1},
        {"emails": ("nobody",)},
        {"max_messages": 0},
        {"retention_days": -1},
    ],
)
def test_a_box_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=": "):
        replace(BOX, **fields)  # type: ignore[arg-type]
