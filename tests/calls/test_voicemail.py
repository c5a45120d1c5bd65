"""Voicemail with real phones through the whole box: messages left, heard, shown, kept over a sudden end."""

import contextlib
import os
import resource
import secrets
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import SECRET, Box, office, tone_of
from tests.support.phone import Phone
from tests.support.processes import ROOT, ortsamt
from tests.support.relay import MailRelay
from tests.support.sip import Message, SipClient
from tests.support.tones import Samples, goertzel, read_wav, rms_dbfs

ANNA, BEN = tone_of("21"), tone_of("22")
OWNER, CHIEF = "anna@example.com", "chief@example.com"


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, relay: MailRelay) -> Iterator[Box]:
    """Three extensions; box 21 is Anna's, 80 that of 22 and 23, 81 tells by mail and keeps nothing."""
    boxes: dict[str, Any] = {
        "21": {"pin": "4711", "min_seconds": 1, "number": "821"},
        "sales": {"number": "80", "owners": ["22", "23"], "pin": "1234", "min_seconds": 1, "name": "Sales"},
        "post": {
            "number": "81",
            "owners": ["23"],
            "emails": [OWNER],
            "delete_after_mail": True,
            "min_seconds": 1,
        },
        "small": {"number": "82", "owners": ["23"], "emails": [CHIEF], "max_messages": 1, "min_seconds": 1},
    }
    mail = {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}
    documents: Any = office("21", "22", "23", voicemail_box=boxes, mail={"main": mail})
    documents["extension"]["21"]["voicemail"] = True
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


@pytest.fixture(autouse=True)
def _empty(box: Box) -> Iterator[None]:
    yield
    for message in box.control("voicemail.list"):
        box.control("voicemail.delete", message=message["message"])


