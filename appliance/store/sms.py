"""SMS in and out, on disk before anything is done with them: ``sms.db``."""

import secrets
import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.errors import NotFound
from appliance.model.gsm import ReceivedSms, SmsRecord, SmsStatus
from appliance.model.ids import ModuleId, SmsId
from appliance.store.changes import Changed, changes, log_of
from appliance.store.database import Database, explained
from appliance.store.migrations import Schema, transaction
from appliance.store.record_rows import micros, time_of

MAX_PAGE = 10_000
_REPORTS_KEPT = timedelta(days=7)
"""A number of a message is given out again after 255 others: older ones are not meant any more."""
_ROW = "SELECT id, module, incoming, number, text, status, at, changed, parts, detail FROM sms "

SCHEMA = Schema(
    name="sms",
    application_id=0x4F545301,
    steps=(
        (
            """CREATE TABLE sms (
                row INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                module TEXT NOT NULL,
                incoming INTEGER NOT NULL,
                number TEXT NOT NULL,
                text TEXT NOT NULL,
                status TEXT NOT NULL,
                at INTEGER NOT NULL,
                changed INTEGER NOT NULL,
                parts INTEGER NOT NULL DEFAULT 1,
                detail TEXT NOT NULL DEFAULT '',
                stamp INTEGER
            )""",
            "CREATE INDEX sms_status ON sms (status, row)",
            "CREATE INDEX sms_at ON sms (at)",
            """CREATE TABLE parts (
                id TEXT NOT NULL REFERENCES sms (id) ON DELETE CASCADE,
                module TEXT NOT NULL,
                number INTEGER NOT NULL,
                sent INTEGER NOT NULL,
                delivered INTEGER
            )""",
            "CREATE INDEX parts_number ON parts (module, number)",
            "CREATE INDEX parts_id ON parts (id)",
        ),
        log_of("sms", "id", deletions=False),
    ),
)


