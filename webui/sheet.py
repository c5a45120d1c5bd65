"""Reads the first sheet of a workbook: ``python -m webui.sheet`` gets XLSX on stdin and writes CSV to stdout.

A process of its own: what a stranger's file does to it (a bomb of zeros, an endless sheet) harms no page.
"""

import csv
import io
import os
import resource
import sys
import zipfile
from datetime import date, datetime, time
from typing import Any

MAX_ROWS = 20_001
MAX_COLUMNS = 200
MAX_UNPACKED = 64 * 2**20
MEMORY = 512 * 2**20
SECONDS = 30
NO_WORKBOOK = 3
"""Exit code: it cannot be read as a workbook."""


def main() -> int:
    """Read and write."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    data = io.BytesIO(sys.stdin.buffer.read())
    try:
        with zipfile.ZipFile(data) as archive:
            if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
                return NO_WORKBOOK
        rows = _rows(data)
    except (ValueError, KeyError, OSError, EOFError, MemoryError, SyntaxError, zipfile.BadZipFile):
        return NO_WORKBOOK
    sys.stdout.write(rows)
    return 0


def _rows(data: io.BytesIO) -> str:
    import openpyxl

    book = openpyxl.load_workbook(data, read_only=True, data_only=True)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    for row in book.worksheets[0].iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True):
        cells = [_cell(one) for one in row]
        while cells and not cells[-1]:
            cells.pop()
        writer.writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    """As a person sees it: whole numbers without a point, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
