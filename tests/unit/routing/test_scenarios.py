"""Scenarios of public numbers, switches and rotations."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import (
    Document,
    Holidays,
    Number,
    Period,
    Rotation,
    Scenario,
    Site,
    Substitute,
    Switch,
    Target,
    TargetKind,
    When,
)
from appliance.model.ids import E164, NumberId, RotationId, SwitchId
from appliance.model.plan import Outcome, Plan, Play
from appliance.model.schedules import WEEKDAYS
from appliance.routing.imagine import supposing
from appliance.routing.plan import plan
from tests.unit.routing.office import codes, from_outside, hears, office, ring, rings, target

HOURS = When(weekdays=WEEKDAYS[:5], start="08:00", end="18:00", holidays=Holidays.NEVER)
DAY = Scenario(name="Tag", when=(HOURS,), steps=(rings("e21"),), greeting="welcome")
NIGHT = Scenario(name="Nacht", when=(When(start="18:00", end="08:00"),), steps=(rings("+4915112345678"),))
FEAST = Scenario(name="Feiertag", when=(When(holidays=Holidays.ONLY),), greeting="goodbye")
SITE = Site(area_code="221", region="NW")


def line(*scenarios: Scenario, **fields: object) -> Number:
    return replace(
        Number(id=NumberId("line"), number=E164("+49221471050"), steps=(rings("e22"),), scenarios=scenarios),
        **fields,  # type: ignore[arg-type]  # the tests name real fields
    )


def called(number: Number, moment: str, *more: Document) -> Plan:
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    return plan(from_outside("+49221471050"), office(number, *more, site=SITE), now)


def rung(made: Plan) -> list[str]:
    for position, step in enumerate(made.steps):
        if not isinstance(step, Play):
            return [target.number for target in ring(made, position).targets]
    return []


@pytest.mark.parametrize(
    ("moment", "scenario", "who"),
    [
        ("2026-03-09T12:00", "Tag", "21"),
        ("2026-03-09T19:00", "Nacht", "+4915112345678"),
        ("2026-03-10T07:59", "Nacht", "+4915112345678"),
        ("2026-03-07T12:00", "", "22"),
    ],
)
def test_the_first_scenario_whose_time_it_is_counts(moment: str, scenario: str, who: str) -> None:
    made = called(line(FEAST, DAY, NIGHT), moment)
    assert (made.scenario, rung(made)) == (scenario, [who])


def test_a_greeting_is_played_before_it_rings_and_costs_nothing() -> None:
    made = called(line(DAY), "2026-03-09T12:00")
    first = made.steps[0]
    assert isinstance(first, Play)
    assert (first.prompt, first.answer, first.next) == ("welcome", False, {Outcome.DONE: 1})


def test_a_scenario_may_be_nothing_but_an_announcement() -> None:
    made = called(line(FEAST, DAY), "2026-12-25T12:00")
    assert made.scenario == "Feiertag"
    assert hears(made) == ("goodbye", Cause.UNREACHABLE)


def test_a_scenario_without_anything_says_that_nobody_can_be_reached() -> None:
    made = called(line(Scenario(name="leer", when=(When(),))), "2026-03-09T12:00")
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)
    assert "scenario.no_steps" in codes(made)


def test_why_scenarios_do_not_hold_is_said() -> None:
    by_hand = Scenario(name="Betriebsausflug", steps=(rings("s50"),))
    off = Scenario(name="aus", when=(When(),), enabled=False)
    made = called(line(by_hand, off, FEAST, DAY, NIGHT), "2026-03-07T12:00")
    assert [
        (one.values["name"], one.values["why"]) for one in made.reasons if one.code == "scenario.missed"
    ] == [
        ("Betriebsausflug", "by_hand"),
        ("aus", "disabled"),
        ("Feiertag", "holiday"),
        ("Tag", "weekday"),
        ("Nacht", "time"),
    ]


@pytest.mark.parametrize(
    ("override", "scenario", "who"), [("Nacht", "Nacht", "+4915112345678"), ("otherwise", "", "22")]
)
def test_what_is_switched_by_hand_goes_before_the_time(override: str, scenario: str, who: str) -> None:
    made = called(line(DAY, NIGHT, override=override), "2026-03-09T12:00")
    assert (made.scenario, rung(made)) == (scenario, [who])


def test_a_scenario_that_is_gone_cannot_be_switched_by_hand() -> None:
    made = called(line(DAY, override="Nacht"), "2026-03-09T12:00")
    assert made.scenario == "Tag"
    assert "scenario.unknown" in codes(made)


def test_a_switch_turns_the_night_service_on() -> None:
    night = Switch(id=SwitchId("night"), on=False)
    service = replace(NIGHT, when=(When(switch=night.id),))
    assert called(line(service, DAY), "2026-03-09T12:00", night).scenario == "Tag"
    assert called(line(service, DAY), "2026-03-09T12:00", replace(night, on=True)).scenario == "Nacht"


def test_an_imagined_switch_is_enough_to_try_it_out() -> None:
    night = Switch(id=SwitchId("night"))
    snapshot = office(line(replace(NIGHT, when=(When(switch=night.id),))), night)
    now = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
    assert plan(from_outside("+49221471050"), snapshot, now).scenario == ""
    there = supposing(snapshot, switches={"night": True})
    assert plan(from_outside("+49221471050"), there, now).scenario == "Nacht"


def test_who_is_to_be_told_of_missed_calls_goes_with_the_scenario() -> None:
    scenario = replace(DAY, emails=("office@example.net",))
    assert called(line(scenario), "2026-03-09T12:00").notify == ("office@example.net",)
    assert called(line(scenario), "2026-03-09T19:00").notify == ()


# Rotations

PEOPLE = (target("e21"), target("e22"), target("+4915112345678"))
DUTY = Rotation(id=RotationId("duty"), name="Pikett", members=PEOPLE, first="2026-03-02", hand_over="08:00")
ON_CALL = line(steps=(rings("rduty"),))


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        ("2026-03-02T08:00", "21"),
        ("2026-03-09T07:59", "21"),
        ("2026-03-09T08:00", "22"),
        ("2026-03-22T12:00", "+4915112345678"),
        ("2026-03-23T08:00", "21"),
        ("2026-03-02T07:59", "+4915112345678"),
        ("2026-03-30T08:00", "22"),
    ],
)
def test_duty_goes_round_by_the_week(moment: str, who: str) -> None:
    assert rung(called(ON_CALL, moment, DUTY)) == [who]


@pytest.mark.parametrize(
    ("moment", "who"), [("2026-03-02T12:00", "21"), ("2026-03-03T07:00", "21"), ("2026-03-03T08:00", "22")]
)
def test_duty_goes_round_by_the_day(moment: str, who: str) -> None:
    assert rung(called(ON_CALL, moment, replace(DUTY, period=Period.DAY))) == [who]


def test_a_substitute_stands_in() -> None:
    stand_in = Substitute(first="2026-03-04", last="2026-03-05", target=PEOPLE[1])
    duty = replace(DUTY, substitutes=(stand_in,))
    assert rung(called(ON_CALL, "2026-03-04T07:59", duty)) == ["21"]
    assert rung(called(ON_CALL, "2026-03-04T08:00", duty)) == ["22"]
    assert rung(called(ON_CALL, "2026-03-06T07:59", duty)) == ["22"]
    assert rung(called(ON_CALL, "2026-03-06T08:00", duty)) == ["21"]


def test_duty_changes_once_a_day_whatever_the_clocks_do() -> None:
    """Hour by hour over both changes of the clocks: the hand-over comes once, also at 02:30."""
    duty = replace(DUTY, period=Period.DAY, hand_over="02:30")
    snapshot = office(ON_CALL, duty, site=SITE)
    for begin in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        seen: list[str] = []
        for quarter in range(4 * 24 * 4):
            made = plan(from_outside("+49221471050"), snapshot, begin + timedelta(minutes=15 * quarter))
            if not seen or seen[-1] != rung(made)[0]:
                seen.append(rung(made)[0])
        order = ["21", "22", "+4915112345678"]
        start = order.index(seen[0])
        assert seen == [order[(start + i) % 3] for i in range(len(seen))]
        assert len(seen) == 5


def test_nobody_on_duty_is_announced() -> None:
    made = called(ON_CALL, "2026-03-09T12:00")
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)
    assert "target.no_rotation" in codes(made)
    nested = replace(DUTY, members=(Target(kind=TargetKind.ROTATION, ref="duty"),))
    assert hears(called(ON_CALL, "2026-03-09T12:00", nested)) == ("unreachable", Cause.UNREACHABLE)
