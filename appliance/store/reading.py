"""Entities read as typed documents and as a snapshot; after a change only what was touched is read anew.

A stored document this version cannot read (made by a newer one, or merged from two edits) does not stop
the box: it is left out of the snapshot and reported. Fields and kinds it does not know are passed over.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import msgspec

from appliance.errors import Problem
from appliance.model.decode import encode, known_only, try_decode
from appliance.model.documents import KINDS, Document
from appliance.model.snapshot import Snapshot, build, check
from appliance.store.operations import EXISTENCE, Entity, Key

_KIND_ORDER = {kind: number for number, kind in enumerate(KINDS)}
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the stored configuration means to this version of the program."""

    documents: Mapping[Key, Document] = field(default_factory=dict)
    faults: Mapping[Key, tuple[Problem, ...]] = field(default_factory=dict)
    """Entities that exist but cannot be read, and why."""
    snapshot: Snapshot = field(default_factory=Snapshot)
    conflicts: tuple[Problem, ...] = ()
    """What ``model.snapshot.check`` finds among the documents."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with what is stored."""
        return (*(one for problems in self.faults.values() for one in problems), *self.conflicts)


def read(entities: Mapping[Key, Entity], revision: int) -> Reading:
    """Read everything."""
    return reread(Reading(), entities, revision)


def reread(reading: Reading, touched: Mapping[Key, Entity], revision: int) -> Reading:
    """The reading with these entities replaced; the others are not looked at again."""
    documents, faults = dict(reading.documents), dict(reading.faults)
    for key, entity in touched.items():
        documents.pop(key, None) if not entity.exists else None
        faults.pop(key, None)
        if not entity.exists or key[0] not in KINDS:
            continue
        document, problems = decode_values(key, stored_values(key, entity))
        if document is None:
            documents.pop(key, None)
            faults[key] = problems
        else:
            documents[key] = document
    return reading_of(documents, faults, revision)


def reading_of(
    documents: Mapping[Key, Document], faults: Mapping[Key, tuple[Problem, ...]], revision: int
) -> Reading:
    """Index documents that are already decoded; in one order on all nodes, so that conflicts end alike."""
    documents = dict(sorted(documents.items(), key=itemgetter(0)))
    snapshot = build(documents.values(), revision=revision)
    return Reading(documents=documents, faults=faults, snapshot=snapshot, conflicts=check(snapshot))


def stored_values(key: Key, entity: Entity) -> dict[str, Any]:
    """Field → JSON-like value of what is stored and known to this version, without the id."""
    raw = {name: msgspec.json.decode(text) for name, text in entity.values().items() if name != EXISTENCE}
    known: dict[str, Any] = known_only(KINDS[key[0]], raw)
    return known


def decode_values(key: Key, values: Mapping[str, Any]) -> tuple[Document | None, tuple[Problem, ...]]:
    """Decode one document of a known kind; the id comes from the key."""
    kind, identity = key
    return try_decode(KINDS[kind], {EXISTENCE: identity, **values}, where=f"{kind} {identity}")


def fields_of(kind: str) -> dict[str, "dataclasses.Field[Any]"]:
    """The fields of a known kind by name, without the id."""
    return {one.name: one for one in dataclasses.fields(KINDS[kind]) if one.name != EXISTENCE}


def json_text(value: object) -> str:
    """Canonical JSON text. Raises TypeError or ValueError for what JSON cannot hold."""
    return msgspec.json.encode(encode(value), order="sorted").decode()


def order(key: Key) -> tuple[int, str, list[str | int]]:
    """Sort keys as people expect: kinds in order of import, ``extension 9`` before ``extension 10``."""
    kind, identity = key
    parts: list[str | int] = [int(part) if i % 2 else part for i, part in enumerate(_DIGITS.split(identity))]
    return _KIND_ORDER.get(kind, len(KINDS)), kind, parts


def in_order(keys: Iterable[Key]) -> list[Key]:
    """Keys sorted by :func:`order`."""
    return sorted(keys, key=order)
