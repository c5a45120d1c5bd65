"""Records on their way to other nodes and from them: calls, messages of voicemail boxes, faxes.

The sync process asks for what is to be sent, fetches files in pieces and says what the hub has; what comes
is written as if it had happened here, once by its id. Each side deletes by its own periods; that a message
was heard or deleted goes to the other side like any change.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from appliance.control.client import ControlClient, NotRunning
from appliance.control.configuration import Nothing
from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.decode import decode, encode
from appliance.model.ids import CallId, MessageId
from appliance.model.messages import Message, MessageState
from appliance.store.parcels import Parcel, ParcelStore
from appliance.store.records import RecordedCall, RecordStore

if TYPE_CHECKING:
    from appliance.app.core import Core

PIECE = 128 * 1024
MOST = 50
"""Parcels given at once."""
LOOKED_AT = 20_000
FLUSH_S = 20.0
PATIENCE_S = 20.0
_FAX_ID, _FAX_STATE, _FAX_ENDED = 0, 3, 13
"""Places in a row of the fax service."""


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


class Source(Protocol):
    """One kind of parcels."""

    kind: str

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """What other nodes do not have yet."""

    def file(self, identity: str) -> Path | None:
        """The file of one; None without. Raises NotFound."""

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Keep one from elsewhere; the version that is here now."""


class CallSource:
    """Finished calls with their legs."""

    kind = "call"

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """In the order they began; a call that goes on holds nobody up."""
        floor = parcels.floor(self.kind)
        with closing(self._records.connect()) as connection:
            rows = connection.execute(
                "SELECT row, call, ended FROM calls WHERE row > ? ORDER BY row LIMIT ?", (floor, LOOKED_AT)
            ).fetchall()
        settled = parcels.settled(self.kind, [call for _, call, _ in rows])
        reached = floor
        for row, call, _ in rows:
            if call not in settled:
                break
            reached = row
        if reached > floor:
            parcels.raise_floor(self.kind, reached)
        for _, call, ended in rows:
            if ended is not None and call not in settled:
                try:
                    recorded = self._records.call(CallId(call))
                except NotFound:
                    continue  # deleted just now
                data = msgspec.json.encode(encode(recorded)).decode()
                yield Parcel(kind=self.kind, id=call, version="1", data=data)

    def file(self, identity: str) -> Path | None:
        """Calls have none."""
        return None

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Write it as one of ours; on disk when this returns."""
        recorded = msgspec.json.decode(parcel.data, type=RecordedCall)
        if recorded.call.call != parcel.id or recorded.call.ended is None:
            raise ConfigError("not a finished call", error_id="parcels.garbage")
        self._records.put_call(recorded.call)
        for leg in recorded.legs:
            self._records.put_leg(leg)
        if not self._records.flush(FLUSH_S):
            raise DeviceUnavailable("records are not on disk yet", error_id="store.slow")
        return parcel.version


class VoicemailSource:
    """Messages of voicemail boxes: the sound once, their state whenever it changes."""

    kind = "voicemail"

    def __init__(self, core: Core) -> None:
        self._store = core.voicemail.store
        self._cabinet = core.voicemail.cabinet
        self._show = core.voicemail.show
        self._hashes: dict[str, tuple[str, int]] = {}

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """Messages that are new or changed."""
        states = [one for one in MessageState if one is not MessageState.RECORDING]
        messages = self._store.messages(None, states)
        settled = parcels.settled(self.kind, [one.message for one in messages])
        for message in messages:
            version = _version(message)
            if settled.get(message.message) == version:
                continue
            known = message.message in settled
            sha, size = ("", 0) if known else self._hash(message)
            data = msgspec.json.encode(encode(message)).decode()
            yield Parcel(kind=self.kind, id=message.message, version=version, data=data, sha=sha, size=size)

    def file(self, identity: str) -> Path | None:
        """Where its sound is."""
        return self._cabinet.file(self._store.message(MessageId(identity)))

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Keep a message, or a newer state of it; its owners were told where it was left."""
        message = msgspec.json.decode(parcel.data, type=Message)
        names = (message.message, message.box)
        if message.message != parcel.id or not all(_is_name(one) for one in names):
            raise ConfigError("not a message", error_id="parcels.garbage")
        if file is not None:
            place = self._cabinet.file(message)
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                beside = place.with_suffix(".new")
                shutil.copyfile(file, beside)
                with beside.open("rb") as copied:
                    os.fsync(copied.fileno())
                beside.replace(place)
        now = self._store.replicated(message)
        self._show()
        return _version(now)

    def _hash(self, message: Message) -> tuple[str, int]:
        """Of its file; empty when that is gone."""
        known = self._hashes.get(message.message)
        if known is None:
            known = _hash_of(self._cabinet.file(message))
            if not known[0]:
                return known
            if len(self._hashes) > 1000:
                self._hashes.clear()
            self._hashes[message.message] = known
        return known


