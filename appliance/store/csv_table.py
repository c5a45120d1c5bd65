"""Tables of extensions as spreadsheets save them: text, delimiter and columns found out, cells cleaned.

One row is one extension with, if given, a phone, public numbers and a mail address. Headers may be German or
English. Nothing here knows what is configured; see ``importing_csv``.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.errors import ConfigError, Problem
from appliance.model.decode import suggestion
from appliance.model.languages import Language

MAX_FILE = 4 * 1024 * 1024
MAX_ROWS = 20_000
MAX_PROBLEMS = 200
DELIMITERS = ";,\t"


class Column(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    NAME = "name"
    USERNAME = "username"
    SECRET = "secret"  # noqa: S105 - the name of a column
    PUBLIC = "public_numbers"
    TARGETS = "targets"
    CALLER_NUMBER = "caller_number"
    EMAIL = "email"
    RING_SECONDS = "ring_seconds"
    LANGUAGE = "language"


HEADERS: dict[Column, dict[Language, str]] = {
    Column.NUMBER: {Language.GERMAN: "Nebenstelle", Language.ENGLISH: "Extension"},
    Column.NAME: {Language.GERMAN: "Name", Language.ENGLISH: "Name"},
    Column.USERNAME: {Language.GERMAN: "Benutzername", Language.ENGLISH: "User name"},
    Column.SECRET: {Language.GERMAN: "Kennwort", Language.ENGLISH: "Password"},
    Column.PUBLIC: {Language.GERMAN: "Rufnummern", Language.ENGLISH: "Public numbers"},
    Column.TARGETS: {Language.GERMAN: "Klingelt bei", Language.ENGLISH: "Rings at"},
    Column.CALLER_NUMBER: {Language.GERMAN: "Angezeigte Nummer", Language.ENGLISH: "Number shown"},
    Column.EMAIL: {Language.GERMAN: "E-Mail", Language.ENGLISH: "E-mail"},
    Column.RING_SECONDS: {Language.GERMAN: "Klingelzeit", Language.ENGLISH: "Ring seconds"},
    Column.LANGUAGE: {Language.GERMAN: "Sprache", Language.ENGLISH: "Language"},
}
"""What an exported table calls its columns."""

_OTHER_NAMES: dict[Column, tuple[str, ...]] = {
    Column.NUMBER: ("Nst", "Interne Nummer", "Internal number", "Ext", "Extension number", "Number"),
    Column.NAME: ("Anzeigename", "Display name", "Person"),
    Column.USERNAME: ("Benutzer", "Gerät", "SIP-Benutzer", "Username", "User", "Device", "SIP user"),
    Column.SECRET: ("Passwort", "Secret", "SIP-Passwort", "SIP password"),
    Column.PUBLIC: ("Rufnummer", "Durchwahl", "Durchwahlen", "Public number", "DDI", "DID", "Numbers"),
    Column.TARGETS: ("Ziele", "Ziel", "Targets", "Ring targets", "Rings"),
    Column.CALLER_NUMBER: ("Absendernummer", "Caller number", "Caller ID", "Presented number"),
    Column.EMAIL: ("Mail", "E-Mail-Adresse", "E-mail address", "Mail address"),
    Column.RING_SECONDS: ("Klingelzeit (s)", "Ring time", "Ring seconds (s)"),
    Column.LANGUAGE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; ``row`` counts as spreadsheets do, the header is row 1. No empty cells."""

    row: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a file holds. ``headers``: how the file itself calls a column."""

    rows: tuple[Row, ...]
    headers: Mapping[Column, str]
    problems: tuple[Problem, ...]


def read_text(path: Path) -> str:
    """The text of a file. Raises ConfigError for one that cannot be read or is no text."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _bad(str(path), f"cannot be read: {error.strerror}", "check name and rights") from None
    return text_of(data, str(path))


def text_of(data: bytes, where: str = "the file") -> str:
    """Bytes as text: UTF-8 or UTF-16 with or without mark, else Windows-1252, as older programs save."""
    if len(data) > MAX_FILE:
        raise _bad(where, f"is larger than {MAX_FILE} bytes", "split it")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _bad(where, "is a spreadsheet", "save it as CSV")
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise _bad(where, "is not text in UTF-8 or Windows-1252", "save it as CSV UTF-8") from None
    if "\x00" in text:
        raise _bad(where, "is no text", "save it as CSV UTF-8")
    return text


