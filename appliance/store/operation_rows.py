"""Tables of the configuration log and of the values it amounts to, and how operations become rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from appliance.store.migrations import Schema
from appliance.store.operations import Operation
from appliance.store.record_rows import micros, time_of

SCHEMA = Schema(
    name="configuration",
    application_id=0x4F544301,
    steps=(
        (
            """CREATE TABLE operations (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                hlc INTEGER NOT NULL,
                node TEXT NOT NULL,
                who TEXT NOT NULL,
                at INTEGER NOT NULL,
                kind TEXT NOT NULL,
                entity TEXT NOT NULL,
                field TEXT,
                value TEXT
            )""",
            "CREATE INDEX operations_entity ON operations (kind, entity)",
            "CREATE INDEX operations_order ON operations (hlc, node, id)",
            """CREATE TABLE fields (
                kind TEXT NOT NULL,
                entity TEXT NOT NULL,
                field TEXT NOT NULL,
                value TEXT,
                hlc INTEGER NOT NULL,
                node TEXT NOT NULL,
                operation TEXT NOT NULL,
                PRIMARY KEY (kind, entity, field)
            ) WITHOUT ROWID""",
            """CREATE TABLE tombstones (
                kind TEXT NOT NULL,
                entity TEXT NOT NULL,
                hlc INTEGER NOT NULL,
                node TEXT NOT NULL,
                operation TEXT NOT NULL,
                PRIMARY KEY (kind, entity)
            ) WITHOUT ROWID""",
        ),
        (
            "ALTER TABLE operations ADD COLUMN base TEXT",
            "ALTER TABLE operations ADD COLUMN received INTEGER NOT NULL DEFAULT 0",
            "CREATE INDEX operations_outgoing ON operations (sequence) WHERE received = 0",
            """CREATE TABLE leftovers (
                operation TEXT NOT NULL PRIMARY KEY,
                kind TEXT NOT NULL,
                entity TEXT NOT NULL,
                field TEXT
            ) WITHOUT ROWID""",
            "CREATE TABLE places (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        ),
    ),
)
"""``operations.at`` is microseconds since 1970; ``sequence`` is the order of arrival here, nowhere else;
``base`` is ids with a space between; ``received`` tells what came from another node. ``leftovers`` neither
won nor were replaced. ``places`` are how far exchange with other nodes has come."""

LOG = "SELECT id, hlc, node, who, at, kind, entity, field, value, base FROM operations "
ONE = LOG + "WHERE id = ?"
NEWEST = (
    "at >= ? AND (? IS NULL OR (hlc, node, id) < (SELECT hlc, node, id FROM operations WHERE id = ?))"
    " AND (? IS NULL OR who = ?) ORDER BY hlc DESC, node DESC, id DESC LIMIT ?"
)
ALL = LOG + "WHERE " + NEWEST
OF_KIND = LOG + "WHERE kind = ? AND " + NEWEST
OF_ENTITY = LOG + "WHERE kind = ? AND entity = ? AND " + NEWEST
WHOLE_ENTITY = LOG + "WHERE kind = ? AND entity = ?"
OUTGOING = LOG.replace(" FROM", ", sequence FROM") + (
    "WHERE received = 0 AND sequence > ? ORDER BY sequence LIMIT ?"
)
OUTGOING_COUNT = "SELECT count(*) FROM operations WHERE received = 0 AND sequence > ?"
SINCE = LOG.replace(" FROM", ", sequence FROM") + (
    "WHERE sequence > ? AND node <> ? ORDER BY sequence LIMIT ?"
)
SINCE_COUNT = "SELECT count(*) FROM operations WHERE sequence > ? AND node <> ?"
OF_ORIGIN = LOG + "WHERE node = ? AND hlc >= ? AND hlc < ?"
INSERT = (
    "INSERT INTO operations (id, hlc, node, who, at, kind, entity, field, value, base, received)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def values_of(operation: Operation) -> tuple[object, ...]:
    """Everything but ``base``, in the order of :data:`LOG`."""
    return (
        operation.id,
        operation.hlc,
        operation.node,
        operation.who,
        micros(operation.at),
        operation.kind,
        operation.entity,
        operation.field,
        operation.value,
    )


def of_values(values: Sequence[Any], base: Iterable[str] | None) -> Operation:
    """The operation that :func:`values_of` told. Raises OverflowError for a time that cannot be."""
    identity, hlc, node, who, at, kind, entity, field, value = values
    return Operation(
        id=identity,
        hlc=hlc,
        node=node,
        who=who,
        at=time_of(at),
        kind=kind,
        entity=entity,
        field=field,
        value=value,
        base=None if base is None else tuple(base),
    )


def operation_row(operation: Operation, *, received: bool = False) -> tuple[object, ...]:
    """The values of :data:`INSERT`."""
    base = None if operation.base is None else " ".join(operation.base)
    return (*values_of(operation), base, int(received))


def read_operation(row: tuple[Any, ...]) -> Operation:
    """A row of :data:`LOG`."""
    return of_values(row[:-1], None if row[-1] is None else row[-1].split())
