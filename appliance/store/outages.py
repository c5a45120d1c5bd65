"""Reports of outages, in ``outages.db``: on disk from their begin, so that a restart loses none."""

from datetime import datetime
from pathlib import Path

import msgspec

from appliance.errors import NotFound
from appliance.model.decode import encode
from appliance.model.outages import Outage
from appliance.store.changes import Changed, changes, log_of
from appliance.store.database import GuardedDatabase, explained
from appliance.store.migrations import Schema, transaction
from appliance.store.record_rows import micros

KEPT = 200
SCHEMA = Schema(
    name="outages",
    application_id=0x4F544F01,
    steps=(
        (
            """CREATE TABLE outages (
                id TEXT PRIMARY KEY, node TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER,
                body TEXT NOT NULL
            )""",
            "CREATE INDEX outages_began ON outages (began)",
            *log_of("outages", "id", deletions=False),
        ),
    ),
)


class OutageStore(GuardedDatabase):
    """Safe to use from any thread; methods raise DeviceUnavailable."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        super().__init__(path, SCHEMA)

    def put(self, outage: Outage) -> None:
        """Keep it as it now is."""
        body = msgspec.json.encode(encode(outage)).decode()
        ended = None if outage.ended is None else micros(outage.ended)
        with self._guard, explained(self.path), transaction(self._database.connection):
            db = self._database.connection
            db.execute(
                "INSERT INTO outages VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " ended = excluded.ended, body = excluded.body",
                (outage.id, outage.node, micros(outage.began), ended, body),
            )
            db.execute(
                "DELETE FROM outages WHERE ended IS NOT NULL AND id NOT IN"
                " (SELECT id FROM outages ORDER BY began DESC LIMIT ?)",
                (KEPT,),
            )

    def get(self, identity: str) -> Outage:
        """One. Raises NotFound."""
        found = self._read("WHERE id = ?", identity)
        if not found:
            raise NotFound(f"there is no outage {identity[:64]}", hint="'ctl outages' shows them")
        return found[0]

    def newest(self, limit: int, since: datetime | None = None) -> tuple[Outage, ...]:
        """Those begun since then, the newest first."""
        return self._read(
            "WHERE began >= ? ORDER BY began DESC LIMIT ?", micros(since) if since else 0, limit
        )

    def lasting(self, node: str) -> Outage | None:
        """The one of this node that is not over."""
        found = self._read("WHERE node = ? AND ended IS NULL ORDER BY began DESC LIMIT 1", node)
        return found[0] if found else None

    def changes(self, after: int, limit: int) -> tuple[Changed, ...]:
        """What was written behind a place of the log."""
        with self._guard, explained(self.path):
            return changes(self._database.connection, "outages", after, limit)

    def replicated(self, outage: Outage) -> bool:
        """Keep one of another node, once; whether it was news."""
        if outage.ended is None or self._read("WHERE id = ?", outage.id):
            return False
        self.put(outage)
        return True

    def _read(self, where: str, *values: object) -> tuple[Outage, ...]:
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(f"SELECT body FROM outages {where}", values).fetchall()  # noqa: S608
        return tuple(msgspec.json.decode(row[0], type=Outage) for row in rows)
