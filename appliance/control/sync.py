"""The ``sync.*`` methods: what the process that exchanges with other nodes takes and gives, and conflicts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from appliance.control.server import ControlServer
from appliance.model.decode import Nothing, decode
from appliance.store.configuration import ConfigurationStore
from appliance.store.conflicts import Conflict
from appliance.store.digests import DAY, Digests
from appliance.store.importing import masked
from appliance.store.operations import Operation
from appliance.sync.envelope import operations_of, row_of

MAX_GIVEN = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """Params of ``sync.give``: operations not from elsewhere, after this local sequence."""

    after: int
    limit: int = MAX_GIVEN

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_GIVEN:
            raise ValueError(f"limit: out of range: 1 to {MAX_GIVEN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingAgain:
    """Params of ``sync.give_again``: what a node made on that day of the hybrid clock."""

    node: str
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Params of ``sync.take``: operations as rows, and how far we have come with them."""

    operations: list[list[Any]]
    places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Params of ``sync.keep``."""

    places: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOrigin:
    """Params of ``sync.buckets``."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Params of ``sync.settle``: ``take`` is the lost operation that shall hold; None keeps what holds."""

    kind: str
    id: str
    field: str | None = None
    take: str | None = None
    who: str = "control"


class Records(Protocol):
    """Records that travel."""

    def read_before(self) -> bool:
        """Whether this version, with what it has on disk, has begun to read the hub's."""

    def reading(self) -> None:
        """It reads them from the beginning."""


class SyncMethods:
    """Binds a store to a server."""

    def __init__(
        self, store: ConfigurationStore, server: ControlServer, *, parcels: Records | None = None
    ) -> None:
        """``parcels``: records travel too (``parcels.*``)."""
        self._store = store
        self._parcels = parcels
        self._publish = server.publish
        self._digests: Digests | None = None
        self._end: Callable[[], None] = lambda: None

    def register(self, server: ControlServer) -> None:
        """Offer them. Those who watch ``operations`` are told that there are new ones to be sent."""
        self._end = self._store.subscribe(self._changed)
        server.register("sync.open", self.open, slow=True)
        server.register("sync.give", self.give, slow=True)
        server.register("sync.give_again", self.give_again, slow=True)
        server.register("sync.take", self.take, slow=True)
        server.register("sync.keep", self.keep, slow=True)
        server.register("sync.digests", self.digests, slow=True)
        server.register("sync.buckets", self.buckets, slow=True)
        server.register("sync.conflicts", self.conflicts, slow=True)
        server.register("sync.settle", self.settle, slow=True)

    def _changed(self, _snapshot: object, operations: tuple[Operation, ...]) -> None:
        if self._digests is not None:
            self._digests.add((one.node, one.hlc, one.id) for one in operations)
        self._publish("operations", {"count": len(operations)})

    def _summed(self) -> Digests:
        if self._digests is None:
            with self._store.still():
                self._digests = Digests(self._store.log.stamps())
        return self._digests

    def open(self, params: Mapping[str, Any]) -> object:
        """``{"node", "places", "parcels"}``: who we are, how far we have come, whether records travel."""
        decode(Nothing, params, where="sync.open")
        if self._parcels is not None and not self._parcels.read_before():
            self._store.keep_places({"rec": ""})
            self._parcels.reading()
        return {
            "node": self._store.node,
            "places": dict(self._store.log.places()),
            "parcels": self._parcels is not None,
        }

    def give(self, params: Mapping[str, Any]) -> object:
        """``{"operations": [row], "last": sequence of the last, "waiting": how many more there are}``."""
        asked = decode(Giving, params, where="sync.give")
        found = self._store.log.outgoing(asked.after, asked.limit)
        last = found[-1][0] if found else asked.after
        return {
            "operations": [row_of(operation) for _, operation in found],
            "last": last,
            "waiting": self._store.log.outgoing_count(last),
        }

    def give_again(self, params: Mapping[str, Any]) -> object:
        """``{"operations": [row]}``: everything that a node made on a day."""
        asked = decode(GivingAgain, params, where="sync.give_again")
        found = self._store.log.by_origin(asked.node, asked.day * DAY, (asked.day + 1) * DAY)
        return {"operations": [row_of(operation) for operation in found]}

    def take(self, params: Mapping[str, Any]) -> object:
        """Take operations in; ``{"new": how many were, "refused": [why]}``. Returns when they are live."""
        asked = decode(Taking, params, where="sync.take")
        good, refused = operations_of(asked.operations)
        made = self._store.merge(good, asked.places)
        return {"new": len(made), "refused": refused}

    def keep(self, params: Mapping[str, Any]) -> object:
        """Remember how far exchange has come."""
        self._store.keep_places(decode(Keeping, params, where="sync.keep").places)
        return {}

    def digests(self, params: Mapping[str, Any]) -> object:
        """Node → digest of all operations it made that we have."""
        decode(Nothing, params, where="sync.digests")
        return dict(self._summed().origins())

    def buckets(self, params: Mapping[str, Any]) -> object:
        """Day → digest, of one node."""
        return dict(self._summed().buckets(decode(OfOrigin, params, where="sync.buckets").node))

    def conflicts(self, params: Mapping[str, Any]) -> object:
        """Edits made at both ends at once, each with what holds and what was lost; secrets masked."""
        decode(Nothing, params, where="sync.conflicts")
        return [_shown(one) for one in self._store.conflicts()]

    def settle(self, params: Mapping[str, Any]) -> object:
        """End a conflict; ``{"operations": [ids]}``."""
        asked = decode(Settling, params, where="sync.settle")
        made = self._store.settle(asked.kind, asked.id, asked.field, asked.take, asked.who)
        return {"operations": [one.id for one in made]}


def _shown(conflict: Conflict) -> dict[str, Any]:
    return {
        "kind": conflict.kind,
        "id": conflict.entity,
        "field": conflict.field,
        "holds": None if conflict.winner is None else _side(conflict.winner),
        "lost": [_side(one) for one in conflict.others],
    }


def _side(operation: Operation) -> dict[str, Any]:
    value = None if operation.value is None else msgspec.json.decode(operation.value)
    name = operation.field or ""
    return {
        "operation": operation.id,
        "node": operation.node,
        "who": operation.who,
        "at": operation.at,
        "deleted": operation.field is None,
        "field": operation.field,
        "value": masked(operation.kind, {name: value})[name],
    }
