"""What voicemail does without a caller: after a crash, over time, for lamps, and in its letters."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.app.desk import VoiceDesk
from appliance.app.voicemail.lamps import MessageLamps, lamps_of
from appliance.app.voicemail.service import Voicemail
from appliance.model.alarms import Alarm
from appliance.model.documents import Device, Document, Extension, Language, VoicemailBox
from appliance.model.effects import Consult
from appliance.model.events import Consulted, Event
from appliance.model.ids import CallId, DeviceId, ExtensionId, MessageId, VoicemailBoxId
from appliance.model.mail import Mail, MailTls, Notification, NotificationEvent
from appliance.model.messages import BoxCounts, ListMessages, Message, Messages, MessageState, SaveMessage
from appliance.model.plan import Caller
from appliance.model.snapshot import Snapshot, build
from appliance.notify.boxes import mails_of_full, mails_of_message
from appliance.notify.notifier import Notifier
from appliance.sip.edge.events import Aor
from appliance.store.voicemail import VoicemailStore
from appliance.telemetry.alarms import Alarms
from tests.support.tones import tone, write_wav

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BEN = ExtensionId("21"), ExtensionId("22")
BOX = VoicemailBox(id=VoicemailBoxId("21"), name="Anna", retention_days=30, min_seconds=1)
DOCUMENTS: tuple[Document, ...] = (
    Extension(id=ANNA, number="21", name="Anna"),
    Extension(id=BEN, number="22", language=Language.ENGLISH),
    Device(id=DeviceId("d1"), extension=ANNA, username="u1", secret="x" * 10),
    Device(id=DeviceId("d2"), extension=ANNA, username="u2", secret="x" * 10),
    Device(id=DeviceId("d3"), extension=BEN, username="u3", secret="x" * 10),
    BOX,
    VoicemailBox(id=VoicemailBoxId("sales"), owners=(BEN, ANNA), emails=("sales@example.com",)),
)
RELAY = Mail(host="127.0.0.1", tls=MailTls.NONE, sender="box@example.com")


class House:
    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.folder = folder
        self.documents: tuple[Document, ...] = DOCUMENTS
        self.published: list[str] = []
        self.lamps: list[tuple[str, int, int]] = []
        self.alarms: list[Alarm] = []
        self.notifier = Notifier(folder / "mail.db", "n", self.snapshot(), lambda _event, _payload: None)
        self.store = VoicemailStore(folder / "voicemail.db", lambda: self.now)
        self.voicemail = Voicemail(
            store=self.store,
            folder=folder / "voice",
            snapshot=self.snapshot,
            change=lambda _kind, _id, _fields, _who: None,
            light=lambda aor, new, old: self.lamps.append((aor, new, old)),
            notifier=self.notifier,
            alarms=Alarms(self.alarms.append),
            publish=lambda event, _payload: self.published.append(event),
        )

    def snapshot(self) -> Snapshot:
        return build(self.documents)

    def close(self) -> None:
        self.store.close()
        self.notifier.stop()

    def put(self, name: str, state: MessageState, *, seconds: float = 2, **fields: object) -> Path:
        message = Message(
            message=MessageId(name),
            box=BOX.id,
            call=CallId("c"),
            caller=Caller(number="+4930901820", name="Zoë"),
            received=self.now,
            length_ms=2000,
            state=state,
            changed=self.now,
        )
        self.store.add(replace(message, **fields), announced=True)  # type: ignore[arg-type]
        path = self.voicemail.cabinet.file(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_wav(path, tone(700, seconds=seconds)) if seconds else path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def states(house: House) -> dict[str, str]:
    return {one.message: one.state.value for one in house.store.messages()}


def test_after_a_crash_recordings_become_messages_and_empty_ones_go(house: House) -> None:
    for name, seconds in (("spoken", 2.0), ("short", 0.3), ("none", 0.0)):
        path = house.put(name, MessageState.RECORDING, seconds=seconds)
        if seconds:
            data = bytearray(path.read_bytes())
            data[40:44] = data[4:8] = bytes(4)
            path.write_bytes(data)
    house.store.remove([])
    assert house.voicemail.deposits.recover() == 1
    assert states(house) == {"spoken": "new"}
    assert house.store.messages()[0].length_ms == 2000
    assert sorted(path.stem for path in (house.folder / "voice" / "messages").rglob("*.wav")) == ["spoken"]


def test_old_messages_and_deleted_ones_go_in_time_and_a_clock_gone_wild_can_be_undone(house: House) -> None:
    house.put("kept", MessageState.NEW)
    gone = house.put("gone", MessageState.DELETED)
    house.now += timedelta(hours=25)
    house.put("fresh", MessageState.DELETED)
    house.voicemail.upkeep()
    assert states(house) == {"kept": "new", "fresh": "deleted"}
    assert not gone.exists()
    house.now += timedelta(days=400)
    house.voicemail.upkeep()
    assert states(house) == {"kept": "deleted"}
    house.now -= timedelta(days=400)
    house.voicemail.upkeep()
    assert states(house) == {"kept": "deleted"}, "what a wrong clock deleted can be had back"


def test_files_that_nobody_needs_go_after_a_while(house: House) -> None:
    held = house.put("held", MessageState.NEW)
    orphan = write_wav(held.with_name("orphan.wav"), tone(700, seconds=0.1))
    for folder in ("drafts", "mailed"):
        (house.folder / "voice" / folder).mkdir()
        write_wav(house.folder / "voice" / folder / "x.wav", tone(700, seconds=0.1))
    for path in (house.folder / "voice").rglob("*.wav"):
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    house.voicemail.upkeep()
    assert orphan.exists()
    house.now += timedelta(days=2)
    house.voicemail.upkeep()
    assert sorted(path.name for path in (house.folder / "voice").rglob("*.wav")) == ["held.wav", "x.wav"]
    house.now += timedelta(days=3)
    house.voicemail.upkeep()
    assert [path.name for path in (house.folder / "voice").rglob("*.wav")] == ["held.wav"]


def test_lamps_add_up_the_boxes_of_an_owner_and_go_out_with_ownership() -> None:
    counts = {BOX.id: BoxCounts(new=2, old=1), VoicemailBoxId("sales"): BoxCounts(new=1)}
    assert lamps_of(build(DOCUMENTS), counts) == {"u1": (3, 1), "u2": (3, 1), "u3": (1, 0)}
    told: list[tuple[Aor, int, int]] = []
    lamps = MessageLamps(lambda *one: told.append(one), lambda: counts)
    lamps.show(build(DOCUMENTS))
    lamps.show(build(DOCUMENTS))
    assert len(told) == 3, "only what has changed"
    lamps.show(build(one for one in DOCUMENTS if one is not BOX))
    assert set(told[3:]) == {("u1", 1, 0), ("u2", 1, 0)}
    lamps.show(build(one for one in DOCUMENTS if not isinstance(one, VoicemailBox)))
    assert set(told[5:]) == {("u1", 0, 0), ("u2", 0, 0), ("u3", 0, 0)}


def test_requests_come_back_as_events(house: House) -> None:
    events: list[Event] = []
    desk = VoiceDesk(events.append)
    house.voicemail.register(desk)
    desk.start()
    house.put("a", MessageState.NEW)
    desk.take(Consult(call=CallId("c"), serial=7, request=ListMessages(box=BOX.id)))
    desk.take(Consult(call=CallId("c"), serial=8, request=SaveMessage(message=MessageId("nobody"))))
    desk.stop()
    replies = {event.serial: event.reply for event in events if isinstance(event, Consulted)}
    listed = replies[7]
    assert isinstance(listed, Messages)
    assert [one.message for one in listed.messages] == ["a"]
    assert replies[8] is None


def message(**fields: object) -> Message:
    made = Message(
        message=MessageId("m"),
        box=BOX.id,
        call=CallId("c"),
        caller=Caller(number="+4930901820", name="Zoë\r\nBcc: x"),
        received=NOW,
        length_ms=4200,
        state=MessageState.NEW,
        changed=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def test_letters_name_the_caller_and_go_to_who_wants_them(tmp_path: Path) -> None:
    wish = Notification(
        id=BEN, addresses=("ben@example.com", "SALES@example.com"), events=(NotificationEvent.VOICEMAIL,)
    )
    snapshot = build((*DOCUMENTS, RELAY, wish))
    sales = snapshot.voicemail_boxes[VoicemailBoxId("sales")]
    mails = mails_of_message(message(), sales, snapshot, tmp_path / "m.wav")
    assert [mail.recipient for mail in mails] == ["SALES@example.com", "ben@example.com"]
    (mail, _) = mails
    assert mail.letter.subject == "New voicemail: Zoë Bcc: x (030 901820)"
    assert "attached" in mail.letter.text
    assert "4 seconds" in mail.letter.text
    (attachment,) = mail.attachments
    assert (attachment.name, attachment.type) == ("2026-03-02 10.00 030901820.wav", "audio/wav")
    (mail,) = mails_of_message(
        message(caller=Caller(withheld=True), urgent=True, forwarded_by="Anna"),
        replace(sales, language=Language.GERMAN, owners=()),
        snapshot,
        None,
    )
    assert mail.letter.subject == "Dringende Sprachnachricht: Rufnummer unterdrückt"
    assert "Weitergeleitet von" in mail.letter.text
    assert mail.attachments == ()
    (full,) = mails_of_full(sales, snapshot)
    assert (full.recipient, full.letter.subject) == ("sales@example.com", "Voicemail box sales is full")
    assert mails_of_message(message(), BOX, snapshot, None) == []
    assert mails_of_full(sales, build(DOCUMENTS)) == [], "without a relay nothing is queued"
