"""The record store: calls and legs, written behind the callers' back in durable batches.

Call control never waits for the disk: a record is put into a bounded table of what is to be written,
where a newer state of the same call or leg replaces the older. The thread ``records`` empties the table
into one transaction about every 50 ms. When the disk fails it keeps trying; memory stays bounded, what
does not fit is dropped and counted.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog

from appliance.errors import NotFound
from appliance.model.ids import CallId, LegId
from appliance.model.journal import JournalFilter
from appliance.model.records import CallRecord, LegRecord
from appliance.store.database import Database, explain, explained
from appliance.store.journal import MANY, NUMBERS, OFTEN, ending_of, page
from appliance.store.migrations import transaction
from appliance.store.record_rows import (
    FORGETTABLE,
    LAST_DIALLED,
    LEGS_OF,
    LEGS_OF_ALL,
    ONE_CALL,
    PUT_CALL,
    PUT_LEG,
    PUT_SEEN,
    SCHEMA,
    call_row,
    close_open,
    leg_row,
    micros,
    read_call,
    read_leg,
)

BATCH_SECONDS = 0.05
RETRY_SECONDS = 1.0
SEEN_SECONDS = 30.0
CAPACITY = 20_000
FORGET_AT_ONCE = 500
_UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
)
_Id = TypeVar("_Id")
_Record = TypeVar("_Record")
_log = structlog.get_logger("store.records")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStatus:
    """How writing goes. ``failing`` is what is wrong with the disk, empty while all is well."""

    pending: int
    dropped: int
    failing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call and its legs in the order they began."""

    call: CallRecord
    legs: tuple[LegRecord, ...]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class RecordStore:
    """Calls and legs on disk. Safe to use from any thread; ``put_call``, ``put_leg`` never block or raise."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime] = utc_now,
        *,
        capacity: int = CAPACITY,
        batch_seconds: float = BATCH_SECONDS,
    ) -> None:
        """Open or create the database, end what a crash left open (cause RESTART), start the writer.

        ``capacity`` bounds the records that wait for the disk. Raises ConfigError (damaged or newer
        database), DeviceUnavailable (in use, folder unusable).
        """
        self.path = path
        self._clock = clock
        self._capacity = capacity
        self._batch_seconds = batch_seconds
        self._database = Database(path, SCHEMA)
        try:
            with explained(path):
                self._writing = self._database.connection
                with transaction(self._writing):
                    calls, legs = close_open(self._writing)
                self._reading = self._database.connect()
        except BaseException:
            self._database.close()
            raise
        if calls or legs:
            _log.warning("ended what was open when the box stopped", calls=calls, legs=legs)
        self._calls: dict[CallId, CallRecord] = {}
        self._legs: dict[LegId, LegRecord] = {}
        self._open: set[CallId] = set()
        self._dropped = 0
        self._failing = ""
        self._accepted = 0  # how many records came in
        self._durable = 0  # how many of those are settled
        self._stopping = False
        self._reader = threading.Lock()
        self._guard = threading.Lock()
        self._arrived = threading.Condition(self._guard)
        self._settled = threading.Condition(self._guard)
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    # Writing

    def put_call(self, record: CallRecord) -> None:
        """Write the record of a call as it now is."""
        with self._guard:
            self._keep(self._calls, record.call, record)

    def put_leg(self, record: LegRecord) -> None:
        """Write the record of a leg as it now is."""
        with self._guard:
            self._keep(self._legs, record.leg, record)

    def flush(self, timeout: float) -> bool:
        """Wait until everything put so far is on disk (or dropped); False when that took too long."""
        deadline = time.monotonic() + timeout
        with self._guard:
            wanted = self._accepted
            while self._durable < wanted:
                self._hurry.set()
                left = deadline - time.monotonic()
                if left <= 0 or not self._thread.is_alive():
                    return False
                self._settled.wait(left)
        return True

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, stop the writer, close the database. Records put later are dropped."""
        with self._guard:
            self._stopping = True
            self._arrived.notify()
        self._hurry.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            _log.error("the disk did not answer in time; records may be lost")
            return
        lost = self.status().pending
        if lost:
            _log.error("records could not be written before the end", lost=lost)
        with self._reader:
            self._reading.close()
        self._database.close()

    def status(self) -> RecordStatus:
        """How writing goes now."""
        with self._guard:
            return RecordStatus(
                pending=len(self._calls) + len(self._legs), dropped=self._dropped, failing=self._failing
            )

    # Reading

    def calls(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        number: str | None = None,
        limit: int = 100,
        before: CallId | None = None,
        *,
        noted: bool = False,
        parties: tuple[str, ...] | None = None,
    ) -> tuple[CallRecord, ...]:
        """Calls on disk, newest first, that began in [since, until).

        ``number``: a party's number ends with these digits (``*`` and ``#`` count; leading zeros and
        other characters do not). ``before``: only calls older than that one, for the next page.
        ``noted``: only calls on which somebody wrote a note. ``parties``: only calls of one of these:
        whole numbers as records have them, or endpoints (``device:21``).
        """
        asked = JournalFilter(since=since, until=until, number=number, noted=noted, parties=parties)
        return self.journal(asked, before, limit)

    def journal(
        self, asked: JournalFilter, before: CallId | None = None, limit: int = 100
    ) -> tuple[CallRecord, ...]:
        """Calls that pass a filter, newest first; ``before``: the next page."""
        numbers: list[str] | None = None
        rare = False
        with self._reader, explained(self.path):
            if (ending := ending_of(asked.number)) is not None:
                numbers = [one[0] for one in self._reading.execute(NUMBERS, {"ending": ending})]
                if not numbers:
                    return ()
                often = self._reading.execute(OFTEN, {"numbers": json.dumps(numbers)}).fetchone()[0]
                rare = often < MANY
            statement, values = page(asked, before, max(0, min(limit, 10_000)), numbers, rare=rare)
            rows = self._reading.execute(statement, values).fetchall()
        return _read_all(rows)

    def cost_centres(self) -> tuple[str, ...]:
        """Every cost centre that calls are put down to."""
        with self._reader, explained(self.path):
            rows = self._reading.execute(
                "SELECT DISTINCT cost_centre FROM calls WHERE cost_centre <> '' ORDER BY 1"
            ).fetchall()
        return tuple(row[0] for row in rows)

    def last_dialled(self, since: datetime, each: int = 5) -> tuple[CallRecord, ...]:
        """The last calls that everybody inside made, so many of each, newest first."""
        with self._reader, explained(self.path):
            rows = self._reading.execute(LAST_DIALLED, (micros(since), each)).fetchall()
        return _read_all(rows)

    def call(self, call: CallId) -> RecordedCall:
        """One call with its legs. Raises NotFound."""
        with self._reader, explained(self.path):
            row = self._reading.execute(ONE_CALL, (call,)).fetchone()
            legs = self._reading.execute(LEGS_OF, (call,)).fetchall()
        if row is None:
            raise NotFound(f"call {call} has no record", hint="see 'ortsamt ctl records'")
        return RecordedCall(call=read_call(row), legs=tuple(read_leg(leg) for leg in legs))

    def with_legs(self, calls: Sequence[CallRecord]) -> tuple[RecordedCall, ...]:
        """These calls with their legs, in the same order."""
        legs: dict[CallId, list[LegRecord]] = {}
        with self._reader, explained(self.path):
            names = json.dumps([one.call for one in calls])
            for row in self._reading.execute(LEGS_OF_ALL, (names,)):
                leg = read_leg(row)
                legs.setdefault(leg.call, []).append(leg)
        return tuple(RecordedCall(call=one, legs=tuple(legs.get(one.call, ()))) for one in calls)

    def forget(self, before: datetime, enough: Callable[[], bool] = lambda: False) -> int:
        """Delete calls that ended before then, with legs and notes, for good; how many.

        Raises DeviceUnavailable. In batches, so that nobody who writes waits long; ``enough`` ends it
        between two of them.
        """
        gone = 0
        with explained(self.path), closing(self.connect()) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            while not enough():
                with transaction(connection):
                    rows = connection.execute(FORGETTABLE, (micros(before), FORGET_AT_ONCE)).fetchall()
                    calls = json.dumps([row[0] for row in rows])
                    for table in ("notes", "legs", "calls"):
                        connection.execute(
                            f"DELETE FROM {table} WHERE call IN (SELECT value FROM json_each(?))",  # noqa: S608
                            (calls,),
                        )
                gone += len(rows)
                if len(rows) < FORGET_AT_ONCE:
                    break
            if gone:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def count_of(self, number: str) -> int:
        """How many calls bear the name of this caller's number."""
        with self._reader, explained(self.path):
            row = self._reading.execute(
                "SELECT count(*) FROM calls WHERE caller_number = ? AND caller_name <> ''", (number,)
            ).fetchone()
        return int(row[0])

    def make_anonymous(self, number: str) -> None:
        """Take the name of a number that has gone out of every call; the calls stay."""
        with explained(self.path), closing(self.connect()) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            with transaction(connection):
                connection.execute(
                    "UPDATE calls SET caller_name = '' WHERE caller_number = ? AND ended IS NOT NULL",
                    (number,),
                )

    def connect(self) -> sqlite3.Connection:
        """A further connection to this database, for a table of somebody else; close it before the store."""
        return self._database.connect()

    # Inside

    def _keep(self, waiting: dict[_Id, _Record], key: _Id, record: _Record) -> None:
        full = len(self._calls) + len(self._legs) >= self._capacity
        if self._stopping or (full and key not in waiting):
            if not self._dropped:
                _log.error("records are dropped", failing=self._failing, stopping=self._stopping)
            self._dropped += 1
            return
        idle = not self._calls and not self._legs
        waiting[key] = record
        self._accepted += 1
        if idle:
            self._arrived.notify()

    def _run(self) -> None:
        while self._await_work():
            self._hurry.wait(self._batch_seconds)
            with self._guard:
                calls, legs, taken = self._calls, self._legs, self._accepted
                self._calls, self._legs = {}, {}
                self._hurry.clear()
            if self._write(calls, legs):
                with self._guard:
                    self._durable = taken
                    self._settled.notify_all()
                continue
            with self._guard:
                self._calls, self._legs = {**calls, **self._calls}, {**legs, **self._legs}
                if self._stopping:
                    self._settled.notify_all()
                    return
                self._arrived.wait(RETRY_SECONDS)

    def _await_work(self) -> bool:
        """Wait for records; while calls are open, note now and then that the box lives. False: stop."""
        while True:
            with self._guard:
                if self._calls or self._legs:
                    return True
                if self._stopping:
                    return False
                self._arrived.wait(SEEN_SECONDS if self._open else None)
                if self._calls or self._legs or self._stopping:
                    continue
            self._write({}, {})

    def _write(self, calls: dict[CallId, CallRecord], legs: dict[LegId, LegRecord]) -> bool:
        try:
            try:
                self._write_all(calls, legs)
            except _UNFIT:
                self._write_singly(calls, legs)
        except sqlite3.Error as error:
            trouble = explain(self.path, error)
            with self._guard:
                known, self._failing = self._failing, str(trouble)
            if not known:
                _log.error("records cannot be written; trying again", error=str(trouble))
            return False
        self._open.update(call for call, record in calls.items() if record.ended is None)
        self._open.difference_update(call for call, record in calls.items() if record.ended is not None)
        with self._guard:
            known, self._failing = self._failing, ""
        if known:
            _log.info("records are written again", dropped=self._dropped)
        return True

    def _write_all(self, calls: dict[CallId, CallRecord], legs: dict[LegId, LegRecord]) -> None:
        with transaction(self._writing):
            self._writing.executemany(PUT_CALL, [call_row(record) for record in calls.values()])
            self._writing.executemany(PUT_LEG, [leg_row(record) for record in legs.values()])
            self._writing.execute(PUT_SEEN, (micros(self._clock()),))

    def _write_singly(self, calls: dict[CallId, CallRecord], legs: dict[LegId, LegRecord]) -> None:
        """Something in the batch does not fit the database: mend its text, or drop that record alone."""
        unfit = 0
        with transaction(self._writing):
            for call in calls.values():
                unfit += not self._fits(PUT_CALL, call_row, call)
            for leg in legs.values():
                unfit += not self._fits(PUT_LEG, leg_row, leg)
        with self._guard:
            self._dropped += unfit
        _log.error("records held what cannot be stored", dropped=unfit)

    def _fits(self, statement: str, row: Callable[[_Record], tuple[object, ...]], record: _Record) -> bool:
        try:
            self._writing.execute(statement, [_mended(value) for value in row(record)])
        except _UNFIT:
            return False
        return True


def _read_all(rows: Iterable[tuple[Any, ...]]) -> tuple[CallRecord, ...]:
    found = []
    for row in rows:
        try:
            found.append(read_call(row))
        except ValueError:
            _log.warning("a call's record is of a newer version", call=row[0])
    return tuple(found)


def _mended(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
