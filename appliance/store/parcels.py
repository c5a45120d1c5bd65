"""What of the records other nodes have, and what came from them, in ``parcels.db``.

A *parcel* is a record with, perhaps, a file: a finished call with its legs, a message with its sound. It has
a version that differs whenever there is something new to tell. What came from elsewhere in a version is not
sent back in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.store.database import GuardedDatabase, explained
from appliance.store.migrations import Schema, transaction

SCHEMA = Schema(
    name="parcels",
    application_id=0x4F545001,
    steps=(
        (
            """CREATE TABLE settled (
                kind TEXT NOT NULL,
                id TEXT NOT NULL,
                version TEXT NOT NULL,
                PRIMARY KEY (kind, id)
            ) WITHOUT ROWID""",
            "CREATE TABLE floors (kind TEXT NOT NULL PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID",
        ),
    ),
)
"""``settled``: versions that the hub has, or that came from it; empty: not any more.

``floors``: all rows up to there are.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A record on its way: ``data`` is JSON text; ``sha`` and ``size`` of its file, empty and 0 without."""

    kind: str
    id: str
    version: str
    data: str
    sha: str = ""
    size: int = 0


class ParcelStore(GuardedDatabase):
    """Safe to use from any thread; methods raise DeviceUnavailable."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        super().__init__(path, SCHEMA)

    def settled(self, kind: str, ids: Iterable[str]) -> dict[str, str]:
        """Id → version that is settled, of those that are."""
        found: dict[str, str] = {}
        with self._guard, explained(self.path):
            for one in ids:
                row = self._database.connection.execute(
                    "SELECT version FROM settled WHERE kind = ? AND id = ?", (kind, one)
                ).fetchone()
                if row is not None:
                    found[one] = row[0]
        return found

    def known(self, kind: str, identity: str) -> bool:
        """Whether it was sent or came before: when it is not here, it was deleted here."""
        return identity in self.settled(kind, [identity])

    def settle(self, kind: str, identity: str, version: str) -> None:
        """Note that this version need not be sent any more."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._database.connection.execute(
                "INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", (kind, identity, version)
            )

    def note(self, kind: str, identity: str) -> None:
        """Remember that it was here, though this way it neither went nor came."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._database.connection.execute(
                "INSERT OR IGNORE INTO settled VALUES (?, ?, '')", (kind, identity)
            )

    def unsettle(self, kind: str, identity: str) -> None:
        """Somebody did not get it: it is sent again."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._database.connection.execute(
                "UPDATE settled SET version = '' WHERE kind = ? AND id = ?", (kind, identity)
            )
            self._database.connection.execute("DELETE FROM floors WHERE kind = ?", (kind,))

    def unsettle_all(self) -> None:
        """Send everything again: the hub has lost what it had."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._database.connection.execute("UPDATE settled SET version = ''")
            self._database.connection.execute("DELETE FROM floors WHERE kind NOT LIKE 'read %'")

    def floor(self, kind: str) -> int:
        """Up to which row all is settled."""
        with self._guard, explained(self.path):
            row = self._database.connection.execute(
                "SELECT row FROM floors WHERE kind = ?", (kind,)
            ).fetchone()
        return int(row[0]) if row is not None else 0

    def raise_floor(self, kind: str, row: int) -> None:
        """All rows up to this one are settled."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            self._database.connection.execute("INSERT OR REPLACE INTO floors VALUES (?, ?)", (kind, row))