def parse(text: str) -> Table:
    """Read a table. What is wrong with headers and rows is in ``problems``, up to a limit."""
    problems: list[Problem] = []
    lines = lines_of(text, lambda cell: _column(cell) is not None, problems)
    header_at = next((i for i, line in enumerate(lines) if any(line)), None)
    if header_at is None:
        if not problems:
            problems.append(_problem(1, "", "the table is empty", "the first row names the columns"))
        return Table(rows=(), headers={}, problems=tuple(problems))
    columns, headers = _columns(lines[header_at], header_at + 1, problems)
    rows: list[Row] = []
    for i, line in enumerate(lines[header_at + 1 :], start=header_at + 2):
        if not any(line):
            continue
        extra = [cell for cell in line[len(columns) :] if cell]
        if extra:
            problems.append(
                _problem(
                    i, "", f"has a cell without a column: '{extra[0][:40]}'", "quote cells with delimiters"
                )
            )
        cells = {column: cell for column, cell in zip(columns, line, strict=False) if column and cell}
        rows.append(Row(row=i, cells=cells))
    if len(rows) > MAX_ROWS:
        problems.append(_problem(MAX_ROWS + 2, "", f"more than {MAX_ROWS} rows", "split the table"))
        rows = rows[:MAX_ROWS]
    return Table(rows=tuple(rows), headers=headers, problems=tuple(problems[:MAX_PROBLEMS]))


def write(rows: Iterable[Mapping[Column, str]], columns: Sequence[Column], language: Language) -> str:
    """A table as text, with the delimiter that spreadsheets of that language expect."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if language is Language.GERMAN else ",", lineterminator="\r\n")
    writer.writerow([HEADERS[column][language] for column in columns])
    for row in rows:
        writer.writerow([_shielded(row.get(column, "")) for column in columns])
    return out.getvalue()


def header_of(table: Table, column: Column) -> str:
    """What the file calls the column, else its English name."""
    return table.headers.get(column) or HEADERS[column][Language.ENGLISH]


def row_problem(row: int, header: str, message: str, remedy: str) -> Problem:
    """A problem of one cell: ``row 3: Name: …``."""
    return _problem(row, header, message, remedy)


def lines_of(text: str, known: Callable[[str], bool], problems: list[Problem]) -> list[list[str]]:
    """The cells of a table, delimited by what gives the first line the most columns that are ``known``."""
    marked = re.match(r"sep=(.)\r?\n", text)
    body = text[marked.end() :] if marked else text
    delimiter = marked[1] if marked else _delimiter(body, known)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    lines: list[list[str]] = []
    try:
        for line in reader:
            lines.append([_plain(cell) for cell in line])
    except csv.Error as error:
        problems.append(_problem(len(lines) + 1, "", f"is not CSV: {error}", "check the quotes in that row"))
    # A line that says which delimiter is used counts as a row where people look it up.
    return [[], *lines] if marked else lines


def _delimiter(text: str, known: Callable[[str], bool]) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")

    def fits(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return sum(known(_plain(cell)) for cell in cells), len(cells)

    return max(DELIMITERS, key=fits)


def _columns(
    header: Sequence[str], row: int, problems: list[Problem]
) -> tuple[list[Column | None], dict[Column, str]]:
    columns: list[Column | None] = []
    headers: dict[Column, str] = {}
    for name in header:
        column = _column(name)
        columns.append(column)
        if column is None:
            if name:
                known = [one for names in HEADERS.values() for one in names.values()]
                problems.append(_problem(row, name[:40], "unknown column", suggestion(name, known)))
        elif column in headers:
            problems.append(_problem(row, name, f"means the same as '{headers[column]}'", "leave one out"))
        else:
            headers[column] = name
    if Column.NUMBER not in headers:
        names = HEADERS[Column.NUMBER]
        problems.append(
            _problem(
                row, "", "no column has the extension's number", f"call it {' or '.join(names.values())}"
            )
        )
    return columns, headers


def _key(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


_COLUMN_OF = {
    _key(name): column for column in Column for name in (*HEADERS[column].values(), *_OTHER_NAMES[column])
}


def _column(name: str) -> Column | None:
    return _COLUMN_OF.get(_key(name))


def _plain(cell: str) -> str:
    """A cell without what people and spreadsheets put around a text that looks like a number."""
    cell = cell.strip()
    formula = re.fullmatch(r'="(.*)"', cell)
    if formula:
        return formula[1].strip()
    return cell[1:].strip() if cell.startswith("'") else cell


def _shielded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "@", "-", "'", "\t", "\r")) else cell


def _problem(row: int, field: str, message: str, remedy: str) -> Problem:
    return Problem(where=f"row {row}", field=field, message=message, remedy=remedy)


def _bad(where: str, message: str, remedy: str) -> ConfigError:
    return ConfigError.of([Problem(where=where, field="", message=message, remedy=remedy)])
