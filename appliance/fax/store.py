"""The journal and queue of faxes on disk: ``fax.db``, one process.

Theory of operation: a row is one fax to or from one number. ``preparing`` (its document is converted) →
``waiting`` (until due) → ``calling`` → ``done``, ``failed`` or ``waiting`` again; ``receiving`` → ``done`` or
``failed``. What a crash left in the middle is set right at the next start. Times are microseconds since 1970.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.errors import NotFound
from appliance.fax.rows import (
    COLUMNS,
    ENDED_AFTER,
    SCHEMA,
    SELECT,
    Attempt,
    Fax,
    FaxState,
    NewFax,
    at_time,
    micros,
    read,
)
from appliance.model.fax import FaxCause, FaxResult
from appliance.store.database import GuardedDatabase, explained
from appliance.store.migrations import transaction


class FaxStore(GuardedDatabase):
    """The database. Safe to use from any thread; what returns is on disk. Raises DeviceUnavailable."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        super().__init__(path, SCHEMA)

    # -- sending

    def order(self, faxes: Sequence[NewFax], now: datetime, *, relays: str = "") -> None:
        """Take an order, all of it or nothing. ``relays``: the fax that is sent on by it."""
        at = micros(now)
        rows = [
            (
                one.id,
                one.box,
                "out",
                FaxState.PREPARING.value,
                one.peer,
                one.job,
                one.source,
                one.submitter,
                one.subject,
                one.cover,
                at,
                at,
            )
            for one in faxes
        ]
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._database.connection.executemany(
                "INSERT INTO faxes (id, box, direction, state, peer, job, source, submitter, subject, cover,"
                " created, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            if relays:
                self._database.connection.execute("UPDATE faxes SET relay = '' WHERE id = ?", (relays,))

    def to_relay(self) -> tuple[Fax, ...]:
        """Faxes that have come whole and are still to be sent on."""
        return self._faxes("WHERE state = 'done' AND relay != '' ORDER BY id LIMIT ?", (20,))

    def prepared(self, fax: str, pages: int, now: datetime) -> None:
        """Its document is ready."""
        self._update(
            "UPDATE faxes SET state = 'waiting', in_document = ?, kept = 1, due = ?"
            " WHERE id = ? AND state = 'preparing'",
            (pages, micros(now), fax),
        )

    def calling(self, fax: str, now: datetime) -> None:
        """An attempt begins."""
        self._update(
            "UPDATE faxes SET state = 'calling', attempts = attempts + 1, started = ? WHERE id = ?",
            (micros(now), fax),
        )

    def tried(
        self, fax: Fax, result: FaxResult, seconds: float, now: datetime, again: datetime | None
    ) -> None:
        """An attempt is over; ``again`` is when the next one is due, None for none."""
        state = FaxState.DONE if result.good else FaxState.WAITING if again is not None else FaxState.FAILED
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._finish(fax.id, state, result, seconds, now, again)
            self._database.connection.execute(
                "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    fax.id,
                    fax.attempts,
                    micros(fax.started or now),
                    seconds,
                    result.figures.pages,
                    result.cause.value,
                    result.detail,
                ),
            )

    def failed(self, fax: str, cause: FaxCause, detail: str, now: datetime) -> None:
        """It ends without another attempt: cancelled, or its document cannot be faxed."""
        self._update(
            "UPDATE faxes SET state = 'failed', cause = ?, detail = ?, ended = ?"
            " WHERE id = ? AND state IN ('preparing', 'waiting')",
            (cause.value, detail, micros(now), fax),
        )

    def hasten(self, fax: str, now: datetime) -> bool:
        """Try it now; also one that was given up, once more. False when there is nothing to try."""
        return self._update(
            "UPDATE faxes SET state = 'waiting', due = ?, ended = NULL, told = 0"
            " WHERE id = ? AND direction = 'out' AND kept = 1 AND state IN ('waiting', 'failed')",
            (micros(now), fax),
        )

    # -- receiving

    def incoming(
        self, fax: str, box: str, caller: str, name: str, leg: str, now: datetime, *, relay: str = ""
    ) -> None:
        """A fax comes in."""
        at = micros(now)
        self._update(
            "INSERT INTO faxes (id, box, direction, state, peer, peer_name, leg, created, started, due,"
            " relay) VALUES (?, ?, 'in', 'receiving', ?, ?, ?, ?, ?, ?, ?)",
            (fax, box, caller, name, leg, at, at, at, relay),
        )

    def received(self, fax: str, result: FaxResult, pages: int, seconds: float, now: datetime) -> None:
        """It is over; ``pages`` are in the file, also of one that broke off."""
        state = FaxState.DONE if result.good else FaxState.FAILED
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._finish(fax, state, result, seconds, now, None)
            self._database.connection.execute(
                "UPDATE faxes SET in_document = ?, kept = ? WHERE id = ?", (pages, int(pages > 0), fax)
            )

    # -- after the end

    def told(self, fax: str) -> None:
        """Whom it concerns knows of it."""
        self._update("UPDATE faxes SET told = 1 WHERE id = ?", (fax,))

    def untold(self, limit: int = 20) -> tuple[Fax, ...]:
        """Ended faxes that nobody was told of, the oldest first."""
        return self._faxes("WHERE told = 0 AND ended IS NOT NULL ORDER BY ended LIMIT ?", (limit,))

    def forget_document(self, fax: str) -> None:
        """Its files are gone."""
        self._update("UPDATE faxes SET kept = 0 WHERE id = ?", (fax,))

    def older_than(self, box: str, before: datetime, limit: int = 100) -> tuple[Fax, ...]:
        """Ended faxes of a box whose files are older."""
        return self._faxes(
            "WHERE box = ? AND kept = 1 AND told = 1 AND ended < ? LIMIT ?", (box, micros(before), limit)
        )

    # -- asking

    def get(self, fax: str) -> Fax:
        """One fax; raises NotFound."""
        found = self._faxes("WHERE id = ?", (fax,))
        if not found:
            raise NotFound(f"there is no fax '{fax[:40]}'", hint="see: ortsamt ctl fax journal")
        return found[0]

    def in_state(self, *states: FaxState) -> tuple[Fax, ...]:
        """All in these states, in order of their due time."""
        marks = ", ".join("?" * len(states))
        return self._faxes(f"WHERE state IN ({marks}) ORDER BY due, id", [one.value for one in states])

    def journal(
        self,
        *,
        box: str | None = None,
        direction: str | None = None,
        job: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> tuple[Fax, ...]:
        """The newest first, older than ``before`` (an id)."""
        return self._faxes(
            "WHERE (?1 IS NULL OR box = ?1) AND (?2 IS NULL OR direction = ?2) AND (?3 IS NULL OR job = ?3)"
            " AND (?4 IS NULL OR id < ?4) ORDER BY id DESC LIMIT ?5",
            (box, direction, job, before, limit),
        )

    def attempts(self, fax: str) -> tuple[Attempt, ...]:
        """The tries of a fax, in order."""
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(
                "SELECT number, at, seconds, pages, cause, detail FROM attempts WHERE fax = ?"
                " ORDER BY number",
                (fax,),
            ).fetchall()
        return tuple(
            Attempt(
                number=number,
                at=at_time(at),
                seconds=seconds,
                pages=pages,
                cause=FaxCause(cause),
                detail=detail,
            )
            for number, at, seconds, pages, cause, detail in rows
        )

    def next_due(self) -> datetime | None:
        """When the next one waiting is due."""
        with self._guard, explained(self.path):
            (due,) = self._database.connection.execute(
                "SELECT min(due) FROM faxes WHERE state = 'waiting'"
            ).fetchone()
        return None if due is None else at_time(due)

    # -- other nodes

    def ended_after(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        """Raw rows of faxes that ended later than ``after`` (microseconds) and are told, by their end."""
        with self._guard, explained(self.path):
            return self._database.connection.execute(
                ENDED_AFTER,
                (after, limit),
            ).fetchall()

    def replicated(self, fax: Fax, row: Sequence[Any]) -> None:
        """Keep an ended fax of another node; whom it concerns was told there."""
        values = [*row[:-2], int(fax.kept), "", 1]
        self._update(
            f"INSERT OR REPLACE INTO faxes ({COLUMNS}, told) VALUES ({', '.join('?' * len(values))})",  # noqa: S608
            values,
        )

    # -- inside

    def _finish(
        self,
        fax: str,
        state: FaxState,
        result: FaxResult,
        seconds: float,
        now: datetime,
        again: datetime | None,
    ) -> None:
        figures = result.figures
        ended = None if state is FaxState.WAITING else micros(now)
        self._database.connection.execute(
            "UPDATE faxes SET state = ?, cause = ?, detail = ?, seconds = ?, ended = ?, due = ?, pages = ?,"
            " rate = ?, ecm = ?, across = ?, down = ?, ident = ?, bad_rows = ? WHERE id = ?",
            (
                state.value,
                result.cause.value,
                result.detail,
                seconds,
                ended,
                micros(again or now),
                figures.pages,
                figures.rate,
                int(figures.ecm),
                *figures.resolution,
                figures.remote_ident,
                figures.bad_rows,
                fax,
            ),
        )

    def _update(self, statement: str, values: Iterable[object]) -> bool:
        with self._guard, explained(self.path), transaction(self._database.connection):
            return self._database.connection.execute(statement, tuple(values)).rowcount > 0

    def _faxes(self, where: str, values: Iterable[object]) -> tuple[Fax, ...]:
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(SELECT + where, tuple(values)).fetchall()
        return tuple(map(read, rows))
