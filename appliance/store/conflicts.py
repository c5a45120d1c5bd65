"""Edits lost to others made at the same time elsewhere, and how one of them is chosen. Pure, no I/O.

Every operation names those it replaced. One that nobody replaced is a *leaf*; a leaf that did not win is a
*leftover*: its author did not know of the winner, nor the winner's of it. What is left over depends on
the set of operations alone, so every node shows the same conflicts. An operation on a field replaces all
leaves of that field that its node knows; a deletion, and a creation, all of the entity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.errors import ConfigError
from appliance.store.edits import UNSET, Change, Delete, Put
from appliance.store.operations import EXISTENCE, Entity, Key, Operation, merge_all
from appliance.store.reading import stored_values

Leftovers = Mapping[str, str | None]
"""Operation id → the field it is about (None: a deletion), of one entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Edits of one field (``field`` None: of whether the entity exists) that did not know of each other."""

    kind: str
    entity: str
    field: str | None
    winner: Operation | None
    """What holds now; None: the field's default."""
    others: tuple[Operation, ...]
    """What was lost, the newest first."""

    @property
    def key(self) -> Key:
        """The entity it is about."""
        return (self.kind, self.entity)


def base_of(entity: Entity, leftovers: Leftovers, field: str | None) -> tuple[str, ...]:
    """The operations that a new one on this field (None: a deletion) replaces."""
    replaced: set[str]
    if field is None or field == EXISTENCE:
        replaced = {entry.stamp[2] for entry in entity.fields.values()} | set(leftovers)
        if entity.tombstone is not None:
            replaced.add(entity.tombstone[2])
    else:
        replaced = {one for one, name in leftovers.items() if name == field}
        if field in entity.fields:
            replaced.add(entity.fields[field].stamp[2])
    return tuple(sorted(replaced))


def latest_of(entity: Entity, field: str | None) -> int:
    """The clock of the newest thing that an operation on this field has to beat."""
    clocks = [0 if entity.tombstone is None else entity.tombstone[0]]
    if field is None or field == EXISTENCE:
        clocks += [entry.stamp[0] for entry in entity.fields.values()]
    elif field in entity.fields:
        clocks.append(entity.fields[field].stamp[0])
    return max(clocks)


def is_plain(before: Entity, leftovers: Leftovers, operation: Operation) -> bool:
    """Whether the operation surely leaves nothing over: it replaces all there is."""
    if operation.base is None or leftovers:
        return False
    if before.tombstone is not None and operation.stamp < before.tombstone:
        return False
    known = {entry.stamp[2] for entry in before.fields.values()}
    if operation.field is None:
        latest = max((entry.stamp for entry in before.fields.values()), default=None)
        return before.exists and known <= set(operation.base) and (latest is None or operation.stamp > latest)
    if operation.field == EXISTENCE:
        return not known and (before.tombstone is None or before.tombstone[2] in operation.base)
    if not before.exists:
        return False
    entry = before.fields.get(operation.field)
    return entry is None or (entry.stamp[2] in operation.base and operation.stamp > entry.stamp)


def leftovers_of(entity: Entity, operations: Iterable[Operation]) -> dict[str, str | None]:
    """What is left over of all operations of an entity; ``entity`` is what they merge to."""
    operations = tuple(operations)
    replaced = {one for operation in operations for one in operation.base or ()}
    winners = {entry.stamp[2] for entry in entity.fields.values()}
    if not entity.exists:
        winners = {entity.tombstone[2]} if entity.tombstone is not None else set()
    return {
        operation.id: operation.field
        for operation in operations
        if operation.base is not None and operation.id not in replaced and operation.id not in winners
    }


def conflicts_of(
    key: Key, entity: Entity, leftovers: Leftovers, operations: Iterable[Operation]
) -> tuple[Conflict, ...]:
    """The conflicts of one entity, by field; equal values are none."""
    known = {operation.id: operation for operation in operations}
    kind, identity = key
    fields: dict[str | None, list[Operation]] = {}
    for lost, name in leftovers.items():
        if lost not in known:
            continue
        about = None if not entity.exists or name == EXISTENCE else name
        fields.setdefault(about, []).append(known[lost])
    found = []
    for about, lost_ones in fields.items():
        if about is None:
            stamp = entity.fields[EXISTENCE].stamp if entity.exists else entity.tombstone
            winner = known.get(stamp[2]) if stamp else None
            others = [one for one in lost_ones if (one.field is None) is entity.exists]
        else:
            entry = entity.fields.get(about)
            winner = known.get(entry.stamp[2]) if entry else None
            others = [one for one in lost_ones if one.value != (entry.value if entry else None)]
        if others:
            newest = tuple(sorted(others, key=lambda one: one.stamp, reverse=True))
            found.append(Conflict(kind=kind, entity=identity, field=about, winner=winner, others=newest))
    return tuple(sorted(found, key=lambda one: one.field or ""))


def taking(conflict: Conflict, other: str, operations: Iterable[Operation]) -> Change:
    """The change that makes a lost operation (by id) hold; ``operations`` are all of the entity.

    Raises ConfigError when it is not among the conflict's.
    """
    lost = next((one for one in conflict.others if one.id == other), None)
    if lost is None:
        raise ConfigError(
            f"{other} is not open in this conflict",
            error_id="config.no_conflict",
            hint="see 'ortsamt ctl conflicts'",
        )
    kind, identity = conflict.key
    if lost.field is None:
        return Delete(kind=kind, id=identity)
    if conflict.field is not None:
        values = stored_values(conflict.key, merge_all([lost])) if lost.value is not None else {}
        return Put(kind=kind, id=identity, fields={conflict.field: values.get(conflict.field, UNSET)})
    # It was deleted elsewhere: it comes back as it was without that, with everything done to it since.
    operations = tuple(operations)
    replaced = {one for operation in operations for one in operation.base or ()}
    kept = merge_all(one for one in operations if one.field is not None or one.id in replaced)
    return Put(kind=kind, id=identity, fields=stored_values(conflict.key, kept))
