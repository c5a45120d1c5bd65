"""The record store: batches, a failing disk, what a crash leaves, questions."""

import dataclasses
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from appliance.errors import NotFound
from appliance.model.causes import Cause
from appliance.model.events import Quality
from appliance.model.ids import CallId, LegId, NumberId
from appliance.model.plan import CallKind, Reason
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store import records
from appliance.store.records import RecordStore

T0 = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def call(name: str, **changes: object) -> CallRecord:
    made = CallRecord(
        call=CallId(name),
        kind=CallKind.INBOUND,
        started=T0,
        caller_number="+4922147110",
        caller_name="Zoë 🐈",
        withheld=False,
        dialled="0221 471",
        called="+49221471",
        number=NumberId("main"),
        reasons=(Reason(code="ring", values=MappingProxyType({"extension": "21"})),),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def leg(name: str, of: str, **changes: object) -> LegRecord:
    made = LegRecord(
        leg=LegId(name),
        call=CallId(of),
        direction=Direction.OUTGOING,
        endpoint="device:d21",
        party="21",
        started=T0,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Ask again until it holds: for states nobody tells us of."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
def store(path: Path) -> Iterator[RecordStore]:
    opened = RecordStore(path, lambda: at(100))
    yield opened
    opened.close()


def test_a_record_comes_back_as_it_was_written(store: RecordStore) -> None:
    one = call("c1", answered=at(3), ended=at(9.5), cause=Cause.NORMAL, merged_into=CallId("c0"))
    quality = Quality(codec="opus", secure=True, received_packets=5, lost_packets=1, jitter_ms=2.5)
    two = leg("l1", "c1", alerted=at(1), answered=at(3), ended=at(9), cause=Cause.BUSY, quality=quality)
    store.put_call(one)
    store.put_leg(two)
    assert store.flush(5)
    assert store.calls() == (
        dataclasses.replace(one, reasons=(Reason(code="ring", values={"extension": "21"}),)),
    )
    assert store.call(CallId("c1")).legs == (two,)
    with pytest.raises(NotFound):
        store.call(CallId("c2"))


def test_calls_come_with_their_legs_at_once(store: RecordStore) -> None:
    for name in ("c1", "c2", "c3"):
        store.put_call(call(name))
    for name, of in (("l1", "c1"), ("l2", "c1"), ("l3", "c3")):
        store.put_leg(leg(name, of))
    assert store.flush(5)
    wanted = [store.call(CallId(name)) for name in ("c3", "c2", "c1")]
    assert store.with_legs([one.call for one in wanted]) == tuple(wanted)
    assert [len(one.legs) for one in wanted] == [1, 0, 2]
    assert store.with_legs([]) == ()


def test_the_newest_state_wins_whether_it_was_written_before_or_not(store: RecordStore) -> None:
    store.put_call(call("c1"))
    assert store.flush(5)
    store.put_call(call("c1", answered=at(1)))
    store.put_call(call("c1", answered=at(1), ended=at(2), cause=Cause.NORMAL))
    assert store.flush(5)
    assert [(one.answered, one.ended) for one in store.calls()] == [(at(1), at(2))]


def test_many_states_of_many_calls_need_few_transactions(store: RecordStore, path: Path) -> None:
    commits: list[str] = []
    store._writing.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    for state in range(6):
        for number in range(200):
            store.put_call(call(f"c{number}", called=str(state)))
            store.put_leg(leg(f"l{number}", f"c{number}", party=str(state)))
    assert store.flush(5)
    store._writing.set_trace_callback(None)
    assert len(commits) <= 6
    assert {one.called for one in store.calls(limit=500)} == {"5"}


def test_what_a_crash_left_open_is_ended_at_the_last_known_moment(path: Path) -> None:
    crashed = RecordStore(path, lambda: at(60))
    crashed.put_call(call("talking", answered=at(5)))
    crashed.put_leg(leg("talking-1", "talking", answered=at(5)))
    crashed.put_leg(leg("talking-2", "talking", answered=at(5), ended=at(20), cause=Cause.TRANSFERRED))
    crashed.put_call(call("over", ended=at(7), cause=Cause.BUSY))
    crashed.put_call(call("late", started=at(90)))
    assert crashed.flush(5)
    crashed.close()  # the records stay as they are: nothing is ended by closing
    with RecordStoreOf(path) as again:
        found = {str(one.call): one for one in again.calls()}
        assert (found["talking"].ended, found["talking"].cause) == (at(60), Cause.RESTART)
        assert (found["over"].ended, found["over"].cause) == (at(7), Cause.BUSY)
        assert (found["late"].ended, found["late"].cause) == (at(90), Cause.RESTART)
        first, second = again.call(CallId("talking")).legs
        assert (first.ended, first.cause) == (at(60), Cause.RESTART)
        assert (second.ended, second.cause) == (at(20), Cause.TRANSFERRED)


class RecordStoreOf:
    """A store that is closed at the end of the block."""

    def __init__(self, path: Path) -> None:
        self.store = RecordStore(path)

    def __enter__(self) -> RecordStore:
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


class TestQuestions:
    @pytest.fixture(autouse=True)
    def journal(self, store: RecordStore) -> None:
        for i in range(10):
            store.put_call(call(f"c{i}", started=at(i // 2), caller_number=f"+49221{i}", called="21"))
        store.put_leg(leg("l", "c3", party="*77"))
        assert store.flush(5)

    def test_newest_first_and_page_by_page_even_within_one_moment(self, store: RecordStore) -> None:
        everything = [one.call for one in store.calls()]
        assert everything == [f"c{i}" for i in range(9, -1, -1)]
        pages: list[str] = []
        before: CallId | None = None
        while page := store.calls(limit=3, before=before):
            pages += [one.call for one in page]
            before = page[-1].call
        assert pages == everything

    def test_by_time(self, store: RecordStore) -> None:
        assert [one.call for one in store.calls(since=at(4))] == ["c9", "c8"]
        assert [one.call for one in store.calls(until=at(1))] == ["c1", "c0"]

    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            ("0221/7", ["c7"]),
            ("+49 221 7", ["c7"]),
            ("7", ["c7", "c3"]),
            ("*77", ["c3"]),
            ("999", []),
            ("*", []),
        ],
    )
    @pytest.mark.parametrize("many", [0, 5000], ids=["of many calls", "of few calls"])
    def test_by_how_a_number_ends(
        self, store: RecordStore, monkeypatch: pytest.MonkeyPatch, number: str, expected: list[str], many: int
    ) -> None:
        monkeypatch.setattr(records, "MANY", many)
        assert [one.call for one in store.calls(number=number)] == expected

    def test_numbers_are_no_patterns(self, store: RecordStore) -> None:
        assert [one.call for one in store.calls(number="[0-9]?")] == ["c9"]
        assert len(store.calls(number="'; DROP TABLE calls --")) == 10


class TestTrouble:
    def test_a_full_disk_is_an_alarm_and_heals(self, store: RecordStore, path: Path) -> None:
        (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
        store._writing.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(2000):
            store.put_call(call(f"c{number}"))
        eventually(lambda: store.status().failing != "")
        assert "no space left" in store.status().failing
        assert not store.flush(0.05)
        store.put_call(call("c1", answered=at(1)))
        store._writing.execute("PRAGMA max_page_count = 1000000")
        assert store.flush(10)
        assert store.status().failing == ""
        assert store.status().dropped == 0
        assert len(store.calls(limit=5000)) == 2000
        assert store.call(CallId("c1")).call.answered == at(1)

    def test_memory_is_bounded_and_what_is_dropped_is_counted(self, path: Path) -> None:
        store = RecordStore(path, lambda: at(0), capacity=50)
        blocker = sqlite3.connect(path, isolation_level=None)
        store._writing.execute("PRAGMA busy_timeout = 20")
        blocker.execute("BEGIN IMMEDIATE")
        for number in range(200):
            store.put_call(call(f"c{number}"))
            store.put_leg(leg(f"l{number}", f"c{number}"))
        eventually(lambda: "locked" in store.status().failing)
        store.put_call(call("c0", ended=at(1)))  # what is waiting may still change
        status = store.status()
        assert status.pending <= 51
        assert status.dropped >= 300
        blocker.execute("COMMIT")
        blocker.close()
        assert store.flush(10)
        assert store.call(CallId("c0")).call.ended == at(1)
        store.close()

    def test_text_a_database_cannot_hold_is_mended_and_nonsense_dropped_alone(
        self, store: RecordStore
    ) -> None:
        store.put_call(call("odd", caller_name="bad \udcff name"))
        store.put_leg(leg("null", "odd", party=None))
        store.put_leg(leg("huge", "odd", sip_status=10**40))
        store.put_leg(leg("fine", "odd"))
        assert store.flush(5)
        assert store.call(CallId("odd")).call.caller_name == "bad ? name"
        assert [one.leg for one in store.call(CallId("odd")).legs] == ["fine"]
        assert store.status().dropped == 2

    def test_a_cause_or_kind_of_a_newer_version_does_not_stop_the_journal(self, store: RecordStore) -> None:
        store.put_call(call("c1", ended=at(1), cause=Cause.NORMAL))
        store.put_call(call("c2", ended=at(1), cause=Cause.NORMAL))
        assert store.flush(5)
        store._writing.execute("UPDATE calls SET cause = 'eaten' WHERE call = 'c1'")
        store._writing.execute("UPDATE calls SET kind = 'hologram' WHERE call = 'c2'")
        assert [(one.call, one.cause) for one in store.calls()] == [("c1", Cause.FAILURE)]

    def test_after_closing_records_are_counted_as_dropped(self, path: Path) -> None:
        store = RecordStore(path)
        store.put_call(call("c1"))
        store.close()
        store.put_call(call("c2"))
        assert store.status().dropped == 1
        with RecordStoreOf(path) as again:
            assert [one.call for one in again.calls()] == ["c1"]

    def test_the_writer_ends(self, path: Path) -> None:
        store = RecordStore(path)
        assert "records" in {thread.name for thread in threading.enumerate()}
        store.close()
        assert not store._thread.is_alive()


def test_the_last_calls_of_everybody_inside_are_found_without_reading_all(tmp_path: Path) -> None:
    store = RecordStore(tmp_path / "records.db")
    for i in range(20):
        for number in ("21", "22"):
            kind = CallKind.INTERNAL if i % 2 else CallKind.OUTBOUND
            store.put_call(call(f"{number}-{i}", kind=kind, caller_number=number, started=at(i)))
    store.put_call(call("in", kind=CallKind.INBOUND, caller_number="+49301", started=at(30)))
    store.put_call(call("old", kind=CallKind.INTERNAL, caller_number="23", started=at(-100)))
    assert store.flush(10)
    found = store.last_dialled(at(-1), each=3)
    store.close()
    assert {one.call for one in found} == {f"{number}-{i}" for number in ("21", "22") for i in (17, 18, 19)}
    assert [one.started for one in found] == sorted((one.started for one in found), reverse=True)
