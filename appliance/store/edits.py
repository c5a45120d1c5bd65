"""A batch of changes worked out against the present configuration: operations, result, problems.

Nothing is written here. The batch is judged as a whole: everything wrong is reported at once, and only
what the batch itself would make wrong; what was wrong before does not stand in the way.
"""

import itertools
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from appliance.errors import Problem
from appliance.model.decode import suggestion
from appliance.model.documents import KINDS, Document
from appliance.model.notices import notices
from appliance.model.references import references
from appliance.store.operations import EXISTENCE, NOTHING, Entity, Key, Operation, merge
from appliance.store.reading import Reading, decode_values, fields_of, json_text, reading_of, stored_values

TYPEABLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without 0 and O, 1, l and I: secrets are typed into phones."""
SECRET_LENGTH = 20
_WITH_SECRET = frozenset({"device", "dect_handset"})


class Unset(Enum):
    """The type of :data:`UNSET`."""

    UNSET = "unset"


UNSET = Unset.UNSET
"""As a field's value in Put: back to the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Create the entity or change these fields of it; values are JSON-like, model values or UNSET."""

    kind: str
    id: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Delete the entity. A Put of the same entity later in the batch creates it anew."""

    kind: str
    id: str


Change = Put | Delete
Issue = Callable[[Key, str | None, str | None], Operation]
"""Makes the next operation: (entity, field or None to delete, JSON text or None for the default)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a batch comes to: with problems it must not be written."""

    operations: tuple[Operation, ...]
    touched: Mapping[Key, Entity]
    reading: Reading
    problems: tuple[Problem, ...]


@dataclass(slots=True, kw_only=True)
class _Pending:
    deleted: bool = False
    fields: dict[str, object] | None = None


def work_out(
    changes: Sequence[Change], entities: Mapping[Key, Entity], reading: Reading, issue: Issue
) -> Draft:
    """Work out a batch. Changes of one entity add up; their order among entities does not matter."""
    problems: list[Problem] = []
    pending = _gather(changes, entities, problems)
    documents, faults = dict(reading.documents), dict(reading.faults)
    touched: dict[Key, Entity] = {}
    operations: list[Operation] = []
    for key, wish in pending.items():
        made: list[Operation] = []
        entity = entities.get(key, NOTHING)
        if wish.deleted:
            made.append(issue(key, None, None))
            entity = merge(entity, made[0])
            documents.pop(key, None)
            faults.pop(key, None)
        if wish.fields is not None:
            made += _put(key, wish.fields, entity, documents, faults, problems, issue, reading)
        for operation in made:
            entity = merge(entity, operation)
        if made:
            touched[key] = entity
            operations += made
    if not operations:
        return Draft(operations=(), touched={}, reading=reading, problems=tuple(problems))
    result = reading_of(documents, faults, reading.snapshot.revision + len(operations))
    gone = {key for key, wish in pending.items() if wish.deleted and wish.fields is None}
    broken = {key for key in pending if key in faults and key not in documents}
    problems += _conflicts(reading, result, gone, broken)
    return Draft(operations=tuple(operations), touched=touched, reading=result, problems=tuple(problems))


def unlike(problems: Iterable[Problem], known: Iterable[Problem]) -> list[Problem]:
    """The problems that are not among the known ones; a changed remedy does not make one new."""
    before = {(one.where, one.field, one.message) for one in known}
    return [one for one in problems if (one.where, one.field, one.message) not in before]


def judge(changes: Sequence[Change]) -> tuple[Problem, ...]:
    """What would be wrong with these changes, or odd, in an office without any configuration."""

    def issue(key: Key, name: str | None, value: str | None) -> Operation:
        return Operation(
            id=f"{next(number):08d}",
            hlc=0,
            node="",
            who="",
            at=datetime.now(UTC),
            kind=key[0],
            entity=key[1],
            field=name,
            value=value,
        )

    number = itertools.count()
    draft = work_out(changes, {}, Reading(), issue)
    return (*draft.problems, *notices(draft.reading.snapshot))


def new_secret() -> str:
    """A random secret for a device, fit to be typed."""
    return "".join(secrets.choice(TYPEABLE) for _ in range(SECRET_LENGTH))


def _gather(
    changes: Sequence[Change], entities: Mapping[Key, Entity], problems: list[Problem]
) -> dict[Key, _Pending]:
    pending: dict[Key, _Pending] = {}
    for change in changes:
        key = (change.kind, change.id)
        where = f"{change.kind} {change.id}"
        if change.kind not in KINDS:
            remedy = suggestion(change.kind, list(KINDS))
            problems.append(Problem(where=where, field="", message="unknown kind", remedy=remedy))
            continue
        wish = pending.get(key) or _Pending()
        if isinstance(change, Put):
            wish.fields = {**(wish.fields or {}), **change.fields}
        elif wish.fields is None and not entities.get(key, NOTHING).exists:
            problems.append(
                Problem(where=where, field="", message="does not exist", remedy="nothing to delete")
            )
            continue
        else:
            wish.deleted, wish.fields = entities.get(key, NOTHING).exists, None
        pending[key] = wish
    return pending


def _put(
    key: Key,
    wanted: Mapping[str, object],
    entity: Entity,
    documents: dict[Key, Document],
    faults: dict[Key, tuple[Problem, ...]],
    problems: list[Problem],
    issue: Issue,
    reading: Reading,
) -> list[Operation]:
    kind, identity = key
    where = f"{kind} {identity}"
    made: list[Operation] = []
    wanted = dict(wanted)
    if wanted.pop(EXISTENCE, identity) != identity:
        problems.append(
            Problem(where=where, field="id", message="cannot be changed", remedy="create another one")
        )
    creating = not entity.exists
    if creating and kind in _WITH_SECRET and wanted.get("secret", UNSET) is UNSET:
        wanted["secret"] = new_secret()
    if creating and kind == "dect_system" and wanted.get("token", UNSET) is UNSET:
        wanted["token"] = new_secret()
    before = {} if creating else stored_values(key, entity)
    after = {**before, **{name: value for name, value in wanted.items() if value is not UNSET}}
    for name in (name for name, value in wanted.items() if value is UNSET):
        after.pop(name, None)
        if name not in fields_of(kind):
            remedy = suggestion(name, list(fields_of(kind)))
            problems.append(Problem(where=where, field=name, message="unknown field", remedy=remedy))
    document, wrong = decode_values(key, after)
    old_faults = reading.faults.get(key, ())
    new = unlike(wrong, old_faults)
    if new:
        problems += new
        if document is None and key not in documents:
            faults[key] = wrong
        return []
    if creating:
        if entity.fields:  # late changes of a deleted predecessor must not shine through
            made.append(issue(key, None, None))
        made.append(issue(key, EXISTENCE, json_text(identity)))
    previous = None if creating else documents.get(key)
    for name, value in wanted.items():
        try:
            text = None if value is UNSET else json_text(getattr(document, name) if document else value)
        except (TypeError, ValueError):
            problems.append(
                Problem(where=where, field=name, message="cannot be stored", remedy="write plain text")
            )
            continue
        if not _same(name, text, before, previous, creating):
            made.append(issue(key, name, text))
    if document is not None:
        documents[key] = document
        faults.pop(key, None)
    else:
        faults[key] = wrong
    return made


def _same(
    name: str, text: str | None, before: Mapping[str, object], previous: Document | None, creating: bool
) -> bool:
    """Whether setting the field changes nothing; a default that is asked for while it holds is no change."""
    if text is None:
        return name not in before
    if creating:
        return False
    if previous is not None and hasattr(previous, name):
        return json_text(getattr(previous, name)) == text
    return name in before and json_text(before[name]) == text


def _conflicts(before: Reading, after: Reading, gone: set[Key], broken: set[Key]) -> list[Problem]:
    """New conflicts; who uses a deleted document is said once there, a broken one has its own problems."""
    new = unlike(after.conflicts, before.conflicts)
    if not gone and not broken:
        return new
    users: dict[Key, list[str]] = {}
    dead: set[tuple[str, str]] = set()
    for (kind, identity), document in after.documents.items():
        for reference in references(document):
            key = (reference.kind, reference.id)
            where = f"{kind} {identity}"
            if key in gone or key in broken:
                dead.add((where, reference.field))
            if key in gone and where not in users.setdefault(key, []):
                users[key].append(where)
    refusals = [
        Problem(
            where=" ".join(key),
            field="",
            message=f"is used by {_listed(names)}",
            remedy="change or delete those first",
        )
        for key, names in users.items()
    ]
    return refusals + [one for one in new if (one.where, one.field) not in dead]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
