"""Address books: files of other programs, searching, and who a number is."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError, NotFound
from appliance.model.contacts import Contact, ContactNumber, Names, NumberKind
from appliance.model.ids import ContactId, ExtensionId
from appliance.store.contact_files import cards_of_table, cards_of_vcards, harmless, table, vcards
from appliance.store.contacts import ContactStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contact(identity: str, name: str, *numbers: str, owner: str = "", **fields: Any) -> Contact:
    return Contact(
        id=ContactId(identity),
        owner=owner,
        name=name,
        numbers=tuple(ContactNumber(number=one) for one in numbers),
        changed=NOW,
        **fields,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContactStore]:
    found = ContactStore(tmp_path / "contacts.db")
    found.put(
        [
            contact("a", "Zoë Ärger", "+4922112345", company="Müller & Söhne"),
            contact("b", "Anna Amsel", "+4930111", "+49170222"),
            contact("c", "Anna privat", "+4930111", owner="21"),
        ]
    )
    yield found
    found.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "b c a"),
        ("anna", "b c"),
        ("ANNA amsel", "b"),
        ("arger", "a"),
        ("muller", "a"),
        ("0221 12345", "a"),
        ("030111", "b c"),
        ("0170", "b"),
        ("nobody", ""),
        ("%", ""),
    ],
)
def test_any_part_is_found(store: ContactStore, query: str, found: str) -> None:
    assert " ".join(one.id for one in store.page(query=query)) == found


def test_pages_books_and_numbers(store: ContactStore) -> None:
    assert [one.id for one in store.page(after="b", limit=1)] == ["c"]
    assert [one.id for one in store.page(owners=["21"])] == ["c"]
    assert [one.id for one in store.of_numbers(["+4930111"])["+4930111"]] == ["b", "c"]
    assert store.of_numbers(["+4930111"], ["22"]) == {}
    assert store.names()["21"] == {"+4930111": "Anna privat"}
    store.put([contact("b", "Anna Amsel", "+4930999")])
    assert store.of_numbers(["+49170222", "+4930999"]).keys() == {"+4930999"}
    assert store.delete_of("21") == 1
    assert store.delete(["a", "x"]) == 1
    assert store.of_numbers(["+4922112345"]) == {}
    with pytest.raises(NotFound):
        store.get("a")


def test_names_are_the_own_book_first() -> None:
    me, boss = ExtensionId("21"), ExtensionId("22")
    names = Names(office={"+1": "Office"}, own={me: {"+1": "Mine"}}, hidden_from=frozenset({boss}))
    seen = [names.of("+1", one) for one in (me, ExtensionId("23"), boss, None)]
    assert seen == ["Mine", "Office", "", "Office"]
    assert names.of("") == names.of("+2", me) == ""


def test_vcards_of_all_versions_are_read() -> None:
    text = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg=\r\n;;;\r\n"
        "TEL;CELL:0170 123\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\nVERSION:3.0\nFN:Anna\\, Dr. Am\n sel\nORG:Zoo\\; Berlin;Vögel\n"
        "item1.TEL;type=WORK:+49 30 1\n"
        "TEL;TYPE=HOME,FAX:030 2\nEMAIL:a@b.example\nUID:urn:uuid:1\nNOTE:one\\ntwo\nEND:VCARD\n"
        'BEGIN:VCARD\nVERSION:4.0\nFN:B\nTEL;VALUE=uri;TYPE="voice,home":tel:+49-30-3;ext=5\nEND:VCARD\n'
        "BEGIN:VCARD\nVERSION:4.0\nTEL:1\nEND:VCARD\n"
    )
    one, two, three = cards_of_vcards(text)
    assert one.name == "Jörg Müller"
    assert one.numbers == (ContactNumber(number="0170 123", kind=NumberKind.MOBILE),)
    assert (two.name, two.company) == ("Anna, Dr. Amsel", "Zoo; Berlin, Vögel")
    assert (two.note, two.uid) == ("one two", "urn:uuid:1")
    assert [(n.number, n.kind.value) for n in two.numbers] == [("+49 30 1", "work"), ("030 2", "fax")]
    assert [(n.number, n.kind.value) for n in three.numbers] == [("+49-30-3", "home")]


@pytest.mark.parametrize(
    ("text", "name", "numbers"),
    [
        ("Name;Telefon\nAnna;030 1", "Anna", [("030 1", "work")]),
        ("Vorname,Nachname,Mobiltelefon,Fax geschäftlich\nAnna,Amsel,0170,030", "Anna Amsel",
         [("0170", "mobile"), ("030", "fax")]),
        ("First Name\tLast Name\tHome Phone\tE-mail Address\tE-mail Type\nA\tB\t1234\ta@b\tSMTP", "A B",
         [("1234", "home")]),
        ("Name,Given Name,Phone 1 - Type,Phone 1 - Value\nAnna,A,Mobile,030 1 ::: 030 2", "Anna",
         [("030 1", "work"), ("030 2", "work")]),
    ],
)  # fmt: skip
def test_tables_of_other_programs_are_read(text: str, name: str, numbers: list[tuple[str, str]]) -> None:
    (card,) = cards_of_table(text)
    assert card.name == name
    assert [(one.number, one.kind.value) for one in card.numbers] == numbers


def test_what_is_neither_is_refused() -> None:
    for text in ("", "a;b\n1;2", "Name\nAnna"):
        with pytest.raises(ConfigError):
            cards_of_table(text)
    with pytest.raises(ConfigError, match="no vCard"):
        cards_of_vcards("BEGIN:VCARD\nFN:\nEND:VCARD")


def test_what_is_exported_is_read_again() -> None:
    people = [
        contact("1", 'Ä; "B", C', "+4930111", company="=1+1", note="two\nlines", address="Weg 1, Ort"),
        contact("2", "x" * 120, "**43", uid="u"),
    ]
    back = cards_of_vcards(vcards(people))
    assert (back[0].name, back[0].company, back[0].note) == (people[0].name, "=1+1", "two lines")
    assert [one.uid for one in back] == ["1", "u"]
    assert all(len(line.encode()) <= 75 for line in vcards(people).split("\r\n"))
    rows = cards_of_table(table(people, german=True))
    assert [one.name for one in rows] == [one.name for one in people]
    assert [one.numbers[0].number for one in rows] == ["+4930111", "**43"]
    assert rows[0].company == "'=1+1"
    assert (harmless("+49301"), harmless("+cmd"), harmless("=1")) == ("+49301", "'+cmd", "'=1")


@given(st.text(max_size=300))
def test_nothing_breaks_the_readers(text: str) -> None:
    for read in (cards_of_table, cards_of_vcards):
        for form in (text, f"Name;Telefon\n{text}", f"BEGIN:VCARD\nFN:x\n{text}\nEND:VCARD"):
            with contextlib.suppress(ConfigError):
                read(form)
