"""Notes on calls, in the database of the records: written at once, so that what was acknowledged is kept."""

import json
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from appliance.errors import NotFound
from appliance.model.ids import CallId, NoteId
from appliance.model.notes import CallNote
from appliance.store.changes import Changed, changes, gone_at, note_gone
from appliance.store.database import explained
from appliance.store.migrations import transaction
from appliance.store.record_rows import micros, time_of
from appliance.store.records import RecordStore, utc_now

MAX_PAGE = 10_000
_NOTES = "SELECT note, call, author, text, reference, written, changed, mailed FROM notes "
_PAGE = (
    _NOTES
    + """
    WHERE (:call IS NULL OR call = :call) AND (:reference IS NULL OR reference = :reference)
      AND (:since IS NULL OR written >= :since) AND (:until IS NULL OR written < :until)
    ORDER BY written DESC, row DESC LIMIT :limit
"""
)
_PUT = """
    INSERT INTO notes (note, call, author, text, reference, written, changed, mailed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (note) DO UPDATE SET
        author = excluded.author, text = excluded.text, reference = excluded.reference,
        changed = excluded.changed, mailed = excluded.mailed
"""


class NoteStore:
    """The notes of every call. Safe to use from any thread; every method may wait for the disk."""

    def __init__(self, records: RecordStore, clock: Callable[[], datetime] = utc_now) -> None:
        """Share the records' database by a connection of its own; to be closed before the records are."""
        self._path = records.path
        self._clock = clock
        self._guard = threading.Lock()
        with explained(self._path):
            self._connection = records.connect()

    def close(self) -> None:
        """Give the connection back."""
        with self._guard:
            self._connection.close()

    def now(self) -> datetime:
        """The time that a note written now bears."""
        return self._clock()

    def put(self, note: CallNote) -> None:
        """Write a note, new or changed; on disk when this returns. Raises DeviceUnavailable."""
        with self._guard, explained(self._path), transaction(self._connection):
            self._put(note)

    def _put(self, note: CallNote) -> None:
        changed = None if note.changed is None else micros(note.changed)
        row = (note.note, note.call, note.author, note.text, note.reference, micros(note.written), changed)
        self._connection.execute(_PUT, (*row, json.dumps(note.mailed)))

    def delete(self, note: NoteId) -> None:
        """Delete a note for good. Raises NotFound, DeviceUnavailable."""
        with self._guard, explained(self._path), transaction(self._connection):
            gone = self._connection.execute("DELETE FROM notes WHERE note = ?", (note,)).rowcount
            if gone:
                note_gone(self._connection, "notes", note, micros(self._clock()))
        if not gone:
            raise _missing(note)

    # -- other nodes -------------------------------------------------------------------------------

    def changes(self, after: int, limit: int) -> tuple[Changed, ...]:
        """What was written, changed or deleted behind a place of the log."""
        with self._guard, explained(self._path):
            return changes(self._connection, "notes", after, limit)

    def replicated(self, note: CallNote) -> bool:
        """Keep a note of another node unless what is here is newer; whether it was kept."""
        stamp = micros(note.changed or note.written)
        with self._guard, explained(self._path), transaction(self._connection):
            if stamp <= self._newest(note.note):
                return False
            self._put(note)
            return True

    def replicated_gone(self, identity: str, at: int) -> bool:
        """A note was deleted elsewhere (microseconds since 1970): delete it unless it changed later."""
        with self._guard, explained(self._path), transaction(self._connection):
            if self._newest(identity) > at:
                return False
            self._connection.execute("DELETE FROM notes WHERE note = ?", (identity,))
            if gone_at(self._connection, "notes", identity) != at:
                note_gone(self._connection, "notes", identity, at)
            return True

    def _newest(self, identity: str) -> int:
        """When it was written, changed or deleted; 0: unknown."""
        row = self._connection.execute(
            "SELECT coalesce(changed, written) FROM notes WHERE note = ?", (identity,)
        ).fetchone()
        return int(row[0]) if row is not None else gone_at(self._connection, "notes", identity)

    # -- reading -----------------------------------------------------------------------------------

    def note(self, note: NoteId) -> CallNote:
        """One note. Raises NotFound, DeviceUnavailable."""
        with self._guard, explained(self._path):
            row = self._connection.execute(_NOTES + "WHERE note = ?", (note,)).fetchone()
        if row is None:
            raise _missing(note)
        return _read(row)

    def notes(
        self,
        call: CallId | None = None,
        *,
        reference: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> tuple[CallNote, ...]:
        """Notes written in [since, until), the newest first; of one call, or with this very reference."""
        values = {
            "call": call,
            "reference": reference,
            "since": None if since is None else micros(since),
            "until": None if until is None else micros(until),
            "limit": max(0, min(limit, MAX_PAGE)),
        }
        with self._guard, explained(self._path):
            return tuple(_read(row) for row in self._connection.execute(_PAGE, values))


def _read(row: tuple[Any, ...] | sqlite3.Row) -> CallNote:
    return CallNote(
        note=NoteId(row[0]),
        call=CallId(row[1]),
        author=row[2],
        text=row[3],
        reference=row[4],
        written=time_of(row[5]),
        changed=None if row[6] is None else time_of(row[6]),
        mailed=tuple(json.loads(row[7])),
    )


def _missing(note: NoteId) -> NotFound:
    return NotFound(f"there is no note {note[:64]}", hint="'ctl notes' shows them")
