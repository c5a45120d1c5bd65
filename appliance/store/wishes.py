"""Who waits to be called back, in the database of the records: kept over a restart, one wish an extension."""

import threading
from datetime import datetime

from appliance.model.ids import ExtensionId
from appliance.model.wishes import CallbackWish
from appliance.store.database import explained
from appliance.store.migrations import transaction
from appliance.store.record_rows import micros, time_of
from appliance.store.records import RecordStore

_PUT = """
    INSERT INTO wishes (asker, dialled, target, armed, until) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (asker) DO UPDATE SET
        dialled = excluded.dialled, target = excluded.target, armed = excluded.armed, until = excluded.until
"""


class WishStore:
    """Wishes on disk. Safe to use from any thread; every method may wait for the disk."""

    def __init__(self, records: RecordStore) -> None:
        """Share the records' database by a connection of its own; to be closed before the records are."""
        self._path = records.path
        self._guard = threading.Lock()
        with explained(self._path):
            self._connection = records.connect()

    def close(self) -> None:
        """Give the connection back."""
        with self._guard:
            self._connection.close()

    def keep(self, asker: ExtensionId, wish: CallbackWish | None) -> None:
        """The wish of this extension as it now is; None: it has none. Raises DeviceUnavailable."""
        with self._guard, explained(self._path), transaction(self._connection):
            if wish is None:
                self._connection.execute("DELETE FROM wishes WHERE asker = ?", (asker,))
            else:
                row = (asker, wish.dialled, wish.target, wish.armed, micros(wish.until))
                self._connection.execute(_PUT, row)

    def take(self, now: datetime) -> tuple[CallbackWish, ...]:
        """The wishes that still count; the others are forgotten. Raises DeviceUnavailable."""
        with self._guard, explained(self._path), transaction(self._connection):
            self._connection.execute("DELETE FROM wishes WHERE until <= ?", (micros(now),))
            rows = self._connection.execute(
                "SELECT asker, dialled, target, armed, until FROM wishes ORDER BY asker"
            ).fetchall()
        return tuple(
            CallbackWish(
                asker=ExtensionId(row[0]),
                dialled=row[1],
                target=ExtensionId(row[2]),
                armed=bool(row[3]),
                until=time_of(row[4]),
            )
            for row in rows
        )
