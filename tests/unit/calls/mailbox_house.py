"""A caller at a voicemail box: the dialogue against the real store and files; the phone line is played."""

import itertools
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from appliance.app.voicemail.cabinet import Cabinet
from appliance.app.voicemail.deposits import Deposits
from appliance.app.voicemail.mailboxes import Mailboxes
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model import messages as asked
from appliance.model.documents import Application, Device, Document, Extension, Language, VoicemailBox
from appliance.model.ids import CallId, DeviceId, ExtensionId, MessageId, VoicemailBoxId
from appliance.model.messages import Message, MessageState
from appliance.model.plan import Caller, Origin
from appliance.model.snapshot import Snapshot, build
from appliance.model.voice import RecordingEnd, Reply, Request
from appliance.store.voicemail import VoicemailStore
from tests.support.tones import tone, write_wav
from tests.unit.calls import office
from tests.unit.calls.conversation import Conversation, run_step

OWNER = ExtensionId("21")
BOX = VoicemailBoxId("21")
OTHER = VoicemailBoxId("sales")


class House:
    """Boxes 21 (of extension 21, PIN 4711) and sales (number 80), and what became of their news."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        self.folder = folder
        self.news: list[str] = []
        self.mailed = False
        self.broken = False
        self.now = office.NOW
        self.boxes: dict[str, VoicemailBox] = {
            "21": VoicemailBox(**{"id": BOX, "owners": (OWNER,), "pin": "4711", "name": "Anna", **fields}),
            "sales": VoicemailBox(id=OTHER, number="80", owners=(ExtensionId("22"),), pin="1234"),
        }
        self.store = VoicemailStore(folder / "voicemail.db", lambda: self.now)
        self.cabinet = Cabinet(
            store=self.store,
            folder=folder / "voice",
            snapshot=self.snapshot,
            news=self,
            change=self._change,
        )
        self.deposits = Deposits(self.cabinet)
        self.mailboxes = Mailboxes(self.cabinet)
        deposits, mailboxes = self.deposits, self.mailboxes
        self._functions: Mapping[type[Request], Any] = {
            asked.OpenDeposit: deposits.open,
            asked.SaveMessage: deposits.save,
            asked.AnnounceMessage: deposits.announce,
            asked.DropDeposit: deposits.drop,
            asked.EnterBox: mailboxes.enter,
            asked.ListMessages: mailboxes.list,
            asked.MarkMessage: mailboxes.mark,
            asked.ForwardMessage: mailboxes.forward,
            asked.FindGreeting: mailboxes.find_greeting,
            asked.SettleRecording: mailboxes.settle,
            asked.KeepGreeting: mailboxes.keep_greeting,
            asked.DefaultGreeting: mailboxes.default_greeting,
            asked.DropRecording: mailboxes.drop,
            asked.ChangePin: mailboxes.change_pin,
        }
        self._ids = itertools.count(1)

    def close(self) -> None:
        self.store.close()

    def documents(self) -> list[Document]:
        extensions = [
            Extension(id=ExtensionId(number), number=number, name=f"Phone {number}")
            for number in office.EXTENSIONS
        ]
        devices = [
            Device(id=DeviceId(number), extension=ExtensionId(number), username=number, secret="x" * 10)
            for number in office.EXTENSIONS
        ]
        return [*extensions, *devices, *self.boxes.values()]

    def snapshot(self) -> Snapshot:
        return build(self.documents())

    def meet(self, request: Request) -> Reply | None:
        """What the desk would reply."""
        return None if self.broken else self._functions[type(request)](request)

    def _change(self, kind: str, entity: str, fields: Mapping[str, object], who: str) -> None:
        assert kind == "voicemail_box"
        values = {name: getattr(self.boxes[entity], name) for name in VoicemailBox.__slots__}
        self.boxes[entity] = VoicemailBox(**{**values, **fields, "owners": self.boxes[entity].owners})

    # what happens in boxes

    def arrived(self, message: Message, box: VoicemailBox, snapshot: Snapshot) -> bool:
        self.news.append(f"arrived {message.message}")
        return self.mailed

    def full(self, box: VoicemailBox, snapshot: Snapshot) -> None:
        self.news.append(f"full {box.id}")

    def counted(self, box: VoicemailBoxId) -> None:
        pass

    def disk(self, *, full: bool) -> None:
        if full:
            self.news.append("disk full")

    # what is there

    def put(
        self,
        number: str = "+4930901820",
        *,
        box: str = "21",
        state: MessageState = MessageState.NEW,
        **more: Any,
    ) -> Message:
        """A message that was left before, with five seconds of audio."""
        message = Message(
            message=MessageId(f"m{next(self._ids):03d}"),
            box=VoicemailBoxId(box),
            call=CallId("c"),
            caller=Caller(number=number, **more),
            received=self.now - timedelta(hours=1),
            length_ms=5000,
            state=state,
            changed=self.now,
        )
        self.store.add(message, announced=True)
        path = self.cabinet.file(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, tone(500, seconds=0.1))
        return message

    def held(self, box: str = "21") -> list[Message]:
        return [
            one
            for one in self.store.messages(VoicemailBoxId(box))
            if one.state in (MessageState.NEW, MessageState.OLD)
        ]

    def states(self, box: str = "21") -> list[str]:
        return [one.state.value for one in self.store.messages(VoicemailBoxId(box))]


class Caller21(Conversation):
    """Somebody in the dialogue; what is recorded is a tone of ``seconds``."""

    def __init__(
        self,
        house: House,
        application: Application,
        *,
        box: str = "21",
        prompt: str = "",
        language: Language = Language.GERMAN,
        origin: Origin | None = None,
        caller: Caller = office.CALLER,
    ) -> None:
        self.house = house
        self.seconds = 4.0
        self._length = 0
        super().__init__(
            run_step(application=application, argument=box, prompt=prompt, language=language),
            outside=house.meet,
            origin=origin,
            documents=house.documents(),
            caller=caller,
        )

    def feed(self, event: ev.Event) -> list[fx.Effect]:
        effects = super().feed(event)
        for effect in effects:
            if isinstance(effect, fx.Record):
                path = self.house.cabinet.recorded(effect.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_wav(path, tone(700, seconds=self.seconds))
        for effect in effects:
            if isinstance(effect, fx.Consult) and effect.call is None:
                self.house.meet(effect.request)
        return effects

    def speak(self, end: RecordingEnd = RecordingEnd.STOPPED) -> None:
        """Speak and be done, by a key or as ``end`` says."""
        if end is RecordingEnd.STOPPED:
            self.press("#")
        else:
            self.recorded(end)

    def says(self) -> tuple[str, ...]:
        """The prompts that were begun last."""
        return self.said[-1]
