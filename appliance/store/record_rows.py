"""Tables of calls and legs, and how records become rows and back. Times are microseconds since 1970, UTC."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from appliance.model.causes import Cause
from appliance.model.events import Quality
from appliance.model.ids import CallId, LegId, NumberId
from appliance.model.plan import CallKind, Reason
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store.changes import log_of
from appliance.store.migrations import Schema

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)

SCHEMA = Schema(
    name="records",
    application_id=0x4F545201,
    steps=(
        (
            """CREATE TABLE calls (
                row INTEGER PRIMARY KEY,
                call TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                started INTEGER NOT NULL,
                caller_number TEXT NOT NULL,
                caller_name TEXT NOT NULL,
                withheld INTEGER NOT NULL,
                dialled TEXT NOT NULL,
                called TEXT NOT NULL,
                number TEXT,
                answered INTEGER,
                ended INTEGER,
                cause TEXT,
                merged_into TEXT,
                reasons TEXT NOT NULL
            )""",
            "CREATE INDEX calls_started ON calls (started)",
            "CREATE INDEX calls_open ON calls (call) WHERE ended IS NULL",
            """CREATE TABLE legs (
                row INTEGER PRIMARY KEY,
                leg TEXT NOT NULL UNIQUE,
                call TEXT NOT NULL,
                direction TEXT NOT NULL,
                endpoint TEXT NOT NULL,
                party TEXT NOT NULL,
                started INTEGER NOT NULL,
                alerted INTEGER,
                answered INTEGER,
                ended INTEGER,
                cause TEXT,
                sip_status INTEGER NOT NULL,
                by_remote INTEGER NOT NULL,
                quality TEXT NOT NULL
            )""",
            "CREATE INDEX legs_call ON legs (call)",
            "CREATE INDEX legs_open ON legs (leg) WHERE ended IS NULL",
            "CREATE TABLE life (one INTEGER PRIMARY KEY CHECK (one = 1), seen INTEGER NOT NULL)",
        ),
        (
            """CREATE TABLE notes (
                row INTEGER PRIMARY KEY,
                note TEXT NOT NULL UNIQUE,
                call TEXT NOT NULL,
                author TEXT NOT NULL,
                text TEXT NOT NULL,
                reference TEXT NOT NULL,
                written INTEGER NOT NULL,
                changed INTEGER,
                mailed TEXT NOT NULL
            )""",
            "CREATE INDEX notes_call ON notes (call)",
            "CREATE INDEX notes_written ON notes (written)",
            "CREATE INDEX notes_reference ON notes (reference) WHERE reference <> ''",
        ),
        (
            """CREATE TABLE wishes (
                asker TEXT PRIMARY KEY,
                dialled TEXT NOT NULL,
                target TEXT NOT NULL,
                armed INTEGER NOT NULL,
                until INTEGER NOT NULL
            ) WITHOUT ROWID""",
        ),
        (
            "ALTER TABLE calls ADD COLUMN cost_centre TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX calls_cost_centre ON calls (cost_centre, started) WHERE cost_centre <> ''",
            "CREATE INDEX calls_caller ON calls (caller_number, started)",
            "CREATE INDEX calls_called ON calls (called, started)",
            "CREATE INDEX calls_dialled ON calls (dialled, started)",
            "CREATE INDEX legs_endpoint ON legs (endpoint, started)",
        ),
        ("CREATE INDEX legs_party ON legs (party)",),
        log_of("notes", "note", deletions=False),  # a call's notes end with it, at each node by its period
        (
            "ALTER TABLE calls ADD COLUMN part INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE calls ADD COLUMN rerouted TEXT NOT NULL DEFAULT ''",
        ),
    ),
)
"""``life.seen``: when the box was last known to live while calls were open; the end of those it lost."""

PUT_CALL = """
    INSERT INTO calls (call, kind, started, caller_number, caller_name, withheld, dialled, called, number,
                       answered, ended, cause, merged_into, reasons, cost_centre, part, rerouted)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (call) DO UPDATE SET
        kind = excluded.kind, started = excluded.started, caller_number = excluded.caller_number,
        caller_name = excluded.caller_name, withheld = excluded.withheld, dialled = excluded.dialled,
        called = excluded.called, number = excluded.number, answered = excluded.answered,
        ended = excluded.ended, cause = excluded.cause, merged_into = excluded.merged_into,
        reasons = excluded.reasons, cost_centre = excluded.cost_centre, part = excluded.part,
        rerouted = excluded.rerouted
"""

PUT_LEG = """
    INSERT INTO legs (leg, call, direction, endpoint, party, started, alerted, answered, ended, cause,
                      sip_status, by_remote, quality)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (leg) DO UPDATE SET
        call = excluded.call, direction = excluded.direction, endpoint = excluded.endpoint,
        party = excluded.party, started = excluded.started, alerted = excluded.alerted,
        answered = excluded.answered, ended = excluded.ended, cause = excluded.cause,
        sip_status = excluded.sip_status, by_remote = excluded.by_remote, quality = excluded.quality
"""

PUT_SEEN = "INSERT INTO life VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET seen = excluded.seen"

CALLS = """
    SELECT call, kind, started, caller_number, caller_name, withheld, dialled, called, number, answered,
           ended, cause, merged_into, reasons, cost_centre, part, rerouted
    FROM calls
