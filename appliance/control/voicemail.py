"""The ``voicemail.*`` methods: boxes and how full they are, messages, their audio, marking and deleting."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import DeviceUnavailable, NotFound
from appliance.model.decode import Nothing, decode
from appliance.model.ids import MessageId, VoicemailBoxId
from appliance.model.messages import Message, MessageState
from appliance.model.snapshot import Snapshot
from appliance.store.voicemail import VoicemailStore

CHUNK_BYTES = 300_000
_HEARD = (MessageState.NEW, MessageState.OLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBox:
    """Params of ``voicemail.list``: of one box or all, with deleted ones that can be had back."""

    box: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMessage:
    """Params of ``voicemail.delete``."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """Params of ``voicemail.mark``: ``new``, ``old`` or ``deleted``."""

    message: str
    state: MessageState

    def __post_init__(self) -> None:
        if self.state is MessageState.RECORDING:
            raise ValueError("state: nobody can mark a message so: one of new, old, deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Params of ``voicemail.audio``: the WAV file from ``offset`` on."""

    message: str
    offset: int = 0

    def __post_init__(self) -> None:
        if self.offset < 0:
            raise ValueError("offset: is negative")


class VoicemailMethods:
    """Binds the messages to a server; ``mark`` returns False for a message that is gone."""

    def __init__(
        self,
        store: VoicemailStore,
        snapshot: Callable[[], Snapshot],
        file: Callable[[Message], Path],
        mark: Callable[[MessageId, MessageState], bool],
    ) -> None:
        self._store = store
        self._snapshot = snapshot
        self._file = file
        self._mark = mark

    def register(self, server: ControlServer) -> None:
        """Offer every ``voicemail.*`` method."""
        server.register("voicemail.boxes", self.boxes, slow=True)
        server.register("voicemail.list", self.list, slow=True)
        server.register("voicemail.mark", self.mark, slow=True)
        server.register("voicemail.delete", self.delete, slow=True)
        server.register("voicemail.audio", self.audio, slow=True)

    def boxes(self, params: Mapping[str, Any]) -> object:
        """Every box, also those without a document: owners, messages, and how full it is."""
        decode(Nothing, params, where="voicemail.boxes")
        rows = []
        counts = self._store.counts()
        for box in self._snapshot().voicemail_boxes.values():
            count, length_ms = self._store.usage(box.id)
            held = counts.get(box.id)
            rows.append(
                {
                    "box": box.id,
                    "name": box.name,
                    "number": box.number,
                    "owners": list(box.owners),
                    "new": held.new if held is not None else 0,
                    "old": held.old if held is not None else 0,
                    "minutes": round(length_ms / 60_000, 1),
                    "full": count >= box.max_messages or length_ms >= box.max_minutes * 60_000,
                }
            )
        return rows

    def list(self, params: Mapping[str, Any]) -> object:
        """Messages: urgent ones first, then the oldest."""
        asked = decode(OfBox, params, where="voicemail.list")
        box = None if asked.box is None else VoicemailBoxId(asked.box)
        if box is not None and box not in self._snapshot().voicemail_boxes:
            raise NotFound(f"there is no voicemail box {box[:64]}", hint="'ctl voicemail boxes' shows them")
        states = (*_HEARD, MessageState.DELETED) if asked.deleted else _HEARD
        return self._store.messages(box, states)

    def mark(self, params: Mapping[str, Any]) -> object:
        """Put a message into a state; the message."""
        asked = decode(Marking, params, where="voicemail.mark")
        return self._put(MessageId(asked.message), asked.state)

    def delete(self, params: Mapping[str, Any]) -> object:
        """Delete a message; for a day it can be marked as something else again."""
        asked = decode(OfMessage, params, where="voicemail.delete")
        return self._put(MessageId(asked.message), MessageState.DELETED)

    def _put(self, message: MessageId, state: MessageState) -> Message:
        self._store.message(message)  # says so when there is none
        self._mark(message, state)
        return self._store.message(message)

    def audio(self, params: Mapping[str, Any]) -> object:
        """A piece of the WAV file: ``{"data": base64, "next": offset or None, "size"}``."""
        asked = decode(Piece, params, where="voicemail.audio")
        message = self._store.message(MessageId(asked.message))
        path = self._file(message)
        try:
            with path.open("rb") as file:
                file.seek(asked.offset)
                data = file.read(CHUNK_BYTES)
                size = file.seek(0, 2)
        except OSError as error:
            raise DeviceUnavailable(
                f"the audio of message {message.message} cannot be read: {error.strerror}",
                error_id="voicemail.no_audio",
                hint="check the disk",
            ) from error
        after = asked.offset + len(data)
        return {
            "data": base64.b64encode(data).decode("ascii"),
            "next": after if after < size and data else None,
            "size": size,
        }


def register_voicemail(
    server: ControlServer,
    store: VoicemailStore,
    snapshot: Callable[[], Snapshot],
    file: Callable[[Message], Path],
    mark: Callable[[MessageId, MessageState], bool],
) -> None:
    """Offer every ``voicemail.*`` method."""
    VoicemailMethods(store, snapshot, file, mark).register(server)
