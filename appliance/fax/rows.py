"""The rows of ``fax.db``: their columns, and what they mean."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from appliance.model.fax import FaxCause, FaxFigures
from appliance.model.ids import FaxBoxId
from appliance.store.migrations import Schema

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SCHEMA = Schema(
    name="fax",
    application_id=0x4F544601,
    steps=(
        (
            """CREATE TABLE faxes (
                id TEXT PRIMARY KEY,
                box TEXT NOT NULL,
                direction TEXT NOT NULL,
                state TEXT NOT NULL,
                peer TEXT NOT NULL,
                peer_name TEXT NOT NULL DEFAULT '',
                job TEXT NOT NULL DEFAULT '',
                source TEXT NOT NULL DEFAULT '',
                submitter TEXT NOT NULL DEFAULT '',
                subject TEXT NOT NULL DEFAULT '',
                cover TEXT NOT NULL DEFAULT '',
                created INTEGER NOT NULL,
                started INTEGER,
                ended INTEGER,
                due INTEGER NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0,
                pages INTEGER NOT NULL DEFAULT 0,
                in_document INTEGER NOT NULL DEFAULT 0,
                rate INTEGER NOT NULL DEFAULT 0,
                ecm INTEGER NOT NULL DEFAULT 0,
                across INTEGER NOT NULL DEFAULT 0,
                down INTEGER NOT NULL DEFAULT 0,
                ident TEXT NOT NULL DEFAULT '',
                bad_rows INTEGER NOT NULL DEFAULT 0,
                cause TEXT NOT NULL DEFAULT '',
                detail TEXT NOT NULL DEFAULT '',
                seconds REAL NOT NULL DEFAULT 0,
                leg TEXT NOT NULL DEFAULT '',
                kept INTEGER NOT NULL DEFAULT 0,
                told INTEGER NOT NULL DEFAULT 0
            )""",
            "CREATE INDEX faxes_state ON faxes (state, due)",
            "CREATE INDEX faxes_box ON faxes (box, id)",
            "CREATE INDEX faxes_job ON faxes (job)",
            "CREATE INDEX faxes_told ON faxes (told, ended)",
            """CREATE TABLE attempts (
                fax TEXT NOT NULL REFERENCES faxes (id),
                number INTEGER NOT NULL,
                at INTEGER NOT NULL,
                seconds REAL NOT NULL,
                pages INTEGER NOT NULL,
                cause TEXT NOT NULL,
                detail TEXT NOT NULL,
                PRIMARY KEY (fax, number)
            ) WITHOUT ROWID""",
        ),
        (
            "ALTER TABLE faxes ADD COLUMN relay TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX faxes_relay ON faxes (state) WHERE relay != ''",
        ),
    ),
)
COLUMNS = (
    "id, box, direction, state, peer, peer_name, job, source, submitter, subject, cover, created, started,"
    " ended, due, attempts, pages, in_document, rate, ecm, across, down, ident, bad_rows, cause, detail,"
    " seconds, leg, kept, relay"
)
SELECT = f"SELECT {COLUMNS} FROM faxes "  # noqa: S608 - names of columns

ENDED_AFTER = SELECT + (  # noqa: S608 - made of constants alone
    "WHERE ended > ? AND told = 1 AND ended < "
    "(SELECT coalesce(min(ended), 1 << 62) FROM faxes WHERE told = 0 AND ended IS NOT NULL) "
    "ORDER BY ended LIMIT ?"
)


class FaxState(StrEnum):
    """Where a fax is."""

    PREPARING = "preparing"
    WAITING = "waiting"
    CALLING = "calling"
    RECEIVING = "receiving"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fax:
    """One row of the journal. ``in_document``: pages in the file; ``kept``: the files are there."""

    id: str
    box: FaxBoxId
    direction: str
    """``in`` or ``out``."""
    state: FaxState
    peer: str
    """The other number, as dialled or as shown."""
    peer_name: str
    job: str
    """Faxes of one order to several numbers share it."""
    source: str
    """Who ordered it: ``api``, ``mail``, ``machine`` (one at an analog port)."""
    submitter: str
    subject: str
    cover: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    due: datetime
    attempts: int
    in_document: int
    figures: FaxFigures
    cause: FaxCause | None
    detail: str
    seconds: float
    leg: str
    kept: bool
    relay: str = ""
    """To be sent on to this number; empty once that was ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a fax that we send."""

    number: int
    at: datetime
    seconds: float
    pages: int
    cause: FaxCause
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFax:
    """A fax to be sent."""

    id: str
    box: FaxBoxId
    peer: str
    job: str
    source: str
    submitter: str = ""
    subject: str = ""
    cover: str = ""


def read(row: tuple[Any, ...]) -> Fax:
    """A row as ``SELECT`` gives it."""
    (
        fax, box, direction, state, peer, peer_name, job, source, submitter, subject, cover, created, started,
        ended, due, attempts, pages, in_document, rate, ecm, across, down, ident, bad_rows, cause, detail,
        seconds, leg, kept, relay,
    ) = row  # fmt: skip
    return Fax(
        id=fax,
        box=FaxBoxId(box),
        direction=direction,
        state=FaxState(state),
        peer=peer,
        peer_name=peer_name,
        job=job,
        source=source,
        submitter=submitter,
        subject=subject,
        cover=cover,
        created=at_time(created),
        started=None if started is None else at_time(started),
        ended=None if ended is None else at_time(ended),
        due=at_time(due),
        attempts=attempts,
        in_document=in_document,
        figures=FaxFigures(
            pages=pages,
            rate=rate,
            ecm=bool(ecm),
            resolution=(across, down),
            remote_ident=ident,
            bad_rows=bad_rows,
        ),
        cause=FaxCause(cause) if cause else None,
        detail=detail,
        seconds=seconds,
        leg=leg,
        kept=bool(kept),
        relay=relay,
    )


def micros(at: datetime) -> int:
    """As it is in the database."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def at_time(micros: int) -> datetime:
    """As it is everywhere else."""
    return _EPOCH + timedelta(microseconds=micros)
