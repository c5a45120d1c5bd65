"""Letters: what they say in both languages, and that nothing from outside gets further than its line."""

import email
import email.policy
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.model.documents import Language, Site
from appliance.model.ids import CallId, ExtensionId, NumberId
from appliance.notify.messages import Letter, clean, digest, letter, mime, moment, pretty, trial
from appliance.notify.occurrences import (
    AccountChange,
    BlockedCall,
    Edit,
    FieldChange,
    Missed,
    MissedCall,
    MissedWakeUp,
    Occurrence,
    Party,
)
from appliance.notify.words import FIELDS, KINDS, WORDS
from tests.unit.notify.office import PUBLIC, START, office

OFFICE = office()
E21 = ExtensionId("e21")
DE, EN = Language.GERMAN, Language.ENGLISH


def missed(caller: Party, how: Missed = Missed.RANG, *, gave_up: bool = False) -> MissedCall:
    return MissedCall(
        extension=E21,
        call=CallId("c"),
        at=START,
        caller=caller,
        called=str(PUBLIC),
        number=NumberId("zentrale"),
        how=how,
        rang_seconds=15,
        gave_up=gave_up,
    )


def sent(what: Letter, **fields: str) -> EmailMessage:
    values: dict[str, Any] = {
        "sender": "box@example.com",
        "sender_name": "Büro Köln",
        "recipient": "anna@example.com",
        "message_id": "<1.box@example.com>",
        **fields,
    }
    mail = email.message_from_bytes(mime(what, date=START, **values), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_missed_call_in_german() -> None:
    made = letter(missed(Party(number="+492211234567", name="Erika Muster"), gave_up=True), OFFICE, DE)
    assert made.subject == "Verpasster Anruf: Erika Muster (0221 1234567)"
    assert made.text.splitlines() == [
        "Guten Tag Anna Berger,",
        "",
        "ein Anruf für Nebenstelle 21 wurde nicht angenommen; der Anrufer hat aufgelegt.",
        "",
        "Anrufer:    Erika Muster",
        "Rufnummer:  0221 1234567",
        "Zeit:       Montag, 2. März 2026, 14:05 Uhr",
        "Angerufen:  0221 5550100 (Zentrale)",
        "Geklingelt: 15 Sekunden",
        "",
        "-- ",
        "Diese Nachricht kommt von der Telefonanlage „Büro Köln“. Antworten liest niemand.",
    ]
    assert '<a href="tel:+492211234567">0221 1234567</a>' in made.html
    assert made.line == "02.03. 14:05  verpasst: Erika Muster (0221 1234567)"


def test_a_missed_call_in_english() -> None:
    made = letter(missed(Party(number="+442071234567"), Missed.BUSY), OFFICE, EN)
    assert made.subject == "Missed call: +44 20 7123 4567"
    assert "a call for extension 21 found it busy." in made.text
    assert "Monday, 2 March 2026, 14:05" in made.text
    assert "Rang:" not in made.text


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (Party(number="+492211234567", name="Erika", withheld=True), "Rufnummer unterdrückt"),
        (Party(withheld=True), "Rufnummer unterdrückt"),
        (Party(number="22", name="Ben", withheld=True), "Ben (22)"),
        (Party(), "unbekannt"),
        (Party(name="Anlage"), "Anlage"),
        (Party(number="+49"), "+49"),
    ],
)
def test_who_called(caller: Party, shown: str) -> None:
    made = letter(missed(caller), OFFICE, DE)
    assert made.subject == f"Verpasster Anruf: {shown}"
    if "unterdrückt" in shown:
        assert "1234567" not in made.text + made.html + made.line
        assert "Erika" not in made.text + made.html


def test_a_blocked_call_names_the_rule() -> None:
    call = BlockedCall(
        extension=E21,
        call=CallId("c"),
        at=START,
        caller=Party(number="22", name="Ben"),
        called="21",
        rule="<Lästige>",
    )
    made = letter(call, OFFICE, DE)
    assert made.subject == "Anruf abgewiesen: Ben (22)"
    assert "Regel:     <Lästige>" in made.text
    assert "&lt;Lästige&gt;" in made.html
    assert "<Lästige>" not in made.html


def test_a_changed_account_says_who_and_what() -> None:
    changes = (
        FieldChange(kind="device", entity="a1", edit=Edit.SET, field="secret"),
        FieldChange(kind="extension", entity="e21", edit=Edit.DEFAULT, field="ring_seconds"),
        FieldChange(kind="device", entity="new", edit=Edit.CREATED),
        FieldChange(kind="extension", entity="e21", edit=Edit.SET, field="odd_field", value="7"),
    )
    made = letter(AccountChange(extension=E21, at=START, who="ctl:root", changes=changes), OFFICE, EN)
    assert made.subject == "Your extension 21 was changed"
    assert [line for line in made.text.splitlines() if line.startswith("- ")] == [
        "- Device a1, password: changed",
        "- Extension e21, seconds of ringing: put back to the default",
        "- Device new: created",
        "- Extension e21, odd_field: 7",
    ]


