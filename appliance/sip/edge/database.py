"""The edge's SQLite files: made from Kamailio's own schema, mended or replaced when they do not fit it."""

import contextlib
import re
import sqlite3
from pathlib import Path

import structlog

from appliance.errors import DeviceUnavailable
from appliance.sip.edge.settings import USER_PATTERN

SCHEMA_DIR = Path("/usr/share/kamailio/db_sqlite")

_SEQUENCE_GAP = 1000
"""How far NOTIFY numbers jump at a start: more than can have been sent since the last write-back."""

_ROW_BYTES = 6_000
"""At most what a saved row takes while Kamailio reads its table; 3 000 are too many for 8 MB."""

_WATCHED = re.compile(rf"sip:({USER_PATTERN})@")

_UNREADABLE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""What says that a file is not what it should be; SQLITE_ERROR: it lacks a table."""

_log = structlog.get_logger(__name__)


def prepare_location(path: Path) -> None:
    """Make sure ``path`` holds registrations in this Kamailio's schema, keeping those that are there.

    Raises DeviceUnavailable; OSError or sqlite3.Error when the disk does not allow it.
    """
    _prepare(path, ("usrloc",), "location")


def prepare_presence(path: Path) -> None:
    """Make sure ``path`` holds subscriptions in this Kamailio's schema, keeping those that are there.

    Numbers of NOTIFYs not written before a crash are skipped: a phone refuses a CSeq or a document version
    it has
    seen (RFC 3261 §12.2.2, RFC 4235 §4.3), but not a gap. The keys whose calls are watched are written to
    the table ``htable``, which the edge loads as ``watched``.
    """
    _prepare(path, ("presence", "htable"), "active_watchers")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE active_watchers SET local_cseq = local_cseq + ?, version = version + ?",
            (_SEQUENCE_GAP, _SEQUENCE_GAP),
        )
        uris = database.execute("SELECT DISTINCT presentity_uri FROM active_watchers WHERE event = 'dialog'")
        keys = {found[1] for (uri,) in uris if (found := _WATCHED.match(str(uri)))}
        database.execute("DELETE FROM htable")
        database.executemany(
            "INSERT INTO htable (key_name, value_type, key_value) VALUES (?, 1, '1')",
            [(key,) for key in sorted(keys)],
        )


def loading_mb(location: Path, presence: Path) -> int:
    """Megabytes of memory that reading the saved rows takes at a start, 0 for files that cannot be read."""
    rows = 0
    for path, table in ((location, "location"), (presence, "active_watchers")):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_read_only(path)) as database:
            rows += int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours
    return rows * _ROW_BYTES // 1_000_000


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _prepare(path: Path, schemas: tuple[str, ...], kept: str) -> None:
    script = "".join(_schema(name) for name in ("standard", *schemas))
    if path.exists():
        try:
            if _versions(path) == _versions_of(script):
                return
            _convert(path, script, kept)
            return
        except sqlite3.DatabaseError as error:
            if (error.sqlite_errorcode & 0xFF) not in _UNREADABLE:
                raise  # the disk is full or failing; the file may be whole
            aside = path.with_name(f"{path.name}.broken")
            _log.warning(
                "edge database unreadable, set aside", file=str(path), aside=str(aside), error=str(error)
            )
            path.replace(aside)
            for suffix in ("-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    _create(path, script)


def _schema(name: str) -> str:
    try:
        return (SCHEMA_DIR / f"{name}-create.sql").read_text(encoding="utf-8")
    except OSError as error:
        raise DeviceUnavailable(
            f"Kamailio's database schema is missing: {error}",
            error_id="edge.schema",
            hint="install kamailio-sqlite-modules",
        ) from error


def _create(path: Path, script: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(fresh)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(f"BEGIN;{script};COMMIT;")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fresh.replace(path)


def _convert(path: Path, script: str, kept: str) -> None:
    """Bring the rows of ``kept`` into a new file of the present schema, column by column of the same name."""
    old = path.with_name(f"{path.name}.old")
    fresh = path.with_name(f"{path.name}.new")
    _log.info("edge database is of another Kamailio, converting", file=str(path))
    _create(fresh, script)
    with contextlib.closing(sqlite3.connect(fresh)) as database:
        database.execute("ATTACH ? AS old", (str(path),))
        columns = [row[1] for row in database.execute(f"PRAGMA main.table_info({kept})")]
        there = {row[1] for row in database.execute(f"PRAGMA old.table_info({kept})")}
        common = ", ".join(name for name in columns if name in there)
        if common:
            copy = f"INSERT OR IGNORE INTO main.{kept} ({common}) SELECT {common} FROM old.{kept}"  # noqa: S608 - ours
            with database:
                database.execute(copy)
        database.execute("DETACH old")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.replace(old)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    fresh.replace(path)


def _versions(path: Path) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT table_name, table_version FROM version"))


def _versions_of(script: str) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(script)
        return dict(database.execute("SELECT table_name, table_version FROM version"))
