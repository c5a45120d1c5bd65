"""Workbooks as spreadsheets save them."""

import io

import openpyxl


def workbook(*rows: tuple[object, ...]) -> bytes:
    """One sheet with these rows, as XLSX."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()