"""
FORGETTABLE = "SELECT call FROM calls WHERE started < ?1 AND ended < ?1 ORDER BY started LIMIT ?2"
LAST_DIALLED = (
    CALLS  # noqa: S608 - made of constants alone
    + """
    WHERE row IN (
        SELECT row FROM (
            SELECT row, row_number() OVER (PARTITION BY caller_number ORDER BY started DESC, row DESC) AS age
            FROM calls WHERE started >= ? AND kind <> 'inbound' AND NOT part
        ) WHERE age <= ?
    )
    ORDER BY started DESC, row DESC
"""
)
ONE_CALL = CALLS + "WHERE call = ?"
_LEGS = """
    SELECT leg, call, direction, endpoint, party, started, alerted, answered, ended, cause, sip_status,
           by_remote, quality
    FROM legs
"""
LEGS_OF = _LEGS + "WHERE call = ? ORDER BY started, row"
LEGS_OF_ALL = _LEGS + "WHERE call IN (SELECT value FROM json_each(?)) ORDER BY started, row"  # noqa: S608
"""Of the calls in a list written as JSON."""

_CLOSE_LEGS = """
    UPDATE legs SET cause = :cause,
        ended = max(started, coalesce(alerted, 0), coalesce(answered, 0), :seen)
    WHERE ended IS NULL
"""
_CLOSE_CALLS = """
    UPDATE calls SET cause = :cause,
        ended = max(started, coalesce(answered, 0), :seen,
                    coalesce((SELECT max(ended) FROM legs WHERE legs.call = calls.call), 0))
    WHERE ended IS NULL
"""


def micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (at - _EPOCH) // _MICRO


def close_open(connection: sqlite3.Connection) -> tuple[int, int]:
    """End what an earlier process left open, at the last moment it was known to live; (calls, legs) ended."""
    row = connection.execute("SELECT seen FROM life").fetchone()
    values = {"cause": Cause.RESTART.value, "seen": row[0] if row else 0}
    legs = connection.execute(_CLOSE_LEGS, values).rowcount
    calls = connection.execute(_CLOSE_CALLS, values).rowcount
    return calls, legs


def call_row(record: CallRecord) -> tuple[object, ...]:
    """The values of :data:`PUT_CALL`."""
    return (
        record.call,
        record.kind.value,
        micros(record.started),
        record.caller_number,
        record.caller_name,
        record.withheld,
        record.dialled,
        record.called,
        record.number,
        _maybe_micros(record.answered),
        _maybe_micros(record.ended),
        None if record.cause is None else record.cause.value,
        record.merged_into,
        msgspec.json.encode(record.reasons, enc_hook=_plain).decode(),
        record.cost_centre,
        record.part,
        record.rerouted,
    )


def leg_row(record: LegRecord) -> tuple[object, ...]:
    """The values of :data:`PUT_LEG`."""
    return (
        record.leg,
        record.call,
        record.direction.value,
        record.endpoint,
        record.party,
        micros(record.started),
        _maybe_micros(record.alerted),
        _maybe_micros(record.answered),
        _maybe_micros(record.ended),
        None if record.cause is None else record.cause.value,
        record.sip_status,
        record.by_remote,
        msgspec.json.encode(record.quality).decode(),
    )


def read_call(row: tuple[Any, ...]) -> CallRecord:
    """A row of :data:`CALLS`. Raises ValueError for a kind only a newer version knows."""
    return CallRecord(
        call=CallId(row[0]),
        kind=CallKind(row[1]),
        started=time_of(row[2]),
        caller_number=row[3],
        caller_name=row[4],
        withheld=bool(row[5]),
        dialled=row[6],
        called=row[7],
        number=None if row[8] is None else NumberId(row[8]),
        answered=_maybe_time(row[9]),
        ended=_maybe_time(row[10]),
        cause=_cause(row[11]),
        merged_into=None if row[12] is None else CallId(row[12]),
        reasons=msgspec.json.decode(row[13], type=tuple[Reason, ...]),
        cost_centre=row[14],
        part=bool(row[15]),
        rerouted=row[16],
    )


def read_leg(row: tuple[Any, ...]) -> LegRecord:
    """A row of :data:`LEGS_OF`."""
    return LegRecord(
        leg=LegId(row[0]),
        call=CallId(row[1]),
        direction=Direction(row[2]),
        endpoint=row[3],
        party=row[4],
        started=time_of(row[5]),
        alerted=_maybe_time(row[6]),
        answered=_maybe_time(row[7]),
        ended=_maybe_time(row[8]),
        cause=_cause(row[9]),
        sip_status=row[10],
        by_remote=bool(row[11]),
        quality=msgspec.json.decode(row[12], type=Quality),
    )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} in a record")


def _maybe_micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def time_of(value: int) -> datetime:
    """The aware time of :func:`micros`."""
    return _EPOCH + value * _MICRO


def _maybe_time(value: int | None) -> datetime | None:
    return None if value is None else time_of(value)


def _cause(value: str | None) -> Cause | None:
    if value is None:
        return None
    try:
        return Cause(value)
    except ValueError:  # written by a newer version
        return Cause.FAILURE
