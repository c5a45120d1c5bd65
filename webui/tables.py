"""Tables for people: CSV and XML row by row, XLSX and PDF by another process: this one stays small."""

import csv
import io
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from appliance.errors import DeviceUnavailable
from appliance.model.languages import Language
from webui.errors import Refused

Cell = str | int
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
MAX_ROWS = {"csv": 1_000_000, "xml": 1_000_000, "xlsx": 1_000_000, "pdf": 10_000}
RENDER_S = 300
_CONTROLS = {code: None for code in (*range(32), 0xFFFE, 0xFFFF) if code not in (9, 10, 13)}
_at_once = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``name`` for programs (XML), ``words`` for people, ``width`` in characters."""

    name: str
    words: str
    width: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table to be written; rows come once."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]
    language: Language = Language.GERMAN


def written(table: Table, form: str) -> Iterator[bytes]:
    """The table in a format of :data:`FORMATS`. Raises Refused, DeviceUnavailable before the first piece."""
    rows = _limited(table.rows, MAX_ROWS[form], form)
    if form == "csv":
        return _csv(table, rows)
    if form == "xml":
        return _xml(table, rows)
    return _rendered(table, rows, form)


def _limited(rows: Iterable[tuple[Cell, ...]], most: int, form: str) -> Iterator[tuple[Cell, ...]]:
    for number, row in enumerate(rows):
        if number >= most:
            raise Refused(
                422, "web.too_many_rows", f"more than {most} rows are too much for {form}", field="format",
                hint="choose a shorter time, or CSV",
            )  # fmt: skip
        yield row


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula; telephone numbers stay as they are."""
    if not isinstance(cell, str) or cell[:1] not in ("=", "@", "+", "-", "\t", "\r"):
        return cell
    number = cell[1:].replace(" ", "").rstrip("x")
    return cell if cell[0] in "+-" and number.isdecimal() else f"'{cell}"


def _csv(table: Table, rows: Iterable[tuple[Cell, ...]]) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if table.language is Language.GERMAN else ",")
    out.write("\ufeff")
    writer.writerow([column.words for column in table.columns])
    for number, row in enumerate(rows, start=1):
        writer.writerow([harmless(cell) for cell in row])
        if number % 500 == 0:
            yield out.getvalue().encode("utf-8", "replace")
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode("utf-8", "replace")


def _xml(table: Table, rows: Iterable[tuple[Cell, ...]]) -> Iterator[bytes]:
    names = [column.name for column in table.columns]
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<table title="{_text(table.title)}">\n'.encode()
    piece: list[str] = []
    for row in rows:
        cells = "".join(
            f"<{name}>{_text(str(cell))}</{name}>"
            for name, cell in zip(names, row, strict=True)
            if cell != ""
        )
        piece.append(f"<row>{cells}</row>\n")
        if len(piece) == 500:
            yield "".join(piece).encode("utf-8", "replace")
            piece.clear()
    yield ("".join(piece) + "</table>\n").encode("utf-8", "replace")


def _text(text: str) -> str:
    """Without what XML 1.0 §2.2 does not allow."""
    return escape(text.translate(_CONTROLS), {'"': "&quot;"})


def _rendered(table: Table, rows: Iterable[tuple[Cell, ...]], form: str) -> Iterator[bytes]:
    if not _at_once.acquire(timeout=30):
        raise Refused(503, "web.busy", "other tables are being made", hint="try again", retry_s=10)
    try:
        made = tempfile.TemporaryFile()  # noqa: SIM115 - the generator below closes it
        try:
            head = {"title": table.title, "language": table.language,
                    "columns": [(column.words, column.width) for column in table.columns]}  # fmt: skip
            _run(form, head, rows, made.fileno())
        except BaseException:
            made.close()
            raise
    finally:
        _at_once.release()
    made.seek(0)
    return _pieces(lambda: made.read(256 * 1024), made.close)


def _run(form: str, head: object, rows: Iterable[tuple[Cell, ...]], out: int) -> None:
    """Let the other process write a table to a file, fed row by row."""
    process = subprocess.Popen(
        [sys.executable, "-m", "webui.render", form],
        stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parent.parent,
    )  # fmt: skip
    timer = threading.Timer(RENDER_S, process.kill)
    timer.start()
    try:
        assert process.stdin is not None  # noqa: S101 - PIPE
        with process.stdin as pipe:
            pipe.write(msgspec.json.encode(head) + b"\n")
            for row in rows:
                pipe.write(msgspec.json.encode(row) + b"\n")
        if process.wait():
            raise DeviceUnavailable("the table could not be made", error_id="web.render", hint="try CSV")
    except BrokenPipeError:
        raise DeviceUnavailable(
            "the table could not be made", error_id="web.render", hint="try CSV"
        ) from None
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()


def _pieces(read: Callable[[], bytes], close: Callable[[], None]) -> Iterator[bytes]:
    try:
        while piece := read():
            yield piece
    finally:
        close()
