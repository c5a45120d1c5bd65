"""Numbered database schemas and the steps between them.

``PRAGMA user_version`` holds the number. A step is never changed once released; a new one is appended.
A step adds tables, or columns with defaults, so that the software before it can open what it left: an update
that does not prove itself is left for the old slot. One that must do more is declared ``breaking``.
Each step and its number are one transaction, so that a cut between steps is continued at the next start.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ConfigError

_MARK = 1 << 16
"""What ``user_version`` holds above the number: the version that broke with the older ones."""
Step = tuple[str, ...] | Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One database's shape over time. ``steps[n]`` leads from version n to n+1; version 0 is empty."""

    name: str
    """For people: ``configuration``."""
    application_id: int
    """``PRAGMA application_id``: tells our databases from each other and from foreign ones."""
    steps: tuple[Step, ...]
    breaking: int = 0
    """The newest version that programs of older ones cannot read; its step renames, drops or means anew."""

    @property
    def version(self) -> int:
        """The version this program writes."""
        return len(self.steps)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction on an autocommit connection; any exception rolls it back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, schema: Schema, path: Path) -> int:
    """Bring the database to the version of this program; returns how many steps were taken.

    A database with content is copied to ``<name>.v<number>.bak`` first. Raises ConfigError when the
    file belongs to something else or to a newer version; sqlite3.Error and OSError come through.
    """
    found, oldest = stored_version(connection)
    if found > schema.version >= oldest:
        return 0  # newer software added something; what this one knows is as it was
    if found > schema.version:
        raise ConfigError(
            f"{path} was written by a newer version (schema {found}, this one knows {schema.version})",
            error_id="store.newer",
            hint="install the newer version again or restore the copy made before the update",
        )
    if found == schema.version:
        return 0
    if found > 0:
        _keep_copy(connection, path, found)
    for number in range(found, schema.version):
        step = schema.steps[number]
        with transaction(connection):
            if isinstance(step, tuple):
                for statement in step:
                    connection.execute(statement)
            else:
                step(connection)
            if number == 0:
                connection.execute(f"PRAGMA application_id = {schema.application_id:d}")
            mark = schema.breaking if number + 1 >= schema.breaking else 0
            connection.execute(f"PRAGMA user_version = {number + 1 + mark * _MARK:d}")
    return schema.version - found


def version_of(connection: sqlite3.Connection) -> int:
    """The schema number stored in the database; 0 for an empty one."""
    return stored_version(connection)[0]


def stored_version(connection: sqlite3.Connection) -> tuple[int, int]:
    """The schema number, and the oldest version whose programs can read it; 0 for all."""
    (stored,) = connection.execute("PRAGMA user_version").fetchone()
    return int(stored) % _MARK, int(stored) // _MARK


def backup_path(path: Path, version: int) -> Path:
    """Where the copy of a database of that version is kept before it is migrated."""
    return path.with_name(f"{path.name}.v{version}.bak")


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    final = backup_path(path, version)
    beside = final.with_name(final.name + ".new")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(beside)) as copy:
        connection.backup(copy)
    settle(beside, final)


def settle(beside: Path, final: Path) -> None:
    """Make a finished file durable under its final name: fsync, rename, fsync of the folder."""
    fd = os.open(beside, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(beside, final)
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
