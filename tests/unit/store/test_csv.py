"""Tables of extensions: read as spreadsheets save them, previewed row by row, applied whole, written back."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.control.server import ControlServer
from appliance.control.tables import TableMethods
from appliance.errors import ConfigError
from appliance.model.documents import Device, Extension, Number, Site
from appliance.model.snapshot import Snapshot
from appliance.store.configuration import ConfigurationStore
from appliance.store.csv_table import Column, parse, read_text, text_of
from appliance.store.edits import Put
from appliance.store.importing_csv import read_public

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "office.csv"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConfigurationStore]:
    store = ConfigurationStore(tmp_path / "configuration.db", "box")
    yield store
    store.close()


def bring(store: ConfigurationStore, text: str, *, dry_run: bool = False) -> dict[str, Any]:
    result = TableMethods(store).import_({"text": text, "dry_run": dry_run, "who": "test"})
    assert isinstance(result, dict)
    return result


def actions(result: dict[str, Any]) -> list[tuple[int, str]]:
    return [(row.row, row.action) for row in result["rows"]]


def wrong(store: ConfigurationStore, text: str) -> list[tuple[str, str, str]]:
    result = bring(store, text, dry_run=True)
    with pytest.raises(ConfigError):
        bring(store, text)
    return [(one.where, one.field, one.message) for one in result["problems"]]


def content(snapshot: Snapshot) -> object:
    """What a table holds of an office, whatever the ids are."""
    number_of = {one.id: one.number for one in snapshot.extensions.values()}
    return (
        {
            (one.number, one.name, one.language, one.caller_number, one.ring_seconds)
            for one in snapshot.extensions.values()
        },
        {(one.username, number_of[one.extension], one.secret) for one in snapshot.devices.values()},
        {
            (
                one.number,
                tuple(
                    (step.seconds, tuple(number_of.get(t.ref, t.ref) for t in step.targets))  # type: ignore[call-overload]
                    for step in one.steps
                ),
            )
            for one in snapshot.numbers.values()
        },
        {(number_of[one.id], one.addresses) for one in snapshot.notifications.values()},
    )


def test_the_example_makes_an_office_and_then_changes_nothing(store: ConfigurationStore) -> None:
    text = read_text(EXAMPLE)
    preview = bring(store, text, dry_run=True)
    assert actions(preview) == [(2, "create"), (3, "create"), (4, "create"), (5, "create")]
    assert preview["problems"] == ()
    assert store.snapshot().extensions == {}, "a preview writes nothing"
    result = bring(store, text)
    assert result["applied"]
    assert result["rows"][0].documents == (
        "extension 21",
        "notification 21",
        "device anna",
        "number 492215550121",
    )
    snapshot = store.snapshot()
    phones = snapshot.devices_by_extension[snapshot.extension_by_number["21"].id]
    assert {one.username for one in phones if isinstance(one, Device)} == {
        "anna",
        "anna-mobil",
    }
    desk = snapshot.number_by_e164["+492215550100"]
    assert [(step.seconds, [t.ref for t in step.targets]) for step in desk.steps] == [
        (20, ["21", "22", "23"]),
        (30, ["+49301234567"]),
    ]
    assert len(store.log.operations()) == len({one.id for one in store.log.operations()})
    before = len(store.log.operations())
    assert {action for _, action in actions(bring(store, text))} == {"unchanged"}
    assert len(store.log.operations()) == before


def test_an_export_comes_back_as_it_was(store: ConfigurationStore, tmp_path: Path) -> None:
    bring(store, read_text(EXAMPLE))
    for language in ("de", "en"):
        exported = TableMethods(store).export({"language": language, "reveal": True})
        assert isinstance(exported, dict)
        assert {action for _, action in actions(bring(store, exported["text"]))} == {"unchanged"}
        other = ConfigurationStore(tmp_path / f"{language}.db", "other")
        bring(other, exported["text"])
        assert content(other.snapshot()) == content(store.snapshot())
        other.close()
    hidden = TableMethods(store).export({})
    assert isinstance(hidden, dict)
    assert not any(one.secret in hidden["text"] for one in store.snapshot().devices.values())
    assert {action for _, action in actions(bring(store, hidden["text"]))} == {"unchanged"}


def test_what_no_table_can_say_is_left_out_and_told(store: ConfigurationStore) -> None:
    service = {"number": "*43", "application": "echo"}
    steps = [{"targets": [{"kind": "service", "ref": "echo"}]}]
    store.apply(
        [
            Put(kind="service", id="echo", fields=service),
            Put(kind="number", id="n", fields={"number": "+492215550143", "steps": steps}),
        ],
        "test",
    )
    exported = TableMethods(store).export({})
    assert isinstance(exported, dict)
    assert exported["left_out"] == ("+492215550143",)


def test_cells_change_only_what_they_name(store: ConfigurationStore) -> None:
    bring(store, read_text(EXAMPLE))
    result = bring(
        store, "Extension,Name,E-mail,Ring seconds\n21,Anna Neu,-,\n22,,,45\n23,Clara Weiß,,\n24,Dora,,\n"
    )
    assert actions(result) == [(2, "change"), (3, "change"), (4, "unchanged"), (5, "create")]
    snapshot = store.snapshot()
    anna, ben = snapshot.extension_by_number["21"], snapshot.extension_by_number["22"]
    assert (anna.name, anna.ring_seconds, anna.caller_number) == ("Anna Neu", 30, "+492215550121")
    assert (ben.name, ben.ring_seconds) == ("Ben Schulz", 45)
    assert set(snapshot.notifications) == {"22"}
    bring(store, "Ext;Name;Ring time;Number shown\n21;-;-;-\n")
    anna = store.snapshot().extension_by_number["21"]
    assert anna == Extension(id=anna.id, number="21", language=anna.language)


def test_documents_that_exist_keep_their_ids(store: ConfigurationStore) -> None:
    store.apply(
        [
            Put(kind="extension", id="anna", fields={"number": "21"}),
            Put(kind="extension", id="22", fields={"number": "99"}),
            Put(kind="device", id="desk", fields={"extension": "anna", "username": "a"}),
            Put(kind="number", id="main", fields={"number": "+492215550121"}),
        ],
        "test",
    )
    text = "Nst;Benutzer;Durchwahl\n21;a;0049 (0)221 / 555 01-21\n22;b;\n"
    assert actions(bring(store, text)) == [(2, "change"), (3, "create")]
    snapshot = store.snapshot()
    assert set(snapshot.extensions) == {"anna", "22", "22-2"}
    assert snapshot.device_by_username["a"].id == "desk"
    assert snapshot.number_by_e164["+492215550121"].steps[0].targets[0].ref == "anna"


def test_a_number_that_rings_the_extension_among_others_stays(store: ConfigurationStore) -> None:
    bring(store, read_text(EXAMPLE))
    assert actions(bring(store, "Nebenstelle;Rufnummern\n22;0221 5550100\n")) == [(2, "unchanged")]


HEAD = "Nebenstelle;Name;Benutzername;Kennwort;Rufnummern;Klingelt bei;E-Mail;Klingelzeit;Sprache\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("row 1", "", "the table is empty")]),
        ("Name;E-Mail\nAnna;a@b\n", [("row 1", "", "no column has the extension's number")]),
        ("Nebenstelle;Schuhgröße\n21;42\n", [("row 1", "Schuhgröße", "unknown column")]),
        ("Nebenstelle;Name;Person\n21;A;B\n", [("row 1", "Person", "means the same as 'Name'")]),
        (HEAD + ";Anna\n", [("row 2", "Nebenstelle", "is missing")]),
        (HEAD + "21;A\n2x;B\n", [("row 3", "Nebenstelle", "'2x' is not an internal number")]),
        (
            HEAD + "\n\n112;A\n",
            [("row 4", "Nebenstelle", "'112' already belongs to the emergency numbers of the site")],
        ),
        (HEAD + f"21;{'x' * 81}\n", [("row 2", "Name", "is too long or has control characters")]),
        (HEAD + "21;A;a b\n", [("row 2", "Benutzername", "'a b' is not usable in SIP")]),
        (HEAD + "21;A;a;kurz\n", [("row 2", "Kennwort", "must have 8 to 128 characters")]),
        (HEAD + "21;A;;geheim-geheim\n", [("row 2", "Kennwort", "belongs to no phone")]),
        (HEAD + "21;A;a\n22;B;a\n", [("row 3", "Benutzername", "'a' stands in row 2 too")]),
        (HEAD + "21;A\n21;B\n", [("row 3", "Name", "says something else than row 2")]),
        (HEAD + "21;;;;5550121\n", [("row 2", "Rufnummern", "'5550121' is no public number")]),
        (HEAD + "21;;;;4,92E+11\n", [("row 2", "Rufnummern", "'4' is no public number")]),
        (HEAD + "21;;;;4.92E+11\n", [("row 2", "Rufnummern", "'4.92E+11' was rounded by a spreadsheet")]),
        (
            HEAD + "21;;;;+492215550121\n22;;;;0221 5550121\n",
            [("row 3", "Rufnummern", "'+492215550121' stands in row 2 too")],
        ),
        (HEAD + "21;;;;;22\n", [("row 2", "Klingelt bei", "belongs to no number")]),
        (HEAD + "21;;;;+492215550121;29\n", [("row 2", "Klingelt bei", "'29' is no extension")]),
        (HEAD + "21;;;;+492215550121;21 >\n", [("row 2", "Klingelt bei", "a step has no target")]),
        (HEAD + "21;;;;+492215550121;21 (x)\n", [("row 2", "Klingelt bei", "'21 (x)' is not a step")]),
        (HEAD + "21;;;;+492215550121;21 (9000)\n", [("row 2", "Klingelt bei", "out of range")]),
        (HEAD + "21;;;;;;anna\n", [("row 2", "E-Mail", "'anna' is not a mail address")]),
        (HEAD + "21;;;;;;;bald\n", [("row 2", "Klingelzeit", "'bald' is not a number")]),
        (HEAD + "21;;;;;;;4\n", [("row 2", "Klingelzeit", "out of range")]),
        (HEAD + "21;;;;;;;;fr\n", [("row 2", "Sprache", "invalid enum value 'fr'")]),
        (HEAD + "21;A;;;;;;;;;x\n", [("row 2", "", "has a cell without a column: 'x'")]),
        (HEAD + '21;"A\n', [("row 2", "", "is not CSV: unexpected end of data")]),
    ],
)
def test_mistakes_are_told_with_row_and_column_and_nothing_is_done(
    store: ConfigurationStore, text: str, found: list[tuple[str, str, str]]
) -> None:
    problems = wrong(store, text)
    assert [one for one in problems if one[2].startswith(found[0][2])] != [], problems
    assert problems[0][:2] == found[0][:2]
    assert store.log.operations() == ()


def test_all_mistakes_are_told_at_once(store: ConfigurationStore) -> None:
    text = HEAD + "21;;a;kurz\n22;;;;nix\n2x\n23;Gut\n"
    result = bring(store, text, dry_run=True)
    assert actions(result) == [(2, "error"), (3, "error"), (4, "error"), (5, "create")]
    assert len(result["problems"]) == 3


def test_a_conflict_with_the_office_names_the_other_side(store: ConfigurationStore) -> None:
    store.put("service", "echo", {"number": "43", "application": "echo"}, "test")
    ((_, _, message),) = wrong(store, HEAD + "43;A\n")
    assert "43" in message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_as_spreadsheets_save_them(
    store: ConfigurationStore, encoding: str, delimiter: str, end: str
) -> None:
    lines = [["Nebenstelle", "Name"], ['="021"', '"Weiß, Zoë; ""Z"""'], ["'22", "Ben"]]
    data = end.join(delimiter.join(line) for line in lines).encode(encoding)
    bring(store, text_of(data))
    names = {one.number: one.name for one in store.snapshot().extensions.values()}
    assert names == {"021": 'Weiß, Zoë; "Z"', "22": "Ben"}


