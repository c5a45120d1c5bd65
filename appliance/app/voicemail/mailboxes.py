"""Boxes being heard: the door with its lock-out, messages marked and sent on, greetings, PINs."""

import contextlib
import hmac
import os
import secrets
import shutil
from dataclasses import replace
from datetime import timedelta

import structlog

from appliance.app.voicemail.cabinet import Cabinet
from appliance.errors import ConfigError, NotFound, OrtsamtError
from appliance.media import wav
from appliance.model.documents import VoicemailBox
from appliance.model.ids import MessageId, VoicemailBoxId
from appliance.model.messages import (
    BoxDoor,
    ChangePin,
    DefaultGreeting,
    Door,
    DropRecording,
    EnterBox,
    FindGreeting,
    ForwardMessage,
    GreetingFound,
    KeepGreeting,
    ListMessages,
    MarkMessage,
    Message,
    Messages,
    MessageSaved,
    MessageState,
    NotPossible,
    SettleRecording,
)
from appliance.model.voice import Done, Reply
from appliance.model.voicemail import RECORDED

LOCK_OUT = timedelta(minutes=15)
MAX_WRONG = 5
"""Wrong PINs of one caller, or strangers' wrong PINs at one box, within LOCK_OUT."""
LEAST_GREETING_MS = 1000
_log = structlog.get_logger("voicemail")


