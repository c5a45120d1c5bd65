"""Messages of voicemail boxes between nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from appliance.errors import ConfigError, NotFound
from appliance.model.decode import encode
from appliance.model.ids import MessageId
from appliance.model.messages import Message, MessageState
from appliance.store.parcels import Parcel, ParcelStore

from .source import hash_of, is_name, put_in_place, was_here

if TYPE_CHECKING:
    from appliance.app.core import Core


class VoicemailSource:
    """Messages of voicemail boxes: the sound once, their state whenever it changes."""

    kind = "voicemail"

    def __init__(self, core: Core, stores: Sequence[ParcelStore]) -> None:
        self._store = core.voicemail.store
        self._cabinet = core.voicemail.cabinet
        self._show = core.voicemail.show
        self._stores = stores
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
            known = bool(settled.get(message.message))
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
        if message.message != parcel.id or not all(is_name(one) for one in names):
            raise ConfigError("not a message", error_id="parcels.garbage")
        try:
            self._store.message(message.message)
        except NotFound:
            if file is None or was_here(self._stores, self.kind, message.message):
                return parcel.version  # deleted here, or before it came
        if file is not None and not self._cabinet.file(message).exists():
            put_in_place(file, self._cabinet.file(message))
        now = self._store.replicated(message)
        self._show()
        return _version(now)

    def _hash(self, message: Message) -> tuple[str, int]:
        """Of its file; empty when that is gone."""
        known = self._hashes.get(message.message)
        if known is None:
            known = hash_of(self._cabinet.file(message))
            if not known[0]:
                return known
            if len(self._hashes) > 1000:
                self._hashes.clear()
            self._hashes[message.message] = known
        return known


def _version(message: Message) -> str:
    return f"{message.changed.isoformat()} {message.state.value}"
