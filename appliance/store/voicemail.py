"""Messages of voicemail boxes and wrong PINs, in ``voicemail.db``: on disk when a method returns.

The audio lies in files beside; a message is there when its row says new, old or deleted. A row that says
recording is the journal of a recording in progress.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.errors import NotFound
from appliance.model.ids import CallId, MessageId, VoicemailBoxId
from appliance.model.messages import BoxCounts, Message, MessageState
from appliance.model.plan import Caller
from appliance.store.database import GuardedDatabase, explained
from appliance.store.migrations import Schema, transaction
from appliance.store.record_rows import micros, time_of
from appliance.store.records import utc_now

SCHEMA = Schema(
    name="voicemail",
    application_id=0x4F545601,
    steps=(
        (
            """CREATE TABLE messages (
                message TEXT PRIMARY KEY,
                box TEXT NOT NULL,
                call TEXT NOT NULL,
                caller TEXT NOT NULL,
                name TEXT NOT NULL,
                withheld INTEGER NOT NULL,
                received INTEGER NOT NULL,
                length_ms INTEGER NOT NULL DEFAULT 0,
                state TEXT NOT NULL,
                urgent INTEGER NOT NULL DEFAULT 0,
                announced INTEGER NOT NULL DEFAULT 0,
                forwarded_by TEXT NOT NULL DEFAULT '',
                changed INTEGER NOT NULL
            )""",
            "CREATE INDEX messages_box ON messages (box, state, received)",
            "CREATE INDEX messages_unannounced ON messages (announced) WHERE announced = 0",
            "CREATE TABLE wrong_pins (box TEXT NOT NULL, caller TEXT NOT NULL, at INTEGER NOT NULL)",
            "CREATE INDEX wrong_pins_at ON wrong_pins (at)",
            "CREATE TABLE full_boxes (box TEXT PRIMARY KEY) WITHOUT ROWID",
        ),
    ),
)
"""Times are microseconds since 1970. ``full_boxes``: those whose owners were told that they are full."""

_COLUMNS = (
    "message, box, call, caller, name, withheld, received, length_ms, state, urgent, forwarded_by, changed"
)
_INSERT = f"INSERT INTO messages ({_COLUMNS}, announced) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608
_SELECT = f"SELECT {_COLUMNS} FROM messages "  # noqa: S608


class VoicemailStore(GuardedDatabase):
    """The messages of every box. Safe to use from any thread; methods raise DeviceUnavailable."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        self._clock = clock
        super().__init__(path, SCHEMA)

    def now(self) -> datetime:
        """The time that is written."""
        return self._clock()

    # -- messages ----------------------------------------------------------------------------------

    def add(self, message: Message, *, announced: bool = False) -> None:
        """Write a message, usually the journal of one that is about to be recorded."""
        with self._changing() as connection:
            connection.execute(
                _INSERT,
                (*_row(message), announced),
            )

    def recorded(
        self, message: MessageId, length_ms: int, *, instead: MessageId | None = None, urgent: bool = False
    ) -> Message:
        """A recording is complete: it is a new message, in place of another. Raises NotFound."""
        with self._changing() as connection:
            changed = connection.execute(
                "UPDATE messages SET state = 'new', length_ms = ?, urgent = ?, changed = ?"
                " WHERE message = ? AND state = 'recording'",
                (length_ms, urgent, micros(self._clock()), message),
            ).rowcount
            if not changed:
                raise _missing(message)
            if instead is not None:
                connection.execute("DELETE FROM messages WHERE message = ?", (instead,))
            return self._one(connection, message)

    def announced(self, message: MessageId, *, urgent: bool = False) -> Message | None:
        """Note that its owners are told; None when they were before, or it is no message."""
        with self._changing() as connection:
            changed = connection.execute(
                "UPDATE messages SET announced = 1, urgent = urgent OR ?"
                " WHERE message = ? AND announced = 0 AND state IN ('new', 'old')",
                (urgent, message),
            ).rowcount
            return self._one(connection, message) if changed else None

    def mark(self, message: MessageId, state: MessageState) -> Message:
        """Put a message into a state. Raises NotFound when there is none or it is being recorded."""
        with self._changing() as connection:
            changed = connection.execute(
                "UPDATE messages SET state = ?, changed = ? WHERE message = ? AND state != 'recording'",
                (state.value, micros(self._clock()), message),
            ).rowcount
            if not changed:
                raise _missing(message)
            return self._one(connection, message)

    def replicated(self, message: Message) -> Message:
        """Keep a message of another node, or its state if that is newer; as it is here now.

        Its owners were told there.
        """
        with self._changing() as connection:
            connection.execute(
                _INSERT + " ON CONFLICT (message) DO UPDATE SET state = excluded.state,"
                " changed = excluded.changed, urgent = excluded.urgent"
                " WHERE (excluded.changed, excluded.state) > (changed, state) AND state != 'recording'",
                (*_row(message), True),
            )
            return self._one(connection, message.message)

    def remove(self, messages: Iterable[MessageId]) -> None:
        """Forget messages; their files are the caller's business."""
        with self._changing() as connection:
            connection.executemany("DELETE FROM messages WHERE message = ?", [(one,) for one in messages])

    def message(self, message: MessageId) -> Message:
        """One message. Raises NotFound."""
        with self._guard, explained(self.path):
            return self._one(self._database.connection, message)

    def messages(
        self, box: VoicemailBoxId | None = None, states: Iterable[MessageState] | None = None
    ) -> tuple[Message, ...]:
        """Messages of a box or all, in these states: urgent ones first, then the oldest."""
        wanted = {one.value for one in MessageState} if states is None else {one.value for one in states}
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(
                _SELECT + "WHERE (? IS NULL OR box = ?) ORDER BY urgent DESC, received, message", (box, box)
            ).fetchall()
        return tuple(one for one in map(_read, rows) if one.state.value in wanted)

    def unannounced(self) -> tuple[Message, ...]:
        """Messages whose owners were not told yet."""
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(
                _SELECT + "WHERE announced = 0 AND state IN ('new', 'old') ORDER BY received"
            ).fetchall()
        return tuple(map(_read, rows))

    def counts(self) -> Mapping[VoicemailBoxId, BoxCounts]:
        """How many messages each box has; boxes without any are left out."""
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(
                "SELECT box, sum(state = 'new'), sum(state = 'old') FROM messages"
                " WHERE state IN ('new', 'old') GROUP BY box"
            ).fetchall()
        return {VoicemailBoxId(box): BoxCounts(new=new, old=old) for box, new, old in rows}

    def usage(self, box: VoicemailBoxId) -> tuple[int, int]:
        """How many messages a box holds and how long they are together in milliseconds."""
        with self._guard, explained(self.path):
            count, length = self._database.connection.execute(
                "SELECT count(*), coalesce(sum(length_ms), 0) FROM messages"
                " WHERE box = ? AND state IN ('new', 'old')",
                (box,),
            ).fetchone()
        return count, length

    def told_full(self, box: VoicemailBoxId, *, full: bool) -> bool:
        """Note whether the box is full; True when its owners do not know yet that it is."""
        with self._changing() as connection:
            if not full:
                connection.execute("DELETE FROM full_boxes WHERE box = ?", (box,))
                return False
            return bool(connection.execute("INSERT OR IGNORE INTO full_boxes VALUES (?)", (box,)).rowcount)

    # -- wrong PINs --------------------------------------------------------------------------------

    def wrong_pin(self, box: VoicemailBoxId, caller: str) -> None:
        """Note a wrong PIN."""
        with self._changing() as connection:
            connection.execute(
                "INSERT INTO wrong_pins VALUES (?, ?, ?)", (box, caller, micros(self._clock()))
            )

    def wrong_pins(self, box: VoicemailBoxId, caller: str, within: timedelta) -> tuple[int, int]:
        """How many there were lately, for the box and from the caller.

        Those of a time to come (the clock was set back) count as of now.
        """
        now = self._clock()
        with self._changing() as connection:
            connection.execute("DELETE FROM wrong_pins WHERE at <= ?", (micros(now - within),))
            connection.execute("UPDATE wrong_pins SET at = ? WHERE at > ?", (micros(now), micros(now)))
            of_box, of_caller = connection.execute(
                "SELECT coalesce(sum(box = ?), 0), coalesce(sum(caller = ?), 0) FROM wrong_pins",
                (box, caller),
            ).fetchone()
        return of_box, of_caller

    def right_pin(self, box: VoicemailBoxId, caller: str) -> None:
        """Forget this caller's wrong PINs for the box."""
        with self._changing() as connection:
            connection.execute("DELETE FROM wrong_pins WHERE box = ? AND caller = ?", (box, caller))

    # -- inside ------------------------------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        connection = self._database.connection
        with self._guard, explained(self.path), transaction(connection):
            yield connection

    def _one(self, connection: sqlite3.Connection, message: MessageId) -> Message:
        row = connection.execute(_SELECT + "WHERE message = ?", (message,)).fetchone()
        if row is None:
            raise _missing(message)
        return _read(row)


def _row(message: Message) -> tuple[Any, ...]:
    caller = message.caller
    return (
        message.message,
        message.box,
        message.call,
        caller.number,
        caller.name,
        caller.withheld,
        micros(message.received),
        message.length_ms,
        message.state.value,
        message.urgent,
        message.forwarded_by,
        micros(message.changed),
    )


def _read(row: tuple[Any, ...]) -> Message:
    return Message(
        message=MessageId(row[0]),
        box=VoicemailBoxId(row[1]),
        call=CallId(row[2]),
        caller=Caller(number=row[3], name=row[4], withheld=bool(row[5])),
        received=time_of(row[6]),
        length_ms=row[7],
        state=MessageState(row[8]),
        urgent=bool(row[9]),
        forwarded_by=row[10],
        changed=time_of(row[11]),
    )


def _missing(message: MessageId) -> NotFound:
    return NotFound(f"there is no message {message[:64]}", hint="'ctl voicemail list' shows them")