def test_a_line_that_names_the_delimiter() -> None:
    table = parse("sep=|\r\nNebenstelle|Name\r\n21|A;B\r\n")
    assert [(row.row, dict(row.cells)) for row in table.rows] == [
        (3, {Column.NUMBER: "21", Column.NAME: "A;B"})
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04rest of an xlsx", "is a spreadsheet"),
        (b"a\x00b", "is no text"),
        (b"\x81\x8d\x8f", "is not text"),
        (b"\xff\xfe\x00", "is not text"),
        (b"x" * (4 * 1024 * 1024 + 1), "is larger"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        text_of(data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_text(tmp_path / "none.csv")


def test_names_that_look_like_formulas_are_shielded_and_come_back(store: ConfigurationStore) -> None:
    for number, name in (("21", "=1+1"), ("22", "@x"), ("23", "'quoted'"), ("24", "-x")):
        store.put("extension", number, {"number": number, "name": name}, "test")
    exported = TableMethods(store).export({})
    assert isinstance(exported, dict)
    assert ";'=1+1;" in exported["text"]
    assert {action for _, action in actions(bring(store, exported["text"]))} == {"unchanged"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+49 221 5550121", "+492215550121"),
        ("0049/221/5550121", "+492215550121"),
        ("0221 555-01 21", "+492215550121"),
        ("+49 (0)221 5550121", "+492215550121"),
        ("+41 44 268 11 11", "+41442681111"),
        ("5550121", None),
        ("+0221", None),
        ("0", None),
        ("anna", None),
        ("4.92E+11", None),
    ],
)
def test_public_numbers_as_people_write_them(text: str, number: str | None) -> None:
    if number is None:
        with pytest.raises(ValueError):
            read_public(text, Site())
    else:
        assert read_public(text, Site()) == number


cells = st.text(max_size=12) | st.sampled_from(
    ["21", "22", "-", "a@b.de", "+492215550121", "0221 555", "21, 22 (9) > 23", "anna", "30", "de", ""]
)


@given(st.lists(st.lists(cells, max_size=10), max_size=5))
def test_no_table_is_too_odd(lines: Sequence[Sequence[str]]) -> None:
    from appliance.store.importing_csv import plan_table

    text = HEAD + "\n".join(";".join(line) for line in lines)
    plan = plan_table(parse(text), Snapshot())
    assert len(plan.rows) <= text.count("\n") + text.count("\r") + 20


def test_a_large_office_takes_seconds(store: ConfigurationStore) -> None:
    rows = [f"{1000 + i};Person {i};user{i};;+4922155{10000 + i};;p{i}@example.com;;" for i in range(400)]
    bring(store, HEAD + "\n".join(rows))
    snapshot = store.snapshot()
    assert (len(snapshot.extensions), len(snapshot.numbers), len(snapshot.notifications)) == (
        400,
        400,
        400,
    )
    assert isinstance(snapshot.number_by_e164["+492215510399"], Number)


def test_both_methods_are_offered(store: ConfigurationStore, tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "s")
    TableMethods(store).register(server)
    with pytest.raises(ValueError, match="twice"):
        TableMethods(store).register(server)
