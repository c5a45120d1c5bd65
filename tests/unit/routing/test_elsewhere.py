"""Calls between instances: what is handed over, and that none goes round."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.model.causes import Cause
from appliance.model.conditions import Conditions
from appliance.model.documents import Target, TargetKind, VoicemailBox
from appliance.model.ids import ExtensionId, NumberId, TrunkId, VoicemailBoxId
from appliance.model.instances import Elsewhere, Instance, Role, Task
from appliance.model.place import seen_by
from appliance.model.plan import (
    CallKind,
    CallRequest,
    ExtensionTarget,
    ExternalTarget,
    FromTrunk,
    Handed,
    Outcome,
    Plan,
    Reject,
    Ring,
)
from appliance.model.snapshot import Snapshot
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    codes,
    from_inside,
    from_outside,
    number,
    office,
    ring,
    rings,
    trunk,
    well_formed,
)

MAIN = "+4922147100"
NODES = {"koeln": Role.BOX, "bonn": Role.BOX, "cloud": Role.CLOUD}
HOME = replace(number(MAIN, rings("e21")), node="koeln", backup=(rings("+4915112345678"),))
INSTANCES = tuple(Instance(id=name, role=role) for name, role in NODES.items())
OFFICE = office(HOME, *INSTANCES, trunk("cloudy", nodes=("cloud",), priority=3))


def at(node: str, whole: Snapshot = OFFICE) -> Snapshot:
    return seen_by(whole, node, cloud=NODES[node] is Role.CLOUD)


def known(node: str, *up: str, phones: dict[str, tuple[str, ...]] | None = None) -> Conditions:
    there = {ExtensionId(key): value for key, value in (phones or {}).items()}
    cloud = NODES[node] is Role.CLOUD
    return Conditions(elsewhere=Elsewhere(here=node, cloud=cloud, up=frozenset(up), extensions=there))


def planned(request: CallRequest, node: str, conditions: Conditions, whole: Snapshot = OFFICE) -> Plan:
    made = plan(replace(request, conditions=conditions), at(node, whole), NOON)
    well_formed(made)
    return made


def handed(made: Plan) -> Iterator[Handed]:
    """Everything that a plan may hand to others."""
    for step in made.steps:
        for target in step.targets if isinstance(step, Ring) else ():
            if isinstance(target, ExtensionTarget):
                yield from target.elsewhere
            elif isinstance(target, ExternalTarget):
                yield from (route.handed for route in target.routes if route.handed is not None)


def arrived(one: Handed, node: str, conditions: Conditions, whole: Snapshot = OFFICE) -> Plan:
    origin = FromTrunk(trunk=TrunkId(f"~{one.path[-1]}"), handed=one)
    return planned(CallRequest(origin=origin, caller=one.caller, dialled=one.to), node, conditions, whole)


def test_an_extension_rings_here_and_where_else_it_has_telephones() -> None:
    made = planned(from_inside("22"), "koeln", known("koeln", "cloud", phones={"e22": ("cloud",)}))
    target = ring(made).targets[0]
    assert isinstance(target, ExtensionTarget)
    assert [one.username for one in target.devices] == ["d22", "d22m"]
    (there,) = target.elsewhere
    assert (there.task, there.to, there.node, there.path) == (Task.RING, "e22", "cloud", ("koeln",))
    assert (there.caller.number, there.caller.name, there.kind) == ("21", "Anna", CallKind.INTERNAL)
    # there it rings what is there, and nothing else, whatever that instance knows of others
    made = arrived(there, "cloud", known("cloud", "koeln", phones={"e22": ("koeln",)}))
    target = ring(made).targets[0]
    assert isinstance(target, ExtensionTarget)
    assert not target.elsewhere
    assert made.part
    assert len(made.steps) == 1


def test_who_cannot_be_reached_is_not_rung() -> None:
    made = planned(from_inside("22"), "koeln", known("koeln", phones={"e22": ("cloud",)}))
    target = ring(made).targets[0]
    assert isinstance(target, ExtensionTarget)
    assert not target.elsewhere


def test_a_number_is_handed_to_where_it_lives_and_served_here_only_when_nobody_is_there() -> None:
    made = planned(from_outside(MAIN), "cloud", known("cloud", "koeln"))
    (first,) = ring(made).targets
    assert isinstance(first, ExternalTarget)
    (one,) = handed(made)
    assert (one.task, one.node, one.kind, one.to) == (Task.NUMBER, "koeln", CallKind.INBOUND, f"n{MAIN}")
    assert made.part
    assert set(ring(made).next) == {Outcome.NO_LINE}
    backup = ring(made, ring(made).next[Outcome.NO_LINE]).targets[0]
    assert isinstance(backup, ExternalTarget)
    assert backup.number == "+4915112345678"
    there = arrived(one, "koeln", known("koeln", "cloud"))
    assert isinstance(ring(there).targets[0], ExtensionTarget)
    assert (there.kind, there.part, there.number) == (CallKind.INBOUND, False, NumberId(f"n{MAIN}"))
    assert there.caller.number == "+4930901820"


def test_backup_routing_while_the_instance_is_cut_off() -> None:
    made = planned(from_outside(MAIN), "cloud", known("cloud", "bonn"))
    (target,) = ring(made).targets
    assert isinstance(target, ExternalTarget)
    assert target.number == "+4915112345678"
    assert made.rerouted == "koeln"
    assert not made.part
    assert "number.cut_off" in codes(made)
    # it lives there: no difference for itself
    made = planned(from_outside(MAIN), "koeln", known("koeln"))
    assert isinstance(ring(made).targets[0], ExtensionTarget)
    assert not made.rerouted


def test_without_a_named_instance_the_backup_is_for_when_every_box_is_cut_off() -> None:
    whole = office(replace(HOME, node=""), *INSTANCES)
    box = TargetKind.VOICEMAIL
    spoken = replace(rings("e21"), targets=(Target(kind=box, ref="e21"),))
    with_box = office(
        replace(HOME, node="", backup=(spoken,)), VoicemailBox(id=VoicemailBoxId("e21")), *INSTANCES
    )
    assert planned(from_outside(MAIN), "cloud", known("cloud", "bonn"), whole).rerouted == ""
    assert planned(from_outside(MAIN), "cloud", known("cloud"), whole).rerouted == "bonn"
    made = planned(from_outside(MAIN), "cloud", known("cloud"), with_box)
    assert not isinstance(made.steps[0], Ring)
    assert planned(from_outside(MAIN), "koeln", known("koeln"), whole).rerouted == ""


def test_outgoing_calls_leave_by_the_trunk_of_the_place_that_has_it() -> None:
    made = planned(from_inside("0301234567"), "cloud", known("cloud", "koeln"))
    (target,) = ring(made).targets
    assert isinstance(target, ExternalTarget)
    assert [route.trunk for route in target.routes] == ["~koeln", "~koeln", "cloudy"]
    first = target.routes[0].handed
    assert first is not None
    assert (first.task, first.trunk, first.dial) == (Task.TRUNK, "first", target.routes[0].dial)
    there = arrived(first, "koeln", known("koeln", "cloud"))
    (target,) = ring(there).targets
    assert isinstance(target, ExternalTarget)
    assert [(route.trunk, route.dial, route.handed) for route in target.routes] == [
        ("first", first.dial, None)
    ]
    alone = planned(from_inside("0301234567"), "cloud", known("cloud"))
    (target,) = ring(alone).targets
    assert isinstance(target, ExternalTarget)
    assert [route.trunk for route in target.routes] == ["cloudy"]


def test_clir_and_the_caller_are_kept() -> None:
    made = planned(from_inside("0301234567", withheld=True), "cloud", known("cloud", "koeln"))
    one = next(handed(made))
    assert one.present is not None
    assert one.present.withheld
    there = arrived(one, "koeln", known("koeln"))
    target = ring(there).targets[0]
    assert isinstance(target, ExternalTarget)
    assert target.routes[0].present == one.present


@pytest.mark.parametrize(
    ("node", "up", "order"),
    [
        ("cloud", ("koeln", "bonn"), ["~bonn", "~koeln", "cloudy"]),
        ("cloud", (), ["cloudy"]),
        ("koeln", ("cloud",), ["first", "second", "~cloud"]),
    ],
)
def test_emergency_calls_leave_where_the_people_are(node: str, up: tuple[str, ...], order: list[str]) -> None:
    made = planned(from_inside("112"), node, known(node, *up))
    assert made.emergency
    (target,) = ring(made).targets
    assert isinstance(target, ExternalTarget)
    assert [route.trunk for route in target.routes] == order
    for one in handed(made):
        there = arrived(one, one.node, known(one.node, *NODES))
        assert there.emergency
        assert there.part
        assert not list(handed(there))


def test_what_comes_back_is_refused() -> None:
    one = Handed(
        task=Task.NUMBER, to=f"n{MAIN}", node="koeln", path=("koeln", "cloud"), kind=CallKind.INBOUND
    )
    made = arrived(one, "koeln", known("koeln", "cloud"))
    assert made.steps == (Reject(cause=Cause.NO_ROUTE),)
    assert "handed.round" in codes(made)
    with pytest.raises(ValueError, match="goes round"):
        replace(one, path=("koeln", "cloud") * 4)


@given(
    request=st.sampled_from(
        [
            from_inside("22"),
            from_inside("112"),
            from_inside("0301234567"),
            from_outside(MAIN),
            from_outside("+49221471021"),
        ]
    ),
    start=st.sampled_from(sorted(NODES)),
    up=st.fixed_dictionaries({node: st.sets(st.sampled_from(sorted(NODES))) for node in NODES}),
    phones=st.dictionaries(
        st.sampled_from(["e21", "e22"]), st.lists(st.sampled_from(sorted(NODES)), unique=True).map(tuple)
    ),
    home=st.sampled_from(["", *NODES]),
)
@settings(max_examples=150, deadline=None)
def test_no_call_goes_round(
    request: CallRequest,
    start: str,
    up: dict[str, set[str]],
    phones: dict[str, tuple[str, ...]],
    home: str,
) -> None:
    """Whatever each instance believes of the others, true or not: every way ends after few instances."""
    whole = office(replace(HOME, node=home), *INSTANCES, trunk("cloudy", nodes=("cloud",), priority=3))

    def conditions(node: str) -> Conditions:
        return known(node, *(up[node] - {node}), phones=phones)

    waiting = [(planned(request, start, conditions(start), whole), start)]
    seen = 0
    while waiting:
        made, node = waiting.pop()
        for one in handed(made):
            seen += 1
            assert seen < 200
            assert one.path[-1] == node
            assert len(one.path) <= 4
            # a box has no line but to the cloud
            to = one.node if NODES[node] is Role.CLOUD or one.node == "cloud" else "cloud"
            waiting.append((arrived(one, to, conditions(to), whole), to))


def test_either_box_of_a_site_is_at_home_there() -> None:
    twins = tuple(Instance(id=name, floating="192.168.1.10") for name in ("koeln", "koeln-b"))
    whole = office(HOME, *INSTANCES, *twins)
    made = planned(from_outside(MAIN), "cloud", known("cloud", "koeln-b"), whole)
    assert next(handed(made)).node == "koeln-b"
    assert not made.rerouted
    assert planned(from_outside(MAIN), "cloud", known("cloud", "bonn"), whole).rerouted == "koeln"
