"""Workbooks as tables: what spreadsheets save is read, what strangers make up harms nobody."""

import io
import zipfile
from datetime import date

import pytest

from tests.support.workbooks import workbook
from webui.api.bulk import text_of_sheet
from webui.errors import Refused


def test_cells_are_read_as_a_person_sees_them() -> None:
    text = text_of_sheet(
        workbook(("username", "n", "on", "day", "x"), ("21;a", 2.0, True, date(2026, 1, 31), None))
    )
    assert text.split("\r\n") == ["username;n;on;day;x", '"21;a";2;true;2026-01-31T00:00:00', ""]


def bomb() -> bytes:
    out = io.BytesIO(workbook(("a",)))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(70 * 2**20))
    return out.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 nothing", b"a;b\n1;2\n", bomb()], ids=["empty", "no zip", "csv", "bomb"]
)
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="no table"):
        text_of_sheet(data)
