"""The language in which callers from outside are spoken to."""

from dataclasses import replace

import pytest

from appliance.model.languages import Language
from appliance.model.plan import Play
from appliance.routing.plan import plan
from tests.unit.routing.office import NOON, SITE, from_outside, number, office, outside

DE, EN = Language.GERMAN, Language.ENGLISH


@pytest.mark.parametrize(
    ("caller", "withheld", "language"),
    [
        ("+4930901820", False, DE),
        ("+43190182", False, DE),
        ("+41449018", False, DE),
        ("+423901820", False, DE),
        ("+420221111222", False, EN),
        ("+33123456789", False, EN),
        ("+12125550100", False, EN),
        ("", False, DE),
        ("+12125550100", True, DE),
    ],
)
def test_by_the_country_of_the_caller(caller: str, withheld: bool, language: Language) -> None:
    made = plan(from_outside("+49221471099", caller=caller, withheld=withheld), office(), NOON)
    assert {step.language for step in made.steps if isinstance(step, Play)} == {language}


def test_a_number_may_have_a_language_of_its_own() -> None:
    english = replace(number("+49221471099"), language=EN)
    made = outside("+49221471099", office(english))
    assert {step.language for step in made.steps if isinstance(step, Play)} == {EN}


def test_where_the_country_is_not_known_it_is_the_office_s() -> None:
    made = outside("+49221471099", office(site=replace(SITE, language=EN)), caller="")
    assert {step.language for step in made.steps if isinstance(step, Play)} == {EN}
