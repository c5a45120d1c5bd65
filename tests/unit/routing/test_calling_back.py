"""The control room calls back: whoever called for help is rung, whatever the office has set."""

from dataclasses import replace

import pytest

from appliance.model.documents import Scenario, Status
from appliance.model.ids import ExtensionId
from appliance.model.plan import CallRequest, ExtensionTarget, Outcome, Plan, Ring
from appliance.model.snapshot import Snapshot
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    codes,
    device,
    extension,
    from_outside,
    number,
    office,
    rings,
    well_formed,
)


def rung(made: Plan, position: int = 0) -> list[str]:
    step = made.steps[position]
    assert isinstance(step, Ring)
    return [one.extension for one in step.targets if isinstance(one, ExtensionTarget)]


def call(dialled: str, helped: str, snapshot: Snapshot | None = None, **fields: object) -> Plan:
    request: CallRequest = replace(from_outside(dialled, withheld=True), helped=(ExtensionId(helped),))
    return plan(request, snapshot or office(), NOON)


def test_who_called_for_help_rings_along_although_not_to_be_disturbed() -> None:
    anna = replace(extension("21", "Anna", "+49221471021"), status=Status.DND, call_waiting=False)
    snapshot = office(anna, number("+4922147155", rings("e22")))
    assert rung(call("+49221471021", "e21", snapshot)) == ["e21"]
    assert rung(call("+4922147100", "e21", snapshot))[0] == "e21"  # shown where her own is not possible
    assert rung(call("+4922147155", "e21", snapshot)) == ["e22"]  # shown to nobody
    made = call("+4922147100", "e22", office(replace(extension("22"), status=Status.DND), device("23")))
    assert rung(made)[0] == "e22"
    target = made.steps[0].targets[0]  # type: ignore[union-attr]
    assert isinstance(target, ExtensionTarget)
    assert target.call_waiting
    assert "emergency.calls_back" in codes(made)


def test_a_number_that_would_not_ring_rings_first_for_who_called_for_help() -> None:
    closed = replace(
        number("+4922147100", rings("e21")),
        scenarios=(Scenario(name="closed", greeting="welcome"),),
        override="closed",
    )
    made = call("+4922147100", "e22", office(closed))
    assert rung(made) == ["e22"]
    first = made.steps[0]
    assert isinstance(first, Ring)
    assert first.next[Outcome.NO_ANSWER] == 1
    well_formed(made)
    assert len(made.steps) > 1


@pytest.mark.parametrize("helped", ["gone", "e23"])
def test_nobody_to_ring_changes_nothing(helped: str) -> None:
    made = call("+4922147100", helped)
    assert made.steps == plan(from_outside("+4922147100", withheld=True), office(), NOON).steps


def test_each_device_of_who_called_for_help_rings_once() -> None:
    made = call("+4922147100", "e22")
    assert sorted(rung(made)) == ["e21", "e22"]
