"""The snapshot: indexes that agree with the documents, and what no single document can know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.documents import (
    Application,
    Device,
    Document,
    Extension,
    Number,
    RingStep,
    Service,
    Target,
    TargetKind,
    Trunk,
)
from appliance.model.ids import E164, DeviceId, ExtensionId, NumberId, ServiceId, TrunkId
from appliance.model.snapshot import build, check


def extension(identity: str, number: str = "21") -> Extension:
    return Extension(id=ExtensionId(identity), number=number)


def device(identity: str, of: str, username: str = "u") -> Device:
    return Device(id=DeviceId(identity), extension=ExtensionId(of), username=username, secret="geheim-geheim")


def number(identity: str, e164: str, *refs: tuple[TargetKind, str]) -> Number:
    steps = (RingStep(targets=tuple(Target(kind=kind, ref=ref) for kind, ref in refs)),) if refs else ()
    return Number(id=NumberId(identity), number=E164(e164), steps=steps)


def service(identity: str, dialled: str) -> Service:
    return Service(id=ServiceId(identity), number=dialled, application=Application.ECHO)


def trunk(identity: str, priority: int = 10, profile: str = "generic") -> Trunk:
    return Trunk(
        id=TrunkId(identity), host="sip.example.net", username="x", priority=priority, profile=profile
    )


@pytest.mark.parametrize(
    ("documents", "found"),
    [
        ([], []),
        ([extension("a"), device("d", "a"), number("n", "+4922147", (TargetKind.EXTENSION, "a"))], []),
        ([extension("a"), extension("b")], [("extension b", "number", "choose another")]),
        ([extension("a", "112")], [("extension a", "number", "choose another")]),
        ([service("s", "110")], [("service s", "number", "choose another")]),
        ([extension("a"), service("s", "21")], [("service s", "number", "choose another")]),
        (
            [number("n", "+4922147"), number("m", "+4922147")],
            [("number m", "number", "choose another")],
        ),
        (
            [extension("a"), device("d", "a"), device("e", "a")],
            [("device e", "username", "choose another")],
        ),
        ([device("d", "a")], [("device d", "extension", "create the extension first or choose another")]),
        (
            [extension("anna"), number("n", "+4922147", (TargetKind.EXTENSION, "ana"))],
            [("number n", "steps[0].targets[0].ref", "did you mean 'anna'?")],
        ),
        (
            [number("n", "+4922147", (TargetKind.EXTERNAL, "+4930"), (TargetKind.SERVICE, "echo"))],
            [("number n", "steps[0].targets[1].ref", "remove it")],
        ),
        ([trunk("t", profile="sipgat")], [("trunk t", "profile", "did you mean 'sipgate'?")]),
    ],
)
def test_what_does_not_fit_together_is_found(
    documents: list[Document], found: list[tuple[str, str, str]]
) -> None:
    assert [(one.where, one.field, one.remedy) for one in check(build(documents))] == found


def test_both_sides_of_a_conflict_are_named() -> None:
    (problem,) = check(build([extension("a"), extension("b")]))
    assert str(problem) == "extension b: number: '21' already belongs to extension a (choose another)"


def test_trunks_are_ordered_by_priority_then_id() -> None:
    snapshot = build([trunk("c", 5), trunk("b", 1), trunk("a", 5)])
    assert [one.id for one in snapshot.trunks_by_priority] == ["b", "a", "c"]


identities = st.sampled_from(["a", "b", "c"])
documents: st.SearchStrategy[Document] = st.one_of(
    st.builds(extension, identities, st.sampled_from(["21", "22", "112"])),
    st.builds(device, identities, identities, identities),
    st.builds(
        lambda identity, e164, refs: number(identity, e164, *refs),
        identities,
        st.sampled_from(["+4922147", "+4922148"]),
        st.lists(
            st.tuples(st.sampled_from([TargetKind.EXTENSION, TargetKind.SERVICE]), identities), max_size=3
        ),
    ),
    st.builds(service, identities, st.sampled_from(["*1", "21", "110"])),
    st.builds(trunk, identities, st.integers(0, 3), st.sampled_from(["generic", "odd"])),
)


@given(st.lists(documents, max_size=12))
def test_the_indexes_agree_with_the_documents(made: list[Document]) -> None:
    snapshot = build(made, revision=7)
    assert snapshot.revision == 7
    assert {(type(one), one.id) for one in made} == {
        (type(one), one.id)
        for kept in (
            snapshot.extensions,
            snapshot.devices,
            snapshot.numbers,
            snapshot.trunks,
            snapshot.services,
        )
        for one in kept.values()
    }
    assert {one.number for one in snapshot.extensions.values()} == set(snapshot.extension_by_number)
    assert all(snapshot.extensions[one.id] is one for one in snapshot.extension_by_number.values())
    assert {one.number for one in snapshot.numbers.values()} == set(snapshot.number_by_e164)
    assert {one.username for one in snapshot.devices.values()} == set(snapshot.device_by_username)
    grouped = [one for group in snapshot.devices_by_extension.values() for one in group]
    assert sorted(one.id for one in grouped) == sorted(snapshot.devices)
    assert all(one.message and one.remedy and one.where for one in check(snapshot))
