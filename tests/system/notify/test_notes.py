"""Notes on calls through the whole box: on a call in progress, with its record, by mail, over a restart."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import OrtsamtError
from tests.support.box import Box, office
from tests.support.processes import ROOT, ortsamt
from tests.support.relay import MailRelay

CRM = "crm@example.com"


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, relay: MailRelay) -> Iterator[Box]:
    mail = {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}
    with Box(tmp_path_factory.mktemp("box"), office("21", "22", mail={"main": mail})) as box:
        yield box


def ctl(box: Box, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ortsamt("ctl", *words),
        capture_output=True,
        text=True,
        env={**os.environ, "ORTSAMT_SOCKET": str(box.socket), "COLUMNS": "200"},
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def refused(box: Box, method: str, **params: Any) -> OrtsamtError:
    with pytest.raises(OrtsamtError) as caught:
        box.control(method, **params)
    return caught.value


def test_a_note_on_a_living_call_goes_by_mail_and_stays_with_the_record(box: Box, relay: MailRelay) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        ben.answer(ben.incoming()["call"])
        anna.wait("answered", call=mine)
        (call,) = box.calls()
        done = ctl(
            box,
            *("note", call["call"], "Will ein Angebot <bald>\nBis Freitag", "--author", "Ben"),
            *("--reference", "CRM-4711", "--mail", CRM, "chef@example.com", "--json"),
        )
        assert (done.returncode, done.stderr) == (0, "")
        anna.hangup(mine)
    box.idle()
    mail = relay.wait(recipient=CRM)
    relay.wait(recipient="chef@example.com")
    assert mail["Subject"] == "Anrufnotiz [CRM-4711]: Phone 21 (21)"
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert "Will ein Angebot <bald>\nBis Freitag" in plain.get_content().replace("\r\n", "\n")
    assert "&lt;bald&gt;" in rich.get_content()
    note = json.loads(done.stdout)
    assert (note["author"], note["reference"], note["mailed"]) == (
        "Ben",
        "CRM-4711",
        [CRM, "chef@example.com"],
    )
    box.restart_core()
    (record,) = box.records(1)
    assert record["notes"] == [note]
    assert "CRM-4711" in ctl(box, "notes", "--reference", "CRM-4711").stdout
    noted = json.loads(ctl(box, "records", "--noted", "--json").stdout)
    assert [one["call"] for one in noted] == [note["call"]]


def test_a_note_is_changed_sent_and_deleted(box: Box, relay: MailRelay) -> None:
    to = "anna@example.com"
    with box.phones("21") as (anna,):
        anna.ended(anna.call("9"))
    (record,) = box.records(1)
    call = record["call"]["call"]
    note = box.control("notes.add", call=call, text="Wer?", author="Anna")
    changed = box.control("notes.change", note=note["note"], text="Herr Weiß", emails=[to], language="en")
    assert changed["changed"] is not None
    assert {**note, "text": "Herr Weiß", "mailed": [to]} == {**changed, "changed": None}
    assert relay.wait(recipient=to)["Subject"].startswith("Call note: ")
    assert box.control("notes.list", call=call) == [changed]
    assert ctl(box, "note-delete", note["note"]).returncode == 0
    assert box.control("records.call", call=call)["notes"] == []


def test_bad_input_names_the_field_and_leaves_nothing(box: Box) -> None:
    with box.phones("21") as (anna,):
        anna.ended(anna.call("9"))
    (record,) = box.records(1)
    good = {"call": record["call"]["call"], "text": "Text", "author": "Anna"}
    for field, value in (
        ("text", ""),
        ("author", "\x1b[2J"),
        ("reference", "x" * 500),
        ("emails", ["not an address"]),
        ("call", "none"),
        ("language", "fr"),
    ):
        assert refused(box, "notes.add", **{**good, field: value}).field == field
    assert refused(box, "notes.change", note="none").error_id == "config.not_found"
    assert box.control("notes.list", call=good["call"]) == []
    done = ctl(box, "note", "none", "Text")
    assert done.returncode == 1
    assert "call none has no record" in done.stderr


def test_without_a_relay_a_note_that_is_to_be_sent_is_refused(tmp_path: Path) -> None:
    with Box(tmp_path, office("21")) as box:
        with box.phones("21") as (anna,):
            anna.ended(anna.call("9"))
        (record,) = box.records(1)
        asked = {"call": record["call"]["call"], "text": "Text", "author": "Anna"}
        error = refused(box, "notes.add", **asked, emails=[CRM])
        assert (error.error_id, error.field) == ("mail.none", "emails")
        assert box.control("notes.list") == []
        assert box.control("notes.add", **asked)["mailed"] == []
