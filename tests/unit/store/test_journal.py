"""The journal by filters, its retention, and numbers that are shortened."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model.causes import Cause
from appliance.model.ids import CallId, LegId
from appliance.model.journal import JournalFilter, Result, Way, hidden
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store.journal import result_of, way_of
from appliance.store.records import RecordStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def call(number: int, **fields: Any) -> CallRecord:
    given = {
        "kind": CallKind.INBOUND, "caller_number": "+4930123456", "caller_name": "", "withheld": False,
        "dialled": "+492215550121", "called": "+492215550121", "ended": NOW, "cause": Cause.NORMAL,
    }  # fmt: skip
    return CallRecord(
        **{"call": CallId(f"c{number}"), "started": NOW - timedelta(days=number), **given, **fields}
    )


CALLS = (
    call(0, ended=None, cause=None),
    call(1, answered=NOW),
    call(2, cause=Cause.CANCELLED),
    call(3, kind=CallKind.OUTBOUND, caller_number="21", dialled="0170", called="+49170", cost_centre="Sales",
         answered=NOW),
    call(4, kind=CallKind.INTERNAL, caller_number="21", dialled="22", called="22", cause=Cause.BUSY),
    call(5, kind=CallKind.REFUSED, caller_number="22", dialled="0900", called="0900", cause=Cause.FORBIDDEN,
         cost_centre="Lager"),
    call(6, kind=CallKind.EMERGENCY, caller_number="22", dialled="112", called="112", cause=Cause.NO_ROUTE),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    found = RecordStore(tmp_path / "records.db")
    for one in CALLS:
        found.put_call(one)
    leg = LegRecord(
        leg=LegId("l"), call=CallId("c1"), direction=Direction.OUTGOING, endpoint="device:d21", party="21",
        started=NOW,
    )  # fmt: skip
    found.put_leg(leg)
    assert found.flush(5)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (JournalFilter(), "0 1 2 3 4 5 6"),
        (JournalFilter(way=Way.IN), "0 1 2"),
        (JournalFilter(way=Way.OUT), "3 6"),
        (JournalFilter(way=Way.INSIDE), "4 5"),
        (JournalFilter(result=Result.RUNNING), "0"),
        (JournalFilter(result=Result.ANSWERED), "1 3"),
        (JournalFilter(result=Result.MISSED), "2"),
        (JournalFilter(result=Result.BUSY), "4"),
        (JournalFilter(result=Result.REFUSED), "5"),
        (JournalFilter(result=Result.FAILED), "6"),
        (JournalFilter(cost_centre="Sales"), "3"),
        (JournalFilter(extension=("21", "device:d21")), "1 3 4"),
        (JournalFilter(extension=("21", "device:d21"), way=Way.IN, result=Result.ANSWERED), "1"),
        (JournalFilter(parties=("22",), extension=("21",)), "4"),
        (JournalFilter(since=NOW - timedelta(days=3), until=NOW), "1 2 3"),
        (JournalFilter(number="030 123456", way=Way.IN), "0 1 2"),
    ],
)
def test_calls_are_found_by_what_was_asked(store: RecordStore, asked: JournalFilter, found: str) -> None:
    assert " ".join(one.call[1:] for one in store.journal(asked)) == found


def test_pages_follow_each_other(store: RecordStore) -> None:
    first = store.journal(JournalFilter(way=Way.IN), limit=2)
    rest = store.journal(JournalFilter(way=Way.IN), before=first[-1].call, limit=2)
    assert [one.call for one in (*first, *rest)] == ["c0", "c1", "c2"]
    assert store.cost_centres() == ("Lager", "Sales")


def test_sql_and_python_agree_on_way_and_result(store: RecordStore) -> None:
    for record in CALLS:
        for way in Way:
            assert (record in store.journal(JournalFilter(way=way))) == (way_of(record) is way)
        for result in Result:
            assert (record in store.journal(JournalFilter(result=result))) == (result_of(record) is result)


def test_what_is_over_is_gone_for_good(store: RecordStore, tmp_path: Path) -> None:
    store.put_call(call(40, ended=NOW - timedelta(days=39), caller_number="+49555000111"))
    assert store.flush(5)
    assert store.forget(NOW - timedelta(days=30)) == 1
    assert store.forget(NOW - timedelta(days=30)) == 0
    assert "c40" not in [one.call for one in store.journal(JournalFilter())]
    with closing(store.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert all(b"+49555000111" not in one.read_bytes() for one in tmp_path.iterdir() if one.is_file())


def test_last_digits_are_hidden() -> None:
    assert hidden("+4930123456", 3) == "+4930123xxx"
    assert hidden("+4930123456", 0) == "+4930123456"
    assert hidden("+49301", 8) == "+49xxx"
    assert [hidden(one, 3) for one in ("21", "", "*43#", "0900")] == ["21", "", "*43#", "0900"]
