"""Writes one table as XLSX or PDF: ``python -m webui.render xlsx`` reads JSON lines, writes to stdout.

The first line is ``{"title", "language", "columns": [[words, width], …]}``, each further line a row.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

_FONTS = Path("/usr/share/fonts/truetype/dejavu")
_LINE_MM, _MARGIN_MM, _SIZE_PT = 4.2, 10.0, 7.0


def main() -> int:
    """Read, write, and be no burden to telephone calls meanwhile."""
    os.nice(10)
    lines = sys.stdin.buffer
    head = msgspec.json.decode(lines.readline())
    rows = (msgspec.json.decode(line) for line in lines)
    {"xlsx": _xlsx, "pdf": _pdf}[sys.argv[1]](head, rows, sys.stdout.buffer)
    return 0


def _xlsx(head: dict[str, Any], rows: Iterator[list[Any]], out: BinaryIO) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    columns = head["columns"]
    sheet = book.create_sheet(_sheet_name(head["title"]))
    sheet.freeze_panes = "A2"
    for number, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    titles = []
    for words, _ in columns:
        cell = WriteOnlyCell(sheet, value=words)
        cell.font = Font(bold=True)
        titles.append(cell)
    sheet.append(titles)
    for row in rows:
        sheet.append([_plain(sheet, cell, ILLEGAL_CHARACTERS_RE, WriteOnlyCell) for cell in row])
    book.save(out)


def _plain(sheet: Any, cell: Any, illegal: Any, make: Any) -> Any:
    """A text is a text, whatever it begins with."""
    if not isinstance(cell, str):
        return cell
    text = illegal.sub("", cell)[:32_000]
    if not text.startswith("="):
        return text
    made = make(sheet, value=text)
    made.data_type = "s"
    return made


def _sheet_name(text: str) -> str:
    return "".join(" " if one in "[]:*?/\\" else one for one in text)[:31] or "1"


def _pdf(head: dict[str, Any], rows: Iterator[list[Any]], out: BinaryIO) -> None:
    from fpdf import FPDF

    columns = head["columns"]
    of, page_word = {"de": ("von", "Seite")}.get(head["language"], ("of", "page"))

    class Page(FPDF):
        def header(self) -> None:
            self.set_font(family, "B", 9)
            self.cell(0, 6, _fit(self, head["title"], self.epw), new_x="LMARGIN", new_y="NEXT")
            self.set_font(family, "B", _SIZE_PT)
            for (words, _), width in zip(columns, widths, strict=True):
                self.cell(width, _LINE_MM, _fit(self, words, width), border="B")
            self.ln(_LINE_MM)
            self.set_font(family, "", _SIZE_PT)

        def footer(self) -> None:
            self.set_y(-_MARGIN_MM)
            self.set_font(family, "", _SIZE_PT)
            self.cell(0, _LINE_MM, f"{page_word} {self.page_no()} {of} {{nb}}", align="R")

    pdf = Page(orientation="landscape", format="A4")
    family = "Helvetica"
    if (_FONTS / "DejaVuSans.ttf").exists():
        family = "DejaVu"
        pdf.add_font(family, "", _FONTS / "DejaVuSans.ttf")
        pdf.add_font(family, "B", _FONTS / "DejaVuSans-Bold.ttf")
    pdf.set_margin(_MARGIN_MM)
    pdf.set_auto_page_break(True, margin=_MARGIN_MM + _LINE_MM)
    total = sum(width for _, width in columns)
    widths = [pdf.epw * width / total for _, width in columns]
    pdf.set_title(head["title"])
    pdf.add_page()
    for row in rows:
        for cell, width in zip(row, widths, strict=True):
            text = (
                str(cell) if family == "DejaVu" else str(cell).encode("latin-1", "replace").decode("latin-1")
            )
            pdf.cell(width, _LINE_MM, _fit(pdf, text, width))
        pdf.ln(_LINE_MM)
    out.write(bytes(pdf.output()))


def _fit(pdf: Any, text: str, width: float) -> str:
    """The text, or as much of it as there is room for."""
    text = " ".join(text.split())
    if len(text) * _SIZE_PT * 0.16 < width:  # most are short: measuring costs
        return text
    while text and pdf.get_string_width(text) > width - 1:
        text = text[: max(len(text) - 4, 0)].rstrip() + "…" if len(text) > 4 else ""
    return text


if __name__ == "__main__":
    sys.exit(main())
