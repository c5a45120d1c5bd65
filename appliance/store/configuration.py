"""The configuration store: an append-only log of operations, and the documents it amounts to.

The log is the truth, the audit trail and what is replicated; the current values are kept beside it in
the same transaction. A method that returns has its operations on disk.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

from appliance.errors import ConfigError, NotFound, Problem
from appliance.model.documents import KINDS, Document
from appliance.model.place import seen_by
from appliance.model.snapshot import Snapshot
from appliance.store.configuration_tables import (
    insert_operations,
    load_entities,
    load_leftovers,
    write_leftovers,
    write_places,
    write_values,
)
from appliance.store.conflicts import (
    Conflict,
    Leftovers,
    base_of,
    conflicts_of,
    is_plain,
    latest_of,
    leftovers_of,
    taking,
)
from appliance.store.database import Database, explained
from appliance.store.edits import Change, Delete, Draft, Issue, Put, work_out
from appliance.store.migrations import transaction
from appliance.store.operation_log import OperationLog
from appliance.store.operation_rows import SCHEMA
from appliance.store.operations import (
    EXISTENCE,
    HLC_LIMIT,
    NOTHING,
    Entity,
    HybridClock,
    Key,
    Operation,
    merge,
    operation_id,
)
from appliance.store.reading import Reading, fields_of, order, read, reread, stored_values
from appliance.store.undoing import reverse
from appliance.store.versions import changed_meanwhile, version_of

Listener = Callable[[Snapshot, tuple[Operation, ...]], None]
_log = structlog.get_logger("store.configuration")


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class ConfigurationStore:
    """The office's configuration, owned by one process. Safe to use from any thread.

    Methods that write raise ConfigError with every problem found, DeviceUnavailable when the disk fails;
    then nothing has changed. ``who`` names the person or program for the audit trail.
    """

    def __init__(
        self, path: Path, node: str, clock: Callable[[], datetime] = utc_now, *, cloud: bool = False
    ) -> None:
        """Open or create the database ``path``; ``node`` names this instance, ``clock`` gives UTC.

        ``cloud``: it has no equipment, :func:`appliance.model.place.seen_by` says what that means.

        Raises ConfigError (damaged or newer database), DeviceUnavailable (in use, folder unusable).
        """
        self.path = path
        self.node = node
        self._guard = threading.RLock()
        self._listeners: list[Listener] = []
        self._database = Database(path, SCHEMA, verify=True)
        self.log = OperationLog(path, self._database, self._guard)
        """Every operation: the audit trail, and what other nodes are told."""
        try:
            with explained(path):
                self._entities = load_entities(self._connection)
                self._leftovers = load_leftovers(self._connection)
                last, revision = self._connection.execute(
                    "SELECT coalesce(max(hlc), 0), coalesce(max(sequence), 0) FROM operations"
                ).fetchone()
        except BaseException:
            self._database.close()
            raise
        self._clock = HybridClock(clock, last)
        self._cloud, self._standby = cloud, False
        self._reading = read(self._entities, revision)
        self._seen = self._view()
        for problem in self._reading.problems:
            _log.warning("stored configuration has a problem", problem=str(problem))

    def close(self) -> None:
        """Close the database; the last snapshot stays readable."""
        with self._guard:
            self._database.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    # Reading

    def snapshot(self) -> Snapshot:
        """The present configuration; the same object until something changes. ``revision`` only grows."""
        return self._seen

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the stored configuration: unreadable documents are not in the snapshot."""
        return self._reading.problems

    def documents(self) -> tuple[Document, ...]:
        """Every readable document, kinds in order of import, ids as people sort them."""
        documents = self._reading.documents
        return tuple(documents[key] for key in sorted(documents, key=order))

    def list(self, kind: str) -> tuple[Document, ...]:
        """Every readable document of a kind; none for a kind that does not exist."""
        documents = self._reading.documents
        return tuple(documents[key] for key in sorted(documents, key=order) if key[0] == kind)

    def get(self, kind: str, entity: str) -> Document:
        """One document. Raises NotFound; ConfigError when what is stored cannot be read."""
        reading = self._reading
        document = reading.documents.get((kind, entity))
        if document is not None:
            return document
        if (kind, entity) in reading.faults:
            raise ConfigError.of(reading.faults[kind, entity])
        raise _not_found(kind, entity)

    def stored(self, kind: str, entity: str) -> Mapping[str, Any]:
        """The fields that were set (JSON-like values), without defaults and the id. Raises NotFound."""
        with self._guard:
            known = self._entities.get((kind, entity), NOTHING)
        if not known.exists:
            raise _not_found(kind, entity)
        return stored_values((kind, entity), known)

    def existing(self) -> tuple[Key, ...]:
        """(kind, id) of everything that exists and is of a known kind, readable or not."""
        with self._guard:
            return tuple(key for key, one in self._entities.items() if one.exists and key[0] in KINDS)

    def version(self, kind: str, entity: str) -> str:
        """What changes whenever the entity does; for :meth:`must_be`."""
        with self._guard:
            return version_of(self._entities.get((kind, entity), NOTHING))

    def must_be(self, kind: str, entity: str, version: str) -> None:
        """Raise ConfigError ``config.version`` when it is of another version: who changed what since."""
        if self.version(kind, entity) != version:
            raise changed_meanwhile((kind, entity), version, self.log.operations(kind, entity))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(snapshot, operations)`` after every commit, in order; returns what ends that.

        It runs on the thread that made the change, before that change's method returns, and must not
        wait for another thread that uses the store. What it raises is logged.
        """
        with self._guard:
            self._listeners.append(listener)

        def end() -> None:
            with self._guard:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    # Writing

    def put(self, kind: str, entity: str, fields: Mapping[str, object], who: str) -> tuple[Operation, ...]:
        """Create the entity or change these fields (UNSET: back to the default); no change, no operation.

        A device created without a ``secret`` gets a random one.
        """
        return self.apply([Put(kind=kind, id=entity, fields=fields)], who)

    def delete(
        self, kind: str, entity: str, who: str, unless: Callable[[], None] | None = None
    ) -> tuple[Operation, ...]:
        """Delete the entity. Raises NotFound; ConfigError naming the documents that still refer to it."""
        with self._guard:
            if not self._entities.get((kind, entity), NOTHING).exists:
                raise _not_found(kind, entity)
            return self.apply([Delete(kind=kind, id=entity)], who, unless)

    def apply(
        self, changes: Iterable[Change], who: str, unless: Callable[[], None] | None = None
    ) -> tuple[Operation, ...]:
        """Make all changes at once or none. Raises ConfigError with all problems the batch would cause.

        ``unless`` looks first, while nobody else can change anything, and raises to keep it from happening.
        """
        with self._guard:
            if unless is not None:
                unless()
            draft = self._work_out(tuple(changes), who)
            if draft.problems:
                raise ConfigError.of(draft.problems)
            if draft.operations:
                self._write(draft.operations, draft.touched)
                self._accept(draft.touched, draft.reading, draft.operations)
            return draft.operations

    def preview(self, changes: Iterable[Change], who: str = "preview") -> Draft:
        """What :meth:`apply` would do, problems included; nothing is written."""
        with self._guard:
            return self._work_out(tuple(changes), who)

    def undo(self, operation: str, who: str, *, try_only: bool = False) -> tuple[Operation, ...]:
        """Make a new operation that takes back this one (by id): the value before, or the entity as it was.

        Raises NotFound; ConfigError when it was overtaken by a later operation, which must be undone first.
        ``try_only``: nothing is written; the operations are those that would be.
        """
        with self._guard:
            target = self.log.find(operation)
            if target is None:
                raise NotFound(f"operation {operation} does not exist", hint="see 'ortsamt ctl log'")
            history = self.log.operations(target.kind, target.entity)
            if try_only:
                draft = self.preview([reverse(target, history)], who)
                if draft.problems:
                    raise ConfigError.of(draft.problems)
                return draft.operations
            return self.apply([reverse(target, history)], who)

    def merge(
        self,
        operations: Sequence[Operation],
        places: Mapping[str, str] | None = None,
        *,
        received: bool = True,
    ) -> tuple[Operation, ...]:
        """Take in operations made elsewhere (or earlier, by us); returns those that were new.

        ``places`` is kept in the same transaction. Not ``received``: they are passed on like our own.
        Operations are not judged, so that all nodes come to the same state: what cannot be read is
        reported by :meth:`problems`, edits that lost by
        :meth:`conflicts`. Raises ConfigError for a stamp beyond reason; then none is taken.
        """
        for operation in operations:
            if not 0 <= operation.hlc < HLC_LIMIT:
                raise ConfigError(
                    f"operation {operation.id} of node {operation.node} has an impossible time",
                    error_id="config.bad_stamp",
                    hint="set the clock of that node",
                )
        with self._guard:
            new: dict[str, Operation] = {}
            for operation in operations:
                if not self.log.holds(operation.id):
                    new[operation.id] = operation
            touched: dict[Key, Entity] = {}
            unsure: set[Key] = set()
            for operation in new.values():
                key = operation.key
                entity = touched.get(key, self._entities.get(key, NOTHING))
                if not is_plain(entity, self._leftovers.get(key, {}), operation):
                    unsure.add(key)
                touched[key] = merge(entity, operation)
            taken = tuple(new.values())
            if new or places:
                self._write(taken, touched, unsure=unsure, places=places or {}, received=received)
            if new:
                for operation in taken:
                    self._clock.observe(operation.hlc)
                revision = self._reading.snapshot.revision + len(taken)
                self._accept(touched, reread(self._reading, touched, revision), taken)
            return taken

    # Exchange with other nodes

    def conflicts(self) -> tuple[Conflict, ...]:
        """Edits that lost to others made at the same time elsewhere, until somebody settles them."""
        with self._guard, explained(self.path):
            found: list[Conflict] = []
            for key in sorted(self._leftovers):
                entity = self._entities.get(key, NOTHING)
                found += conflicts_of(key, entity, self._leftovers[key], self.log.of(key))
            return tuple(found)

    def settle(
        self, kind: str, entity: str, field: str | None, take: str | None, who: str
    ) -> tuple[Operation, ...]:
        """End a conflict: ``take`` names the lost operation that shall hold, None keeps what holds.

        Raises NotFound when there is no such conflict; ConfigError as any change does.
        """
        key = (kind, entity)
        with self._guard:
            open_ = [one for one in self.conflicts() if one.key == key and one.field == field]
            if not open_:
                raise NotFound(
                    f"{kind} {entity} has no conflict" + (f" in {field}" if field else ""),
                    hint="see 'ortsamt ctl conflicts'",
                )
            known = self._entities.get(key, NOTHING)
            entry = known.fields.get(field) if field is not None else None
            value = entry.value if entry is not None else None
            if take is not None:
                with explained(self.path):
                    change = taking(open_[0], take, self.log.of(key))
                lost = next(one for one in open_[0].others if one.id == take)
                readable = kind in KINDS and (field is None or field in fields_of(kind))
                if readable and (made := self.apply([change], who)):
                    return made
                value = lost.value if field is not None else value
            # One more operation with the same value replaces all that is open.
            if field is None and known.exists:
                field, value = EXISTENCE, known.fields[EXISTENCE].value
            operation = self._issuer(who)(key, field, value)
            touched = {key: merge(known, operation)}
            self._write((operation,), touched)
            revision = self._reading.snapshot.revision + 1
            self._accept(touched, reread(self._reading, touched, revision), (operation,))
            return (operation,)

    def still(self) -> AbstractContextManager[object]:
        """While this is held nothing changes."""
        return self._guard

    def keep_places(self, places: Mapping[str, str]) -> None:
        """Remember how far exchange has come."""
        self.merge((), places)

    def stand_by(self, standby: bool) -> None:
        """From now on be a box on stand-by, or the active one; listeners get no operations with it."""
        with self._guard:
            if standby == self._standby:
                return
            self._standby = standby
            self._tell(())

    # Inside

    def _view(self) -> Snapshot:
        return seen_by(self._reading.snapshot, self.node, cloud=self._cloud, standby=self._standby)

    def _work_out(self, changes: Sequence[Change], who: str) -> Draft:
        return work_out(changes, self._entities, self._reading, self._issuer(who))

    def _issuer(self, who: str) -> Issue:
        drafts: dict[Key, Entity] = {}

        def issue(key: Key, field: str | None, value: str | None) -> Operation:
            entity = drafts.get(key, self._entities.get(key, NOTHING))
            hlc, at = self._clock.next(latest_of(entity, field))
            operation = Operation(
                id=operation_id(hlc),
                hlc=hlc,
                node=self.node,
                who=who,
                at=at,
                kind=key[0],
                entity=key[1],
                field=field,
                value=value,
                base=base_of(entity, self._leftovers.get(key, {}), field),
            )
            drafts[key] = merge(entity, operation)
            return operation

        return issue

    def _accept(
        self, touched: Mapping[Key, Entity], reading: Reading, operations: tuple[Operation, ...]
    ) -> None:
        self._entities.update(touched)
        self._reading = reading
        self._tell(operations)

    def _tell(self, operations: tuple[Operation, ...]) -> None:
        self._seen = self._view()
        for listener in tuple(self._listeners):
            try:
                listener(self._seen, operations)
            except Exception:  # noqa: BLE001 - the change is on disk; whoever listens cannot unmake it
                _log.exception("a listener for configuration changes failed")

    def _write(
        self,
        operations: Sequence[Operation],
        touched: Mapping[Key, Entity],
        *,
        unsure: Iterable[Key] | None = None,
        places: Mapping[str, str] = MappingProxyType({}),
        received: bool = False,
    ) -> None:
        left: dict[Key, Leftovers] = {}
        with explained(self.path), transaction(self._connection):
            insert_operations(self._connection, operations, received=received)
            for key in touched if unsure is None else unsure:
                # Local operations replace what they know of: only known leftovers can change by them.
                if unsure is not None or key in self._leftovers:
                    left[key] = leftovers_of(touched[key], self.log.of(key))
            write_leftovers(self._connection, left)
            write_values(self._connection, operations, touched)
            write_places(self._connection, places)
        for key, leftovers in left.items():
            self._leftovers.pop(key, None)
            if leftovers:
                self._leftovers[key] = leftovers


def _not_found(kind: str, entity: str) -> NotFound:
    return NotFound(f"{kind} {entity} does not exist", hint=f"see 'ortsamt ctl list {kind}'")
