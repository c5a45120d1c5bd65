"""The log of operations as it is read: by page for people, by entity to merge, by place for other nodes."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from appliance.store.database import Database, explained
from appliance.store.operation_rows import (
    ALL,
    OF_ENTITY,
    OF_KIND,
    OF_ORIGIN,
    ONE,
    OUTGOING,
    OUTGOING_COUNT,
    SINCE,
    SINCE_COUNT,
    WHOLE_ENTITY,
    read_operation,
)
from appliance.store.operations import Key, Operation
from appliance.store.record_rows import micros
from appliance.store.versions import values_before


class OperationLog:
    """Reads only; ``guard`` is that of the store that writes. From any thread; raises DeviceUnavailable."""

    def __init__(self, path: Path, database: Database, guard: AbstractContextManager[object]) -> None:
        self._path = path
        self._database = database
        self._guard = guard

    def operations(
        self,
        kind: str | None = None,
        entity: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        *,
        before: str | None = None,
        who: str | None = None,
    ) -> tuple[Operation, ...]:
        """The log, oldest first: of a kind, of an entity, since then; at most the ``limit`` newest.

        ``before``: only operations older than that one, for the next page; ``who``: only by them.
        """
        chosen: tuple[str, ...] = ()
        if kind is None:
            query = ALL
        elif entity is None:
            query, chosen = OF_KIND, (kind,)
        else:
            query, chosen = OF_ENTITY, (kind, entity)
        first = 0 if since is None else micros(since)
        with self._guard, explained(self._path):
            rows = self._database.connection.execute(
                query, (*chosen, first, before, before, who, who, -1 if limit is None else limit)
            ).fetchall()
        return tuple(read_operation(row) for row in reversed(rows))

    def before(self, operations: Iterable[Operation]) -> dict[str, str | None]:
        """Operation id → the JSON text that its field had before it; None: the default."""
        with self._guard, explained(self._path):
            return values_before(self._database.connection, operations)

    def outgoing(self, after: int, limit: int) -> tuple[tuple[int, Operation], ...]:
        """Operations that did not come from another node, by local sequence, the oldest first."""
        with self._guard, explained(self._path):
            rows = self._database.connection.execute(OUTGOING, (after, limit)).fetchall()
        return tuple((row[-1], read_operation(row[:-1])) for row in rows)

    def outgoing_count(self, after: int) -> int:
        """How many operations :meth:`outgoing` would give in all."""
        with self._guard, explained(self._path):
            (count,) = self._database.connection.execute(OUTGOING_COUNT, (after,)).fetchone()
        return int(count)

    def since(self, after: int, but: str, limit: int) -> tuple[tuple[tuple[int, Operation], ...], int]:
        """Operations after a local sequence not made by the node ``but``, and how many more there are."""
        with self._guard, explained(self._path):
            rows = self._database.connection.execute(SINCE, (after, but, limit)).fetchall()
            last = rows[-1][-1] if rows else after
            (count,) = self._database.connection.execute(SINCE_COUNT, (last, but)).fetchone()
        return tuple((row[-1], read_operation(row[:-1])) for row in rows), int(count)

    def by_origin(self, node: str, first: int, beyond: int) -> tuple[Operation, ...]:
        """Operations of a node with a clock from ``first`` up to, without, ``beyond``."""
        with self._guard, explained(self._path):
            rows = self._database.connection.execute(OF_ORIGIN, (node, first, beyond)).fetchall()
        return tuple(read_operation(row) for row in rows)

    def stamps(self) -> Iterable[tuple[str, int, str]]:
        """(node, clock, id) of every operation, for digests."""
        with self._guard, explained(self._path):
            return self._database.connection.execute("SELECT node, hlc, id FROM operations").fetchall()

    def places(self) -> Mapping[str, str]:
        """How far exchange has come, by name."""
        with self._guard, explained(self._path):
            return dict(self._database.connection.execute("SELECT name, value FROM places").fetchall())

    def holds(self, operation: str) -> bool:
        """Whether the operation of this id is here."""
        with self._guard, explained(self._path):
            known = self._database.connection.execute("SELECT 1 FROM operations WHERE id = ?", (operation,))
            return known.fetchone() is not None

    def find(self, operation: str) -> Operation | None:
        """The operation of this id, None when there is none."""
        with self._guard, explained(self._path):
            row = self._database.connection.execute(ONE, (operation,)).fetchone()
        return None if row is None else read_operation(row)

    def of(self, key: Key) -> tuple[Operation, ...]:
        """All operations of an entity, in no order."""
        with self._guard, explained(self._path):
            rows = self._database.connection.execute(WHOLE_ENTITY, key).fetchall()
        return tuple(read_operation(row) for row in rows)
