"""How long routing thinks in a large office: 500 extensions and 1000 public numbers, each with its rules."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from appliance.model.decode import encode
from appliance.model.documents import (
    KINDS,
    CallRule,
    Calls,
    ClassOfService,
    Destination,
    Device,
    DialRule,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Holidays,
    Language,
    Number,
    Permission,
    Rewriting,
    RingStep,
    RuleAction,
    Scenario,
    Site,
    Target,
    TargetKind,
    Trunk,
    When,
)
from appliance.model.ids import E164, ClassId, DeviceId, ExtensionId, NumberId, TrunkId
from appliance.model.notices import notices
from appliance.model.plan import Caller, CallKind, CallRequest, FromDevice, FromTrunk, Origin
from appliance.model.schedules import WEEKDAYS
from appliance.model.snapshot import Snapshot, build, check
from appliance.routing import numbers
from appliance.routing.explain import explain
from appliance.routing.plan import plan
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Put

EXTENSIONS = 500
NUMBERS = 1000
NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
INSIDE = FromDevice(device=DeviceId("d0"), extension=ExtensionId("e0"))
OUTSIDE = FromTrunk(trunk=TrunkId("t0"))


HOURS = When(weekdays=WEEKDAYS[:5], start="08:00", end="18:00", holidays=Holidays.NEVER)
NIGHT = When(start="18:00", end="08:00")
BARRED = DialRule(permission=Permission.BAR, destinations=(Destination.PREMIUM,))


def person(i: int) -> Extension:
    """An extension with two rules and three forwardings, one of them by time and caller."""
    to = Target(kind=TargetKind.EXTENSION, ref=f"e{(i + 1) % EXTENSIONS}")
    mobile = Target(kind=TargetKind.EXTERNAL, ref=f"+49151{20_000_000 + i}")
    return Extension(
        id=ExtensionId(f"e{i}"),
        number=str(1000 + i),
        name=f"Person {i}",
        caller_number=E164(f"+4922147{1000 + i}"),
        rules=(
            CallRule(action=RuleAction.BUSY, calls=Calls(numbers=("+49900.", "+49137."))),
            CallRule(action=RuleAction.REJECT, calls=Calls(withheld=True, when=(NIGHT,))),
        ),
        forwardings=(
            Forwarding(on=ForwardOn.ALWAYS, to=mobile, calls=Calls(numbers=("+4989.",), when=(HOURS,))),
            Forwarding(on=ForwardOn.BUSY, to=to),
            Forwarding(on=ForwardOn.UNREACHABLE, to=mobile),
        ),
    )


def documents() -> list[Document]:
    made: list[Document] = [
        Site(
            area_code="221",
            outside_prefix="0",
            region="NW",
            rewriting=(Rewriting(pattern="077.", strip=3, prepend="0"),),
            class_of_service=ClassId("office"),
        ),
        ClassOfService(id=ClassId("office"), rules=(BARRED,)),
    ]
    for i in range(EXTENSIONS):
        made.append(person(i))
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
            Number(
                id=NumberId(f"n{i}"),
                number=E164(f"+4922147{1000 + i}"),
                steps=(step, step, step),
                scenarios=(
                    Scenario(name="Feiertag", when=(When(holidays=Holidays.ONLY),), greeting="goodbye"),
                    Scenario(name="Tag", when=(HOURS,), steps=(step, step)),
                ),
            )
        )
    made.append(
        Number(
            id=NumberId("direct"),
            number=E164("+4922148000"),
            steps=(RingStep(targets=(Target(kind=TargetKind.EXTENSION, ref="e7"),)),),
        )
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
    "inbound to one": (OUTSIDE, "+4922148000", CallKind.INBOUND),
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
    assert len(benchmark(build, made).numbers) == NUMBERS + 1


def test_snapshot_check(benchmark: BenchmarkFixture, office: Snapshot) -> None:
    assert benchmark(check, office) == ()


def test_notices(benchmark: BenchmarkFixture, office: Snapshot) -> None:
    benchmark(notices, office)


@pytest.mark.timeout(600)
def test_a_change_of_one_rule(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """From the command to the new snapshot in force: judged, on disk, swapped."""
    with closing(ConfigurationStore(tmp_path / "configuration.db", "bench")) as store:
        store.apply(
            [
                Put(kind=kind, id=one.id, fields={k: v for k, v in encode(one).items() if k != "id"})
                for one in documents()
                for kind, cls in KINDS.items()
                if isinstance(one, cls)
            ],
            "bench",
        )
        count = 0

        def change() -> Snapshot:
            nonlocal count
            count += 1
            rules = encode(person(1).rules[: count % 2 + 1])
            store.put("extension", "e1", {"rules": rules}, "bench")
            return store.snapshot()

        assert len(benchmark(change).numbers) == NUMBERS + 1
