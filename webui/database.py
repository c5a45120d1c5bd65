"""What the web process keeps by itself, in ``web.db``: sessions, tokens, logins, links, webhooks."""

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import NotFound
from appliance.store.database import Database, explained
from appliance.store.migrations import Schema, transaction

SCHEMA = Schema(
    name="web",
    application_id=0x4F545702,
    steps=(
        (
            """CREATE TABLE sessions (
                hash TEXT PRIMARY KEY, account TEXT NOT NULL, csrf TEXT NOT NULL, began REAL NOT NULL,
                seen REAL NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL
            ) WITHOUT ROWID""",
            "CREATE INDEX sessions_account ON sessions (account)",
            """CREATE TABLE tokens (
                id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, account TEXT NOT NULL, name TEXT NOT NULL,
                scopes TEXT NOT NULL, created REAL NOT NULL, expires REAL, used REAL
            ) WITHOUT ROWID""",
            """CREATE TABLE logins (
                row INTEGER PRIMARY KEY, at REAL NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL,
                agent TEXT NOT NULL, result TEXT NOT NULL
            )""",
            "CREATE INDEX logins_account ON logins (account, address)",
            """CREATE TABLE factors (account TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE webhooks (
                id TEXT PRIMARY KEY, url TEXT NOT NULL, topics TEXT NOT NULL, secret TEXT NOT NULL,
                account TEXT NOT NULL, enabled INTEGER NOT NULL, created REAL NOT NULL
            ) WITHOUT ROWID""",
            """CREATE TABLE deliveries (
                row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, webhook TEXT NOT NULL, topic TEXT NOT NULL,
                body TEXT NOT NULL, created REAL NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL,
                state TEXT NOT NULL, error TEXT NOT NULL
            )""",
            "CREATE INDEX deliveries_waiting ON deliveries (webhook, row) WHERE state = 'waiting'",
        ),
        (
            """CREATE TABLE links (
                hash TEXT PRIMARY KEY, purpose TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
                who TEXT NOT NULL, made REAL NOT NULL, expires REAL NOT NULL
            ) WITHOUT ROWID""",
            """CREATE TABLE told (
                subject TEXT PRIMARY KEY, hash TEXT NOT NULL, who TEXT NOT NULL, at REAL NOT NULL
            ) WITHOUT ROWID""",
        ),
    ),
)
MAX_LOGINS = 20_000
MAX_WAITING = 10_000
"""Deliveries of one webhook; beyond, the oldest are given up."""
KEPT_DELIVERIES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is logged in. Times are seconds since 1970."""

    account: str
    csrf: str
    began: float
    seen: float
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Lets a program in, in the name of an account; the token itself is known to nobody but its owner."""

    id: str
    account: str
    name: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None
    used: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A try to log in. ``account`` is empty when there was none of that name."""

    at: float
    account: str
    address: str
    agent: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where events go by HTTP."""

    id: str
    url: str
    topics: tuple[str, ...]
    secret: str
    account: str
    enabled: bool
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook."""

    id: str
    webhook: str
    topic: str
    body: str
    created: float
    due: float
    attempts: int
    state: str
    """``waiting``, ``done``, ``given_up``."""
    error: str


def hashed(secret: str) -> str:
    """What is kept of a token or session: it has 256 random bits, so one fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class WebDatabase:
    """For any thread; on disk when a method returns. Raises DeviceUnavailable when the disk fails."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._database = Database(path, SCHEMA)

    def close(self) -> None:
        """Close it."""
        with self._guard:
            self._database.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction for a table of somebody else."""
        with self._guard, explained(self._path), transaction(self._database.connection):
            yield self._database.connection

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """What a query finds."""
        with self._guard, explained(self._path):
            return self._database.connection.execute(sql, values).fetchall()

    def begin_anew(self) -> None:
        """Forget who may come in and where events go: the box was reset, or is another one."""
        with self.writing() as db:
            for table in ("sessions", "tokens", "factors", "links", "told", "webhooks", "deliveries"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - one of ours

    # -- sessions --------------------------------------------------------------------------------

    def begin_session(self, secret: str, account: str, now: float, address: str, agent: str) -> Session:
        """Keep a new session."""
        csrf = secrets.token_urlsafe(32)
        with self.writing() as db:
            db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (hashed(secret), account, csrf, now, now, address, agent),
            )
        return Session(account=account, csrf=csrf, began=now, seen=now, address=address)

    def session(self, secret: str) -> Session | None:
        """The session of this cookie."""
        rows = self.rows(
            "SELECT account, csrf, began, seen, address FROM sessions WHERE hash = ?", hashed(secret)
        )
        if not rows:
            return None
        account, csrf, began, seen, address = rows[0]
        return Session(account=account, csrf=csrf, began=began, seen=seen, address=address)

    def touch_session(self, secret: str, now: float) -> None:
        """It was used."""
        with self.writing() as db:
            db.execute("UPDATE sessions SET seen = ? WHERE hash = ?", (now, hashed(secret)))

    def end_session(self, secret: str) -> None:
        """Forget it."""
        with self.writing() as db:
            db.execute("DELETE FROM sessions WHERE hash = ?", (hashed(secret),))

    def end_sessions(self, account: str, but: str = "") -> None:
        """Forget those of an account, but the one of this cookie."""
        with self.writing() as db:
            db.execute("DELETE FROM sessions WHERE account = ? AND hash <> ?", (account, hashed(but)))

    def clear_sessions(self, seen_before: float, began_before: float) -> None:
        """Forget old ones."""
        with self.writing() as db:
            db.execute("DELETE FROM sessions WHERE seen < ? OR began < ?", (seen_before, began_before))

    # -- tokens ----------------------------------------------------------------------------------

    def add_token(
        self, secret: str, account: str, name: str, scopes: tuple[str, ...], now: float, expires: float | None
    ) -> Token:
        """Keep a new token."""
        identity = secrets.token_hex(6)
        with self.writing() as db:
            db.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (identity, hashed(secret), account, name, json.dumps(scopes), now, expires),
            )
        return Token(
            id=identity, account=account, name=name, scopes=scopes, created=now, expires=expires, used=None
        )

    def token(self, secret: str) -> Token | None:
        """The token of this secret."""
        found = self._tokens("WHERE hash = ?", hashed(secret))
        return found[0] if found else None

    def tokens(self) -> list[Token]:
        """All."""
        return self._tokens("ORDER BY created")

    def _tokens(self, where: str, *values: Any) -> list[Token]:
        rows = self.rows(
            f"SELECT id, account, name, scopes, created, expires, used FROM tokens {where}",  # noqa: S608
            *values,
        )
        return [
            Token(
                id=row[0],
                account=row[1],
                name=row[2],
                scopes=tuple(json.loads(row[3])),
                created=row[4],
                expires=row[5],
                used=row[6],
            )
            for row in rows
        ]

    def touch_token(self, identity: str, now: float) -> None:
        """It was used."""
        with self.writing() as db:
            db.execute("UPDATE tokens SET used = ? WHERE id = ?", (now, identity))

    def delete_token(self, identity: str) -> None:
        """Forget it."""
        with self.writing() as db:
            db.execute("DELETE FROM tokens WHERE id = ?", (identity,))

    # -- logins ----------------------------------------------------------------------------------

    def add_login(self, login: Login) -> None:
        """Remember a try; the oldest are forgotten."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO logins (at, account, address, agent, result) VALUES (?, ?, ?, ?, ?)",
                (login.at, login.account, login.address, login.agent, login.result),
            )
            db.execute("DELETE FROM logins WHERE row <= (SELECT max(row) FROM logins) - ?", (MAX_LOGINS,))

    def logins(self, account: str | None, limit: int) -> list[Login]:
        """The newest first."""
        rows = self.rows(
            "SELECT at, account, address, agent, result FROM logins"
            " WHERE ?1 IS NULL OR account = ?1 ORDER BY row DESC LIMIT ?2",
            account,
            limit,
        )
        return [Login(at=r[0], account=r[1], address=r[2], agent=r[3], result=r[4]) for r in rows]

    def known(self, account: str, address: str) -> bool:
        """Whether the account was ever logged in to from this address."""
        return bool(
            self.rows(
                "SELECT 1 FROM logins WHERE account = ? AND address = ? AND result = 'in' LIMIT 1",
                account,
                address,
            )
        )

    def use_factor(self, account: str, step: int) -> bool:
        """Use a one-time code up; False: this one or a later one was used before (RFC 6238 §5.2)."""
        with self.writing() as db:
            done = db.execute(
                "INSERT INTO factors VALUES (?1, ?2)"
                " ON CONFLICT (account) DO UPDATE SET step = ?2 WHERE step < ?2",
                (account, step),
            )
            return bool(done.rowcount)

    # -- webhooks --------------------------------------------------------------------------------

    def put_webhook(self, hook: Webhook) -> None:
        """Keep it, new or changed."""
        with self.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    hook.id,
                    hook.url,
                    json.dumps(hook.topics),
                    hook.secret,
                    hook.account,
                    hook.enabled,
                    hook.created,
                ),
            )

    def webhooks(self) -> list[Webhook]:
        """All."""
        rows = self.rows(
            "SELECT id, url, topics, secret, account, enabled, created FROM webhooks ORDER BY id"
        )
        return [
            Webhook(
                id=r[0],
                url=r[1],
                topics=tuple(json.loads(r[2])),
                secret=r[3],
                account=r[4],
                enabled=bool(r[5]),
                created=r[6],
            )
            for r in rows
        ]

    def webhook(self, identity: str) -> Webhook:
        """One; raises NotFound."""
        for hook in self.webhooks():
            if hook.id == identity:
                return hook
        raise NotFound(f"there is no webhook {identity[:40]}", hint="GET /api/v1/webhooks lists them")

    def delete_webhook(self, identity: str) -> None:
        """Forget it and what it has not got yet."""
        with self.writing() as db:
            db.execute("DELETE FROM webhooks WHERE id = ?", (identity,))
            db.execute("DELETE FROM deliveries WHERE webhook = ?", (identity,))

    def owe(self, hooks: list[str], topic: str, body: str, now: float) -> None:
        """An event is due to these webhooks."""
        with self.writing() as db:
            for hook in hooks:
                db.execute(
                    "INSERT INTO deliveries (id, webhook, topic, body, created, due, attempts, state, error)"
                    " VALUES (?, ?, ?, ?, ?, ?, 0, 'waiting', '')",
                    (secrets.token_hex(12), hook, topic, body, now, now),
                )
                db.execute(
                    "UPDATE deliveries SET state = 'given_up', error = 'too many waited'"
                    " WHERE state = 'waiting' AND webhook = ?1 AND row <="
                    " (SELECT row FROM deliveries WHERE webhook = ?1 AND state = 'waiting'"
                    "  ORDER BY row DESC LIMIT 1 OFFSET ?2)",
                    (hook, MAX_WAITING),
                )

    def next_delivery(self, hook: str) -> Delivery | None:
        """The oldest that waits: order is kept, so a failing one holds the others back."""
        found = self._deliveries("WHERE webhook = ? AND state = 'waiting' ORDER BY row LIMIT 1", hook)
        return found[0] if found else None

    def deliveries(self, hook: str, limit: int) -> list[Delivery]:
        """The newest first."""
        return self._deliveries("WHERE webhook = ? ORDER BY row DESC LIMIT ?", hook, limit)

    def _deliveries(self, where: str, *values: Any) -> list[Delivery]:
        names = "id, webhook, topic, body, created, due, attempts, state, error"
        return [
            Delivery(
                id=r[0],
                webhook=r[1],
                topic=r[2],
                body=r[3],
                created=r[4],
                due=r[5],
                attempts=r[6],
                state=r[7],
                error=r[8],
            )
            for r in self.rows(f"SELECT {names} FROM deliveries {where}", *values)  # noqa: S608
        ]

    def settle(self, delivery: str, state: str, error: str, due: float) -> None:
        """An attempt was made; those finished long ago are forgotten."""
        with self.writing() as db:
            db.execute(
                "UPDATE deliveries SET state = ?, error = ?, due = ?, attempts = attempts + 1 WHERE id = ?",
                (state, error, due, delivery),
            )
            db.execute(
                "DELETE FROM deliveries WHERE state <> 'waiting'"
                " AND row <= (SELECT max(row) FROM deliveries) - ?",
                (KEPT_DELIVERIES,),
            )
