"""Mails on their way, on disk: what was put here is sent, given up with a reason, or counted as dropped.

Theory of operation: a row is one mail to one address with a Message-ID of its own, which every attempt
carries, so that a mail that arrives twice (the box died between the relay's answer and our note of it) is
recognised. ``take`` hands out what is due. An address that got its share of the hour waits; what has piled
up for it by then becomes one summary, in the same transaction in which the single ones disappear.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.model.languages import Language
from appliance.notify.attachments import Attachment, read, written
from appliance.notify.messages import Letter
from appliance.store.database import GuardedDatabase, explained
from appliance.store.migrations import Schema, transaction

CAPACITY = 5000
"""Mails waiting at most; beyond, the oldest are dropped and counted."""
KEPT = 500
"""Finished mails that can still be looked at."""
HOUR = timedelta(hours=1)
CLOCK_JUMP = timedelta(hours=12)
"""Nothing waits so long: a due time further ahead was noted under a clock that ran wrong."""
BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SCHEMA = Schema(
    name="mail",
    application_id=0x4F544D01,
    steps=(
        (
            """CREATE TABLE mails (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                message_id TEXT NOT NULL UNIQUE,
                recipient TEXT NOT NULL,
                event TEXT NOT NULL,
                language TEXT NOT NULL,
                subject TEXT NOT NULL,
                text TEXT NOT NULL,
                html TEXT NOT NULL,
                line TEXT NOT NULL,
                created INTEGER NOT NULL,
                state TEXT NOT NULL DEFAULT 'waiting',
                attempts INTEGER NOT NULL DEFAULT 0,
                due INTEGER NOT NULL,
                finished INTEGER,
                error TEXT NOT NULL DEFAULT ''
            )""",
            "CREATE INDEX mails_due ON mails (state, due)",
            "CREATE TABLE deliveries (recipient TEXT NOT NULL, at INTEGER NOT NULL)",
            "CREATE INDEX deliveries_recipient ON deliveries (recipient, at)",
            "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        ),
        ("ALTER TABLE mails ADD COLUMN attachments TEXT NOT NULL DEFAULT '[]'",),
    ),
)
"""Times are microseconds since 1970."""

DIGEST = "digest"
_MAIL = (
    "SELECT id, message_id, recipient, event, language, subject, text, html, line, created, state, attempts,"
    " due, finished, error, attachments FROM mails "
)
_COUNT = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A letter for one address."""

    recipient: str
    event: str
    language: Language
    letter: Letter
    attachments: tuple[Attachment, ...] = ()
    key: str = ""
    """Of two mails with one key and recipient only the first is queued; empty: it is a mail of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMail:
    """A row of the queue. ``state``: waiting, sent or given_up; ``error``: what went wrong last."""

    id: int
    message_id: str
    recipient: str
    event: str
    language: Language
    letter: Letter
    created: datetime
    state: str
    attempts: int
    due: datetime
    finished: datetime | None
    error: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """How many mails wait now, and what became of the others since the queue was made."""

    waiting: int
    sent: int
    given_up: int
    dropped: int
    gathered: int
    """Went into summaries."""


Compose = Callable[[Language, Sequence[str]], Letter]
"""Makes a summary of lines."""


class MailQueue(GuardedDatabase):
    """The queue in ``mail.db``. Safe to use from any thread; every method that returns has it on disk.

    Methods raise DeviceUnavailable when the disk fails; then nothing has changed.
    """

    def __init__(self, path: Path, new_message_id: Callable[[], str], *, capacity: int = CAPACITY) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        self._new_message_id = new_message_id
        self._capacity = capacity
        super().__init__(path, SCHEMA)

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    def put(self, mails: Sequence[NewMail], now: datetime) -> int:
        """Queue mails; returns how many older ones had to be dropped for them."""
        with self._guard, explained(self.path), transaction(self._connection):
            for mail in mails:
                self._insert(mail, now)
            over = max(0, self._waiting() - self._capacity)
            if over:
                self._connection.execute(
                    "DELETE FROM mails WHERE id IN"
                    " (SELECT id FROM mails WHERE state = 'waiting' ORDER BY id LIMIT ?)",
                    (over,),
                )
                self._count("dropped", over)
        return over

    def take(self, now: datetime, per_hour: int, compose: Compose) -> tuple[QueuedMail, ...]:
        """What is to be sent now, untried and oldest first, at most ``per_hour`` an hour to one address."""
        with self._guard, explained(self.path), transaction(self._connection):
            self._connection.execute(
                "DELETE FROM deliveries WHERE at <= ? OR at > ?", (_micros(now - HOUR), _micros(now))
            )
            self._connection.execute(
                "UPDATE mails SET due = ? WHERE state = 'waiting' AND due > ?",
                (_micros(now), _micros(now + CLOCK_JUMP)),
            )
            rows = self._connection.execute(
                _MAIL + "WHERE state = 'waiting' AND due <= ? ORDER BY id LIMIT ?", (_micros(now), BATCH)
            ).fetchall()
            of: dict[str, list[QueuedMail]] = {}
            for row in rows:
                mail = _read(row)
                of.setdefault(mail.recipient, []).append(mail)
            chosen: list[QueuedMail] = []
            for recipient, mails in of.items():
                chosen += self._share(recipient, mails, now, per_hour, compose)
        return tuple(sorted(chosen, key=lambda mail: (mail.attempts, mail.id)))

    def next_due(self) -> datetime | None:
        """When the next mail is due; None when none waits."""
        with self._guard, explained(self.path):
            (due,) = self._one("SELECT min(due) FROM mails WHERE state = 'waiting'")
        return None if due is None else _time(due)

    def sent(self, mail: QueuedMail, now: datetime) -> None:
        """The relay took it."""
        with self._guard, explained(self.path), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO deliveries VALUES (?, ?)", (mail.recipient.lower(), _micros(now))
            )
            self._finish([mail.id], "sent", "", now)

    def postponed(self, mail: QueuedMail, error: str, due: datetime) -> None:
        """It could not be sent now."""
        with self._guard, explained(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE mails SET attempts = attempts + 1, due = ?, error = ? WHERE id = ?",
                (_micros(due), error, mail.id),
            )

    def given_up(self, mail: QueuedMail, error: str, now: datetime) -> None:
        """It never can be sent."""
        with self._guard, explained(self.path), transaction(self._connection):
            self._finish([mail.id], "given_up", error, now)

    def expire(self, older_than: datetime, error: str, now: datetime) -> int:
        """Give up what waits since before that time; returns how many mails that were."""
        with self._guard, explained(self.path), transaction(self._connection):
            old = self._connection.execute(
                "SELECT id FROM mails WHERE state = 'waiting' AND created < ?", (_micros(older_than),)
            ).fetchall()
            self._finish([row[0] for row in old], "given_up", error, now)
        return len(old)

    def hasten(self, now: datetime) -> int:
        """Make every waiting mail due (shares of an hour still count); returns how many wait."""
        with self._guard, explained(self.path), transaction(self._connection):
            update = "UPDATE mails SET due = ? WHERE state = 'waiting'"
            return int(self._connection.execute(update, (_micros(now),)).rowcount)

    def counts(self) -> QueueCounts:
        """Figures for status pages."""
        with self._guard, explained(self.path):
            waiting = self._waiting()
            counters = dict(self._connection.execute("SELECT name, value FROM counters").fetchall())
        return QueueCounts(
            waiting=waiting,
            sent=counters.get("sent", 0),
            given_up=counters.get("given_up", 0),
            dropped=counters.get("dropped", 0),
            gathered=counters.get("gathered", 0),
        )

    def mails(self, state: str | None = None, limit: int = 100) -> tuple[QueuedMail, ...]:
        """The newest mails first, of one state or all."""
        with self._guard, explained(self.path):
            rows = self._connection.execute(
                _MAIL + "WHERE ? IS NULL OR state = ? ORDER BY id DESC LIMIT ?", (state, state, limit)
            ).fetchall()
        return tuple(_read(row) for row in rows)

    # Inside

    def _share(
        self, recipient: str, mails: list[QueuedMail], now: datetime, per_hour: int, compose: Compose
    ) -> list[QueuedMail]:
        """What of one address's due mails goes out now; the rest is gathered or waits for its turn."""
        key = recipient.lower()
        made, oldest = self._one("SELECT count(*), min(at) FROM deliveries WHERE recipient = ?", (key,))
        room = per_hour - made
        # What was tried may have arrived: it keeps its Message-ID and goes alone, like summaries and files.
        alone = [mail for mail in mails if _goes_alone(mail)]
        fresh = [mail for mail in mails if not _goes_alone(mail)]
        if len(alone) + len(fresh) <= room:
            return mails
        if len(alone) >= room:
            turn = _micros(now) if oldest is None else oldest + HOUR // timedelta(microseconds=1)
            held = [(turn, mail.id) for mail in (*alone[max(0, room) :], *fresh)]
            self._connection.executemany("UPDATE mails SET due = ? WHERE id = ?", held)
            return alone[: max(0, room)]
        single = room - len(alone) - 1
        return [*alone, *fresh[:single], self._gather(fresh[single:], now, compose)]

    def _gather(self, mails: Sequence[QueuedMail], now: datetime, compose: Compose) -> QueuedMail:
        first = mails[0]
        letter = compose(first.language, [mail.letter.line for mail in mails])
        new = NewMail(recipient=first.recipient, event=DIGEST, language=first.language, letter=letter)
        identity = self._insert(new, now)
        self._connection.executemany("DELETE FROM mails WHERE id = ?", [(mail.id,) for mail in mails])
        self._count("gathered", len(mails))
        return _read(self._one(_MAIL + "WHERE id = ?", (identity,)))

    def _insert(self, mail: NewMail, now: datetime) -> int:
        values = (mail.recipient, mail.event, mail.language.value)
        letter = mail.letter
        texts = (letter.subject, letter.text, letter.html, letter.line)
        identity = self._new_message_id()
        if mail.key:
            of = hashlib.sha256(f"{mail.key} {mail.recipient.lower()}".encode()).hexdigest()[:32]
            identity = f"<{of}@{identity.partition('@')[2]}"
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO mails (message_id, recipient, event, language, subject, text, html, line,"
            " created, due, attachments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (identity, *values, *texts, _micros(now), _micros(now), written(mail.attachments)),
        )
        return cursor.lastrowid or 0

    def _finish(self, identities: Sequence[int], state: str, error: str, now: datetime) -> None:
        if not identities:
            return
        self._connection.executemany(
            "UPDATE mails SET state = ?, finished = ?, error = ?, attempts = attempts + 1 WHERE id = ?",
            [(state, _micros(now), error, identity) for identity in identities],
        )
        self._count(state, len(identities))
        self._connection.execute(
            "DELETE FROM mails WHERE state != 'waiting' AND id NOT IN"
            " (SELECT id FROM mails WHERE state != 'waiting' ORDER BY id DESC LIMIT ?)",
            (KEPT,),
        )

    def _waiting(self) -> int:
        return int(self._one("SELECT count(*) FROM mails WHERE state = 'waiting'")[0])

    def _count(self, name: str, more: int) -> None:
        self._connection.execute(_COUNT, (name, more))

    def _one(self, query: str, values: Iterable[object] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(query, tuple(values)).fetchone()
        return row


def _read(row: tuple[Any, ...]) -> QueuedMail:
    identity, message_id, recipient, event, language, subject, text, html, line, created = row[:10]
    state, attempts, due, finished, error, attachments = row[10:]
    return QueuedMail(
        id=identity,
        message_id=message_id,
        recipient=recipient,
        event=event,
        language=Language(language),
        letter=Letter(subject=subject, text=text, html=html, line=line),
        created=_time(created),
        state=state,
        attempts=attempts,
        due=_time(due),
        finished=None if finished is None else _time(finished),
        error=error,
        attachments=read(attachments),
    )


def _goes_alone(mail: QueuedMail) -> bool:
    return bool(mail.attempts or mail.attachments) or mail.event == DIGEST


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
