"""Recordings of calls between nodes: each node has its own chain, and names the link of the other's in it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.decode import encode
from appliance.model.ids import TapeId
from appliance.model.recordings import KeptTape
from appliance.store.parcels import Parcel, ParcelStore
from appliance.store.recordings import Link
from appliance.store.reserve import free_bytes

from .source import LOOKED_AT, is_name, put_in_place, raise_floor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from appliance.app.core import Core

KEPT, DELETED = "kept", "deleted"
RETENTION = "retention"
"""Why a recording is deleted that is over its time: each node does that by itself."""


class RecordingSource:
    """Recordings that are kept, once; and those that somebody deleted."""

    kind = "recording"

    def __init__(self, core: Core, stores: Sequence[ParcelStore]) -> None:
        self._core = core
        self._stores = stores
        self._store = core.recorder.store

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """In the order of the chain; none where the office keeps its recordings to itself."""
        if not self._core.configuration.snapshot().recording.exchange:
            return
        floor = parcels.floor(self.kind)
        links = self._store.links(floor, LOOKED_AT)
        if not links:
            return
        settled = parcels.settled(self.kind, [link.tape for link in links])
        there = {link.tape for link in links if link.kind == KEPT and self._there(link)}

        def done(link: Link) -> bool:
            if link.kind == KEPT:
                return link.tape not in there or bool(settled.get(link.tape))
            return settled.get(link.tape) == DELETED or json.loads(link.body)["why"] == RETENTION

        raise_floor(parcels, self.kind, floor, [(link.seq, done(link)) for link in links])
        for link in links:
            if not done(link):
                yield self._parcel(link)

    def _there(self, link: Link) -> bool:
        try:
            return self._store.recording(TapeId(link.tape)).seq == link.seq
        except NotFound:
            return False

    def _parcel(self, link: Link) -> Parcel:
        body: dict[str, Any] = json.loads(link.body)
        if link.kind == DELETED:
            data = json.dumps({"deleted": {"who": body["who"], "why": body["why"]}})
            return Parcel(kind=self.kind, id=link.tape, version=DELETED, data=data)
        kept = msgspec.json.decode(link.body, type=KeptTape)
        if not kept.origin:
            kept = dataclasses.replace(
                kept, origin=self._core.box.node, origin_seq=link.seq, origin_hash=link.hash
            )
        data = msgspec.json.encode(encode(kept)).decode()
        return Parcel(kind=self.kind, id=link.tape, version=KEPT, data=data, sha=kept.sha256, size=kept.size)

    def file(self, identity: str) -> Path | None:
        """The sound."""
        return self._store.path_of(self._store.recording(TapeId(identity)))

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Put it into our chain, or delete it as was done elsewhere; never twice, never back again."""
        told = msgspec.json.decode(parcel.data)
        tape = TapeId(parcel.id)
        if isinstance(told, dict) and "deleted" in told:
            who, why = str(told["deleted"]["who"])[:120], str(told["deleted"]["why"])[:120]
            with contextlib.suppress(NotFound):  # deleted by its period, or it never came
                self._store.delete(tape, who, why)
            return DELETED
        kept = msgspec.convert(told, KeptTape)
        if kept.tape.tape != parcel.id or not is_name(parcel.id) or kept.sha256 != parcel.sha:
            raise ConfigError("not a recording", error_id="parcels.garbage")
        before = [one.settled(self.kind, [tape]).get(tape) for one in self._stores]
        if self._store.deleted(tape) or DELETED in before:
            return DELETED
        try:
            self._store.recording(tape)
        except NotFound:
            if file is None:
                raise ConfigError("a recording without its sound", error_id="parcels.garbage") from None
            self._keep(kept, file)
        return KEPT

    def _keep(self, kept: KeptTape, file: Path) -> None:
        core = self._core
        settings = core.configuration.snapshot().recording
        if free_bytes(core.box.paths.state_dir) < settings.free_mb * 1_000_000:
            raise DeviceUnavailable(
                "there is no room for recordings from other sites",
                error_id="device.no_room",
                hint="make room on the disk; they are kept as soon as there is some",
            )
        place = f"{kept.tape.started:%Y-%m}/{kept.tape.tape}.wav"
        kept = dataclasses.replace(kept, file=place)
        put_in_place(file, self._store.path_of(kept))
        self._store.keep(kept)
        core.server.publish("recording", {"tape": kept.tape.tape, "call": kept.tape.call, "state": "kept"})
