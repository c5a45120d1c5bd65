"""Recordings of calls: what is kept, and a chain of hashes that shows whether anything was changed.

Theory of operation: every recording that is kept and every deletion is a link. A link has a number, the hash
of the one before, what it says (with the hash of the file), and a hash over all of that. Changing, removing
or inserting anything breaks the chain from there on; cutting its end off is seen by the file ``head``, which
names the last link. A deleted recording leaves the link that says who deleted it and why.
"""

import dataclasses
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from appliance.errors import DeviceUnavailable, NotFound
from appliance.model.ids import CallId, ExtensionId, TapeId
from appliance.model.recordings import KeptTape, Tape
from appliance.store.database import Database, explained
from appliance.store.migrations import Schema, settle, transaction
from appliance.store.record_rows import micros

MAX_PAGE = 10_000
NOTHING = "0" * 64
"""What the first link has for the hash of the one before."""
HEAD = "head"
FOLDER = "recordings"
"""Of the files, below the folder of what is spoken; the database lies beside that folder."""
DATABASE = "recordings.db"

RECORDINGS = Schema(
    name="recordings",
    application_id=0x4F525443,
    steps=(
        (
            "CREATE TABLE open (tape TEXT PRIMARY KEY, head TEXT NOT NULL) STRICT",
            """CREATE TABLE chain (
                seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, tape TEXT NOT NULL, at INTEGER NOT NULL,
                body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
            """CREATE TABLE recordings (
                tape TEXT PRIMARY KEY, seq INTEGER NOT NULL, call TEXT NOT NULL, started INTEGER NOT NULL,
                extension TEXT NOT NULL, party TEXT NOT NULL) STRICT""",
            "CREATE INDEX recordings_by_time ON recordings (started)",
            "CREATE INDEX recordings_by_extension ON recordings (extension, started)",
        ),
    ),
)
"""Times are microseconds since 1970. ``open``: recordings in progress, to be found after a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of the chain."""

    seq: int
    kind: str
    """``kept`` or ``deleted``."""
    tape: str
    at: int
    body: str
    previous: str
    hash: str

    def computed(self) -> str:
        """The hash that the link must have."""
        told = [self.seq, self.kind, self.tape, self.at, self.body, self.previous]
        return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the chain was found. ``broken``: the first link that is wrong, 0 for none."""

    links: int
    recordings: int
    deleted: int
    last_hash: str
    broken: int = 0
    tape: str = ""
    what: str = ""


class RecordingStore:
    """The recordings of calls. Safe to use from any thread but the engine's: every method may wait."""

    def __init__(self, folder: Path, voice: Path, clock: Callable[[], datetime]) -> None:
        """Open ``recordings.db`` in the state folder; the files are in ``<voice>/recordings``."""
        self.files = voice / FOLDER
        self._head = self.files / HEAD
        self._clock = clock
        self._guard = threading.RLock()
        self._database = Database(folder / DATABASE, RECORDINGS)

    def close(self) -> None:
        """Close the database."""
        with self._guard:
            self._database.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    # -- recordings in progress ------------------------------------------------------------------

    def begin(self, tape: Tape) -> None:
        """A recording begins; on disk when this returns. Raises DeviceUnavailable."""
        head = msgspec.json.encode(tape).decode()
        with self._guard, explained(self._database.path), transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO open VALUES (?, ?)", (tape.tape, head))

    def open_tapes(self) -> tuple[Tape, ...]:
        """Recordings that began and were not kept."""
        with self._guard, explained(self._database.path):
            rows = self._connection.execute("SELECT head FROM open ORDER BY tape").fetchall()
        return tuple(msgspec.json.decode(row[0], type=Tape) for row in rows)

    def forget(self, tape: TapeId) -> None:
        """Nothing was recorded after all."""
        with self._guard, explained(self._database.path), transaction(self._connection):
            self._connection.execute("DELETE FROM open WHERE tape = ?", (tape,))

    # -- recordings kept -------------------------------------------------------------------------

    def keep(self, kept: KeptTape) -> KeptTape:
        """Put a finished file into the chain; the link's number is in what is returned."""
        tape = kept.tape
        with self._guard, explained(self._database.path):
            with transaction(self._connection):
                seq, previous = self._last()
                kept = dataclasses.replace(kept, seq=seq + 1)
                self._append("kept", tape.tape, seq + 1, previous, msgspec.json.encode(kept).decode())
                self._connection.execute("INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?)", _row(kept))
                self._connection.execute("DELETE FROM open WHERE tape = ?", (tape.tape,))
            self._write_head()
        return kept

    def delete(self, tape: TapeId, who: str, why: str) -> None:
        """Delete a recording for good, leaving the link that says so. Raises NotFound."""
        with self._guard, explained(self._database.path):
            kept = self.recording(tape)
            with transaction(self._connection):
                seq, previous = self._last()
                body = json.dumps({"who": who, "why": why, "kept": kept.seq, "sha256": kept.sha256})
                self._append("deleted", tape, seq + 1, previous, body)
                self._connection.execute("DELETE FROM recordings WHERE tape = ?", (tape,))
            self._write_head()
            self.path_of(kept).unlink(missing_ok=True)

    def recording(self, tape: TapeId) -> KeptTape:
        """One recording. Raises NotFound."""
        with self._guard, explained(self._database.path):
            row = self._connection.execute(
                "SELECT body FROM chain JOIN recordings USING (seq) WHERE recordings.tape = ?", (tape,)
            ).fetchone()
        if row is None:
            raise NotFound(f"there is no recording {tape[:64]}", hint="'ctl recordings' shows them")
        return msgspec.json.decode(row[0], type=KeptTape)

    def recordings(
        self,
        *,
        extension: ExtensionId | None = None,
        call: CallId | None = None,
        party: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> tuple[KeptTape, ...]:
        """Recordings begun in [since, until), the newest first; ``party``: the other's number ends so."""
        values = {
            "extension": extension,
            "call": call,
            "party": party,
            "since": None if since is None else micros(since),
            "until": None if until is None else micros(until),
            "limit": max(0, min(limit, MAX_PAGE)),
        }
        with self._guard, explained(self._database.path):
            rows = self._connection.execute(_PAGE, values).fetchall()
        return tuple(msgspec.json.decode(row[0], type=KeptTape) for row in rows)

    def expired(self, oldest: datetime, keep_count: int) -> tuple[TapeId, ...]:
        """Recordings that began before, and those beyond the newest so many of an extension."""
        with self._guard, explained(self._database.path):
            rows = self._connection.execute(_EXPIRED, (micros(oldest), keep_count)).fetchall()
        return tuple(TapeId(row[0]) for row in rows)

    # -- other nodes -----------------------------------------------------------------------------

    def links(self, after: int, limit: int) -> tuple[Link, ...]:
        """Links of the chain behind one."""
        with self._guard, explained(self._database.path):
            rows = self._connection.execute(_LINKS + "WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
            return tuple(_link(row) for row in rows.fetchall())

    def deleted(self, tape: TapeId) -> bool:
        """Whether it was here once and was deleted."""
        with self._guard, explained(self._database.path):
            return bool(
                self._connection.execute(
                    "SELECT 1 FROM chain WHERE tape = ? AND kind = 'deleted' LIMIT 1", (tape,)
                ).fetchone()
            )

    def path_of(self, kept: KeptTape) -> Path:
        """Where the file of a recording is."""
        return self.files / kept.file

    # -- the chain -------------------------------------------------------------------------------

    def _last(self) -> tuple[int, str]:
        row = self._connection.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row is not None else (0, NOTHING)

    def _append(self, kind: str, tape: str, seq: int, previous: str, body: str) -> None:
        link = Link(
            seq=seq, kind=kind, tape=tape, at=micros(self._clock()), body=body, previous=previous, hash=""
        )
        self._connection.execute(
            "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?)",
            (link.seq, link.kind, link.tape, link.at, link.body, link.previous, link.computed()),
        )

    def _write_head(self) -> None:
        """Tell beside the database how far the chain goes; a crash before this leaves an older, true one."""
        seq, last = self._last()
        self.files.mkdir(parents=True, exist_ok=True)
        beside = self._head.with_name(HEAD + ".new")
        beside.write_text(f"{seq} {last}\n")
        settle(beside, self._head)


_PAGE = """
    SELECT body FROM recordings JOIN chain USING (seq)
    WHERE (:extension IS NULL OR extension = :extension) AND (:call IS NULL OR call = :call)
      AND (:party IS NULL OR party LIKE '%' || :party)
      AND (:since IS NULL OR started >= :since) AND (:until IS NULL OR started < :until)
    ORDER BY started DESC, seq DESC LIMIT :limit
"""
_LINKS = "SELECT seq, kind, tape, at, body, previous, hash FROM chain "
_EXPIRED = """
    SELECT tape FROM (
        SELECT tape, started,
               ROW_NUMBER() OVER (PARTITION BY extension ORDER BY started DESC, seq DESC) AS place
        FROM recordings
    ) WHERE started < ? OR place > ? ORDER BY started
"""


def _row(kept: KeptTape) -> tuple[Any, ...]:
    tape = kept.tape
    return (
        tape.tape,
        kept.seq,
        tape.call,
        micros(tape.started),
        tape.extension or "",
        tape.party_number,
    )


# -- looking at the chain from outside ---------------------------------------------------------------


def verify(folder: Path, voice: Path) -> Verdict:
    """Look at every link and every file, beside a running box if need be. Raises DeviceUnavailable."""
    path = folder / DATABASE
    files = voice / FOLDER
    if not path.exists():
        raise DeviceUnavailable(
            f"{path} is not there", error_id="recordings.none", hint="nothing was ever recorded here?"
        )
    with explained(path), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute("BEGIN")  # one view of everything while the box goes on
        return _look(connection, files)


def _look(connection: sqlite3.Connection, files: Path) -> Verdict:
    head = _read_head(files / HEAD)
    rows = {row[0]: row for row in connection.execute("SELECT * FROM recordings")}
    kept: dict[str, tuple[Link, KeptTape]] = {}
    seq, previous, deleted = 0, NOTHING, 0

    def wrong(at: int, tape: str, what: str) -> Verdict:
        return Verdict(
            links=seq,
            recordings=len(kept),
            deleted=deleted,
            last_hash=previous,
            broken=at,
            tape=tape,
            what=what,
        )

    for link in _links(connection):
        if link.seq != seq + 1:
            return wrong(seq + 1, "", f"link {seq + 1} is missing")
        if link.previous != previous:
            return wrong(link.seq, link.tape, "does not follow the link before")
        if link.hash != link.computed():
            return wrong(link.seq, link.tape, "was changed")
        seq, previous = link.seq, link.hash
        if link.kind == "deleted":
            deleted += kept.pop(link.tape, None) is not None
        else:
            kept[link.tape] = (link, msgspec.json.decode(link.body, type=KeptTape))
        if head is not None and head[0] == seq and head[1] != previous:
            return wrong(seq, link.tape, "is not the one that the head names")
    if head is not None and head[0] > seq:
        return wrong(seq + 1, "", f"the chain ends at {seq}, it went to {head[0]}")
    if head is None and seq:
        return wrong(seq, "", "the head of the chain is missing")
    for tape, (link, body) in kept.items():
        row = rows.pop(tape, None)
        if row is None or tuple(row) != _row(body):
            return wrong(link.seq, tape, "its row was changed or removed")
        what = _of_file(files / body.file, body)
        if what:
            return wrong(link.seq, tape, what)
    if rows:
        return wrong(seq + 1, next(iter(rows)), "a row that no link speaks of")
    return Verdict(links=seq, recordings=len(kept), deleted=deleted, last_hash=previous)


def _links(connection: sqlite3.Connection) -> Iterator[Link]:
    return map(_link, connection.execute(_LINKS + "ORDER BY seq"))


def _link(row: tuple[Any, ...]) -> Link:
    seq, kind, tape, at, body, previous, found = row
    return Link(seq=seq, kind=kind, tape=tape, at=at, body=body, previous=previous, hash=found)


def _of_file(path: Path, kept: KeptTape) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != kept.size:
                return "its file has another length"
            if hashlib.file_digest(file, "sha256").hexdigest() != kept.sha256:
                return "its file was changed"
    except OSError as error:
        return f"its file cannot be read: {error.strerror}"
    return ""


def _read_head(path: Path) -> tuple[int, str] | None:
    try:
        seq, _, last = path.read_text().strip().partition(" ")
        return int(seq), last
    except (OSError, ValueError):
        return None
