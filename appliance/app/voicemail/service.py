"""Voicemail as the core starts and stops it: requests met, lamps kept, old messages deleted."""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from appliance.app.desk import VoiceDesk
from appliance.app.voicemail.cabinet import Cabinet
from appliance.app.voicemail.deposits import Deposits
from appliance.app.voicemail.lamps import MessageLamps, Publish
from appliance.app.voicemail.mailboxes import Mailboxes
from appliance.errors import OrtsamtError
from appliance.model import messages as asked
from appliance.model.alarms import AlarmKind
from appliance.model.documents import VoicemailBox
from appliance.model.ids import MessageId, VoicemailBoxId
from appliance.model.messages import DRAFTS, Message, MessageState
from appliance.model.snapshot import Snapshot
from appliance.model.voice import Done
from appliance.notify.boxes import mails_of_full, mails_of_message
from appliance.notify.notifier import Notifier
from appliance.notify.queue import NewMail
from appliance.store.voicemail import VoicemailStore
from appliance.telemetry.alarms import Alarms

DELETED_KEPT = timedelta(days=1)
MAILED = "mailed"
"""Links to what is attached to mails that may wait for their relay."""
MAILED_KEPT = timedelta(days=4)
UPKEEP_S = 600.0
_log = structlog.get_logger("voicemail")


class Voicemail:
    """Owns what voicemail keeps; ``changed`` and ``show`` may be called on any thread."""

    def __init__(
        self,
        *,
        store: VoicemailStore,
        folder: Path,
        snapshot: Callable[[], Snapshot],
        change: Callable[[str, str, Mapping[str, object], str], object],
        light: Publish,
        notifier: Notifier,
        alarms: Alarms,
        publish: Callable[[str, object], None],
    ) -> None:
        self.store = store
        self._snapshot = snapshot
        self._notifier = notifier
        self._alarms = alarms
        self._publish = publish
        self._folder = folder
        self.cabinet = Cabinet(store=store, folder=folder, snapshot=snapshot, news=self, change=change)
        self.deposits = Deposits(self.cabinet)
        self.mailboxes = Mailboxes(self.cabinet)
        self._lamps = MessageLamps(light, store.counts)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voicemail", daemon=True)

    def register(self, desk: VoiceDesk) -> None:
        """Meet every request of the dialogues."""
        deposits, mailboxes = self.deposits, self.mailboxes
        desk.register(asked.OpenDeposit, deposits.open)
        desk.register(asked.SaveMessage, deposits.save)
        desk.register(asked.AnnounceMessage, deposits.announce)
        desk.register(asked.DropDeposit, deposits.drop)
        desk.register(asked.EnterBox, mailboxes.enter)
        desk.register(asked.ListMessages, mailboxes.list)
        desk.register(asked.MarkMessage, mailboxes.mark)
        desk.register(asked.ForwardMessage, mailboxes.forward)
        desk.register(asked.FindGreeting, mailboxes.find_greeting)
        desk.register(asked.SettleRecording, mailboxes.settle)
        desk.register(asked.KeepGreeting, mailboxes.keep_greeting)
        desk.register(asked.DefaultGreeting, mailboxes.default_greeting)
        desk.register(asked.DropRecording, mailboxes.drop)
        desk.register(asked.ChangePin, mailboxes.change_pin)

    def start(self) -> None:
        """Save what a crash has left, light the lamps, begin to look after things."""
        with contextlib.suppress(OrtsamtError):
            self.deposits.recover()
        self.show()
        self._thread.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        self._thread.join(5)

    def show(self) -> None:
        """Bring the lamps up to date: boxes, owners, phones or messages have changed."""
        try:
            self._lamps.show(self._snapshot())
        except OrtsamtError as error:
            _log.error("message lamps are not up to date", error=str(error))

    def mark(self, message: MessageId, state: MessageState) -> bool:
        """Put a message into a state, for who does it without a phone; False when it is gone."""
        return isinstance(self.mailboxes.mark(asked.MarkMessage(message=message, state=state)), Done)

    # -- news --------------------------------------------------------------------------------------

    def arrived(self, message: Message, box: VoicemailBox, snapshot: Snapshot) -> bool:
        """Tell by mail and to watchers; True when a mail with the audio is on its way."""
        self._publish("voicemail", message)
        attached: Path | None = None
        if box.attach:
            try:
                attached = self._attachable(message)
            except OSError as error:
                _log.error("a message cannot be attached", error=str(error))
        try:
            return self._deliver(mails_of_message(message, box, snapshot, attached)) and attached is not None
        except OrtsamtError as error:
            _log.error("nobody is told of a message by mail", box=box.id, error=str(error))
            return False

    def _attachable(self, message: Message) -> Path:
        """The audio under a name that outlives the message until the mail is sent."""
        link = self._folder / MAILED / f"{message.message}.wav"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        os.link(self.cabinet.file(message), link)
        os.utime(link)
        return link

    def full(self, box: VoicemailBox, snapshot: Snapshot) -> None:
        """Tell the owners by mail."""
        _log.warning("a voicemail box is full", box=box.id)
        self._publish("voicemail_full", {"box": box.id})
        try:
            self._deliver(mails_of_full(box, snapshot))
        except OrtsamtError as error:
            _log.error("nobody is told of a full box by mail", box=box.id, error=str(error))

    def counted(self, box: VoicemailBoxId) -> None:
        """Light the owners' lamps."""
        self.show()
        self._publish("voicemail_counts", {"box": box})

    def disk(self, *, full: bool) -> None:
        """Raise or clear the alarm."""
        if full:
            self._alarms.raise_alarm(AlarmKind.DISK_FULL, "voicemail")
        else:
            self._alarms.clear(AlarmKind.DISK_FULL, "voicemail")

    def _deliver(self, mails: list[NewMail]) -> bool:
        if mails:
            self._notifier.deliver(mails)
        return bool(mails)

    # -- thread voicemail --------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                self.upkeep()
            except OrtsamtError as error:
                _log.error("old messages cannot be deleted", error=str(error))
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
                _log.exception("old messages cannot be deleted")
            if self._stopping.wait(UPKEEP_S):
                return

    def upkeep(self) -> None:
        """Delete what is older than its box keeps it, deleted messages for good, files nobody needs."""
        now = self.store.now()
        boxes = self._snapshot().voicemail_boxes
        for message in self.store.messages():
            if message.state is MessageState.DELETED:
                if now - message.changed >= DELETED_KEPT:
                    self.cabinet.discard(message)
            elif message.state is not MessageState.RECORDING:
                box = boxes.get(message.box)
                days = box.retention_days if box is not None else 0
                if days and now - message.received >= timedelta(days=days):
                    self.store.mark(message.message, MessageState.DELETED)
                    self.counted(message.box)
        for folder, kept in ((MAILED, MAILED_KEPT), (DRAFTS, DELETED_KEPT)):
            for path in (self._folder / folder).glob("*.wav"):
                with contextlib.suppress(OSError):
                    if now.timestamp() - path.stat().st_mtime > kept.total_seconds():
                        path.unlink()
        self._orphans()

    def _orphans(self) -> None:
        """Files of messages that are not in the database: a crash came between the two."""
        known = {one.message for one in self.store.messages()}
        old = self.store.now().timestamp() - DELETED_KEPT.total_seconds()
        for path in (self._folder / asked.FOLDER).glob("*/*.wav"):
            with contextlib.suppress(OSError):
                if path.stem not in known and path.stat().st_mtime < old:
                    path.unlink()