def test_a_missed_wake_up_call_in_both_languages() -> None:
    asleep = MissedWakeUp(extension=E21, at=START, time="06:30", attempts=3)
    made = letter(asleep, OFFICE, DE)
    assert made.subject == "Weckruf um 06:30 Uhr nicht angenommen: Nebenstelle 21"
    assert "der Weckruf um 06:30 Uhr an Nebenstelle 21 blieb ohne Antwort (3 Versuche)." in made.text
    assert letter(asleep, OFFICE, EN).line == "wake-up call at 06:30 to 21 not answered"


def test_many_letters_in_one() -> None:
    made = digest([f"line {i}" for i in range(250)], Site(name="Büro"), DE)
    assert made.subject == "250 weitere Nachrichten von Büro"
    assert "- line 199\n- … und 50 weitere\n" in made.text
    assert "<li>line 199</li>" in made.html


def test_the_zone_is_the_sites_and_an_unknown_one_is_utc() -> None:
    summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert moment(summer, Site(), DE) == "Donnerstag, 2. Juli 2026, 00:30 Uhr"
    assert moment(summer, Site(timezone="Mars/Olympus"), EN) == "Wednesday, 1 July 2026, 22:30 (UTC)"
    assert moment(summer, Site(timezone="../../etc/passwd"), EN).endswith("(UTC)")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+4922147100", "0221 47100"),
        ("+41442681111", "+41 44 268 11 11"),
        ("21", "21"),
        ("*43", "*43"),
        ("+999123456789", "+999123456789"),
        ("", ""),
    ],
)
def test_numbers_as_people_write_them(number: str, shown: str) -> None:
    assert pretty(number, "DE") == shown


def test_every_word_is_there_in_both_languages_with_the_same_values() -> None:
    for table in (WORDS, KINDS, FIELDS):
        for key, words in table.items():
            assert set(words) == {DE, EN}, key
            places = [set(re.findall(r"\{(\w+)\}", text)) for text in words.values()]
            assert places[0] == places[1], key


nasty = st.text(max_size=60) | st.sampled_from(
    [
        "x\r\nBcc: all@example.com",
        "x\nBcc: all@example.com\n\nspam",
        "\u202egnp.exe",
        "=?utf-8?q?x=0D=0ABcc:_all=40example.com?=",
        "<script>alert(1)</script>",
        "\udc80\x00\x7f",
        "ß" * 300,
        '"quoted" <box@evil.example>',
        "{caller} {0} %s",
    ]
)


@example("x\r\nBcc: all@example.com", "1\r\n", "=?utf-8?q?=0A?=", "a\nb")
@settings(max_examples=40, deadline=None)
@given(nasty, nasty, nasty, nasty)
def test_nothing_from_outside_gets_out_of_its_line(name: str, number: str, who: str, site: str) -> None:
    occurrences: list[Occurrence] = [
        missed(Party(number=number, name=name)),
        AccountChange(
            extension=ExtensionId(name),
            at=START,
            who=who,
            changes=(FieldChange(kind="extension", entity=name, edit=Edit.SET, field="name", value=number),),
        ),
    ]
    for one in occurrences:
        made = letter(one, OFFICE, DE)
        mail = sent(made, sender_name=clean(site))
        assert mail.keys() == [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "MIME-Version",
            "Content-Type",
        ]
        assert mail["To"] == "anna@example.com"
        assert mail["From"].addresses[0].addr_spec == "box@example.com"
        assert len(mail["From"].addresses) == 1
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            text = part.get_content()
            assert "<script" not in text or kind == "plain"
            assert "\u202e" not in text
        raw = mime(made, sender="b@c", sender_name=site, recipient="a@b", message_id="<1@b>", date=START)
        assert raw.isascii()
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@given(nasty)
def test_clean_text_is_one_printable_line(text: str) -> None:
    line = clean(text, 50)
    assert len(line) <= 50
    assert line.isprintable()
    assert line == line.strip()


def test_a_mail_says_that_a_machine_wrote_it() -> None:
    mail = sent(trial(Site(name="Büro"), EN))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<1.box@example.com>"
    assert mail["From"] == "Büro Köln <box@example.com>"
    assert mail["Date"].datetime == START