class Mailboxes:
    """Meets the requests of who hears messages."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet

    # -- the door ----------------------------------------------------------------------------------

    def enter(self, request: EnterBox) -> Reply:
        """Whether this caller comes in, with this PIN if there is one."""
        box = self._cabinet.box(request.box)
        if box is None:
            return BoxDoor(door=Door.CLOSED)
        owner = request.extension is not None and request.extension in box.owners
        if owner and (box.trust_phones or not box.pin):
            return BoxDoor(door=Door.OPEN)
        if not box.pin:
            return BoxDoor(door=Door.CLOSED)
        with self._cabinet.guard:
            return BoxDoor(door=self._try(request, box, owner=owner))

    def _try(self, request: EnterBox, box: VoicemailBox, *, owner: bool) -> Door:
        store = self._cabinet.store
        of_box, of_caller = store.wrong_pins(box.id, request.caller, LOCK_OUT)
        if of_caller >= MAX_WRONG or (of_box >= MAX_WRONG and not owner):
            return Door.LOCKED
        if request.pin is None:
            return Door.PIN
        if hmac.compare_digest(request.pin.encode(), box.pin.encode()):
            store.right_pin(box.id, request.caller)
            return Door.OPEN
        store.wrong_pin(box.id, request.caller)
        if of_caller + 1 >= MAX_WRONG or (of_box + 1 >= MAX_WRONG and not owner):
            _log.warning("a voicemail box is locked after wrong PINs", box=box.id)
            return Door.LOCKED
        return Door.WRONG

    # -- messages ----------------------------------------------------------------------------------

    def list(self, request: ListMessages) -> Reply:
        """What can be heard."""
        states = (MessageState.NEW, MessageState.OLD, MessageState.DELETED)
        return Messages(messages=self._cabinet.store.messages(request.box, states))

    def mark(self, request: MarkMessage) -> Reply:
        """Put a message into a state, unless it is gone; a deleted one heard at the same time stays so."""
        store = self._cabinet.store
        with self._cabinet.guard:
            try:
                message = store.mark(request.message, request.state)
            except NotFound:
                return NotPossible()
        self._changed(message.box)
        return Done()

    def forward(self, request: ForwardMessage) -> Reply:
        """Copy a message into another box, where it is new."""
        cabinet = self._cabinet
        box = cabinet.box(request.to)
        if box is None or not self._has_room(box):
            return NotPossible()
        try:
            original = cabinet.store.message(request.message)
        except NotFound:
            return NotPossible()
        now = cabinet.store.now()
        copy = replace(
            original,
            message=MessageId(f"{int(now.timestamp() * 1000):011x}{secrets.token_hex(4)}"),
            box=box.id,
            state=MessageState.NEW,
            forwarded_by=request.by,
            changed=now,
        )
        target = cabinet.file(copy)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cabinet.file(original), target)
        wav.sync(target)
        cabinet.store.add(copy)
        self._announce(copy, box)
        return Done()

    def _announce(self, copy: Message, box: VoicemailBox) -> None:
        cabinet = self._cabinet
        with cabinet.guard:
            cabinet.store.announced(copy.message)
            mailed = cabinet.news.arrived(copy, box, cabinet.snapshot())
            if mailed and box.delete_after_mail:
                cabinet.store.mark(copy.message, MessageState.DELETED)
        self._changed(box.id)

    def _has_room(self, box: VoicemailBox) -> bool:
        count, length_ms = self._cabinet.store.usage(box.id)
        return box.takes_messages and count < box.max_messages and length_ms < box.max_minutes * 60_000

    def _changed(self, box: VoicemailBoxId) -> None:
        known = self._cabinet.box(box)
        if known is not None and self._has_room(known):
            self._cabinet.store.told_full(box, full=False)
        self._cabinet.news.counted(box)

    # -- settings ----------------------------------------------------------------------------------

    def find_greeting(self, request: FindGreeting) -> Reply | None:
        """What is heard of a slot; of the first one what callers hear in general."""
        box = self._cabinet.box(request.box)
        if box is None:
            return None
        wanted = box.greeting if request.slot == 1 else f"{RECORDED}{request.slot}"
        return GreetingFound(greeting=self._cabinet.greeting(box, wanted))

    def settle(self, request: SettleRecording) -> Reply:
        """Make a recorded greeting ready to be heard."""
        path = self._cabinet.draft(request.name)
        wav.settle(path)
        length_ms = wav.cut_silence(path)
        return MessageSaved(kept=length_ms >= LEAST_GREETING_MS, length_ms=length_ms)

    def keep_greeting(self, request: KeepGreeting) -> Reply:
        """Put a recorded greeting into its slot; the first slot's is used from now on."""
        cabinet = self._cabinet
        box = cabinet.box(request.box)
        if box is None:
            return NotPossible()
        draft = cabinet.draft(request.name)
        target = cabinet.greeting_file(box.id, request.slot)
        target.parent.mkdir(parents=True, exist_ok=True)
        wav.sync(draft)
        os.replace(draft, target)
        wav.sync(target)
        if request.slot != 1:
            return Done()
        return self._set(box, {"greeting": f"{RECORDED}1"})

    def default_greeting(self, request: DefaultGreeting) -> Reply:
        """Let callers hear the box's own words; recordings stay."""
        box = self._cabinet.box(request.box)
        return self._set(box, {"greeting": ""}) if box is not None else NotPossible()

    def drop(self, request: DropRecording) -> Reply:
        """Delete a draft."""
        path = self._cabinet.draft(request.name)
        with contextlib.suppress(OSError):
            wav.settle(path)  # its writer may be at it still
        path.unlink(missing_ok=True)
        return Done()

    def change_pin(self, request: ChangePin) -> Reply:
        """Set the PIN."""
        box = self._cabinet.box(request.box)
        return self._set(box, {"pin": request.pin}) if box is not None else NotPossible()

    def _set(self, box: VoicemailBox, fields: dict[str, object]) -> Reply:
        # A box without a document gets one now.
        whole = {"name": box.name, "owners": list(box.owners), **fields}
        try:
            self._cabinet.change("voicemail_box", box.id, whole, f"voicemail {box.id}")
        except ConfigError as error:
            _log.warning("a change by phone was refused", box=box.id, error=str(error))
            return NotPossible()
        except OrtsamtError as error:
            _log.error("a change by phone failed", box=box.id, error=str(error))
            return NotPossible()
        return Done()