def messages(box: Box, of: str, count: int = 1) -> list[dict[str, Any]]:
    """The box's messages, once there are so many; the newest last."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = sorted(box.control("voicemail.list", box=of), key=lambda one: str(one["message"]))
        return len(found) == count

    box.eventually(there, f"{count} messages in {of}")
    return found


def recordings(box: Box, of: str = "*") -> set[Path]:
    """The files of the box."""
    return set((box.folder / "state" / "voice").glob(f"messages/{of}/*.wav"))


def begun(box: Box, before: set[Path], seconds: float, folder: str = "messages/*") -> Path:
    """The file into which is being recorded, once so much is in it."""
    found: list[Path] = []

    def grown() -> bool:
        found[:] = set((box.folder / "state" / "voice").glob(f"{folder}/*.wav")) - before
        return bool(found) and found[0].stat().st_size > 44 + seconds * 32000

    box.eventually(grown, f"{seconds} s of recording")
    return found[0]


def speak(box: Box, phone: Phone, number: str, seconds: float = 2.0) -> int:
    """Call, skip the greeting, and say so much."""
    before = recordings(box)
    call = phone.call(number)
    phone.wait("answered", call=call)
    phone.digits("#", call=call)
    begun(box, before, seconds)
    return call


def leave(box: Box, phone: Phone, number: str, seconds: float = 2.0) -> None:
    """Leave a message and hang up."""
    phone.hangup(speak(box, phone, number, seconds))


def audio(box: Box, message: dict[str, Any]) -> Samples:
    path = box.folder / "state" / "voice" / "messages" / message["box"] / f"{message['message']}.wav"
    samples, rate = read_wav(path)
    assert abs(len(samples) * 1000 // rate - message["length_ms"]) <= 1
    return samples


def is_tone(samples: Samples, hz: int) -> None:
    """It is this tone, from soon after its beginning to its end."""
    middle = samples[8000:-4000]
    assert goertzel(middle, hz) > 0.9
    assert rms_dbfs(middle) > -25


def ctl(box: Box, *words: str) -> str:
    done = subprocess.run(
        ortsamt("ctl", *words),
        capture_output=True,
        text=True,
        env={**os.environ, "ORTSAMT_SOCKET": str(box.socket), "COLUMNS": "200"},
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_a_message_is_kept_as_it_was_said_and_exported(box: Box, tmp_path: Path) -> None:
    with box.phones("22") as (ben,):
        leave(box, ben, "21", 3)  # no phone of hers is there: the box answers at once
    (message,) = messages(box, "21")
    assert (message["caller"]["number"], message["state"]) == ("22", "new")
    assert message["length_ms"] >= 2900
    is_tone(audio(box, message), BEN)
    assert "Phone 22" in ctl(box, "voicemail", "list", "21")
    target = tmp_path / "message.wav"
    ctl(box, "voicemail", "export", message["message"], str(target))
    with wave.open(str(target)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getcomptype()) == (1, 2, "NONE")
    is_tone(read_wav(target)[0], BEN)
    assert "is old" in ctl(box, "voicemail", "mark", message["message"], "old")
    (row,) = [line for line in ctl(box, "voicemail", "boxes").splitlines() if line.startswith("21")]
    assert "821" in row
    assert "is deleted" in ctl(box, "voicemail", "delete", message["message"])
    assert "no messages" in ctl(box, "voicemail", "list", "21")
    assert message["message"] in ctl(box, "voicemail", "list", "21", "--deleted")


def test_the_caller_listens_marks_it_urgent_and_it_is_safe_before_the_tone(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = speak(box, anna, "80")
        anna.digits("#", call=call)
        (message,) = messages(box, "sales")
        assert not message["urgent"]
        anna.digits("1", call=call)
        anna.hears(ANNA, call=call)
        anna.digits("3##", call=call)  # the first hash skips what is said
        anna.ended(call)
        (message,) = messages(box, "sales")
        assert message["urgent"]


def test_silence_ends_a_message_and_is_cut_off(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = speak(box, anna, "80", 2)
        anna.tone(0, call=call)
        (message,) = messages(box, "sales")  # after five seconds of silence
        anna.hangup(call)
    assert 2000 <= message["length_ms"] <= 3500
    is_tone(audio(box, message), ANNA)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_walk_through_every_entry_of_the_menu(box: Box, language: str) -> None:
    box.control("config.set", kind="voicemail_box", id="sales", fields={"language": language})
    with box.phones("21", "22") as (anna, ben):
        leave(box, anna, "80")
        (message,) = messages(box, "sales")
        held = message["message"]

        def state(wanted: str, of: str = held) -> None:
            def is_so() -> bool:
                found = box.control("voicemail.list", box="sales", deleted=True)
                return [one["state"] for one in found if one["message"] == of] == [wanted]

            box.eventually(is_so, f"{of} to be {wanted}")

        def enter(pin: str = "1234") -> int:
            call = ben.call("80")
            ben.wait("answered", call=call)
            ben.digits(f"{pin}#", call=call)
            return call

        call = enter()
        ben.digits("2", call=call)  # none are saved: said, and back to the menu
        ben.digits("1", call=call)
        ben.hears(ANNA, within=25, call=call)
        ben.digits("0", call=call)  # what one may do
        ben.hears_sound(call=call)
        ben.digits("162", call=call)  # again; the one before; save
        state("old")
        ben.digits("2", call=call)  # back at the menu: saved ones
        ben.digits("599#", call=call)  # forward to nobody
        ben.digits("5821#", call=call)  # to Anna
        (copy,) = messages(box, "21")
        assert copy["forwarded_by"] == "Sales"
        is_tone(audio(box, copy), ANNA)
        ben.digits("3", call=call)
        state("deleted")
        ben.digits("1", call=call)
        state("old")
        ben.digits("3#", call=call)
        state("deleted")
        deleted = box.control("voicemail.list", box="sales", deleted=True)
        before = sum(one["state"] == "deleted" for one in deleted) - 1
        ben.digits("5" + "#" * before, call=call)  # deleted ones
        ben.digits("2", call=call)
        state("old")
        ben.digits("3", call=call)  # greeting
        ben.hears_sound(call=call)
        ben.digits("1", call=call)
        ben.hears_sound(call=call)
        drafts = set((box.folder / "state" / "voice" / "drafts").glob("*.wav"))
        ben.digits("2", call=call)
        begun(box, drafts, 2, "drafts")
        ben.digits("#", call=call)
        ben.hears(BEN, call=call)
        ben.digits("#", call=call)

        def greeting(wanted: str) -> None:
            box.eventually(
                lambda: (
                    box.control("config.get", kind="voicemail_box", id="sales").get("greeting", "") == wanted
                ),
                f"the greeting to be {wanted!r}",
            )

        greeting("recorded/1")
        caller = anna.call("80")
        anna.wait("answered", call=caller)
        anna.hears(BEN, call=caller)
        anna.hangup(caller)
        ben.digits("421", call=call)  # another slot, listened to
        ben.hears_sound(call=call)
        ben.digits("3", call=call)
        greeting("")
        ben.digits("*", call=call)
        ben.digits("4987#", call=call)  # too short
        ben.digits("98765#98766#", call=call)  # not alike
        ben.digits("98765#98765#", call=call)
        box.eventually(
            lambda: (
                box.control("config.get", kind="voicemail_box", id="sales", reveal=True)["pin"] == "98765"
            ),
            "the new PIN",
        )
        ben.digits("**", call=call)
        ben.ended(call)
        call = enter("98765")
        ben.digits("24", call=call)  # call back
        anna.answer(anna.incoming()["call"])
        anna.hears(BEN)
        ben.hangup(call)
    box.control("config.set", kind="voicemail_box", id="sales", fields={"pin": "1234"})


def test_from_afar_by_the_star_key_with_lock_out(box: Box) -> None:
    with box.phones("22", "23") as (ben, clara):
        leave(box, ben, "21")
        messages(box, "21")
        call = clara.call("21")
        clara.wait("answered", call=call)
        clara.digits("*4711#1", call=call)
        clara.hears(BEN, within=25, call=call)
        clara.hangup(call)
        call = ben.call("21")
        ben.wait("answered", call=call)
        ben.digits("*", call=call)
        for _ in range(5):
            ben.digits("0000#", call=call)
        ben.ended(call, timeout=40)  # told that it is locked
        call = clara.call("21")
        clara.wait("answered", call=call)
        clara.digits("*4711#1", call=call)
        clara.ended(call, timeout=40)  # for strangers the box is locked
    messages(box, "21")


def test_a_core_killed_in_mid_recording_keeps_what_was_said(box: Box) -> None:
    with box.phones("22") as (ben,):
        call = speak(box, ben, "21", 3)
        assert box.core is not None
        box.core.kill()
        box.start_core()
        box.wait_ready()
        (message,) = messages(box, "21")
        ben.hangup(call)
    assert message["length_ms"] >= 2500
    assert message["caller"]["number"] == "22"
    is_tone(audio(box, message), BEN)


@contextlib.contextmanager
def disk_full(box: Box) -> Iterator[None]:
    """No file of the core may grow."""
    assert box.core is not None
    _, hard = resource.prlimit(box.core.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(box.core.pid, resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.prlimit(box.core.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_a_disk_without_room_is_said_and_heals(box: Box) -> None:
    with box.phones("22") as (ben,), box.watching("alarm") as watcher:
        with disk_full(box):
            call = ben.call("21")
            ben.wait("answered", call=call)
            watcher.wait("alarm", id="disk.full", subject="voicemail")
            ben.hears_sound(call=call)
            ben.ended(call, timeout=30)
        leave(box, ben, "21")
        messages(box, "21")
        watcher.wait("alarm", id="disk.full", subject="voicemail", over=True)


def test_mail_with_the_message_and_the_callers_name(box: Box, relay: MailRelay) -> None:
    with box.phones("22") as (ben,):
        leave(box, ben, "81")
    mail = relay.wait(recipient=OWNER)
    assert mail["Subject"] == "Neue Sprachnachricht: Phone 22 (22)"
    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "audio/wav"
    assert str(part.get_filename()).endswith("22.wav")
    target = box.folder / "mailed.wav"
    target.write_bytes(part.get_content())
    is_tone(read_wav(target)[0], BEN)
    assert messages(box, "post", 0) == []  # deleted after the mail


def test_a_full_box_is_told_once_by_mail(box: Box, relay: MailRelay) -> None:
    with box.phones("22") as (ben,):
        leave(box, ben, "82")
        relay.wait(count=2, recipient=CHIEF)  # the message, and that the box is full now
        before = recordings(box)
        call = ben.call("82")
        ben.wait("answered", call=call)
        ben.hears_sound(call=call)
        ben.digits("#", call=call)
        ben.ended(call)
    assert recordings(box) == before
    subjects = [
        mail["Subject"] for mail, to in zip(relay.taken, relay.recipients, strict=True) if to == CHIEF
    ]
    assert subjects.count("Anrufbeantworter small ist voll") == 1
    assert len(subjects) == 2


def watch(box: Box, user: str) -> SipClient:
    """Subscribe to the message lamp of this account."""
    phone = SipClient(
        server=("127.0.0.1", box.ports["sip_port"]), user=user, password=SECRET.format(user), realm="ortsamt"
    )
    call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
    accepted = phone.authenticated(
        lambda more: phone.request(
            "SUBSCRIBE",
            f"sip:{user}@127.0.0.1",
            call_id=call_id,
            from_=f"<sip:{user}@ortsamt>;tag={tag}",
            headers=[("Event", "message-summary"), ("Expires", "600"), *more],
        )
    )
    assert accepted.status == 200
    return phone


def shown(phone: SipClient, counts: str) -> Message:
    """NOTIFYs until one shows so many new and old messages."""
    for _ in range(12):
        notify = phone.wait_request("NOTIFY", 10)
        phone.respond(notify, 200)
        if f"Voice-Message: {counts}" in notify.body.decode():
            return notify
    raise AssertionError(f"never saw {counts}")


def test_every_owner_s_phone_shows_messages_also_after_restarts(box: Box) -> None:
    with watch(box, "22") as ben, watch(box, "23") as clara, box.phones("21") as (anna,):
        leave(box, anna, "80")
        (message,) = messages(box, "sales")
        for phone in (ben, clara):
            assert "Messages-Waiting: yes" in shown(phone, "1/0").body.decode()
        box.control("voicemail.mark", message=message["message"], state="old")
        for phone in (ben, clara):
            assert "Messages-Waiting: no" in shown(phone, "0/1").body.decode()
        box.control("voicemail.mark", message=message["message"], state="new")
        shown(clara, "1/0")
        assert box.edge is not None
        box.edge.kill()
        box.start_edge()
        box.wait_ready()
        box.restart_core()
        with watch(box, "22") as again:
            shown(again, "1/0")
        box.control("config.set", kind="voicemail_box", id="sales", fields={"owners": ["23"]})
        with watch(box, "22") as again:
            shown(again, "0/0")
    box.control("config.set", kind="voicemail_box", id="sales", fields={"owners": ["22", "23"]})
