"""What a change of configuration and a recorded call cost, against the bare disk in the same run.

Office: 500 extensions with a phone each, 1000 public numbers with six targets each.
"""

import dataclasses
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from appliance.model.causes import Cause
from appliance.model.ids import CallId, LegId
from appliance.model.plan import CallKind, Reason
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Change, Put
from appliance.store.record_rows import PUT_CALL, PUT_LEG, SCHEMA, call_row, leg_row
from appliance.store.records import RecordStore

EXTENSIONS = 500
NUMBERS = 1000
CALLS = 500
AT = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


def office() -> list[Change]:
    made: list[Change] = []
    for i in range(EXTENSIONS):
        made.append(
            Put(kind="extension", id=f"e{i}", fields={"number": str(1000 + i), "name": f"Person {i}"})
        )
        made.append(Put(kind="device", id=f"d{i}", fields={"extension": f"e{i}", "username": f"u{i}"}))
    for i in range(NUMBERS):
        targets = [{"kind": "extension", "ref": f"e{(i + j) % EXTENSIONS}"} for j in range(5)]
        targets.append({"kind": "external", "ref": f"+49151{10_000_000 + i}"})
        fields = {"number": f"+4922147{1000 + i}", "steps": [{"targets": targets}]}
        made.append(Put(kind="number", id=f"n{i}", fields=fields))
    return made


def states(number: int) -> list[CallRecord | LegRecord]:
    """What call control writes of one answered call: seven states of three rows."""
    call = CallRecord(
        call=CallId(f"call-{number}"),
        kind=CallKind.INTERNAL,
        started=AT,
        caller_number="1000",
        caller_name="Person 0",
        withheld=False,
        dialled="1001",
        called="1001",
        reasons=(
            Reason(code="internal", values={"number": "1001"}),
            Reason(code="ring", values={"devices": "1"}),
        ),
    )
    legs = [
        LegRecord(
            leg=LegId(f"leg-{number}-{side}"),
            call=call.call,
            direction=Direction.INCOMING,
            endpoint=f"device:d{side}",
            party="1000",
            started=AT,
        )
        for side in (0, 1)
    ]
    over = [dataclasses.replace(leg, answered=AT, ended=AT, cause=Cause.NORMAL) for leg in legs]
    return [
        call,
        *legs,
        dataclasses.replace(call, answered=AT),
        *over,
        dataclasses.replace(call, answered=AT, ended=AT, cause=Cause.NORMAL),
    ]


def repeat(benchmark: BenchmarkFixture, work: Callable[[], object], rounds: int) -> None:
    """Measure the work as often as that, without calibration: each round changes the disk."""
    benchmark.pedantic(work, rounds=rounds)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfigurationStore]:
    made = ConfigurationStore(tmp_path_factory.mktemp("office") / "configuration.db", "box")
    made.apply(office(), "bench")
    yield made
    made.close()


@pytest.mark.benchmark(group="one change of configuration")
def test_bare_commit(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The floor: one row, one durable transaction."""
    with closing(sqlite3.connect(tmp_path / "bare.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE t (x)")
        repeat(benchmark, lambda: connection.execute("INSERT INTO t VALUES (1)"), 200)


@pytest.mark.benchmark(group="one change of configuration")
def test_put_to_snapshot(benchmark: BenchmarkFixture, store: ConfigurationStore) -> None:
    """A changed name, durable, checked and in the snapshot."""
    count = iter(range(1_000_000))

    def change() -> None:
        name = f"Renamed {next(count)}"
        store.put("extension", "e7", {"name": name}, "bench")
        assert store.snapshot().extension_by_number["1007"].name == name

    repeat(benchmark, change, 200)


@pytest.mark.benchmark(group="one change of configuration")
def test_new_distribution_to_snapshot(benchmark: BenchmarkFixture, store: ConfigurationStore) -> None:
    """A new public number with its targets."""
    count = iter(range(1_000_000))

    def change() -> None:
        i = next(count)
        steps = [{"targets": [{"kind": "extension", "ref": f"e{j}"} for j in range(6)]}]
        store.put("number", f"new{i}", {"number": f"+4930{100000 + i}", "steps": steps}, "bench")

    repeat(benchmark, change, 100)


@pytest.mark.benchmark(group="start with a large office")
def test_open(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """From the file to the first snapshot."""
    path = tmp_path / "configuration.db"
    with closing(ConfigurationStore(path, "box")) as made:
        made.apply(office(), "bench")
    repeat(benchmark, lambda: ConfigurationStore(path, "box").close(), 5)


@pytest.mark.benchmark(group=f"{CALLS} calls of seven states recorded")
def test_each_state_its_own_transaction(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How a plain journal does it."""
    with closing(sqlite3.connect(tmp_path / "plain.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        for step in SCHEMA.steps:
            assert isinstance(step, tuple)
            for statement in step:
                connection.execute(statement)

        def write() -> None:
            for number in range(CALLS):
                for record in states(number):
                    if isinstance(record, CallRecord):
                        connection.execute(PUT_CALL, call_row(record))
                    else:
                        connection.execute(PUT_LEG, leg_row(record))

        repeat(benchmark, write, 3)


@pytest.mark.benchmark(group=f"{CALLS} calls of seven states recorded")
def test_record_store(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The same through the record store, until it is durable; CPU per call is in the extra columns."""
    with closing(RecordStore(tmp_path / "records.db")) as records:

        def write() -> None:
            for number in range(CALLS):
                for record in states(number):
                    if isinstance(record, CallRecord):
                        records.put_call(record)
                    else:
                        records.put_leg(record)
            assert records.flush(30)

        repeat(benchmark, write, 3)


@pytest.mark.benchmark(group="150 calls/s for two seconds")
def test_cpu_of_a_busy_second(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """CPU per call of caller and writer together at a steady 150 calls/s, states spread over the call."""
    with closing(RecordStore(tmp_path / "records.db")) as records:

        def write() -> None:
            start, cpu = time.perf_counter(), time.process_time()
            spent = 0.0
            for number in range(300):
                made = states(number)
                began = time.thread_time()
                for record in made:
                    if isinstance(record, CallRecord):
                        records.put_call(record)
                    else:
                        records.put_leg(record)
                spent += time.thread_time() - began
                time.sleep(max(0.0, start + number / 150 - time.perf_counter()))
            assert records.flush(30)
            benchmark.extra_info["cpu_ms_per_call"] = round((time.process_time() - cpu) / 300 * 1000, 3)
            benchmark.extra_info["caller_us_per_call"] = round(spent / 300 * 1e6, 1)

        repeat(benchmark, write, 1)
    print(benchmark.extra_info)
