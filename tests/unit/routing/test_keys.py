"""Keys that show a setting and turn it: what their lamps show, and what pressing them changes."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model.decode import decode, encode
from appliance.model.documents import (
    Calls,
    Extension,
    Forwarding,
    ForwardOn,
    Profile,
    Status,
    Target,
    TargetKind,
)
from appliance.model.features import FeatureCode
from appliance.model.ids import ExtensionId
from appliance.model.plan import Feature
from appliance.model.snapshot import Snapshot
from appliance.routing.keys import setting_keys
from tests.unit.routing.office import target
from tests.unit.routing.test_features import dial, edits, office

MOBILE = "+4915112345678"
AWAY = Forwarding(on=ForwardOn.ALWAYS, to=target(MOBILE))
BERLIN = replace(AWAY, calls=Calls(numbers=("+4930.",)))
OWN = Extension(id=ExtensionId("21"), number="21", name="Anna")


def lit(snapshot: Snapshot) -> set[str]:
    return {key.number for key in setting_keys(snapshot) if key.lit}


def pressed(extension: Extension, key: str) -> Extension:
    """The extension after the key was pressed."""
    made = edits(key, office(extension))
    fields: dict[str, Any] = {
        name: value for name, value in made.items() if name not in ("kind", "id", "delete")
    }
    return decode(Extension, {**encode(extension), **fields}, where="extension 21")


@pytest.mark.parametrize(
    ("extension", "shown"),
    [
        (OWN, set()),
        (replace(OWN, status=Status.DND), {"*2221"}),
        (replace(OWN, status=Status.AWAY), set()),
        (replace(OWN, forwardings=(BERLIN, AWAY)), {"*2321"}),
        (replace(OWN, forwardings=(BERLIN, replace(AWAY, enabled=False))), set()),
        (replace(OWN, forwardings=(replace(AWAY, on=ForwardOn.BUSY),)), set()),
        (replace(OWN, profiles=(Profile(name="a"), Profile(name="b")), profile="b"), {"*2421*2"}),
        (
            replace(OWN, profiles=(Profile(name="a", status=Status.DND, forwardings=(AWAY,)),), profile="a"),
            {"*2221", "*2321", "*2421*1"},
        ),
        (
            replace(OWN, status=Status.DND, profiles=(Profile(name="a", status=Status.ONLINE),), profile="a"),
            {"*2421*1"},
        ),
    ],
)
def test_a_lamp_shows_what_is_in_force(extension: Extension, shown: set[str]) -> None:
    assert lit(office(extension)) == shown


@pytest.mark.parametrize(
    ("extension", "key"),
    [
        (OWN, "*2221"),
        (replace(OWN, forwardings=(BERLIN, AWAY)), "*2321"),
        (replace(OWN, profiles=(Profile(name="a"), Profile(name="b"))), "*2421*2"),
        (replace(OWN, profiles=(Profile(name="a", status=Status.ONLINE),), profile="a"), "*2221"),
        (replace(OWN, profiles=(Profile(name="a", forwardings=(AWAY,)),), profile="a"), "*2321"),
    ],
)
def test_pressing_turns_the_lamp_and_pressing_again_turns_it_back(extension: Extension, key: str) -> None:
    before = key in lit(office(extension))
    once = pressed(extension, key)
    assert (key in lit(office(once))) is not before
    twice = pressed(once, key)
    assert (key in lit(office(twice))) is before
    assert twice == extension


def test_the_forwarding_keeps_its_target_and_leaves_others_alone() -> None:
    once = pressed(replace(OWN, forwardings=(BERLIN, AWAY)), "*2321")
    assert once.forwardings == (BERLIN, replace(AWAY, enabled=False))


def test_a_forwarding_key_without_a_target_says_that_it_cannot_be() -> None:
    (step,) = dial("*2321").steps
    assert isinstance(step, Feature)
    assert (step.edits, step.confirm) == ((), ("not_possible",))


@pytest.mark.parametrize(
    "key", ["*2222", "*2322", "*2422*1", "*2421*0", "*2421*9", "*2421", "*2221*1", "*22"]
)
def test_nobody_presses_the_key_of_somebody_else_or_one_that_is_not_there(key: str) -> None:
    assert not any(isinstance(step, Feature) for step in dial(key).steps)


def test_codes_set_what_is_in_force_also_under_a_profile() -> None:
    """A code that says „on“ while the profile still says otherwise would be a lie."""
    home = replace(OWN, profiles=(Profile(name="home", status=Status.AWAY, withhold=False),), profile="home")
    made = pressed(home, "*26")
    assert (made.status_in_use, made.status) == (Status.DND, Status.ONLINE)
    made = pressed(home, "*21*22#")
    assert made.forwardings == (
        Forwarding(on=ForwardOn.ALWAYS, to=Target(kind=TargetKind.EXTENSION, ref="22")),
    )


def test_the_office_moves_or_switches_off_keys() -> None:
    busy = replace(OWN, status=Status.DND)
    assert lit(office(busy, FeatureCode(id="dnd_key", code="*99"))) == {"*9921"}
    assert lit(office(busy, FeatureCode(id="dnd_key", enabled=False))) == set()
