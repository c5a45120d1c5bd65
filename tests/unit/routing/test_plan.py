"""Where calls go: one test per sentence that a user could say about it."""

from dataclasses import replace

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import ClassOfService, Device, Site
from appliance.model.ids import E164, ClassId, DeviceId, ExtensionId, TrunkId
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    ExtensionTarget,
    ExternalTarget,
    FromDevice,
    Outcome,
    Plan,
    Run,
)
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    SITE,
    codes,
    device,
    extension,
    from_inside,
    from_outside,
    hears,
    inside,
    number,
    office,
    outside,
    ring,
    rings,
    trunk,
    well_formed,
)


def external(made: Plan, position: int = 0) -> ExternalTarget:
    found = [target for target in ring(made, position).targets if isinstance(target, ExternalTarget)]
    assert len(found) == 1
    return found[0]


def numbers(made: Plan, position: int = 0) -> list[str]:
    return [target.number for target in ring(made, position).targets]


def shown(made: Plan) -> tuple[str, str, bool]:
    target = ring(made).targets[0]
    assert isinstance(target, ExtensionTarget)
    return target.present.number, target.present.name, target.present.withheld


# Internal numbers


def test_an_internal_number_rings_all_devices_of_the_extension() -> None:
    made = inside("22")
    assert (made.kind, made.called) == (CallKind.INTERNAL, "22")
    target = ring(made).targets[0]
    assert isinstance(target, ExtensionTarget)
    assert [one.username for one in target.devices] == ["d22", "d22m"]
    assert ring(made).timeout_ms == 120_000
    assert made.caller == Caller(number="21", name="Anna")
    assert shown(made) == ("21", "Anna", False)


def test_who_does_not_answer_inside_is_announced_and_busy_is_left_to_the_phone() -> None:
    made = inside("22")
    assert hears(made, after=Outcome.NO_ANSWER) == ("no_answer", Cause.NO_ANSWER)
    assert hears(made, after=Outcome.UNREACHABLE) == ("unreachable", Cause.UNREACHABLE)
    assert hears(made, after=Outcome.BUSY) == ("", None)
    assert hears(made, after=Outcome.REJECTED) == ("", None)


def test_an_extension_without_device_is_unreachable() -> None:
    made = inside("23")
    assert made.kind is CallKind.INTERNAL
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)


def test_calling_oneself_rings_the_other_devices() -> None:
    target = ring(inside("22", of="22")).targets[0]
    assert isinstance(target, ExtensionTarget)
    assert [one.device for one in target.devices] == ["d22m"]
    assert hears(inside("21")) == ("", Cause.BUSY)


def test_colleagues_see_who_calls_even_if_the_number_is_withheld_outside() -> None:
    assert shown(inside("22", withheld=True)) == ("21", "Anna", False)


@pytest.mark.parametrize("dialled", ["29", "9", "*77", "#1", "**", "4x", "999999999999999999999999999999"])
def test_unknown_numbers_are_announced(dialled: str) -> None:
    made = inside(dialled)
    assert made.kind is CallKind.REFUSED
    assert hears(made)[0] == "unknown_number"


@pytest.mark.parametrize("dialled", ["", " ", "anna", "+", "0221;x", "9" * 200, "٢٢", "²²"])
def test_what_cannot_be_dialled_is_invalid(dialled: str) -> None:
    made = inside(dialled)
    assert made.kind is CallKind.REFUSED
    assert hears(made)[1] in {Cause.INVALID_NUMBER, Cause.UNALLOCATED}


def test_a_service_answers() -> None:
    made = inside("*1")
    assert made.kind is CallKind.SERVICE
    assert isinstance(made.steps[0], Run)
    assert made.steps[0].prompt == "echo_intro"
    announcement = inside("50").steps[0]
    assert isinstance(announcement, Run)
    assert announcement.prompt == "welcome"


def test_a_deleted_extension_may_call_nobody_but_the_emergency_services() -> None:
    request = replace(
        from_inside("22"), origin=FromDevice(device=DeviceId("gone"), extension=ExtensionId("gone"))
    )
    assert hears(plan(request, office(), NOON)) == ("not_allowed", Cause.FORBIDDEN)
    assert plan(replace(request, dialled="112"), office(), NOON).emergency


