"""Whose number is shown to whom: chosen, withheld, allowed."""

from dataclasses import replace

import pytest

from appliance.model.documents import Block, Document, Site
from appliance.model.ids import E164, BlockId, TrunkId
from appliance.model.plan import ExtensionTarget, ExternalTarget, Plan, TrunkRoute
from appliance.model.presentable import Objection, objection
from tests.unit.routing.office import (
    codes,
    device,
    extension,
    hears,
    inside,
    number,
    office,
    outside,
    ring,
    rings,
    trunk,
)


def routes(made: Plan) -> tuple[TrunkRoute, ...]:
    (found,) = ring(made).targets
    assert isinstance(found, ExternalTarget)
    return found.routes


def first(made: Plan) -> tuple[str, bool]:
    present = routes(made)[0].present
    return present.number, present.withheld


@pytest.mark.parametrize("dialled", ["*31*030901820", "*31#030901820", "#31#030901820", "*31*+49 30 901820"])
def test_the_number_is_withheld_for_one_call(dialled: str) -> None:
    made = inside(dialled)
    assert made.called == "+4930901820"
    assert first(made) == ("+49221471021", True)
    assert "dialled.modifier" in codes(made)
    assert first(inside("030901820")) == ("+49221471021", False)


def test_the_number_is_always_withheld() -> None:
    anna = replace(extension("21", "Anna", "+49221471021"), withhold=True)
    assert first(inside("030901820", office(anna))) == ("+49221471021", True)


@pytest.mark.parametrize("dialled", ["22", "*31*22"])
def test_colleagues_see_it_all_the_same(dialled: str) -> None:
    anna = replace(extension("21", "Anna", "+49221471021"), withhold=True)
    (found,) = ring(inside(dialled, office(anna))).targets
    assert isinstance(found, ExtensionTarget)
    assert (found.present.number, found.present.name, found.present.withheld) == ("21", "Anna", False)


@pytest.mark.parametrize("dialled", ["112", "*31*112", "*31#0112", "#31#110"])
def test_emergency_calls_are_never_withheld(dialled: str) -> None:
    anna = replace(extension("21", "Anna", "+49221471021"), withhold=True)
    made = inside(dialled, office(anna))
    assert made.emergency
    assert not any(route.present.withheld for route in routes(made))


@pytest.mark.parametrize("dialled", ["*31*", "*31#", "*31*x", "#31#"])
def test_a_wish_without_a_number_calls_nobody(dialled: str) -> None:
    assert hears(inside(dialled))[0] == "unknown_number"


# Numbers that did not come with the trunk


@pytest.mark.parametrize(
    ("shown", "country", "forwarded", "expected"),
    [
        ("+49221471021", "DE", False, None),
        ("+4915112345678", "DE", False, None),
        ("+41435435570", "DE", False, Objection.ABROAD),
        ("+41435435570", "DE", True, None),
        ("+41435435570", "CH", False, None),
        ("+49110", "DE", False, Objection.EMERGENCY),
        ("+49112", "DE", True, Objection.EMERGENCY),
        ("+499001234567", "DE", False, Objection.SERVICE),
        ("+499001234567", "DE", True, Objection.SERVICE),
        ("+491371234567", "DE", False, Objection.SERVICE),
        ("+4911833", "DE", False, Objection.SERVICE),
        ("+49116117", "DE", True, Objection.SERVICE),
        ("+999", "DE", False, Objection.NO_NUMBER),
    ],
)
def test_which_numbers_may_be_shown(
    shown: str, country: str, forwarded: bool, expected: Objection | None
) -> None:
    assert objection(shown, country, forwarded=forwarded) is expected


def with_number(shown: str, *more: Document, no_screening: bool) -> Plan:
    lets = trunk("first", default_number=E164("+4922147100"), priority=1, no_screening=no_screening)
    # Another trunk claims the stranger's block, so it does not belong to the first one.
    other = trunk("second", default_number=E164("+498912345670"), priority=2)
    return inside("030901820", office(extension("21", "Anna", shown), lets, other, *more))


def test_a_number_of_another_line_is_shown_only_where_the_trunk_lets_us() -> None:
    assert first(with_number("+498912345678", no_screening=False))[0] == "+4922147100"
    made = with_number("+498912345678", no_screening=True)
    assert first(made)[0] == "+498912345678"
    assert "present.no_screening" in codes(made)


def test_a_number_in_a_block_belongs_to_its_trunk_alone() -> None:
    block = Block(id=BlockId("muc"), first=E164("+498998765400"), size=100, trunk=TrunkId("second"))
    made = with_number("+498998765432", block, no_screening=False)
    assert [route.present.number for route in routes(made)] == ["+4922147100", "+498998765432"]


@pytest.mark.parametrize("forbidden", ["+499001234567", "+491371234567"])
def test_what_must_not_be_shown_is_not_even_there(forbidden: str) -> None:
    block = Block(id=BlockId("odd"), first=E164(forbidden[:-1] + "0"), size=10, trunk=TrunkId("second"))
    made = with_number(forbidden, block, no_screening=True)
    assert first(made)[0] == "+4922147100"
    assert "present.forbidden" in codes(made)


def test_a_public_number_shows_itself_where_it_leads_outside() -> None:
    line = number("+49221471050", rings("+4915112345678"))
    made = outside("+49221471050", office(line))
    assert first(made)[0] == "+49221471050"
    (found,) = ring(made).targets
    assert [one.number for one in found.diverted] == ["+49221471050"]


def test_a_site_without_numbers_leaves_it_to_the_provider() -> None:
    snapshot = office(extension("21"), device("21"), trunk("first"), without=("second",), site=Site())
    assert first(inside("030901820", snapshot)) == ("", False)
