"""Who may dial what, and what is made of what was dialled. Emergency calls know neither."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import (
    ClassOfService,
    Destination,
    DialRule,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Permission,
    Rewriting,
    Site,
    When,
)
from appliance.model.ids import ClassId
from appliance.model.plan import AskPin, CallKind, Outcome, Plan, Ring
from appliance.routing.destinations import destination_of
from appliance.routing.dialling import try_rewriting
from appliance.routing.numbers import Dialling
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    SITE,
    codes,
    extension,
    from_inside,
    hears,
    inside,
    office,
    outside,
    ring,
    target,
    well_formed,
)

KOELN = Dialling(country="DE", area_code="221")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+4922147100", Destination.LOCAL),
        ("+4930901820", Destination.NATIONAL),
        ("+498001234567", Destination.NATIONAL),
        ("+4915112345678", Destination.MOBILE),
        ("+41435435570", Destination.INTERNATIONAL),
        ("+12125551234", Destination.INTERNATIONAL),
        ("+499001234567", Destination.PREMIUM),
        ("+491371234567", Destination.PREMIUM),
        ("+881612345678", Destination.PREMIUM),
        ("+979123456789", Destination.PREMIUM),
        ("11833", Destination.PREMIUM),
        ("116117", Destination.SHORT),
        ("115", Destination.SHORT),
        ("+99999", Destination.INTERNATIONAL),
    ],
)
def test_kinds_of_numbers(number: str, kind: Destination) -> None:
    assert destination_of(number, KOELN) is kind


def test_two_countries_of_one_code_are_told_apart() -> None:
    america = Dialling(country="US", area_code="212")
    assert destination_of("+12125551234", america) is Destination.LOCAL
    assert destination_of("+14165551234", america) is Destination.INTERNATIONAL


CLASS = ClassOfService(
    id=ClassId("lobby"),
    name="Empfang",
    rules=(
        DialRule(permission=Permission.ALLOW, numbers=("+4930901820",)),
        DialRule(permission=Permission.BAR, numbers=("+4930.",)),
        DialRule(permission=Permission.PIN, destinations=(Destination.MOBILE,)),
        DialRule(permission=Permission.BAR, destinations=(Destination.INTERNATIONAL, Destination.PREMIUM)),
    ),
    pin="4711",
)


def anna(**fields: object) -> Extension:
    made = replace(extension("21", "Anna", "+49221471021"), class_of_service=CLASS.id)
    return replace(made, **fields)  # type: ignore[arg-type]


def dial(dialled: str, *documents: Document, site: Site = SITE, at: datetime = NOON) -> Plan:
    made = plan(from_inside(dialled), office(CLASS, anna(), *documents, site=site), at)
    well_formed(made)
    return made


@pytest.mark.parametrize("dialled", ["0041435435570", "11833", "030901821", "09001234567"])
def test_barred_numbers_are_refused_with_an_announcement(dialled: str) -> None:
    made = dial(dialled)
    assert made.kind is CallKind.REFUSED
    assert hears(made) == ("not_allowed", Cause.FORBIDDEN)


@pytest.mark.parametrize("dialled", ["030901820", "4531234", "22", "*1", "116117"])
def test_what_no_rule_bars_may_be_dialled(dialled: str) -> None:
    assert dial(dialled).kind is not CallKind.REFUSED


def test_a_pin_releases_what_is_barred() -> None:
    made = dial("015112345678")
    ask = made.steps[0]
    assert isinstance(ask, AskPin)
    assert (ask.pin, ask.attempts) == ("4711", 3)
    assert isinstance(made.steps[ask.next[Outcome.GRANTED]], Ring)
    denied = ask.next[Outcome.DENIED]
    refused = made.steps[denied]
    assert not isinstance(refused, AskPin)
    assert getattr(refused, "prompt", "") == "not_allowed"
    assert "4711" not in repr(made)


def test_without_a_pin_to_ask_for_it_is_barred() -> None:
    assert hears(dial("015112345678", replace(CLASS, pin="")))[0] == "not_allowed"


def test_time_opens_and_closes_the_lines() -> None:
    evening = DialRule(permission=Permission.BAR, when=(When(start="18:00", end="07:00"),))
    cls = replace(CLASS, rules=(evening,))
    assert dial("030901820", cls).kind is CallKind.OUTBOUND
    late = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
    assert dial("030901820", cls, at=late).kind is CallKind.REFUSED
    assert dial("112", cls, at=late).emergency


def test_everything_may_be_barred_but_the_emergency_services() -> None:
    nothing = replace(CLASS, rules=(), otherwise=Permission.BAR)
    for dialled in ("22", "*1", "030901820", "022147100"):
        assert dial(dialled, nothing).kind is CallKind.REFUSED
    for dialled in ("112", "0110", "*31#112"):
        assert dial(dialled, nothing).emergency


def test_the_class_of_the_site_holds_for_those_without_their_own() -> None:
    site = replace(SITE, class_of_service=CLASS.id)
    assert dial("11833", anna(class_of_service=None), site=site).kind is CallKind.REFUSED
    open_to_all = ClassOfService(id=ClassId("open"))
    site = replace(SITE, class_of_service=open_to_all.id)
    assert (
        inside("11833", office(open_to_all, anna(class_of_service=None), site=site)).kind is CallKind.OUTBOUND
    )


@pytest.mark.parametrize("dialled", ["0041435435570", "09001234567", "11833", "00881612345678"])
def test_abroad_and_premium_numbers_are_off_until_a_class_says_otherwise(dialled: str) -> None:
    made = inside(dialled, office(anna(class_of_service=None)))
    assert hears(made) == ("not_allowed", Cause.FORBIDDEN)
    assert "class.rule" in codes(made)
    assert inside("030901820", office(anna(class_of_service=None))).kind is CallKind.OUTBOUND


def test_a_class_that_was_deleted_does_not_open_the_expensive_numbers() -> None:
    made = inside("09001234567", office(anna()))
    assert made.kind is CallKind.REFUSED
    assert "class.unknown" in codes(made)
    assert inside("030901820", office(anna())).kind is CallKind.OUTBOUND


def test_nobody_forwards_where_he_may_not_dial() -> None:
    away = Forwarding(on=ForwardOn.ALWAYS, to=target("+41435435570"))
    bernd = replace(extension("22"), class_of_service=CLASS.id, forwardings=(away,))
    made = outside("+49221471021", office(CLASS, bernd, replace(anna(), forwardings=(away,))))
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)
    assert "forward.barred" in codes(made)


# Rewriting


def rewriting(*rules: Rewriting) -> Site:
    return replace(SITE, rewriting=rules)


TRUNK_CODE = Rewriting(name="alte Amtskennziffer", pattern="9.", strip=1)
SHORT = Rewriting(name="Kurzwahl", pattern="7X", strip=2, prepend="030901820")


@pytest.mark.parametrize(
    ("dialled", "digits", "rule"),
    [
        ("9030901820", "030901820", "alte Amtskennziffer"),
        ("71", "030901820", "Kurzwahl"),
        ("7", "7", ""),
        ("711", "711", ""),
        ("22", "22", ""),
    ],
)
def test_what_was_dialled_is_rewritten_by_the_first_rule(dialled: str, digits: str, rule: str) -> None:
    site = rewriting(SHORT, TRUNK_CODE)
    tried = try_rewriting(dialled, site)
    assert (tried.digits, tried.rule.name if tried.rule else "") == (digits, rule)


def test_a_rewritten_number_is_called() -> None:
    made = dial("9030901820", site=rewriting(TRUNK_CODE))
    assert made.called == "+4930901820"
    assert "dialled.rewritten" in codes(made)
    assert dial("71", site=rewriting(SHORT)).called == "+4930901820"
    disabled = replace(SHORT, enabled=False)
    assert dial("71", site=rewriting(disabled)).kind is CallKind.REFUSED


def test_rewriting_happens_once() -> None:
    again = Rewriting(pattern=".", prepend="9")
    assert try_rewriting("5", rewriting(again)).digits == "95"


@pytest.mark.parametrize(
    "rule", [TRUNK_CODE, Rewriting(pattern="1.", strip=1), Rewriting(pattern=".", prepend="0900")]
)
def test_no_rewriting_catches_an_emergency_call(rule: Rewriting) -> None:
    for dialled in ("112", "110", "0112"):
        made = dial(dialled, site=rewriting(rule))
        assert made.emergency
        assert made.called in dialled


def test_what_becomes_an_emergency_number_is_one() -> None:
    """9112 with the digit of an old line in front: better a call too many at the control room than none."""
    assert dial("9112", site=rewriting(TRUNK_CODE)).emergency


def test_a_release_does_not_change_who_rings() -> None:
    made = dial("015112345678")
    assert ring(made, 1).targets[0].number == "+4915112345678"