def test_a_transfer_shows_the_transferee_and_counts_the_rights_of_the_transferor() -> None:
    transferee = Caller(number="+41435435570", name="Kunde")
    made = plan(replace(from_inside("22"), on_behalf_of=transferee), office(), NOON)
    assert shown(made) == ("0041435435570", "Kunde", False)
    assert made.caller == transferee
    out = plan(replace(from_inside("030901820"), on_behalf_of=transferee), office(), NOON)
    assert external(out).routes[0].present.number == "+49221471021"


# Emergency


@pytest.mark.parametrize("dialled", ["112", "110", " 1-1 2", "112#", "0112", "0110"])
def test_emergency_numbers_go_out_over_every_trunk_as_they_are(dialled: str) -> None:
    made = inside(dialled, withheld=True)
    assert made.emergency
    assert made.called == ("110" if "0" in dialled.lstrip("0") else "112")
    assert [(one.trunk, one.dial) for one in external(made).routes] == [
        ("first", made.called),
        ("second", made.called),
    ]
    assert not any(one.present.withheld for one in external(made).routes)
    assert external(made).routes[0].present.number == "+49221471021"
    assert hears(made, after=Outcome.UNREACHABLE) == ("emergency_unavailable", Cause.NO_ROUTE)


@pytest.mark.parametrize("dialled", ["112", "0112", "00112"])
def test_emergency_works_with_and_without_the_outside_prefix(dialled: str) -> None:
    assert inside(dialled, office(site=replace(SITE, outside_prefix="0"))).called == "112"


def test_the_outside_prefix_need_not_be_a_zero() -> None:
    assert inside("9112", office(site=replace(SITE, outside_prefix="9"))).emergency


@pytest.mark.parametrize("shadow", ["112", "110"])
def test_nothing_shadows_an_emergency_number(shadow: str) -> None:
    made = inside(shadow, office(extension(shadow, "Witzbold"), device(shadow)))
    assert made.emergency
    assert made.called == shadow


def test_an_extension_that_looks_like_a_habit_is_an_extension() -> None:
    made = inside("0112", office(extension("0112"), device("0112")))
    assert made.kind is CallKind.INTERNAL


def test_emergency_without_a_trunk_is_said() -> None:
    made = inside("112", office(without=("first", "second")))
    assert made.emergency
    assert hears(made) == ("emergency_unavailable", Cause.NO_ROUTE)


def test_the_public_network_cannot_reach_emergency_services_through_us() -> None:
    assert outside("112").kind is CallKind.REFUSED


# Out


@pytest.mark.parametrize(
    ("dialled", "called"),
    [
        ("030901820", "+4930901820"),
        ("+41 43 543 55 70", "+41435435570"),
        ("0041435435570", "+41435435570"),
        ("4531234", "+492214531234"),
        ("19222", "+4922119222"),
        ("0049 (0)30 901820", "+4930901820"),
        ("116117", "116117"),
        ("115", "115"),
        ("11833", "11833"),
    ],
)
def test_what_people_dial(dialled: str, called: str) -> None:
    open_to_all = ClassOfService(id=ClassId("open"))
    made = inside(dialled, office(open_to_all, site=replace(SITE, class_of_service=open_to_all.id)))
    assert made.kind is CallKind.OUTBOUND
    assert (made.called, external(made).number) == (called, called)


@pytest.mark.parametrize(
    ("dialled", "called"),
    [
        ("0030901820", "+4930901820"),
        ("04531234", "+492214531234"),
        ("00041435435570", "+41435435570"),
        ("+41435435570", "+41435435570"),
        ("0116117", "116117"),
        ("116117", "116117"),
    ],
)
def test_what_people_dial_behind_an_outside_prefix(dialled: str, called: str) -> None:
    assert inside(dialled, office(site=replace(SITE, outside_prefix="0"))).called == called


def test_without_the_outside_prefix_nothing_goes_out() -> None:
    made = inside("4531234", office(site=replace(SITE, outside_prefix="0")))
    assert hears(made) == ("unknown_number", Cause.UNALLOCATED)
    assert "dialled.unknown_prefix" in codes(made)


def test_a_local_number_needs_the_area_code() -> None:
    assert inside("4531234", office(site=replace(SITE, area_code=""))).kind is CallKind.REFUSED


def test_a_mistyped_extension_does_not_ring_a_stranger() -> None:
    three_digits = office(extension("321"))
    assert inside("322", three_digits).kind is CallKind.REFUSED
    assert inside("3222", three_digits).called == "+492213222"


