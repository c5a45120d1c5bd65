"""The journal with 100 000 calls: ``python -m tests.bench.journal`` prints how long questions take."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.model.causes import Cause
from appliance.model.ids import CallId, LegId
from appliance.model.journal import JournalFilter, Result, Way
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store.records import RecordStore
from webui.tables import Column, Table, written

CALLS = 100_000


def fill(store: RecordStore) -> None:
    """Calls of 500 extensions over a year."""
    now = datetime.now(UTC)
    for number in range(CALLS):
        began = now - timedelta(minutes=5 * number)
        extension = str(100 + number % 500)
        call = CallId(f"c{number:06}")
        store.put_call(
            CallRecord(
                call=call, kind=CallKind.INBOUND if number % 2 else CallKind.OUTBOUND, started=began,
                caller_number=f"+4930{number % 977:06}" if number % 2 else extension, caller_name="",
                withheld=False, dialled="+492215550100", called="+492215550100", cause=Cause.NORMAL,
                answered=began if number % 3 else None, ended=began + timedelta(seconds=60),
                cost_centre=f"K{number % 20}",
            )
        )  # fmt: skip
        store.put_leg(
            LegRecord(
                leg=LegId(f"l{number}"), call=call, direction=Direction.OUTGOING,
                endpoint=f"device:{extension}", party=extension, started=began,
                ended=began + timedelta(seconds=60),
            )
        )  # fmt: skip
        if number % 5000 == 0:
            store.flush(60)
    store.flush(60)


def timed(what: str, ask: Callable[[], object]) -> None:
    """Print the median of five."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        ask()
        times.append((time.monotonic() - began) * 1000)
    print(f"{what:44} {statistics.median(times):8.1f} ms")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        store = RecordStore(Path(folder) / "records.db")
        fill(store)
        last = store.journal(JournalFilter(), limit=100)[-1].call
        timed("newest 100", lambda: store.journal(JournalFilter(), limit=100))
        timed("next page", lambda: store.journal(JournalFilter(), last, 100))
        own = JournalFilter(parties=("101", "device:101"))
        timed("of one extension (200 of 100 000)", lambda: store.journal(own, limit=100))
        missed = JournalFilter(way=Way.IN, result=Result.MISSED, cost_centre="K7")
        timed("by way, result and cost centre", lambda: store.journal(missed, limit=100))
        timed("number that nobody has", lambda: store.journal(JournalFilter(number="99999999"), limit=100))
        timed("number of a few calls", lambda: store.journal(JournalFilter(number="30000976"), limit=100))
        timed("number of every call", lambda: store.journal(JournalFilter(number="5550100"), limit=100))
        columns = tuple(Column(name=f"c{n}", words=f"c{n}") for n in range(11))
        rows = [tuple(f"cell {n} {m}" for m in range(11)) for n in range(CALLS)]
        for form in ("csv", "xml", "xlsx"):
            table = Table(title="t", columns=columns, rows=rows)
            began = time.monotonic()
            size = sum(len(piece) for piece in written(table, form))
            print(f"100 000 rows as {form:28} {(time.monotonic() - began) * 1000:8.0f} ms, {size >> 20} MB")
        store.close()


if __name__ == "__main__":
    main()
