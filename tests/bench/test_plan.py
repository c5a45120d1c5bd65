"""How long routing thinks in a large office: 500 extensions, 1000 public numbers, three trunks."""

from datetime import UTC, datetime

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from appliance.model.documents import (
    Device,
    Document,
    Extension,
    Language,
    Number,
    RingStep,
    Site,
    Target,
    TargetKind,
    Trunk,
)
from appliance.model.ids import E164, DeviceId, ExtensionId, NumberId, TrunkId
from appliance.model.plan import Caller, CallKind, CallRequest, FromDevice, FromTrunk, Origin
from appliance.model.snapshot import Snapshot, build, check
from appliance.routing import numbers
from appliance.routing.explain import explain
from appliance.routing.plan import plan

EXTENSIONS = 500
NUMBERS = 1000
NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
INSIDE = FromDevice(device=DeviceId("d0"), extension=ExtensionId("e0"))
OUTSIDE = FromTrunk(trunk=TrunkId("t0"))


def documents() -> list[Document]:
    made: list[Document] = [Site(area_code="221", outside_prefix="0")]
    for i in range(EXTENSIONS):
        made.append(Extension(id=ExtensionId(f"e{i}"), number=str(1000 + i), name=f"Person {i}"))
        made.append(
            Device(
                id=DeviceId(f"d{i}"), extension=ExtensionId(f"e{i}"), username=f"u{i}", secret="geheim-geheim"
            )
        )
    for i in range(NUMBERS):
        step = RingStep(
            targets=(
                *(Target(kind=TargetKind.EXTENSION, ref=f"e{(i + j) % EXTENSIONS}") for j in range(5)),
                Target(kind=TargetKind.EXTERNAL, ref=f"+49151{10_000_000 + i}"),
            )
        )
        made.append(
            Number(id=NumberId(f"n{i}"), number=E164(f"+4922147{1000 + i}"), steps=(step, step, step))
        )
    for i in range(3):
        made.append(
            Trunk(
                id=TrunkId(f"t{i}"),
                host="sip.example.net",
                username="x",
                priority=i,
                default_number=E164(f"+4922147{1000 + i}"),
            )
        )
    return made


@pytest.fixture(scope="module")
def office() -> Snapshot:
    return build(documents())


CALLS: dict[str, tuple[Origin, str, CallKind]] = {
    "internal": (INSIDE, "1001", CallKind.INTERNAL),
    "outbound": (INSIDE, "0030901820", CallKind.OUTBOUND),
    "own public number": (INSIDE, "00221471500", CallKind.INTERNAL),
    "inbound": (OUTSIDE, "+49221471500", CallKind.INBOUND),
    "unknown": (INSIDE, "4711", CallKind.REFUSED),
    "emergency": (INSIDE, "112", CallKind.EMERGENCY),
}


@pytest.mark.parametrize("name", CALLS)
def test_plan(benchmark: BenchmarkFixture, office: Snapshot, name: str) -> None:
    origin, dialled, kind = CALLS[name]
    request = CallRequest(origin=origin, caller=Caller(number="+4930901820"), dialled=dialled)
    assert benchmark(plan, request, office, NOW).kind is kind


def test_plan_of_numbers_never_seen(benchmark: BenchmarkFixture, office: Snapshot) -> None:
    """Each call with another number, from a cold number cache."""
    numbers.e164.cache_clear()
    count = 0

    def call() -> CallKind:
        nonlocal count
        count += 1
        origin: Origin = INSIDE
        request = CallRequest(origin=origin, caller=Caller(), dialled=f"0030{9_000_000 + count}")
        return plan(request, office, NOW).kind

    assert benchmark(call) is CallKind.OUTBOUND


def test_explain(benchmark: BenchmarkFixture, office: Snapshot) -> None:
    request = CallRequest(origin=OUTSIDE, caller=Caller(number="+4930901820"), dialled="+49221471500")
    made = plan(request, office, NOW)
    assert benchmark(explain, made, Language.GERMAN).kind == "inbound"


def test_snapshot_build(benchmark: BenchmarkFixture) -> None:
    made = documents()
    assert len(benchmark(build, made).numbers) == NUMBERS


def test_snapshot_check(benchmark: BenchmarkFixture, office: Snapshot) -> None:
    assert benchmark(check, office) == ()