def test_trunks_are_tried_by_priority_in_their_own_spelling() -> None:
    routes = external(inside("030901820")).routes
    assert [(one.trunk, one.dial, one.present.number) for one in routes] == [
        ("first", "+4930901820", "+49221471021"),
        ("second", "4930901820", "493012345670"),
    ]


def test_disabled_trunks_are_not_used() -> None:
    made = inside("030901820", office(trunk("first", enabled=False)))
    assert [one.trunk for one in external(made).routes] == ["second"]


def test_without_a_trunk_the_caller_is_told() -> None:
    made = inside("030901820", office(without=("first", "second")))
    assert made.kind is CallKind.OUTBOUND
    assert hears(made) == ("no_line", Cause.NO_ROUTE)


def test_the_number_can_be_withheld_outside() -> None:
    present = external(inside("030901820", withheld=True)).routes[0].present
    assert present.withheld
    assert present.number == "+49221471021"


@pytest.mark.parametrize(
    ("caller_number", "default", "site_default", "presented"),
    [
        ("+49221471021", "+4922147100", None, "+49221471021"),
        ("+49221471021", "+49221471000", None, "+49221471021"),
        ("+49301111111", "+4922147100", None, "+49301111111"),
        ("+493012345675", "+4922147100", None, "+4922147100"),
        (None, "+4922147100", "+49221471044", "+49221471044"),
        (None, "+4922147100", None, "+4922147100"),
        (None, None, "+49221471044", "+49221471044"),
        (None, None, None, ""),
    ],
)
def test_the_number_presented_belongs_to_the_trunk(
    caller_number: str | None, default: str | None, site_default: str | None, presented: str
) -> None:
    snapshot = office(
        extension("21", "Anna", caller_number),
        trunk("first", default_number=default, priority=1),
        site=Site(area_code="221", default_caller_number=E164(site_default) if site_default else None),
    )
    assert external(inside("030901820", snapshot)).routes[0].present.number == presented


# In


@pytest.mark.parametrize(
    "dialled",
    ["+4922147100", "004922147100", "4922147100", "022147100", "22147100", "47100", "+49 221 47100"],
)
def test_our_number_is_recognised_in_every_spelling(dialled: str) -> None:
    made = outside(dialled)
    assert (made.kind, made.called, made.number) == (CallKind.INBOUND, "+4922147100", "n+4922147100")


@pytest.mark.parametrize(
    "dialled", ["+4122147100", "+49221471001", "0022147100", "7100", "21", "*1", "", "x"]
)
def test_what_is_not_ours_is_refused(dialled: str) -> None:
    made = outside(dialled)
    assert made.kind is CallKind.REFUSED
    assert hears(made) == ("", Cause.UNALLOCATED)


def test_a_provider_that_calls_the_account_reaches_its_default_number() -> None:
    made = outside("user-first")
    assert made.called == "+4922147100"
    assert "inbound.account" in codes(made)


def test_no_call_passes_from_trunk_to_trunk() -> None:
    assert outside("+4930901820").kind is CallKind.REFUSED
    assert outside("0041435435570").kind is CallKind.REFUSED


def test_a_distribution_rings_at_once_and_step_after_step() -> None:
    made = outside("+4922147100")
    assert numbers(made, 0) == ["21", "22"]
    assert ring(made, 0).timeout_ms == 15_000
    assert set(ring(made, 0).next.items()) == {
        (outcome, 1) for outcome in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNREACHABLE, Outcome.REJECTED)
    }
    assert numbers(made, 1) == ["22", "+4915112345678"]
    assert hears(made, after=Outcome.NO_ANSWER, position=1) == ("no_answer", Cause.NO_ANSWER)
    assert hears(made, after=Outcome.UNREACHABLE, position=1) == ("unreachable", Cause.UNREACHABLE)
    assert hears(made, after=Outcome.BUSY, position=1) == ("", None)


def test_an_external_target_goes_over_the_trunks_and_shows_the_number_called() -> None:
    routes = external(outside("+4922147100"), 1).routes
    assert [(one.trunk, one.dial, one.present.number) for one in routes] == [
        ("first", "+4915112345678", "+4922147100"),
        ("second", "4915112345678", "493012345670"),
    ]


def test_a_number_without_steps_is_not_assigned() -> None:
    made = outside("+49221471099")
    assert made.kind is CallKind.INBOUND
    assert hears(made) == ("not_assigned", Cause.NOT_ASSIGNED)


