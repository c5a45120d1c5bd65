"""Mail through the whole box: real phones call, a real relay takes the mail, or does not."""

import signal
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.processes import ROOT, free_port, ortsamt
from tests.support.relay import MailRelay, Tarpit

ANNA = "anna@example.com"


def documents(port: int, **mail: Any) -> Any:
    relay = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "box@example.com", **mail}
    events = ["missed_call", "account_change", "blocked_call"]
    return office(
        "21",
        "22",
        "23",
        device={"desk": {"extension": "22", "username": "desk", "secret": "ein-altes-geheimnis"}},
        mail={"main": relay},
        notification={"22": {"addresses": [ANNA], "events": events, "language": "de"}},
    )


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def miss_a_call(box: Box) -> None:
    with box.phones("21", "22") as (ben, anna):
        call = ben.call("22")
        theirs = anna.incoming()["call"]
        ben.wait("ringing", call=call)
        ben.hangup(call)
        anna.ended(theirs)


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, relay: MailRelay) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box"), documents(relay.port)) as box:
        yield box


def test_a_missed_call_is_told_with_the_callers_name(box: Box, relay: MailRelay) -> None:
    seen = len(relay.taken)
    miss_a_call(box)
    mail = relay.wait(count=seen + 1, recipient=ANNA)
    assert mail["Subject"] == "Verpasster Anruf: Phone 21 (21)"
    assert "der Anrufer hat aufgelegt" in body(mail)
    assert "Phone 21" in body(mail, "html")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_call_that_is_answered_is_not_told(box: Box, relay: MailRelay) -> None:
    with box.phones("21", "22") as (ben, anna):
        call = ben.call("22")
        anna.incoming()
        anna.answer()
        ben.wait("answered", call=call)
        ben.hangup(call)
    box.idle()
    seen = len(relay.taken)
    box.control("config.set", kind="extension", id="22", fields={"name": "Anna"}, who="ctl:root")
    mail = relay.wait(count=seen + 1, recipient=ANNA)
    assert mail["Subject"] == "Ihre Nebenstelle 22 wurde geändert", "and no missed call before it"


def test_a_changed_account_is_told_without_its_secret(box: Box, relay: MailRelay) -> None:
    seen = len(relay.taken)
    fields = {"secret": "neues-geheimnis", "name": "Schreibtisch"}
    box.control("config.set", kind="device", id="desk", fields=fields, who="ctl:root")
    mail = relay.wait(count=seen + 1, recipient=ANNA)
    assert "ctl:root" in body(mail)
    assert "Gerät desk, Kennwort: geändert" in body(mail)
    assert "Schreibtisch" in body(mail)
    assert "neues-geheimnis" not in body(mail) + body(mail, "html")


def test_a_caller_on_the_block_list_is_told_as_such(box: Box, relay: MailRelay) -> None:
    rule = {"action": "busy", "name": "Lästig", "calls": {"numbers": ["23"]}}
    seen = len(relay.taken)
    box.control("config.set", kind="extension", id="22", fields={"rules": [rule]}, who="ctl:root")
    relay.wait(count=seen + 1)
    with box.phones("23", "22") as (caller, _):
        caller.ended(caller.call("22"))
    mail = relay.wait(count=seen + 2)
    assert mail["Subject"] == "Anruf abgewiesen: Phone 23 (23)"
    assert "Lästig" in body(mail)


def test_a_test_mail_tells_the_conversation(box: Box, relay: MailRelay) -> None:
    result = box.control("mail.test", recipient="ben@example.com")
    assert result["taken"]
    assert "> rcpt to:<ben@example.com>" in [line.lower() for line in result["dialogue"]]
    relay.refuse["ben@example.com"] = "550 no such user here"
    result = box.control("mail.test", recipient="ben@example.com")
    assert (result["taken"], result["error"]) == (False, "550 no such user here")


def test_a_refused_mail_is_given_up_and_seen(box: Box, relay: MailRelay) -> None:
    relay.refuse[ANNA] = "550 5.1.1 no such user"
    try:
        with box.watching("mail", "alarm") as events:
            miss_a_call(box)
            events.wait("mail", what="given_up", event="missed_call")
            events.wait("alarm", id="mail.given_up")
    finally:
        del relay.refuse[ANNA]
    (row,) = box.control("mail.queue", state="given_up")
    assert (row["recipient"], row["error"]) == (ANNA, "550 5.1.1 no such user")
    status = box.control("status")["mail"]
    assert (status["given_up"], status["waiting"]) == (1, 0)
    assert "550" in status["error"]


