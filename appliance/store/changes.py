"""What changed in a table, as a log beside it that triggers keep: for those who pass changes on."""

import sqlite3
from dataclasses import dataclass

# Tables and columns are named by this program alone, never by what comes from elsewhere.
# ruff: noqa: S608
_NOW = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"

_COLUMNS = "place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, gone INTEGER NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A row was made or changed last at this ``place`` of the log; ``gone``: deleted then (µs since 1970)."""

    place: int
    id: str
    gone: int = 0


def log_of(table: str, identity: str, *, deletions: bool = True) -> tuple[str, ...]:
    """Statements that make the log of a table; ``identity`` is the column of its ids."""
    log = f"{table}_changes"

    def note(event: str, row: str, gone: str) -> str:
        return (
            f"CREATE TRIGGER {table}_after_{event.lower()} AFTER {event} ON {table} BEGIN"
            f" DELETE FROM {log} WHERE id = {row}.{identity};"
            f" INSERT INTO {log} (id, gone) VALUES ({row}.{identity}, {gone}); END"
        )

    statements = (
        f"CREATE TABLE {log} ({_COLUMNS})",
        f"INSERT INTO {log} (id, gone) SELECT {identity}, 0 FROM {table}",
        note("INSERT", "new", "0"),
        note("UPDATE", "new", "0"),
    )
    return (*statements, note("DELETE", "old", _NOW)) if deletions else statements


def changes(connection: sqlite3.Connection, table: str, after: int, limit: int) -> tuple[Changed, ...]:
    """The log behind a place."""
    rows = connection.execute(
        f"SELECT place, id, gone FROM {table}_changes WHERE place > ? ORDER BY place LIMIT ?",
        (after, limit),
    ).fetchall()
    return tuple(Changed(place=place, id=identity, gone=gone) for place, identity, gone in rows)


def gone_at(connection: sqlite3.Connection, table: str, identity: str) -> int:
    """When that row was deleted; 0: it was not."""
    row = connection.execute(
        f"SELECT gone FROM {table}_changes WHERE id = ?",
        (identity,),
    ).fetchone()
    return int(row[0]) if row is not None else 0


def note_gone(connection: sqlite3.Connection, table: str, identity: str, at: int) -> None:
    """Tell by hand that a row was deleted, or when."""
    connection.execute(
        f"INSERT OR REPLACE INTO {table}_changes (id, gone) VALUES (?, ?)",
        (identity, at),
    )
