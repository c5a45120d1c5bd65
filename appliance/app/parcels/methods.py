"""The ``parcels.*`` methods: records on their way to other nodes and from them.

The sync process asks for what is to be sent, fetches files in pieces and says what the hub has; what comes
is written as if it had happened here, once by its id. Each side deletes by its own periods, and what one has
deleted does not come back from the other; that a message was heard, or something was deleted by somebody,
goes to the other side like any change.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from appliance.control.server import ControlServer
from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.decode import Nothing, decode
from appliance.store.parcels import Parcel, ParcelStore

from .calls import CallSource
from .changing import changing_sources
from .faxes import FaxSource
from .recordings import RecordingSource
from .sounds import AudioSource, GreetingSource
from .source import PIECE, Source
from .voicemail import VoicemailSource

if TYPE_CHECKING:
    from appliance.app.core import Core

MOST = 50
"""Parcels given at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfParcel:
    """Params of ``parcels.piece``, ``parcels.settled`` and ``parcels.again``."""

    kind: str
    id: str
    version: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingParcel:
    """Params of ``parcels.take``. ``file``: where the sync process has put it."""

    parcel: Parcel
    file: str = ""


class Parcels:
    """The ``parcels.*`` methods; for another way out there are others of the same kind."""

    def __init__(self, core: Core, store: ParcelStore, folder: str = "sync") -> None:
        """``store`` knows what went this way; files arrive in ``folder`` of the state folder."""
        self._store = store
        self._outages = core.outages
        self._inbox = (core.box.paths.state_dir / folder).resolve()
        stores = (core.stores.parcels, store)
        sources: tuple[Source, ...] = (
            CallSource(core, stores), *changing_sources(core), AudioSource(core), GreetingSource(core),
            VoicemailSource(core, stores), FaxSource(core), RecordingSource(core, stores),
        )  # fmt: skip
        self._sources = {one.kind: one for one in sources}

    def register(self, server: ControlServer) -> None:
        """Offer them."""
        server.register("parcels.waiting", self.waiting, slow=True)
        server.register("parcels.piece", self.piece, slow=True)
        server.register("parcels.settled", self.settled, slow=True)
        server.register("parcels.again", self.again, slow=True)
        server.register("parcels.take", self.take, slow=True)

    def read_before(self) -> bool:
        """False after a restore, and for a version that knows kinds which an older one passed over."""
        return bool(self._store.floor(self._mark))

    def reading(self) -> None:
        """The hub's records are read from the beginning; what is here already is kept once."""
        self._store.raise_floor(self._mark, 1)

    @property
    def _mark(self) -> str:
        return f"read {' '.join(sorted(self._sources))}"

    def waiting(self, params: Mapping[str, Any]) -> object:
        """The next parcels that other nodes do not have, without their files."""
        decode(Nothing, params, where="parcels.waiting")
        found: list[Parcel] = []
        running: list[Iterator[Parcel]] = [one.waiting(self._store) for one in self._sources.values()]
        while running and len(found) < MOST:  # in turn: a thousand calls hold up no message
            for source in list(running):
                parcel = next(source, None)
                if parcel is None:
                    running.remove(source)
                else:
                    found.append(parcel)
        return found

    def piece(self, params: Mapping[str, Any]) -> object:
        """A piece of a parcel's file: ``{"data": base 64}``, empty at its end."""
        asked = decode(OfParcel, params, where="parcels.piece")
        path = self._source(asked.kind).file(asked.id)
        if path is None:
            raise NotFound(f"{asked.kind} {asked.id} has no file")
        try:
            with path.open("rb") as file:
                file.seek(asked.offset)
                return {"data": base64.b64encode(file.read(PIECE)).decode()}
        except OSError as error:
            raise NotFound(f"the file of {asked.kind} {asked.id} is gone: {error.strerror}") from error

    def settled(self, params: Mapping[str, Any]) -> object:
        """Note that the hub has this version."""
        asked = decode(OfParcel, params, where="parcels.settled")
        self._store.settle(asked.kind, asked.id, asked.version)
        self._outages.sent(asked.kind)
        return {}

    def again(self, params: Mapping[str, Any]) -> object:
        """Another node could not use it: send it anew; without an id all of them."""
        asked = decode(OfParcel, params, where="parcels.again")
        if asked.id:
            self._store.unsettle(asked.kind, asked.id)
        else:
            self._store.unsettle_all()
        return {}

    def take(self, params: Mapping[str, Any]) -> object:
        """Keep a parcel from elsewhere; on disk when this returns. Unknown kinds are passed over."""
        asked = decode(TakingParcel, params, where="parcels.take")
        parcel = asked.parcel
        source = self._sources.get(parcel.kind)
        if source is None:
            return {"taken": False}
        file = None
        if asked.file:
            file = Path(asked.file).resolve()
            if not file.is_relative_to(self._inbox):
                raise ConfigError("that is not where parcels arrive", error_id="parcels.file")
        try:
            version = source.take(parcel, file)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ConfigError(f"not a {parcel.kind}: {error}", error_id="parcels.garbage") from error
        except OSError as error:
            full = error.errno in {28, 122}
            raise DeviceUnavailable(
                f"a {parcel.kind} cannot be written: {error.strerror}",
                error_id="store.disk_full" if full else "store.unwritable",
            ) from error
        self._outages.taken(parcel.kind)
        if version == parcel.version:
            self._store.settle(parcel.kind, parcel.id, version)
        return {"taken": True}

    def _source(self, kind: str) -> Source:
        source = self._sources.get(kind)
        if source is None:
            raise NotFound(f"there are no parcels of kind {kind[:40]}")
        return source
