"""Versions of entities: who changes one that another changed meanwhile is told before anything is lost."""

import sqlite3
from collections.abc import Iterable, Sequence

from appliance.errors import ConfigError, Problem
from appliance.model.documents import SECRET_FIELDS
from appliance.store.operations import EXISTENCE, Entity, Key, Operation

_BEFORE = """
    SELECT field, value FROM operations
    WHERE kind = ? AND entity = ? AND (field = ? OR field IS NULL) AND (hlc, node, id) < (?, ?, ?)
    ORDER BY hlc DESC, node DESC, id DESC LIMIT 1
"""
MISSING = "none"
"""The version of what does not exist."""
MAX_TOLD = 20


def version_of(entity: Entity) -> str:
    """The id of the last operation on it; :data:`MISSING` when it does not exist."""
    if not entity.exists:
        return MISSING
    return max(entry.stamp for entry in entity.fields.values())[2]


def changed_meanwhile(key: Key, expected: str, history: Sequence[Operation]) -> ConfigError:
    """The refusal: what was changed by whom since that version (history oldest first)."""
    where = " ".join(key)
    known = next((n for n, one in enumerate(history) if one.id == expected), None)
    since = history[known + 1 :] if known is not None else ()
    problems = []
    for one in since[-MAX_TOLD:]:
        what = "deleted it" if one.field is None else f"set it to {one.value or 'the default'}"
        if one.field in SECRET_FIELDS.get(one.kind, ()):
            what = "changed it"
        field = "" if one.field in (None, EXISTENCE) else one.field or ""
        problems.append(
            Problem(where=where, field=field, message=f"{one.who} {what[:200]}", remedy="look at it again")
        )
    return ConfigError(
        f"{where} was changed by {since[-1].who if since else 'somebody else'} meanwhile",
        error_id="config.version",
        hint="get it again, then change what you still want to change",
        problems=problems,
    )


def values_before(connection: sqlite3.Connection, operations: Iterable[Operation]) -> dict[str, str | None]:
    """Operation id → the JSON text its field had before; None: the default, or nothing was there."""
    found: dict[str, str | None] = {}
    for one in operations:
        row = connection.execute(_BEFORE, (*one.key, one.field, *one.stamp)).fetchone() if one.field else None
        found[one.id] = row[1] if row is not None and row[0] is not None else None
    return found
