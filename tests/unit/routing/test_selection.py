"""What an extension does with its calls: forwarding, status, rules for callers, ringing, profiles."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import (
    Callers,
    CallRule,
    Calls,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Profile,
    Ringing,
    RuleAction,
    Shown,
    Status,
    When,
)
from appliance.model.ids import E164
from appliance.model.plan import (
    CallRequest,
    Diversion,
    DivertedOn,
    ExtensionTarget,
    ExternalTarget,
    Outcome,
    Plan,
    Run,
)
from appliance.model.schedules import WEEKDAYS
from appliance.routing.imagine import supposing
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    codes,
    device,
    extension,
    from_inside,
    from_outside,
    hears,
    number,
    office,
    ring,
    rings,
    target,
    trunk,
    well_formed,
)

MOBILE = "+4915112345678"
ANNA, BERND, CARLA = "+49221471021", "+49221471022", "+49221471024"
FROM_21 = from_inside("22")
FROM_OUTSIDE = from_outside(BERND)
DIRECT = number(BERND, rings("e22"), name="Bernd direkt")


def forward(on: ForwardOn, to: str, **fields: object) -> Forwarding:
    return replace(Forwarding(on=on, to=target(to)), **fields)  # type: ignore[arg-type]


def rule(action: RuleAction, **fields: object) -> CallRule:
    return CallRule(action=action, calls=replace(Calls(), **fields))  # type: ignore[arg-type]


def person(digits: str, *forwardings: Forwarding, **fields: object) -> Extension:
    names = {"21": "Anna", "22": "Bernd", "24": "Carla"}
    made = extension(digits, names.get(digits, ""), f"+492214710{digits}")
    return replace(made, forwardings=forwardings, **fields)  # type: ignore[arg-type]


def call(request: CallRequest, *documents: Document, at: datetime = NOON) -> Plan:
    made = plan(request, office(DIRECT, person("24"), device("24"), *documents), at)
    well_formed(made)
    return made


def numbers(made: Plan, position: int = 0) -> list[str]:
    return [one.number for one in ring(made, position).targets]


def after(made: Plan, outcome: Outcome, position: int = 0) -> list[str]:
    return numbers(made, ring(made, position).next[outcome])


def by(digits: str, on: DivertedOn) -> Diversion:
    one = person(digits)
    return Diversion(number=one.caller_number or "", name=one.name, on=on)


# Forwarding


@pytest.mark.parametrize("request_", [FROM_21, FROM_OUTSIDE], ids=["inside", "outside"])
def test_forwarding_of_all_calls_rings_the_other_instead(request_: CallRequest) -> None:
    made = call(request_, person("22", forward(ForwardOn.ALWAYS, "e24")))
    assert numbers(made) == ["24"]
    assert ring(made).targets[0].diverted == (by("22", DivertedOn.ALWAYS),)


def test_when_busy_when_silent_and_when_away_from_the_net_others_ring() -> None:
    made = call(
        FROM_21,
        person(
            "22",
            forward(ForwardOn.BUSY, "e24"),
            forward(ForwardOn.NO_ANSWER, MOBILE, seconds=15),
            forward(ForwardOn.UNREACHABLE, "e23"),
            forward(ForwardOn.UNREACHABLE, MOBILE),
        ),
    )
    assert numbers(made) == ["22"]
    assert ring(made).timeout_ms == 15_000
    assert after(made, Outcome.BUSY) == ["24"]
    assert after(made, Outcome.REJECTED) == ["24"]
    assert after(made, Outcome.NO_ANSWER) == [MOBILE]
    assert hears(made, after=Outcome.UNREACHABLE) == ("unreachable", Cause.UNREACHABLE)
    busy = ring(made, ring(made).next[Outcome.BUSY])
    assert busy.targets[0].diverted == (by("22", DivertedOn.BUSY),)
    assert hears(made, after=Outcome.NO_ANSWER, position=ring(made).next[Outcome.BUSY])[0] == "no_answer"


def test_who_has_no_phone_is_forwarded_as_not_reachable() -> None:
    made = call(from_inside("23"), person("23", forward(ForwardOn.UNREACHABLE, MOBILE)))
    assert numbers(made) == [MOBILE]


def test_in_a_distribution_forwarding_comes_before_the_next_step() -> None:
    line = number("+49221471050", rings("e22", seconds=20), rings("e21", seconds=30))
    made = call(
        from_outside("+49221471050"), line, person("22", forward(ForwardOn.NO_ANSWER, "e24", seconds=10))
    )
    assert (numbers(made), ring(made).timeout_ms) == (["22"], 10_000)
    forwarded = ring(made).next[Outcome.NO_ANSWER]
    assert (numbers(made, forwarded), ring(made, forwarded).timeout_ms) == (["24"], 20_000)
    assert after(made, Outcome.NO_ANSWER, forwarded) == ["21"]
    assert after(made, Outcome.BUSY) == ["21"]


def test_where_others_ring_too_only_forwarding_of_all_calls_counts() -> None:
    line = number("+49221471050", rings("e21", "e22"), rings("e23", MOBILE))
    always = call(from_outside("+49221471050"), line, person("22", forward(ForwardOn.ALWAYS, "e24")))
    assert numbers(always) == ["21", "24"]
    busy = call(from_outside("+49221471050"), line, person("22", forward(ForwardOn.BUSY, "e24")))
    assert numbers(busy) == ["21", "22"]
    assert after(busy, Outcome.BUSY) == [MOBILE]


@pytest.mark.parametrize(
    ("callers", "inside", "outside"), [("internal", "24", "22"), ("external", "22", "24")]
)
def test_calls_from_inside_and_outside_go_different_ways(callers: str, inside: str, outside: str) -> None:
    bernd = person("22", forward(ForwardOn.ALWAYS, "e24", calls=Calls(callers=Callers(callers))))
    assert numbers(call(FROM_21, bernd)) == [inside]
    assert numbers(call(FROM_OUTSIDE, bernd)) == [outside]


def test_forwarding_by_time_by_status_and_by_caller() -> None:
    hours = Calls(when=(When(weekdays=WEEKDAYS[5:]),))
    away = Calls(status=(Status.AWAY,))
    berlin = Calls(numbers=("+4930.",))
    bernd = person(
        "22",
        forward(ForwardOn.ALWAYS, "e24", calls=hours),
        forward(ForwardOn.ALWAYS, "e21", calls=away),
        forward(ForwardOn.ALWAYS, MOBILE, calls=berlin),
    )
    saturday, monday = NOON, datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
    assert numbers(call(FROM_OUTSIDE, bernd, at=saturday)) == ["24"]
    assert numbers(call(FROM_OUTSIDE, bernd, at=monday)) == [MOBILE]
    assert numbers(call(FROM_OUTSIDE, replace(bernd, status=Status.AWAY), at=monday)) == ["21"]
    assert numbers(call(from_outside(BERND, caller="+4989123456"), bernd, at=monday)) == ["22"]
    (on,) = {one.on for one in ring(call(FROM_OUTSIDE, bernd, at=saturday)).targets[0].diverted}
    assert on is DivertedOn.TIME


def test_a_disabled_forwarding_does_not_count() -> None:
    assert numbers(call(FROM_21, person("22", forward(ForwardOn.ALWAYS, "e24", enabled=False)))) == ["22"]


def test_forwarding_to_a_service() -> None:
    made = call(FROM_21, person("22", forward(ForwardOn.ALWAYS, "s50")))
    assert isinstance(made.steps[0], Run)


def test_forwarding_does_not_lead_back_to_who_calls() -> None:
    """The secretary reaches the boss, the own mobile the own desk."""
    boss = person("22", forward(ForwardOn.ALWAYS, "e21"))
    assert numbers(call(FROM_21, boss)) == ["22"]
    assert numbers(call(FROM_OUTSIDE, boss)) == ["21"]
    mobile = person("22", forward(ForwardOn.ALWAYS, MOBILE))
    assert numbers(call(from_outside(BERND, caller=MOBILE), mobile)) == ["22"]


def test_forwardings_in_a_circle_are_broken_and_announced() -> None:
    made = call(
        FROM_OUTSIDE,
        person("22", forward(ForwardOn.ALWAYS, "e24")),
        person("24", forward(ForwardOn.ALWAYS, "e22")),
    )
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)
    assert "forward.loop" in codes(made)


def test_two_who_stand_in_for_each_other_ring_once_each() -> None:
    made = call(
        FROM_OUTSIDE,
        person("22", forward(ForwardOn.NO_ANSWER, "e24")),
        person("24", forward(ForwardOn.NO_ANSWER, "e22")),
    )
    assert numbers(made) == ["22"]
    second = ring(made).next[Outcome.NO_ANSWER]
    assert numbers(made, second) == ["24"]
    assert hears(made, after=Outcome.NO_ANSWER, position=second) == ("no_answer", Cause.NO_ANSWER)
    assert "forward.loop" in codes(made)


def test_a_long_row_of_forwardings_ends() -> None:
    row = [
        replace(extension(f"{30 + i}"), forwardings=(forward(ForwardOn.ALWAYS, f"e{31 + i}"),))
        for i in range(10)
    ]
    made = call(from_inside("30"), *row, device("40"), extension("40"))
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)
    assert "forward.too_many" in codes(made)


@pytest.mark.parametrize("dead", ["egone", "sgone", "rgone"])
def test_forwarding_to_what_was_deleted_is_announced(dead: str) -> None:
    made = call(FROM_21, person("22", forward(ForwardOn.ALWAYS, dead)))
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)


def test_forwarding_to_a_number_of_ours_stays_inside_and_may_come_back_only_once() -> None:
    line = number("+49221471050", rings("e22"), rings("e24"))
    bernd = person("22", forward(ForwardOn.ALWAYS, "+49221471050"))
    made = call(FROM_OUTSIDE, line, bernd)
    assert numbers(made) == ["24"]
    assert "forward.loop" in codes(made)


# What others see of it


def external(made: Plan, position: int = 0) -> ExternalTarget:
    (found,) = ring(made, position).targets
    assert isinstance(found, ExternalTarget)
    return found


def test_the_target_outside_sees_the_extension_that_diverts() -> None:
    made = call(FROM_OUTSIDE, person("22", forward(ForwardOn.ALWAYS, MOBILE)))
    assert external(made).routes[0].present.number == BERND
    assert external(made).diverted == (by("22", DivertedOn.ALWAYS),)
    other = person("22", forward(ForwardOn.ALWAYS, MOBILE), diverting_number=E164("+4922147100"))
    assert external(call(FROM_OUTSIDE, other)).routes[0].present.number == "+4922147100"


def test_the_target_outside_sees_the_caller_where_the_trunk_lets_us() -> None:
    bernd = person("22", forward(ForwardOn.ALWAYS, MOBILE), diverting_shows=Shown.CALLER)
    lets = trunk("first", default_number=E164("+4922147100"), priority=1, no_screening=True)
    made = external(call(FROM_OUTSIDE, bernd, lets))
    assert [route.present.number for route in made.routes] == ["+4930901820", "493012345670"]
    screened = external(call(FROM_OUTSIDE, bernd))
    assert screened.routes[0].present.number == BERND


def test_a_withheld_caller_stays_withheld_where_the_caller_is_shown() -> None:
    bernd = person("22", forward(ForwardOn.ALWAYS, MOBILE), diverting_shows=Shown.CALLER)
    lets = trunk("first", default_number=E164("+4922147100"), priority=1, no_screening=True)
    present = external(call(from_outside(BERND, withheld=True), bernd, lets)).routes[0].present
    assert (present.number, present.withheld) == (BERND, True)


def test_the_one_who_is_rung_instead_sees_the_caller_and_who_diverted() -> None:
    made = call(FROM_21, person("22", forward(ForwardOn.ALWAYS, "e24")))
    (found,) = ring(made).targets
    assert isinstance(found, ExtensionTarget)
    assert found.present.number == "21"
    assert [one.number for one in found.diverted] == [BERND]


# Status


def test_do_not_disturb_is_busy_and_goes_where_busy_calls_go() -> None:
    assert hears(call(FROM_21, person("22", status=Status.DND))) == ("", Cause.BUSY)
    made = call(FROM_21, person("22", forward(ForwardOn.BUSY, "e24"), status=Status.DND))
    assert numbers(made) == ["24"]
    assert ring(made).targets[0].diverted == (by("22", DivertedOn.DND),)


def test_who_says_he_is_unreachable_is() -> None:
    bernd = person("22", status=Status.UNREACHABLE)
    assert hears(call(FROM_21, bernd)) == ("unreachable", Cause.UNREACHABLE)
    backed = replace(bernd, forwardings=(forward(ForwardOn.UNREACHABLE, MOBILE),))
    assert numbers(call(FROM_21, backed)) == [MOBILE]


def test_who_is_away_still_rings() -> None:
    assert numbers(call(FROM_21, person("22", status=Status.AWAY))) == ["22"]


def test_a_quiet_member_of_a_group_does_not_ring_with_the_others() -> None:
    line = number("+49221471050", rings("e21", "e22"))
    made = call(from_outside("+49221471050"), line, person("22", status=Status.DND))
    assert numbers(made) == ["21"]


def test_a_distribution_of_one_who_is_not_to_be_disturbed_is_busy() -> None:
    assert hears(call(FROM_OUTSIDE, person("22", status=Status.DND))) == ("", Cause.BUSY)


def test_precedence_breaks_through() -> None:
    bernd = person("22", forward(ForwardOn.ALWAYS, "e24"), status=Status.DND)
    assert numbers(call(replace(FROM_21, precedence=True), bernd)) == ["22"]


def test_an_imagined_status_is_enough_to_try_it_out() -> None:
    there = supposing(office(), status={"22": Status.DND})
    assert hears(plan(FROM_21, there, NOON)) == ("", Cause.BUSY)
    assert numbers(plan(FROM_21, office(), NOON)) == ["22"]


# Rules for callers

SHOP = Calls(when=(When(start="08:00", end="12:00"),))


def test_a_blocked_caller_hears_busy() -> None:
    bernd = person("22", rules=(rule(RuleAction.BUSY, numbers=("+4930901820",)),))
    assert hears(call(FROM_OUTSIDE, bernd)) == ("", Cause.BUSY)
    assert numbers(call(from_outside(BERND, caller="+4930901821"), bernd)) == ["22"]


def test_a_rejected_caller_hears_an_announcement() -> None:
    bernd = person("22", rules=(rule(RuleAction.REJECT, withheld=True),))
    assert hears(call(from_outside(BERND, withheld=True), bernd)) == ("unreachable", Cause.REJECTED)
    assert hears(call(from_outside(BERND, caller=""), bernd)) == ("unreachable", Cause.REJECTED)
    assert numbers(call(FROM_OUTSIDE, bernd)) == ["22"]
    assert numbers(call(from_inside("22", withheld=True), bernd)) == ["22"]


def test_only_accepted_callers_come_through() -> None:
    family = rule(RuleAction.ACCEPT, numbers=("+4930.", "2X"))
    bernd = person("22", rules=(family,), accept_only=True)
    assert numbers(call(FROM_OUTSIDE, bernd)) == ["22"]
    assert numbers(call(FROM_21, bernd)) == ["22"]
    assert hears(call(from_outside(BERND, caller="+4989123456"), bernd)) == ("unreachable", Cause.REJECTED)


def test_the_first_rule_that_is_for_a_call_decides() -> None:
    rules = (rule(RuleAction.ACCEPT, numbers=("+4930901820",)), rule(RuleAction.BUSY, numbers=("+4930.",)))
    bernd = person("22", rules=rules)
    assert numbers(call(FROM_OUTSIDE, bernd)) == ["22"]
    assert hears(call(from_outside(BERND, caller="+4930901821"), bernd)) == ("", Cause.BUSY)


def test_rules_keep_to_their_times() -> None:
    bernd = person("22", rules=(CallRule(action=RuleAction.BUSY, calls=SHOP),))
    morning, noon = datetime(2026, 3, 9, 8, 0, tzinfo=UTC), datetime(2026, 3, 9, 11, 0, tzinfo=UTC)
    assert hears(call(FROM_OUTSIDE, bernd, at=morning)) == ("", Cause.BUSY)
    assert numbers(call(FROM_OUTSIDE, bernd, at=noon)) == ["22"]


def test_a_vip_comes_through() -> None:
    vip = rule(RuleAction.VIP, numbers=("+4930901820",))
    bernd = person("22", forward(ForwardOn.ALWAYS, "e24"), rules=(vip,), status=Status.DND)
    assert numbers(call(FROM_OUTSIDE, bernd)) == ["22"]
    assert numbers(call(FROM_21, bernd)) == ["24"]


def test_a_blocked_caller_does_not_ring_the_member_of_a_group() -> None:
    line = number("+49221471050", rings("e21", "e22"))
    bernd = person("22", rules=(rule(RuleAction.BUSY),))
    assert numbers(call(from_outside("+49221471050"), line, bernd)) == ["21"]


# Personal ringing


def test_ringing_in_a_row_and_at_once_with_numbers_outside() -> None:
    steps = (rings("e22", MOBILE, seconds=10), rings("e24", seconds=15))
    made = call(FROM_OUTSIDE, person("22", ringings=(Ringing(steps=steps),)))
    assert (numbers(made), ring(made).timeout_ms) == (["22", MOBILE], 10_000)
    second = ring(made).next[Outcome.NO_ANSWER]
    assert (numbers(made, second), ring(made, second).timeout_ms) == (["24"], 15_000)
    assert hears(made, after=Outcome.NO_ANSWER, position=second)[0] == "no_answer"


def test_forwarding_cuts_personal_ringing_short() -> None:
    steps = (rings("e22", seconds=10), rings("e24", seconds=15), rings(MOBILE))
    bernd = person("22", forward(ForwardOn.NO_ANSWER, "e21", seconds=18), ringings=(Ringing(steps=steps),))
    made = call(FROM_OUTSIDE, bernd)
    second = ring(made).next[Outcome.NO_ANSWER]
    assert (numbers(made, second), ring(made, second).timeout_ms) == (["24"], 8_000)
    assert after(made, Outcome.NO_ANSWER, second) == ["21"]


def test_ringing_is_chosen_by_caller() -> None:
    boss = Ringing(steps=(rings("e22", MOBILE),), calls=Calls(numbers=("21",)))
    bernd = person("22", ringings=(boss,))
    assert numbers(call(FROM_21, bernd)) == ["22", MOBILE]
    assert numbers(call(FROM_OUTSIDE, bernd)) == ["22"]


def test_in_a_group_the_first_step_of_personal_ringing_counts() -> None:
    line = number("+49221471050", rings("e21", "e22"))
    bernd = person("22", ringings=(Ringing(steps=(rings("e22", MOBILE), rings("e24"))),))
    assert numbers(call(from_outside("+49221471050"), line, bernd)) == ["21", "22", MOBILE]


# Profiles


def test_a_profile_changes_everything_at_once() -> None:
    home = Profile(name="Home Office", status=Status.AWAY, forwardings=(forward(ForwardOn.ALWAYS, MOBILE),))
    quiet = Profile(name="Ruhe", status=Status.DND, forwardings=())
    bernd = person("22", forward(ForwardOn.BUSY, "e24"), profiles=(home, quiet))
    assert numbers(call(FROM_21, bernd)) == ["22"]
    assert numbers(call(FROM_21, replace(bernd, profile="Home Office"))) == [MOBILE]
    assert hears(call(FROM_21, replace(bernd, profile="Ruhe"))) == ("", Cause.BUSY)
    gone = call(FROM_21, replace(bernd, profile="fort"))
    assert numbers(gone) == ["22"]
    assert "profile.unknown" in codes(gone)


def test_a_profile_may_withhold_the_number() -> None:
    anna = person("21", profiles=(Profile(name="privat", withhold=True),), profile="privat")
    made = call(from_inside("030901820"), anna)
    assert external(made).routes[0].present.withheld
