"""Faxes through the real box: every dot that is sent arrives, as pages, as mail, at a machine outside."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.fax import wire
from appliance.fax.documents import dots, to_fax
from appliance.model.fax import FaxCause
from tests.support.box import PUBLIC, Box, office, ring
from tests.support.fax import FaxMachine, make_pdf
from tests.support.faxing import over, pages, received, send
from tests.support.processes import free_port, ortsamt
from tests.support.provider import Provider
from tests.support.relay import MailRelay

FAX_NUMBER = "+492215550180"
OUTSIDE = "+4930555001"
ANNA = "anna@example.com"


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def outside_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=("fax:secret-of-fax:+4930777",)) as running:
        yield running


@pytest.fixture(scope="module")
def box(
    tmp_path_factory: pytest.TempPathFactory, relay: MailRelay, outside_port: int, provider: Provider
) -> Iterator[Box]:
    fax_box = {"kind": "fax_box", "ref": "main"}
    documents = office(
        "21",
        "22",
        fax_box={
            "main": {
                "name": "Zentrale",
                "number": "80",
                "extension": "21",
                "recipients": [ANNA],
                "caller_number": FAX_NUMBER,
                "language": "de",
                "attempts": 2,
            },
            "sales": {"name": "Verkauf", "number": "81", "extension": "22", "ident": "+49 221 555081"},
        },
        number={
            "fax": {"number": FAX_NUMBER, "steps": [{"targets": [fax_box], "seconds": 20}]},
            "spare": {"number": "+4930777000", "steps": [{"targets": [fax_box], "seconds": 20}]},
            "main": {"number": PUBLIC, "steps": [ring("21")], "fax_box": "main"},
        },
        trunk={
            "provider": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "fax",
                "secret": "secret-of-fax",
                "default_number": "+4930777000",
                "priority": 50,
            },
            "main": {
                "kind": "static",
                "host": "127.0.0.1",
                "port": outside_port,
                "default_number": PUBLIC,
                "profile": "generic",
            },
        },
        mail={"main": {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}},
    )
    settings = {"fax": {"retry_seconds": 1}}
    with Box(tmp_path_factory.mktemp("box"), documents, settings=settings) as made:
        made.start_fax()
        yield made


@pytest.fixture(scope="module")
def machine(box: Box, outside_port: int) -> Iterator[FaxMachine]:
    """A fax machine of somebody else, at the other end of the trunk."""
    spool = box.folder / "outside"
    numbers = {OUTSIDE: "+49 30 555001", "030555001": "+49 30 555001"}
    with FaxMachine(outside_port, box.ports["trunk_port"], spool, **numbers) as machine:
        yield machine


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pdf(tmp_path_factory.mktemp("letter") / "brief.pdf", ["Guten Tag", "Zweite Seite"])


def test_a_fax_goes_from_box_to_box_dot_by_dot(box: Box, letter: Path) -> None:
    (fax,) = send(box, letter, "81")
    sent = over(box, fax)
    assert (sent["state"], [one["cause"] for one in sent["attempts"]]) == ("done", ["sent"])
    got = received(box, "sales")
    assert (got["state"], got["cause"], got["pages"]) == ("done", "received", 2)
    assert (got["rate"], got["ecm"], got["resolution"]) == (14400, True, [204, 196])
    assert (got["peer"], got["peer_name"], got["remote_ident"]) == ("80", "Zentrale", FAX_NUMBER)
    assert pages(box, fax) == pages(box, got["fax"])


def test_a_fax_from_outside_comes_by_mail_as_a_readable_pdf(
    box: Box, machine: FaxMachine, relay: MailRelay, letter: Path, tmp_path: Path
) -> None:
    to_fax([letter], tmp_path / "theirs.tif")
    machine.send(FAX_NUMBER, tmp_path / "theirs.tif")
    assert machine.wait(wire.Over).cause is FaxCause.SENT
    mail = relay.wait(recipient=ANNA)
    assert mail["Subject"].startswith("Fax von")
    assert mail["Subject"].endswith("2 Seite(n)")
    (part,) = mail.iter_attachments()
    (tmp_path / "got.pdf").write_bytes(part.get_content())
    info = subprocess.run(["pdfinfo", tmp_path / "got.pdf"], capture_output=True, check=True, text=True)
    assert "Pages:           2" in info.stdout
    drawn = ["pdftoppm", "-mono", "-rx", "204", "-ry", "196", "-f", "1", "-l", "1"]
    subprocess.run([*drawn, tmp_path / "got.pdf", tmp_path / "seen"], check=True)
    (picture,) = tmp_path.glob("seen*.pbm")
    assert any(picture.read_bytes()[20:])
    got = received(box, "main")
    assert (got["peer_name"], got["remote_ident"]) == ("", "+49 30 1")
    assert pages(box, got["fax"]) == dots(tmp_path / "theirs.tif")


def test_a_pdf_arrives_at_a_machine_outside(box: Box, machine: FaxMachine, letter: Path) -> None:
    (fax,) = send(box, letter, "030555001", subject="Angebot", cover="Wie besprochen.\nGrüße")
    sent = over(box, fax)
    assert (sent["state"], sent["pages"], sent["remote_ident"]) == ("done", 3, "+49 30 555001")
    assert len(sent["attempts"]) == 1
    there = machine.wait(wire.Incoming)
    assert machine.wait(wire.Over).cause is FaxCause.RECEIVED
    assert there.caller.endswith("2215550180")
    assert dots(Path(there.tiff)) == pages(box, fax)
    (record,) = box.records(1)[-1:]
    assert [leg["endpoint"] for leg in record["legs"]] == ["fax:main", "trunk:main"]
    assert [leg["quality"]["codec"] for leg in record["legs"]] == ["PCMA", "PCMA"]


def test_a_number_that_does_not_answer_is_tried_again_and_told(
    box: Box, machine: FaxMachine, relay: MailRelay, letter: Path
) -> None:
    (fax,) = send(box, letter, "030555999")
    lost = over(box, fax)
    assert lost["state"] == "failed"
    assert [one["cause"] for one in lost["attempts"]] == ["unreachable", "unreachable"]
    assert lost["reason"]["de"] == "die Gegenstelle war nicht erreichbar"
    mail = relay.wait(recipient=ANNA, count=2)
    assert mail["Subject"] == "Fax an 030555999 nicht gesendet"


def test_what_cannot_be_sent_is_refused_or_told(box: Box, machine: FaxMachine, tmp_path: Path) -> None:
    locked = make_pdf(tmp_path / "a.pdf", ["geheim"], password="secret")
    (fax,) = send(box, locked, "81")
    lost = over(box, fax)
    assert (lost["state"], lost["cause"], lost["attempts"]) == ("failed", "document", [])
    assert lost["reason"]["de"] == "das Dokument ist mit einem Kennwort geschützt"


def test_a_fax_to_a_number_that_people_answer_goes_to_its_box(
    box: Box, machine: FaxMachine, letter: Path, tmp_path: Path
) -> None:
    """Anna picks up, hears the calling tone of a machine, and is let go while the box receives."""
    to_fax([letter], tmp_path / "theirs.tif", fine=False)
    with box.phones("21") as (anna,):
        machine.send(PUBLIC, tmp_path / "theirs.tif", fax="switched")
        call = anna.incoming()["call"]
        anna.answer(call)
        anna.ended(call)
    assert machine.wait(wire.Over).cause is FaxCause.SENT
    got = received(box, "main")
    assert (got["state"], got["resolution"]) == ("done", [204, 98])
    assert pages(box, got["fax"]) == dots(tmp_path / "theirs.tif")


def test_the_box_tries_itself(box: Box, machine: FaxMachine, relay: MailRelay) -> None:
    box.eventually(lambda: not box.control("mail.status")["waiting"], "earlier faxes to be mailed")
    mails = len(relay.taken)
    command = ortsamt("selftest", "--box", str(box.settings), "--json")
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    tried = {one["what"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0, tried
    assert tried["fax to itself, box main"]["detail"].startswith("every dot, 14400 bit/s, ECM")
    assert {"core", "edge", "trunk main", "fax service"} <= set(tried)
    assert len(relay.taken) == mails


@pytest.mark.timeout(240)
def test_a_registered_provider_carries_faxes_both_ways(
    box: Box, provider: Provider, letter: Path, tmp_path: Path
) -> None:
    """Without the static trunk faxes go over the provider, whose subscriber …98 is a machine."""
    box.control("config.set", kind="trunk", id="main", fields={"enabled": False}, who="test")
    provider.wait("registered", account="fax")
    (fax,) = send(box, letter, "030999198")
    sent = over(box, fax)
    assert (sent["state"], len(sent["attempts"])) == ("done", 1)
    there = provider.wait("fax_over", timeout=30, cause="received")
    assert (there["pages"], there["remote"]) == (2, FAX_NUMBER)
    assert dots(Path(there["file"])) == pages(box, fax)
    to_fax([letter], tmp_path / "theirs.tif", fine=False)
    provider.call("+4930777000", "+4930999198", fax=str(tmp_path / "theirs.tif"))
    there = provider.wait("fax_over", timeout=90, sent=True)
    assert (there["cause"], there["pages"]) == ("sent", 2)
    got = received(box, "main")
    assert (got["peer"], got["remote_ident"]) == ("030999198", "+49 30 555098")
    assert pages(box, got["fax"]) == dots(tmp_path / "theirs.tif")