def test_a_number_that_rings_nobody_is_unreachable() -> None:
    snapshot = office(number("+49221471050", rings("e23"), rings("egone", "sgone")))
    made = outside("+49221471050", snapshot)
    assert hears(made) == ("unreachable", Cause.UNREACHABLE)
    assert {"target.no_extension", "target.no_service"} <= set(codes(made))


def test_dead_targets_are_skipped() -> None:
    snapshot = office(number("+49221471050", rings("egone"), rings("egone", "e21")))
    made = outside("+49221471050", snapshot)
    assert numbers(made) == ["21"]


def test_a_target_rings_once_however_often_it_is_named() -> None:
    snapshot = office(number("+49221471050", rings("e21", "e21", "+4930901820", "+4930901820")))
    assert numbers(outside("+49221471050", snapshot)) == ["21", "+4930901820"]


def test_a_service_in_a_distribution_answers_and_goes_on() -> None:
    snapshot = office(number("+49221471050", rings("s50"), rings("e21")))
    made = outside("+49221471050", snapshot)
    assert isinstance(made.steps[0], Run)
    assert made.steps[0].next == {Outcome.DONE: 1}
    assert numbers(made, 1) == ["21"]


def test_a_distribution_that_leads_to_another_number_of_ours_stays_inside() -> None:
    snapshot = office(number("+49221471050", rings("+4922147100")))
    made = outside("+49221471050", snapshot)
    assert numbers(made, 0) == ["21", "22"]
    assert numbers(made, 1) == ["22", "+4915112345678"]
    joined = office(number("+49221471050", rings("e23", "+4922147100")))
    assert numbers(outside("+49221471050", joined)) == ["21", "22"]


@pytest.mark.parametrize("others", [(), ("e21",)])
def test_distributions_in_a_circle_are_broken(others: tuple[str, ...]) -> None:
    snapshot = office(
        number("+49221471050", rings("+49221471051", *others)),
        number("+49221471051", rings("+49221471050", *others)),
    )
    made = outside("+49221471050", snapshot)
    assert "distribution.loop" in codes(made)
    well_formed(made)
    if others:
        assert numbers(made) == ["21"]
    else:
        assert hears(made) == ("unreachable", Cause.UNREACHABLE)


def test_our_own_public_number_from_inside_needs_no_trunk() -> None:
    made = inside("022147100", office(without=("first", "second")), of="23")
    assert (made.kind, made.number) == (CallKind.INTERNAL, "n+4922147100")
    assert numbers(made) == ["21", "22"]
    assert shown(made) == ("23", "ohne Telefon", False)


# Who calls


@pytest.mark.parametrize(
    ("received", "caller", "phone"),
    [
        ("+4930901820", "+4930901820", "030901820"),
        ("004930901820", "+4930901820", "030901820"),
        ("4930901820", "+4930901820", "030901820"),
        ("030901820", "+4930901820", "030901820"),
        ("0041435435570", "+41435435570", "0041435435570"),
        ("41435435570", "+41435435570", "0041435435570"),
    ],
)
def test_callers_are_shown_so_that_they_can_be_called_back(received: str, caller: str, phone: str) -> None:
    made = outside("+49221471021", caller=received)
    assert made.caller.number == caller
    assert shown(made) == (phone, "", False)
    assert inside(phone, of="22").called == caller


def test_behind_an_outside_prefix_it_is_shown_with_the_prefix() -> None:
    made = outside("+49221471021", office(site=replace(SITE, outside_prefix="0")))
    assert shown(made)[0] == "0030901820"


def test_a_withheld_caller_is_anonymous() -> None:
    made = plan(from_outside("+49221471021", withheld=True), office(), NOON)
    assert made.caller == Caller(withheld=True)
    assert shown(made) == ("", "", True)


@pytest.mark.parametrize("fake", ["21", "22", "110"])
def test_nobody_outside_looks_like_a_colleague(fake: str) -> None:
    made = outside("+49221471021", caller=fake)
    assert made.caller == Caller(name=fake)


def test_every_device_keeps_its_way_to_encrypt() -> None:
    phone: Device = device("21")
    target = ring(inside("21", of="22")).targets[0]
    assert isinstance(target, ExtensionTarget)
    assert target.devices[0].srtp is phone.srtp


def test_a_call_over_a_trunk_that_was_just_deleted_still_finds_its_number() -> None:
    request: CallRequest = from_outside("+4922147100", over="gone")
    assert request.origin.trunk == TrunkId("gone")  # type: ignore[union-attr]
    assert plan(request, office(), NOON).kind is CallKind.INBOUND
