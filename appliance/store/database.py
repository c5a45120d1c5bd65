"""Opening our SQLite databases: one process each, durable commits, errors a person can act on.

A database that is not there is made beside and renamed into place, so a file under the final name is
always a whole one: an empty or damaged file is refused, never taken for a first start.
"""

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.store.migrations import Schema, migrate, settle, transaction
from appliance.store.reserve import is_full

BUSY_MS = 5000
JOURNAL_BYTES = 4 * 1024 * 1024
"""What a WAL that had to grow is cut back to."""


class Database:
    """An opened, migrated database with its lock. WAL, ``synchronous=FULL``, autocommit connections."""

    def __init__(self, path: Path, schema: Schema, *, verify: bool = False) -> None:
        """Open or make the database at ``path``; its folder must exist.

        ``verify`` reads every page (for small databases). Raises ConfigError for a damaged, foreign or
        newer file, DeviceUnavailable when another process has it or the folder cannot be used.
        """
        self.path = path
        self._lock = _take_lock(path)
        try:
            with explained(path):
                if not path.exists():
                    _make(path, schema)
                elif path.stat().st_size == 0:
                    raise _damaged(path, "is empty")
                self.connection = self.connect()
                try:
                    self._prepare(schema, verify)
                except BaseException:
                    self.connection.close()
                    raise
        except BaseException:
            os.close(self._lock)
            raise

    def connect(self) -> sqlite3.Connection:
        """Open one more connection, for use by any one thread at a time."""
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        return connection

    def close(self) -> None:
        """Close the first connection and give the lock back; others must be closed before. Once is enough."""
        if self._lock < 0:
            return
        lock, self._lock = self._lock, -1
        try:
            self.connection.close()
        finally:
            os.close(lock)

    def _prepare(self, schema: Schema, verify: bool) -> None:
        connection = self.connection
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        if owner != schema.application_id:
            raise _damaged(self.path, f"is not a {schema.name} database")
        connection.execute("PRAGMA journal_mode = WAL")
        if verify:
            (word,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if word != "ok":
                raise _damaged(self.path, f"is damaged: {word}")
        with transaction(connection):
            pass  # fails here, at the start, when the file may not be written
        migrate(connection, schema, self.path)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system inside the block into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from error
    except OSError as error:
        raise _explain_os(path, error) from error


def explain(path: Path, error: sqlite3.Error) -> OrtsamtError:
    """Say what a SQLite error means and who can do something about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # On a full disk SQLite calls it an I/O error when its shared memory finds no room.
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and is_full(path.parent)):
        return DeviceUnavailable(
            f"no space left for {path}", error_id="store.disk_full", hint="free some space on this disk"
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, f"is damaged: {error}")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return DeviceUnavailable(
            f"{path} cannot be written: {error}",
            error_id="store.unwritable",
            hint="check owner and rights of the state folder and that its disk is not read-only",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DeviceUnavailable(
            f"{path} is locked by another program", error_id="store.locked", hint="end that program"
        )
    return DeviceUnavailable(
        f"{path} cannot be used: {error}", error_id="store.io", hint="check the disk and its file system"
    )


def _explain_os(path: Path, error: OSError) -> OrtsamtError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DeviceUnavailable(
            f"no space left for {path}", error_id="store.disk_full", hint="free some space on this disk"
        )
    if error.errno == errno.ENOENT:
        return DeviceUnavailable(
            f"state folder {path.parent} does not exist",
            error_id="store.no_folder",
            hint="create it or check that its disk is mounted",
        )
    return DeviceUnavailable(
        f"{path} cannot be used: {error.strerror or error}",
        error_id="store.unwritable",
        hint="check owner and rights of the state folder and that its disk is not read-only",
    )


def _damaged(path: Path, what: str) -> ConfigError:
    return ConfigError(
        f"{path} {what}",
        error_id="store.corrupt",
        hint="restore it from a backup; it was left untouched, delete it only to begin anew",
    )


class GuardedDatabase:
    """A database with one connection, which any thread may use, one at a time, holding ``_guard``."""

    def __init__(self, path: Path, schema: Schema) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        self.path = path
        self._guard = threading.Lock()
        self._database = Database(path, schema)

    def close(self) -> None:
        """Close the database."""
        with self._guard:
            self._database.close()


def _make(path: Path, schema: Schema) -> None:
    if path.with_name(path.name + "-wal").exists():
        raise _damaged(path, "is missing, but its journal is there")
    beside = path.with_name(path.name + ".new")
    for stale in (beside, beside.with_name(beside.name + "-journal")):
        stale.unlink(missing_ok=True)
    # Secrets are inside: nobody else reads them, and SQLite gives its journals the same mode.
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
        migrate(connection, schema, beside)
    settle(beside, path)


def _take_lock(path: Path) -> int:
    lock_path = path.with_name(path.name + ".lock")
    with explained(path):
        fd = os.open(lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
    except BlockingIOError:
        owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(fd)
        raise DeviceUnavailable(
            f"{path} is already in use by process {owner}",
            error_id="store.in_use",
            hint="end that process first or use another state folder",
        ) from None
    except OSError as error:
        os.close(fd)
        raise _explain_os(path, error) from error
    return fd