def test_an_emergency_call_is_told_to_whoever_looks_after_the_box(box: Box, relay: MailRelay) -> None:
    site = {"alarm_emails": ["hausmeister@example.com"], "language": "de"}
    box.control("config.set", kind="site", id="main", fields=site, who="ctl:root")
    with box.watching("alarm") as events, box.phones("21") as (ben,):
        ben.ended(ben.call("112"))  # there is no line in this office
        assert events.wait("alarm", id="emergency.call")["severity"] == "critical"
        events.wait("alarm", id="emergency.no_line")
    mail = relay.wait(count=2, recipient="hausmeister@example.com")
    assert mail["Subject"].startswith("ALARM von ")
    assert "Notruf 112 von 21 (Phone 21)" in body(mail)
    past = box.control("alarms.list", language="de")["past"]
    assert any("kam nicht zustande" in one["text"] for one in past)


def test_mail_survives_a_sudden_end_and_arrives_once(tmp_path: Path) -> None:
    port = free_port()
    with Box(tmp_path, documents(port)) as box:
        miss_a_call(box)
        box.eventually(lambda: bool(box.control("mail.status")["next_try"]), "the relay to be missed")
        (row,) = box.control("mail.queue", state="waiting")
        assert box.core is not None
        box.core.signal(signal.SIGKILL)
        box.core.wait()
        with MailRelay(port=port) as relay:
            box.restart_core()
            mail = relay.wait(recipient=ANNA)
            assert mail["Message-ID"] == row["message_id"]
            box.eventually(lambda: box.control("mail.status")["sent"] == 1, "the mail to be noted as sent")
            assert box.control("mail.retry") == {"waiting": 0}
            miss_a_call(box)
            relay.wait(count=2, recipient=ANNA)
            assert len({one["Message-ID"] for one in relay.taken}) == len(relay.taken) == 2


def test_a_relay_that_hangs_delays_no_call(tmp_path: Path) -> None:
    with Tarpit() as pit, Box(tmp_path, documents(pit.port)) as box:
        miss_a_call(box)
        assert pit.connected.wait(10), "the box is talking to it now"
        with box.phones("21", "22") as (ben, anna):
            call = ben.call("22")
            anna.incoming()
            anna.answer()
            ben.wait("answered", call=call)
            assert box.control("mail.status")["waiting"] == 1
            ben.hangup(call)
        box.idle()
        assert box.core is not None
        assert box.core.stop(30) == 0, "and it does not keep the box from stopping"


def ctl(box: Box, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ortsamt("ctl", "--socket", str(box.socket), *words),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )


def test_an_installer_tries_the_relay_from_the_command_line(box: Box, relay: MailRelay) -> None:
    done = ctl(box, "mail-test", "carla@example.com")
    assert done.returncode == 0, done.stderr
    assert "carla@example.com" in done.stdout.splitlines()[-1]
    assert relay.wait(recipient="carla@example.com")["Subject"] == "Probe der Telefonanlage Office"
    relay.refuse["nobody@example.com"] = "550 no such user here"
    done = ctl(box, "mail-test", "nobody@example.com")
    assert done.returncode == 1
    assert "550 no such user here" in done.stdout
    assert "Traceback" not in ctl(box, "mail-test", "no address").stderr
    assert ctl(box, "mail", "--state", "sent").returncode == 0
    assert "waiting" in ctl(box, "mail-retry").stdout


def test_a_table_is_tried_imported_and_written_from_the_command_line(box: Box, tmp_path: Path) -> None:
    table = tmp_path / "office.csv"
    table.write_text("Nebenstelle;Name;Benutzername\n31;Dora Groß;dora\n32;;zu kurz\n", encoding="cp1252")
    done = ctl(box, "import-csv", str(table), "--dry-run")
    assert done.returncode == 1
    assert "row 2: create 31" in done.stdout
    assert "problem: row 3: Benutzername: 'zu kurz'" in done.stdout
    done = ctl(box, "import-csv", str(table))
    assert done.returncode == 1
    assert "zu kurz" in done.stderr
    table.write_text("Nebenstelle;Name;Benutzername\n31;Dora Groß;dora\n", encoding="cp1252")
    done = ctl(box, "import-csv", str(table))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 rows changed, 0 stayed as they were")
    assert ctl(box, "export-csv", str(tmp_path / "out.csv"), "--language", "en").returncode == 0
    assert "31,Dora Groß,dora" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    done = ctl(box, "import-csv", str(tmp_path / "out.csv"), "--dry-run")
    assert (done.returncode, done.stdout) == (0, "dry run: 0 rows would change, 5 stay, 0 problems\n")
