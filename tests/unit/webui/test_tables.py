"""Tables as files: what is written can be read again by other programs, and no cell is a formula."""

import csv
import io
import subprocess
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook

from appliance.model.languages import Language
from webui.errors import Refused
from webui.tables import MAX_ROWS, Column, Table, harmless, written

COLUMNS = (Column(name="name", words="Name", width=20), Column(name="number", words="Nummer"))
ROWS: list[tuple[str, str | int]] = [('Zoë "Ä" <&>; \x01', "+49221"), ("=1+1", 17), ("日本 кот", "")]


def table(rows: Sequence[tuple[str, str | int]]) -> Table:
    return Table(title="Anrufe: <1>", columns=COLUMNS, rows=rows, language=Language.GERMAN)


def whole(form: str, rows: Sequence[tuple[str, str | int]] = ROWS) -> bytes:
    return b"".join(written(table(rows), form))


def test_csv_is_read_by_spreadsheets() -> None:
    rows = list(csv.reader(io.StringIO(whole("csv").decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[0] == ["Name", "Nummer"]
    assert rows[1][0].startswith('Zoë "Ä" <&>; ')
    assert rows[2] == ["'=1+1", "17"]
    assert rows[3] == ["日本 кот", ""]


def test_xml_is_well_formed() -> None:
    root = ET.fromstring(whole("xml"))
    assert root.get("title") == "Anrufe: <1>"
    assert [row.findtext("number") for row in root] == ["+49221", "17", None]
    assert root[0].findtext("name") == 'Zoë "Ä" <&>; '


def test_xlsx_is_read_and_has_no_formula() -> None:
    sheet = load_workbook(io.BytesIO(whole("xlsx"))).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0] == ["Name", "Nummer"]
    assert cells[2] == ["=1+1", 17]
    assert [cell.data_type for row in sheet.iter_rows() for cell in row].count("f") == 0


def test_pdf_has_the_words(tmp_path: object) -> None:
    made = whole("pdf")
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=made, capture_output=True, check=True
    ).stdout.decode()  # fmt: skip
    assert "Anrufe: <1>" in text
    assert "+49221" in text
    assert "кот" in text


def test_too_many_rows_are_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAX_ROWS, "pdf", 2)
    with pytest.raises(Refused, match="more than 2 rows"):
        written(table(ROWS), "pdf")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("+4930", "+4930"),
        ("+4930xxx", "+4930xxx"),
        ("-5", "-5"),
        ("+cmd|x", "'+cmd|x"),
        ("@a", "'@a"),
        (5, 5),
    ],
)
def test_no_cell_is_a_formula(cell: str | int, safe: str | int) -> None:
    assert harmless(cell) == safe