class SmsStore:
    """Safe to use from any thread; every method may wait for the disk and raise DeviceUnavailable."""

    def __init__(self, path: Path) -> None:
        """Open or make the database; raises ConfigError, DeviceUnavailable."""
        self._path = path
        self._guard = threading.Lock()
        self._database = Database(path, SCHEMA)
        self._connection = self._database.connection
        with explained(path):
            self._connection.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        """Close it."""
        with self._guard:
            self._database.close()

    def received(self, module: ModuleId, sms: ReceivedSms, now: datetime) -> SmsRecord | None:
        """Keep a message that came in; None when it is there already: it was told twice."""
        stamp = micros(sms.sent) if sms.sent is not None else None
        text = _storable(sms.text)
        record = SmsRecord(
            id=_new_id(),
            module=module,
            incoming=True,
            number=sms.sender,
            text=text,
            status=SmsStatus.RECEIVED,
            at=now,
            changed=now,
            parts=sms.parts,
        )
        with self._guard, explained(self._path), transaction(self._connection):
            known = self._connection.execute(
                "SELECT 1 FROM sms WHERE incoming AND module = ? AND number = ? AND text = ? AND stamp = ?",
                (module, sms.sender, text, stamp),
            ).fetchone()
            if known is not None:
                return None
            self._put(record, stamp)
        return record

    def order(self, number: str, text: str, module: ModuleId, parts: int, now: datetime) -> SmsRecord:
        """Keep a message that is to be sent."""
        record = SmsRecord(
            id=_new_id(),
            module=module,
            incoming=False,
            number=number,
            text=_storable(text),
            status=SmsStatus.WAITING,
            at=now,
            changed=now,
            parts=parts,
        )
        with self._guard, explained(self._path), transaction(self._connection):
            self._put(record, None)
        return record

    def waiting(self) -> tuple[SmsRecord, ...]:
        """What is still to be sent, the oldest first."""
        return self._rows("WHERE status = 'waiting' ORDER BY row LIMIT 500", ())

    def sent(self, sms: SmsId, module: ModuleId, numbers: Sequence[int], now: datetime) -> None:
        """The network took it; reports will come under these numbers."""
        with self._guard, explained(self._path), transaction(self._connection):
            self._mark(sms, SmsStatus.SENT, "", now)
            self._connection.execute("UPDATE sms SET module = ? WHERE id = ?", (module, sms))
            self._connection.executemany(
                "INSERT INTO parts (id, module, number, sent) VALUES (?, ?, ?, ?)",
                [(sms, module, number, micros(now)) for number in numbers],
            )

    def failed(self, sms: SmsId, why: str, now: datetime, *, final: bool) -> None:
        """It was not sent; unless ``final`` it waits on."""
        with self._guard, explained(self._path), transaction(self._connection):
            self._mark(sms, SmsStatus.FAILED if final else SmsStatus.WAITING, why, now)

    def reported(
        self, module: ModuleId, number: int, *, delivered: bool, detail: str, now: datetime
    ) -> SmsRecord | None:
        """A part's fate is known; the message once that of all its parts is. None for unknown numbers."""
        with self._guard, explained(self._path), transaction(self._connection):
            row = self._connection.execute(
                "SELECT rowid, id FROM parts WHERE module = ? AND number = ? AND delivered IS NULL"
                " AND sent >= ? ORDER BY sent DESC, rowid DESC LIMIT 1",
                (module, number, micros(now - _REPORTS_KEPT)),
            ).fetchone()
            if row is None:
                return None
            part, sms = row
            self._connection.execute("UPDATE parts SET delivered = ? WHERE rowid = ?", (delivered, part))
            fates = [
                one[0] for one in self._connection.execute("SELECT delivered FROM parts WHERE id = ?", (sms,))
            ]
            if not delivered:
                self._mark(sms, SmsStatus.FAILED, detail, now)
            elif all(fates):
                self._mark(sms, SmsStatus.DELIVERED, "", now)
        return self.record(SmsId(sms))

    def record(self, sms: SmsId) -> SmsRecord:
        """One message; raises NotFound."""
        found = self._rows("WHERE id = ?", (sms,))
        if not found:
            raise NotFound(f"there is no SMS '{sms[:64]}'", hint="'ctl sms' shows them")
        return found[0]

    def records(self, *, incoming: bool | None = None, limit: int = 100) -> tuple[SmsRecord, ...]:
        """The newest first."""
        where = "" if incoming is None else f"WHERE incoming = {int(incoming)} "
        return self._rows(where + "ORDER BY at DESC, row DESC LIMIT ?", (max(0, min(limit, MAX_PAGE)),))

    # -- other nodes -------------------------------------------------------------------------------

    def changes(self, after: int, limit: int) -> tuple[Changed, ...]:
        """What came, or fared otherwise than before, behind a place of the log."""
        with self._guard, explained(self._path):
            return changes(self._connection, "sms", after, limit)

    def replicated(self, record: SmsRecord) -> bool:
        """Keep a message of another node, never to be sent from here; whether it was news."""
        if record.status is SmsStatus.WAITING:
            return False
        with self._guard, explained(self._path), transaction(self._connection):
            row = self._connection.execute(
                "SELECT changed, status FROM sms WHERE id = ?", (record.id,)
            ).fetchone()
            if row is None:
                self._put(record, None)
            elif row[1] == SmsStatus.WAITING.value or row[0] >= micros(record.changed):
                return False
            else:
                self._mark(record.id, record.status, record.detail, record.changed)
        return True

    # -- counting ----------------------------------------------------------------------------------

    def parts_since(self, module: ModuleId, since: datetime) -> int:
        """How many SMS parts this module has sent since then."""
        with self._guard, explained(self._path):
            row = self._connection.execute(
                "SELECT count(*) FROM parts WHERE module = ? AND sent >= ?", (module, micros(since))
            ).fetchone()
        return int(row[0])

    def _mark(self, sms: str, status: SmsStatus, detail: str, now: datetime) -> None:
        self._connection.execute(
            "UPDATE sms SET status = ?, detail = ?, changed = ? WHERE id = ?",
            (status.value, detail[:200], micros(now), sms),
        )

    def _put(self, record: SmsRecord, stamp: int | None) -> None:
        self._connection.execute(
            "INSERT INTO sms (id, module, incoming, number, text, status, at, changed, parts, detail, stamp)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.id,
                record.module,
                record.incoming,
                record.number,
                record.text,
                record.status.value,
                micros(record.at),
                micros(record.changed),
                record.parts,
                record.detail,
                stamp,
            ),
        )

    def _rows(self, where: str, values: tuple[Any, ...]) -> tuple[SmsRecord, ...]:
        with self._guard, explained(self._path):
            return tuple(_read(row) for row in self._connection.execute(_ROW + where, values))


def _storable(text: str) -> str:
    """Half characters are no text."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _new_id() -> SmsId:
    return SmsId(secrets.token_hex(8))


def _read(row: tuple[Any, ...] | sqlite3.Row) -> SmsRecord:
    return SmsRecord(
        id=SmsId(row[0]),
        module=ModuleId(row[1]),
        incoming=bool(row[2]),
        number=row[3],
        text=row[4],
        status=SmsStatus(row[5]),
        at=time_of(row[6]),
        changed=time_of(row[7]),
        parts=row[8],
        detail=row[9],
    )
