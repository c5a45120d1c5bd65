"""Messages being left: journal, recording made safe, announcement; and what a crash has left of them."""

import contextlib
import secrets
import threading
from collections.abc import Iterator

import structlog

from appliance.app.voicemail.cabinet import LEAST_FREE_BYTES, Cabinet
from appliance.errors import DeviceUnavailable, NotFound
from appliance.media import wav
from appliance.model.documents import VoicemailBox
from appliance.model.ids import MessageId
from appliance.model.messages import (
    AnnounceMessage,
    DepositOpen,
    DepositRefused,
    DropDeposit,
    Message,
    MessageSaved,
    MessageState,
    OpenDeposit,
    SaveMessage,
)
from appliance.model.voice import Done, Reply
from appliance.store.reserve import free_bytes

LEAST_MS = 1000
"""A recording of less is not begun: the box is full."""
_log = structlog.get_logger("voicemail")


class Deposits:
    """Meets the requests of who leaves a message."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self._busy: set[MessageId] = set()
        self._free = threading.Condition()

    # -- requests ----------------------------------------------------------------------------------

    def open(self, request: OpenDeposit) -> Reply | None:
        """Write the journal, unless no message is taken."""
        cabinet = self._cabinet
        box = cabinet.box(request.box)
        if box is None:
            return None
        greeting = cabinet.greeting(box, request.greeting)
        if not box.takes_messages:
            return DepositRefused(greeting=greeting, full=False)
        longest_ms = min(box.max_seconds * 1000, self._room_ms(box, request.instead))
        if longest_ms < LEAST_MS:
            self._full(box)
            return DepositRefused(greeting=greeting, full=True)
        now = cabinet.store.now()
        message = Message(
            message=MessageId(f"{int(now.timestamp() * 1000):011x}{secrets.token_hex(4)}"),
            box=box.id,
            call=request.call,
            caller=request.caller,
            received=now,
            changed=now,
        )
        path = cabinet.file(message)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if free_bytes(path.parent) < LEAST_FREE_BYTES:
                raise DeviceUnavailable(f"no space left for {path.parent}", error_id="store.disk_full")
            cabinet.store.add(message)
        except (OSError, DeviceUnavailable):
            cabinet.news.disk(full=True)
            raise
        return DepositOpen(
            message=message.message, name=message.audio, greeting=greeting, longest_ms=longest_ms
        )

    def save(self, request: SaveMessage) -> Reply | None:
        """Make a recording that is over a message, safe on disk; it may be asked for twice."""
        cabinet = self._cabinet
        with self._alone(request.message):
            message = cabinet.store.message(request.message)
            if message.state is MessageState.RECORDING:
                saved = self._save(message, request.instead, urgent=request.urgent)
            else:
                saved = MessageSaved(kept=True, length_ms=message.length_ms)
            if request.last:
                kept = request.message if saved.kept else request.instead
                if kept is not None:
                    self._announce(kept, urgent=request.urgent)
        return saved

    def announce(self, request: AnnounceMessage) -> Reply:
        """Tell the owners."""
        with self._alone(request.message):
            self._announce(request.message, urgent=request.urgent)
        return Done()

    def drop(self, request: DropDeposit) -> Reply:
        """Forget a journal under which nothing was recorded."""
        with self._alone(request.message), contextlib.suppress(NotFound):
            message = self._cabinet.store.message(request.message)
            if message.state is MessageState.RECORDING:
                self._cabinet.discard(message)
        return Done()

    # -- upkeep ------------------------------------------------------------------------------------

    def recover(self) -> int:
        """After a start: what was being recorded becomes messages, what was not announced is."""
        found = 0
        for message in self._cabinet.store.messages(states=[MessageState.RECORDING]):
            path = self._cabinet.file(message)
            try:
                wav.repair(path)
            except OSError:
                self._cabinet.discard(message)
                continue
            if self._save(message, None, urgent=False).kept:
                found += 1
        for message in self._cabinet.store.unannounced():
            self._announce(message.message, urgent=message.urgent)
        if found:
            _log.warning("recordings that a sudden end had cut off are messages now", count=found)
        return found

    @contextlib.contextmanager
    def _alone(self, message: MessageId) -> Iterator[None]:
        """Nobody else saves, announces or drops this message meanwhile."""
        with self._free:
            while message in self._busy:
                self._free.wait()
            self._busy.add(message)
        try:
            yield
        finally:
            with self._free:
                self._busy.discard(message)
                self._free.notify_all()

    # -- inside ------------------------------------------------------------------------------------

    def _save(self, message: Message, instead: MessageId | None, *, urgent: bool) -> MessageSaved:
        cabinet = self._cabinet
        path = cabinet.file(message)
        box = cabinet.box(message.box)
        least_ms = box.min_seconds * 1000 if box is not None else 0
        try:
            try:
                wav.settle(path)
                length_ms = wav.cut_silence(path)
            except FileNotFoundError:
                length_ms = 0
            if length_ms == 0 or length_ms < least_ms:
                _log.info("too short for a message", box=message.box, milliseconds=length_ms)
                cabinet.discard(message)
                return MessageSaved(kept=False, length_ms=length_ms)
            wav.sync(path)
            cabinet.store.recorded(message.message, length_ms, instead=instead, urgent=urgent)
        except (OSError, DeviceUnavailable):
            cabinet.news.disk(full=True)
            raise
        cabinet.news.disk(full=free_bytes(path.parent) < LEAST_FREE_BYTES)
        if instead is not None:
            with contextlib.suppress(OSError):
                (path.parent / f"{instead}.wav").unlink(missing_ok=True)
        return MessageSaved(kept=True, length_ms=length_ms)

    def _announce(self, identity: MessageId, *, urgent: bool) -> None:
        cabinet = self._cabinet
        message = cabinet.store.announced(identity, urgent=urgent)
        if message is None:
            return
        snapshot = cabinet.snapshot()
        box = snapshot.voicemail_boxes.get(message.box)
        if box is not None:
            mailed = cabinet.news.arrived(message, box, snapshot)
            if mailed and box.delete_after_mail:
                cabinet.store.mark(message.message, MessageState.DELETED)
            if self._room_ms(box, None) < LEAST_MS:
                self._full(box)
        cabinet.news.counted(message.box)

    def _room_ms(self, box: VoicemailBox, instead: MessageId | None) -> int:
        """How long a further message may be."""
        count, length_ms = self._cabinet.store.usage(box.id)
        if instead is not None:
            with contextlib.suppress(NotFound):
                count, length_ms = count - 1, length_ms - self._cabinet.store.message(instead).length_ms
        return box.max_minutes * 60_000 - length_ms if count < box.max_messages else 0

    def _full(self, box: VoicemailBox) -> None:
        if self._cabinet.store.told_full(box.id, full=True):
            self._cabinet.news.full(box, self._cabinet.snapshot())
