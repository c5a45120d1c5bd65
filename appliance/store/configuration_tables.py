"""The tables beside the operation log: values, tombstones, leftovers, places. Writes need a transaction."""

import sqlite3
from collections.abc import Mapping, Sequence

from appliance.store.conflicts import Leftovers
from appliance.store.operation_rows import INSERT, operation_row
from appliance.store.operations import Entity, Entry, Key, Operation, Stamp


def insert_operations(
    connection: sqlite3.Connection, operations: Sequence[Operation], *, received: bool
) -> None:
    """Append to the log."""
    connection.executemany(INSERT, [operation_row(one, received=received) for one in operations])


def write_values(
    connection: sqlite3.Connection, operations: Sequence[Operation], touched: Mapping[Key, Entity]
) -> None:
    """Bring values and tombstones of what the operations touched up to date."""
    cleared = {one.key for one in operations if one.field is None}
    changed = {(one.key, one.field) for one in operations}
    connection.executemany("DELETE FROM fields WHERE kind = ? AND entity = ?", sorted(cleared))
    connection.executemany(
        "INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?, ?, ?)",
        [(*key, *stone) for key in cleared if (stone := touched[key].tombstone) is not None],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO fields VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (*key, name, entry.value, *entry.stamp)
            for key, entity in touched.items()
            for name, entry in entity.fields.items()
            if key in cleared or (key, name) in changed
        ],
    )


def write_leftovers(connection: sqlite3.Connection, left: Mapping[Key, Leftovers]) -> None:
    """Replace what is left over of these entities."""
    connection.executemany("DELETE FROM leftovers WHERE kind = ? AND entity = ?", sorted(left))
    connection.executemany(
        "INSERT INTO leftovers (operation, kind, entity, field) VALUES (?, ?, ?, ?)",
        [(one, *key, name) for key, leftovers in left.items() for one, name in leftovers.items()],
    )


def write_places(connection: sqlite3.Connection, places: Mapping[str, str]) -> None:
    """Remember how far exchange has come."""
    connection.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", sorted(places.items()))


def load_entities(connection: sqlite3.Connection) -> dict[Key, Entity]:
    """Every entity that is, or was."""
    fields: dict[Key, dict[str, Entry]] = {}
    stones: dict[Key, Stamp] = {}
    for kind, entity, name, value, hlc, node, operation in connection.execute(
        "SELECT kind, entity, field, value, hlc, node, operation FROM fields"
    ):
        fields.setdefault((kind, entity), {})[name] = Entry(stamp=(hlc, node, operation), value=value)
    for kind, entity, hlc, node, operation in connection.execute(
        "SELECT kind, entity, hlc, node, operation FROM tombstones"
    ):
        stones[kind, entity] = (hlc, node, operation)
    return {
        key: Entity(tombstone=stones.get(key), fields=fields.get(key, {})) for key in {**fields, **stones}
    }


def load_leftovers(connection: sqlite3.Connection) -> dict[Key, Leftovers]:
    """What is left over, by entity."""
    found: dict[Key, dict[str, str | None]] = {}
    for one, kind, entity, name in connection.execute("SELECT operation, kind, entity, field FROM leftovers"):
        found.setdefault((kind, entity), {})[one] = name
    return dict(found)
