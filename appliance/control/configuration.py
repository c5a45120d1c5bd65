"""The ``config.*`` methods: the configuration store over the control socket; secrets are masked."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound, Problem
from appliance.model.decode import Nothing, decode, encode, suggestion
from appliance.model.documents import KINDS, SECRET_FIELDS, Document
from appliance.model.notices import notices
from appliance.model.validation import check_aware
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import UNSET, Draft, Put
from appliance.store.importing import MASK, changes_of, masked
from appliance.store.operations import EXISTENCE, Key, Operation
from appliance.store.reading import in_order, stored_values


@dataclass(frozen=True, slots=True, kw_only=True)
class OfKind:
    """Params of ``config.list``."""

    kind: str
    reveal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfEntity:
    """Params of ``config.get``."""

    kind: str
    id: str
    reveal: bool = False
    versioned: bool = False
    """The answer is ``{"document": {…}, "version": "…"}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Params of ``config.set``: fields to set (JSON values), fields to put back to their defaults.

    ``was``: values as they were read; when one is another now, nothing is changed (``config.changed``).
    """

    kind: str
    id: str
    fields: dict[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    create: bool | None = None
    """True: it must not exist yet; False: it must; None: either."""
    was: dict[str, Any] = field(default_factory=dict)
    version: str | None = None
    """The version that it must have (``config.changed`` otherwise); None: any."""
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleting:
    """Params of ``config.delete``."""

    kind: str
    id: str
    version: str | None = None
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """Params of ``config.import``. ``replace`` deletes what is not named; ``dry_run`` only tells."""

    configuration: dict[str, Any]
    replace: bool = False
    dry_run: bool = False
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporting:
    """Params of ``config.export``. Without ``reveal`` secrets are left out."""

    reveal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLog:
    """Params of ``config.log``."""

    kind: str | None = None
    id: str | None = None
    since: datetime | None = None
    before: str | None = None
    """Only what is older than this operation: the next page."""
    who_did: str | None = None
    """Only by this person or program, as ``who`` of the answer names them."""
    limit: int = 100

    def __post_init__(self) -> None:
        check_aware("since", self.since)
        if self.id is not None and self.kind is None:
            raise ValueError("kind: is missing: an id is one of a kind")
        if not 1 <= self.limit <= 100_000:
            raise ValueError("limit: out of range: 1 to 100000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """Params of ``config.undo``."""

    operation: str
    dry_run: bool = False
    """Only say whether it can be, and what it would do."""
    who: str = "control"


class ConfigurationMethods:
    """Binds a store to a server."""

    def __init__(self, store: ConfigurationStore) -> None:
        self._store = store

    def register(self, server: ControlServer) -> None:
        """Offer every ``config.*`` method."""
        server.register("config.kinds", self.kinds)
        server.register("config.problems", self.problems)
        server.register("config.list", self.list, slow=True)
        server.register("config.get", self.get)
        server.register("config.set", self.set, slow=True)
        server.register("config.delete", self.delete, slow=True)
        server.register("config.import", self.import_, slow=True)
        server.register("config.export", self.export, slow=True)
        server.register("config.log", self.log, slow=True)
        server.register("config.undo", self.undo, slow=True)

    def kinds(self, params: Mapping[str, Any]) -> object:
        """Every kind with its fields: name, whether required, default, whether secret."""
        decode(Nothing, params, where="config.kinds")
        return {
            kind: [
                {
                    "name": one.name,
                    "required": one.default is dataclasses.MISSING,
                    "default": None if one.default is dataclasses.MISSING else encode(one.default),
                    "secret": one.name in SECRET_FIELDS.get(kind, ()),
                }
                for one in dataclasses.fields(cls)
            ]
            for kind, cls in KINDS.items()
        }

    def problems(self, params: Mapping[str, Any]) -> object:
        """What is wrong with the stored configuration, and (severity notice) what is odd about it."""
        decode(Nothing, params, where="config.problems")
        return (*self._store.problems(), *notices(self._store.snapshot()))

    def list(self, params: Mapping[str, Any]) -> object:
        """All documents of a kind, each as a table of fields with its id."""
        asked = decode(OfKind, params, where="config.list")
        _check_kind(asked.kind)
        return [_shown(asked.kind, one, asked.reveal) for one in self._store.list(asked.kind)]

    def get(self, params: Mapping[str, Any]) -> object:
        """One document."""
        asked = decode(OfEntity, params, where="config.get")
        _check_kind(asked.kind)
        version = self._store.version(asked.kind, asked.id)
        shown = _shown(asked.kind, self._store.get(asked.kind, asked.id), asked.reveal)
        return {"document": shown, "version": version} if asked.versioned else shown

    def set(self, params: Mapping[str, Any]) -> object:
        """Create or change; ``{"operations": [ids], "created": bool, "document": {…}}``."""
        asked = decode(Setting, params, where="config.set")
        _check_kind(asked.kind)
        exists = (asked.kind, asked.id) in self._store.existing()
        if asked.create is False and not exists:
            raise NotFound(f"{asked.kind} {asked.id} does not exist", hint="create it")
        if asked.create is True and exists:
            raise ConfigError(
                f"{asked.kind} {asked.id} exists already", error_id="config.exists", hint="choose another id"
            )
        secret = SECRET_FIELDS.get(asked.kind, frozenset())
        fields: dict[str, object] = dict.fromkeys(asked.unset, UNSET)
        fields |= {k: v for k, v in asked.fields.items() if not (k in secret and v == MASK)}
        change = Put(kind=asked.kind, id=asked.id, fields=fields)
        made = self._store.apply([change], asked.who, lambda: self._as_it_was(asked))
        document = self._store.get(asked.kind, asked.id)
        return {
            "operations": [one.id for one in made],
            "created": not exists,
            "document": _shown(asked.kind, document, False),
            "version": self._store.version(asked.kind, asked.id),
        }

    def delete(self, params: Mapping[str, Any]) -> object:
        """Delete one entity; ``{"operations": [ids]}``."""
        asked = decode(Deleting, params, where="config.delete")
        _check_kind(asked.kind)
        gone = self._store.delete(asked.kind, asked.id, asked.who, lambda: self._is_still(asked))
        return {"operations": [one.id for one in gone]}

    def import_(self, params: Mapping[str, Any]) -> object:
        """Make all changes of a file or none; ``{"applied", "changes": [diff], "problems": […]}``.

        With ``dry_run`` problems are part of the result, otherwise they are the error.
        """
        asked = decode(Importing, params, where="config.import")
        present = {key: self._store.stored(*key) for key in self._store.existing()} if asked.replace else None
        changes, shape = changes_of(asked.configuration, present)
        draft = self._store.preview(changes, asked.who)
        problems = (*shape, *(one for one in draft.problems if one not in shape))
        diff = [self._diff(key, draft) for key in in_order(draft.touched)]
        if asked.dry_run:
            return {"applied": False, "changes": diff, "problems": problems}
        if problems:
            raise ConfigError.of(problems)
        self._store.apply(changes, asked.who)
        return {"applied": True, "changes": diff, "problems": ()}

    def export(self, params: Mapping[str, Any]) -> object:
        """Everything readable as ``{"configuration": {kind: {id: fields}}, "problems": […]}``."""
        asked = decode(Exporting, params, where="config.export")
        configuration: dict[str, dict[str, Any]] = {}
        for document in self._store.documents():
            kind = _kind_of(document)
            secret = frozenset() if asked.reveal else SECRET_FIELDS.get(kind, frozenset())
            fields = self._store.stored(kind, document.id)
            shown = {name: value for name, value in fields.items() if name not in secret}
            configuration.setdefault(kind, {})[document.id] = shown
        return {"configuration": configuration, "problems": self._store.problems()}

    def log(self, params: Mapping[str, Any]) -> object:
        """Operations, oldest first, at most the ``limit`` newest, each with the value before (``old``)."""
        asked = decode(OfLog, params, where="config.log")
        found = self._store.log.operations(
            asked.kind, asked.id, asked.since, asked.limit, before=asked.before, who=asked.who_did
        )
        before = self._store.log.before(found)
        return [{**shown_operation(one), "old": _old(one, before[one.id])} for one in found]

    def undo(self, params: Mapping[str, Any]) -> object:
        """Take one operation back; ``{"operations": [ids], "applied": bool, "changes": [operation]}``."""
        asked = decode(Undoing, params, where="config.undo")
        made = self._store.undo(asked.operation, asked.who, try_only=asked.dry_run)
        return {
            "operations": [] if asked.dry_run else [one.id for one in made],
            "applied": not asked.dry_run,
            "changes": [shown_operation(one) for one in made],
        }

    def _is_still(self, asked: Setting | Deleting) -> None:
        """Raise ConfigError when it is no longer of the version that the asker knows."""
        if asked.version is not None:
            self._store.must_be(asked.kind, asked.id, asked.version)

    def _as_it_was(self, asked: Setting) -> None:
        """Raise ConfigError for each field that is no longer as the asker read it."""
        self._is_still(asked)
        if not asked.was:
            return
        shown = _shown(asked.kind, self._store.get(asked.kind, asked.id), False)
        now = msgspec.json.decode(msgspec.json.encode(shown))
        problems = [
            Problem(
                where=f"{asked.kind} {asked.id}", field=name, message="somebody else changed it meanwhile",
                remedy="look at it and decide",
            )
            for name, was in asked.was.items()
            if was != MASK and name in now and now[name] != was
        ]  # fmt: skip
        if problems:
            first = problems[0]
            raise ConfigError(
                str(first), error_id="config.changed", field=first.field, hint=first.remedy, problems=problems
            )

    def _diff(self, key: Key, draft: Draft) -> dict[str, Any]:
        kind, identity = key
        try:
            before: Mapping[str, Any] | None = self._store.stored(kind, identity)
        except NotFound:
            before = None
        entity = draft.touched[key]
        after = stored_values(key, entity) if entity.exists else None
        old, new = masked(kind, before or {}), masked(kind, after or {})
        names = [name for name in {**old, **new} if (before or {}).get(name) != (after or {}).get(name)]
        return {
            "kind": kind,
            "id": identity,
            "action": "create" if before is None else "delete" if after is None else "change",
            "fields": {name: {"before": old.get(name), "after": new.get(name)} for name in names},
        }


def shown_operation(operation: Operation) -> dict[str, Any]:
    """An operation for people and events: ``action`` is create, delete, set or default; secrets masked."""
    if operation.field is None:
        action = "delete"
    elif operation.field == EXISTENCE:
        action = "create"
    else:
        action = "set" if operation.value is not None else "default"
    value = None if operation.value is None else msgspec.json.decode(operation.value)
    return {
        "id": operation.id,
        "at": operation.at,
        "node": operation.node,
        "who": operation.who,
        "kind": operation.kind,
        "entity": operation.entity,
        "action": action,
        "field": operation.field if action in {"set", "default"} else None,
        "value": masked(operation.kind, {operation.field or "": value})[operation.field or ""],
    }


def _old(operation: Operation, text: str | None) -> Any:
    """The value before, masked as the new one is."""
    name = operation.field or ""
    return None if text is None else masked(operation.kind, {name: msgspec.json.decode(text)})[name]


def _shown(kind: str, document: Document, reveal: bool) -> dict[str, Any]:
    fields: dict[str, Any] = encode(document)
    return fields if reveal else masked(kind, fields)


def _kind_of(document: Document) -> str:
    return next(kind for kind, cls in KINDS.items() if isinstance(document, cls))


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        remedy = suggestion(kind[:80], list(KINDS))
        problem = Problem(where=kind[:80], field="", message="unknown kind", remedy=remedy)
        raise ConfigError.of([problem])


def register_configuration(server: ControlServer, store: ConfigurationStore) -> None:
    """Offer every ``config.*`` method of the store."""
    ConfigurationMethods(store).register(server)
