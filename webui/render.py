"""Writes one table as XLSX or PDF: ``python -m webui.render xlsx`` reads JSON lines, writes to stdout.

The first line is ``{"title", "language", "columns": [[words, width], …]}``, each further line a row.
"""

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

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
    """One sheet (ECMA-376 part 1 §18.3), row by row: a library for workbooks takes twenty times as long."""
    columns = head["columns"]
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, (_, width) in enumerate(columns, start=1)
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, text in _WORKBOOK.items():
            archive.writestr(name, text.replace("{title}", _plain(_sheet_name(head["title"]))))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
                f"</sheetView></sheetViews><cols>{widths}</cols><sheetData>".encode()
            )
            sheet.write(_row([words for words, _ in columns], ' s="1"').encode())
            for row in rows:
                sheet.write(_row(row, "").encode("utf-8", "replace"))
            sheet.write(b"</sheetData></worksheet>")


def _row(cells: list[Any], style: str) -> str:
    """A text is a text, whatever it begins with."""
    return (
        "<row>"
        + "".join(
            f"<c{style}><v>{cell}</v></c>"
            if isinstance(cell, int)
            else f'<c{style} t="inlineStr"><is><t xml:space="preserve">{_plain(cell)}</t></is></c>'
            if cell
            else "<c/>"
            for cell in cells
        )
        + "</row>"
    )


def _plain(text: str) -> str:
    return escape(text[:32_000].translate(_CONTROLS), {'"': "&quot;"})


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CONTROLS = {code: None for code in (*range(32), 0xFFFE, 0xFFFF) if code not in (9, 10, 13)}
_WORKBOOK = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="{title}" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
"""What a workbook of one sheet consists of besides it (ECMA-376 part 2); headers are bold."""


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