class FaxSource:
    """Ended faxes with their pages; asked from and given to the fax service."""

    kind = "fax"

    def __init__(self, core: Core) -> None:
        self._socket = core.box.paths.runtime_dir / "fax.sock"
        self._folder = core.box.paths.state_dir / "fax"

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """In the order they ended; none while the fax service is away."""
        floor = parcels.floor(self.kind)
        try:
            rows = self._ask("fax.ended", {"after": floor})["rows"]
        except DeviceUnavailable:
            return
        settled = parcels.settled(self.kind, [row[_FAX_ID] for row in rows])
        passed = True
        for row in rows:
            identity, ended, state = row[_FAX_ID], row[_FAX_ENDED], row[_FAX_STATE]
            version = f"{ended} {state}"
            if settled.get(identity) == version:
                if passed:
                    parcels.raise_floor(self.kind, ended)
                continue
            passed = False
            sha, size = _hash_of(self._folder / f"{identity}.tif")
            data = msgspec.json.encode(row).decode()
            yield Parcel(kind=self.kind, id=identity, version=version, data=data, sha=sha, size=size)

    def file(self, identity: str) -> Path | None:
        """Its pages."""
        if not _is_name(identity):
            raise NotFound("no such fax")
        return self._folder / f"{identity}.tif"

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Give it to the fax service."""
        row = msgspec.json.decode(parcel.data, type=list[Any])
        if len(row) <= _FAX_ENDED or row[_FAX_ID] != parcel.id:
            raise ConfigError("not a fax", error_id="parcels.garbage")
        upload = ""
        if file is not None:
            with file.open("rb") as pages:
                while piece := pages.read(PIECE):
                    data = base64.b64encode(piece).decode()
                    named = {"upload": upload} if upload else {"name": f"{parcel.id}.tif"}
                    upload = self._ask("fax.upload", {**named, "data": data})["upload"]
        self._ask("fax.replicate", {"row": row, "upload": upload})
        return parcel.version

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        try:
            with ControlClient(self._socket, timeout=PATIENCE_S) as client:
                return client.call(method, params)
        except NotRunning as error:
            raise DeviceUnavailable(
                "the fax service does not run", error_id="device.fax", hint="start ortsamt-fax"
            ) from error


class Parcels:
    """The ``parcels.*`` methods."""

    def __init__(self, core: Core, store: ParcelStore) -> None:
        self._store = store
        self._inbox = (core.box.paths.state_dir / "sync").resolve()
        sources: tuple[Source, ...] = (CallSource(core.records), VoicemailSource(core), FaxSource(core))
        self._sources = {one.kind: one for one in sources}
        server = core.server
        server.register("parcels.waiting", self.waiting, slow=True)
        server.register("parcels.piece", self.piece, slow=True)
        server.register("parcels.settled", self.settled, slow=True)
        server.register("parcels.again", self.again, slow=True)
        server.register("parcels.take", self.take, slow=True)

    def waiting(self, params: Mapping[str, Any]) -> object:
        """The next parcels that other nodes do not have, without their files."""
        decode(Nothing, params, where="parcels.waiting")
        found: list[Parcel] = []
        for source in self._sources.values():
            for parcel in source.waiting(self._store):
                found.append(parcel)
                if len(found) >= MOST:
                    return found
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
        if version == parcel.version:
            self._store.settle(parcel.kind, parcel.id, version)
        return {"taken": True}

    def _source(self, kind: str) -> Source:
        source = self._sources.get(kind)
        if source is None:
            raise NotFound(f"there are no parcels of kind {kind[:40]}")
        return source


def _hash_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size; empty and 0 when the file is gone."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError:
        return "", 0


def _version(message: Message) -> str:
    return f"{message.changed.isoformat()} {message.state.value}"


def _is_name(text: str) -> bool:
    return bool(text) and text.replace("-", "").replace("_", "").isalnum() and len(text) <= 64
