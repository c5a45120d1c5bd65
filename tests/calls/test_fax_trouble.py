"""Faxes when things go wrong: the line process dies or hangs, the service is killed; and faxes by mail."""

import base64
import os
import signal
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.fax import make_pdf
from tests.support.processes import free_port
from tests.support.relay import MailRelay

ANNA = "anna@example.com"


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def mail_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, relay: MailRelay, mail_port: int) -> Iterator[Box]:
    documents = office(
        "21",
        fax_box={
            "main": {"number": "80", "extension": "21", "senders": [ANNA, "@partner.example"], "fine": False},
            "other": {"number": "81"},
        },
        mail={"main": {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}},
    )
    settings = {"fax": {"retry_seconds": 1, "mail_port": mail_port}}
    with Box(tmp_path_factory.mktemp("box"), documents, settings=settings) as made:
        made.start_fax()
        yield made


def order(box: Box, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    upload = box.control("fax.upload", data=data, name=path.name)["upload"]
    (fax,) = box.control("fax.send", box="main", to=["81"], uploads=[upload])["faxes"]
    return str(fax)


def line_process(box: Box) -> int:
    """The one child of the fax service, whichever thread of it started it."""
    assert box.fax is not None
    children = [path.read_text() for path in Path(f"/proc/{box.fax.pid}/task").glob("*/children")]
    (child,) = "".join(children).split()
    return int(child)


def over(box: Box, fax: str, timeout: float = 120) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(box.control("fax.show", fax=fax))
        return found["ended"] is not None

    box.eventually(ended, f"fax {fax} to be over", timeout)
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_line_process_that_dies_or_hangs_costs_one_attempt(
    box: Box, tmp_path: Path, how: signal.Signals
) -> None:
    with box.phones("21") as (anna,), box.watching("fax") as watcher:
        call = anna.call("*43")
        anna.wait("answered", call=call)
        fax = order(box, make_pdf(tmp_path / "a.pdf", ["Eins", "Zwei"]))
        watcher.wait("fax", what="page", direction="in", timeout=60)
        os.kill(line_process(box), how)
        sent = over(box, fax)
        anna.hangup(call)
    assert sent["state"] == "done"
    assert [one["cause"] for one in sent["attempts"]] == ["engine", "sent"]
    whole, broken = box.control("fax.journal", direction="in", limit=2)
    assert (whole["cause"], whole["pages"]) == ("received", 2)
    assert (broken["cause"], broken["pages_in_document"], broken["document"]) == ("engine", 1, True)


def test_a_service_that_is_killed_goes_on_where_it_was(box: Box, tmp_path: Path) -> None:
    with box.watching("fax") as watcher:
        fax = order(box, make_pdf(tmp_path / "a.pdf", ["Zwei"]))
        watcher.wait("fax", what="receiving", timeout=40)
        assert box.fax is not None
        box.fax.kill()
        box.start_fax()
        sent = over(box, fax)
    assert [one["cause"] for one in sent["attempts"]] == ["restart", "sent"]


def write(sender: str, to: str, pdf: Path | None, port: int) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, "Angebot"
    mail.set_content("Hallo,\nanbei das Angebot.\n")
    if pdf is not None:
        mail.add_attachment(pdf.read_bytes(), maintype="application", subtype="pdf", filename="angebot.pdf")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.send_message(mail)


def test_a_mail_becomes_a_fax_and_its_sender_is_told(
    box: Box, relay: MailRelay, mail_port: int, tmp_path: Path
) -> None:
    write(ANNA, "81@fax.example", make_pdf(tmp_path / "a.pdf", ["Angebot"]), mail_port)
    (newest,) = box.control("fax.journal", direction="out", limit=1)
    assert (newest["source"], newest["submitter"], newest["subject"]) == ("mail", ANNA, "Angebot")
    assert over(box, newest["fax"])["state"] == "done"
    mail = relay.wait(recipient=ANNA)
    assert mail["Subject"] == "Fax an 81 gesendet"


def test_mail_from_others_or_to_no_number_is_refused(box: Box, mail_port: int) -> None:
    for sender, to in (("eve@example.com", "81@fax"), (ANNA, "anna@fax"), (ANNA, "other+81@fax")):
        with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)):
            write(sender, to, None, mail_port)
