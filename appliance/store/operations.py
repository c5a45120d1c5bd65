"""The configuration as a log of operations, and how operations merge into entities. Pure, no I/O.

Merging is last-writer-wins per field with tombstones: any set of operations gives the same entities in
whatever order and however often they arrive. Later means a greater stamp: hybrid logical clock, then
node, then operation id. A deletion hides every earlier operation on its entity; an entity exists while
its ``id`` field, written at creation only, is newer than its last deletion. So a deletion wins over a
simultaneous change of a field.

An operation names the operations it replaced (``base``): what nobody replaced and yet did not win was
made without knowing of the winner, and is a conflict (``store.conflicts``).
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

Stamp = tuple[int, str, str]
"""(hlc, node, operation id): the total order of operations."""

Key = tuple[str, str]
"""(kind, entity id)."""

HLC_COUNTER_BITS = 16
HLC_LIMIT = 7_258_118_400_000 << HLC_COUNTER_BITS
"""The year 2200: a stamp beyond it is nonsense and would use up the clock."""

HLC_AHEAD = (5 * 60 * 1000) << HLC_COUNTER_BITS
"""How far a stamp may be ahead of our wall clock and still move our clock: beyond, some clock is wrong."""

EXISTENCE = "id"
"""The field whose operation creates an entity; its value is the entity's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One change of one field, or the deletion of an entity.

    ``hlc`` is milliseconds since 1970 shifted left by 16, plus a counter. ``field`` None deletes the
    entity. ``value`` is JSON text; None puts the field back to its default.
    """

    id: str
    hlc: int
    node: str
    who: str
    at: datetime
    """UTC, by the clock of the node that made it; for people only."""
    kind: str
    entity: str
    field: str | None
    value: str | None
    base: tuple[str, ...] | None = None
    """Ids of the operations it replaced, sorted; None: made by a version that did not say."""

    @property
    def stamp(self) -> Stamp:
        """Its place among all operations."""
        return (self.hlc, self.node, self.id)

    @property
    def key(self) -> Key:
        """The entity it touches."""
        return (self.kind, self.entity)


class HybridClock:
    """A hybrid logical clock: near wall time, ahead of what was seen unless that lies absurdly far ahead.

    A clock that was a year wrong, here or elsewhere, does not drag this one along: causality is kept by
    ``after``, so that an edit always beats the value it replaces.
    """

    def __init__(self, now: Callable[[], datetime], last: int = 0) -> None:
        self._now = now
        self._last = 0
        self.observe(last)

    def next(self, after: int = 0) -> tuple[int, datetime]:
        """A new stamp greater than ``after``, and the wall time it was made.

        It is also greater than any before, unless the wall clock was set back by more than HLC_AHEAD.
        """
        at = self._now()
        wall = _wall(at)
        if self._last > wall + HLC_AHEAD:
            self._last = wall
        self._last = max(self._last + 1, wall)
        if after >= self._last:
            if after >= wall + HLC_AHEAD:
                return after + 1, at
            self._last = after + 1
        return self._last, at

    def observe(self, hlc: int) -> None:
        """Remember a stamp from elsewhere."""
        if hlc <= _wall(self._now()) + HLC_AHEAD:
            self._last = max(self._last, hlc)


def _wall(at: datetime) -> int:
    return int(at.timestamp() * 1000) << HLC_COUNTER_BITS


def operation_id(hlc: int) -> str:
    """A new id: sorts by clock, unique even when a restored database makes the same stamp again."""
    return f"{hlc:016x}-{secrets.token_hex(5)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The winning value of a field (JSON text, None: default) and the stamp that set it."""

    stamp: Stamp
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """All that is known of one (kind, id): its last deletion and the fields set since."""

    tombstone: Stamp | None = None
    fields: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """False before its creation and after its deletion."""
        entry = self.fields.get(EXISTENCE)
        return entry is not None and entry.value is not None

    def values(self) -> dict[str, str]:
        """Field → JSON text of every field that is set."""
        return {name: entry.value for name, entry in self.fields.items() if entry.value is not None}


NOTHING = Entity()


def merge(entity: Entity, operation: Operation) -> Entity:
    """The entity with the operation taken in; the very same object when it changes nothing."""
    stamp = operation.stamp
    if entity.tombstone is not None and stamp <= entity.tombstone:
        return entity
    if operation.field is None:
        later = {name: entry for name, entry in entity.fields.items() if entry.stamp > stamp}
        return Entity(tombstone=stamp, fields=later)
    known = entity.fields.get(operation.field)
    if known is not None and known.stamp >= stamp:
        return entity
    fields = {**entity.fields, operation.field: Entry(stamp=stamp, value=operation.value)}
    return Entity(tombstone=entity.tombstone, fields=fields)


def merge_all(operations: Iterable[Operation], into: Entity = NOTHING) -> Entity:
    """Merge operations of one entity, in any order."""
    for operation in operations:
        into = merge(into, operation)
    return into
