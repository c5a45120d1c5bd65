"""A table of documents of one kind as changes: a row each, a column for each field, as the export has them.

An empty cell leaves what is there, ``-`` takes away. A row is the document with its id, or the one that has
the row's number (user name, first number, name); else a new one. Extensions may be named by their numbers.
"""

import dataclasses
import json
import re
import types
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from appliance.errors import ConfigError, Problem
from appliance.model.decode import suggestion
from appliance.model.documents import KINDS, Document
from appliance.model.ids import E164, ExtensionId
from appliance.model.snapshot import Snapshot
from appliance.store.csv_table import MAX_PROBLEMS, MAX_ROWS, lines_of, row_problem
from appliance.store.edits import UNSET, Change, Put
from appliance.store.importing_csv import NOTHING, RowPlan, TablePlan, Unusable, parts, read_public
from appliance.store.operations import Key

NOT_BY_TABLE = frozenset(
    {
        "account", "permission_group", "audio", "phone", "site", "mail", "recording", "journal", "backup",
        "provisioning",
    }
)  # fmt: skip
"""What has rights, files or secrets that a table cannot bring, or exists but once."""
_NAMED_BY = ("username", "number", "first", "name")
_KEYS = {"trunk": "name"}
"""Where that is another: trunks without registration have no user name."""
_YES = frozenset({"true", "yes", "ja", "wahr", "1", "x"})
_NO = frozenset({"false", "no", "nein", "falsch", "0"})


def plan_rows(kind: str, text: str, snapshot: Snapshot, present: Iterable[Document]) -> TablePlan:
    """Turn a table into changes, to be judged by the store's ``preview``. Raises ConfigError for the kind."""
    if kind not in KINDS or kind in NOT_BY_TABLE:
        known = [one for one in KINDS if one not in NOT_BY_TABLE]
        raise ConfigError(
            f"documents of kind {kind[:40]} do not come as a table",
            field="kind",
            hint=suggestion(kind[:80], known),
        )
    return _Planner(kind, snapshot, present).plan(text)


class _Planner:
    def __init__(self, kind: str, snapshot: Snapshot, present: Iterable[Document]) -> None:
        self._kind = kind
        self._snapshot = snapshot
        self._hints = {**get_type_hints(KINDS[kind]), "id": str}
        self._key = _KEYS.get(kind) or next((one for one in _NAMED_BY if one in self._hints), "id")
        documents = list(present)
        self._taken = {str(one.id) for one in documents}
        self._known: dict[str, str] = {}
        for one in documents:
            self._known.setdefault(str(getattr(one, self._key)), str(one.id))
        self._problems: list[Problem] = []
        self._places: dict[tuple[Key, str], tuple[int, str]] = {}

    def plan(self, text: str) -> TablePlan:
        lines = lines_of(text, lambda cell: _word(cell) in self._hints, self._problems)
        header_at = next((at for at, line in enumerate(lines) if any(line)), None)
        rows: list[RowPlan] = []
        changes: list[Change] = []
        if header_at is None:
            if not self._problems:
                self._wrong(1, "", "the table is empty", "the first row names the columns")
        else:
            names = self._header(lines[header_at], header_at + 1)
            for at, line in enumerate(lines[header_at + 1 :], start=header_at + 2):
                if at > header_at + 1 + MAX_ROWS:
                    self._wrong(at, "", f"more than {MAX_ROWS} rows", "split the table")
                    break
                if any(line):
                    cells = {name: cell for name, cell in zip(names, line, strict=False) if name and cell}
                    self._row(at, cells, rows, changes)
        return TablePlan(
            changes=tuple(changes), rows=tuple(rows), problems=tuple(self._problems[:MAX_PROBLEMS]),
            places=self._places,
        )  # fmt: skip

    def _header(self, line: list[str], row: int) -> list[str]:
        names: list[str] = []
        for cell in line:
            name = _word(cell)
            if cell and name not in self._hints:
                self._wrong(row, cell[:40], "unknown column", suggestion(name, list(self._hints)))
                name = ""
            elif name and name in names:
                self._wrong(row, cell[:40], f"'{name}' is there twice", "leave one out")
                name = ""
            names.append(name)
        if "id" not in names and self._key not in names:
            self._wrong(row, "", f"no column tells the rows apart: {self._key}", "add that column, or id")
        return names

    def _row(self, row: int, cells: Mapping[str, str], rows: list[RowPlan], changes: list[Change]) -> None:
        values: dict[str, object] = {}
        for name, cell in cells.items():
            if name == "id":
                continue
            try:
                values[name] = UNSET if cell == NOTHING else self._value(self._hints[name], cell)
            except Unusable as error:
                self._wrong(row, name, error.message, error.remedy)
        named = values.get(self._key, "")
        identity = cells.get("id", "") or self._known.get(str(named), "")
        if not identity and isinstance(named, str) and named:
            identity = self._free(named)
        title = cells.get(self._key, "") or identity
        if not identity:
            self._wrong(row, self._key, "is missing", "add this field")
            rows.append(RowPlan(row=row, number=title, keys=()))
            return
        key = (self._kind, identity)
        other = self._places.get((key, "id"))
        if other is not None:
            self._wrong(row, self._key, f"'{title[:40]}' stands in row {other[0]} too", "each of them once")
        self._places.setdefault((key, "id"), (row, "id" if "id" in cells else self._key))
        for name in self._hints:
            self._places.setdefault((key, name), (row, name))
        rows.append(RowPlan(row=row, number=title, keys=(key,)))
        changes.append(Put(kind=self._kind, id=identity, fields=values))

    def _value(self, hint: Any, cell: str) -> object:
        """A cell as the JSON value that the field wants; what does not fit the field refuses."""
        if get_origin(hint) in (Union, types.UnionType):
            hint = next(one for one in get_args(hint) if one is not type(None))
        if hint is ExtensionId:
            return self._extension(cell)
        if hint is E164:
            return read_public(cell, self._snapshot.site)
        if get_origin(hint) is tuple and not cell.startswith("["):
            item = get_args(hint)[0]
            if isinstance(item, NewType) or item is str or _is_enum(item):
                return [self._value(item, one) for one in parts(cell)]
        if hint is bool:
            word = cell.casefold()
            return True if word in _YES else False if word in _NO else cell
        if hint is int:
            return int(cell) if re.fullmatch(r"-?[0-9]{1,15}", cell) else cell
        if get_origin(hint) is tuple or dataclasses.is_dataclass(hint):
            try:
                return json.loads(cell)
            except (ValueError, RecursionError):
                raise Unusable(f"'{cell[:40]}' is no list", "write it as the export does") from None
        return cell

    def _extension(self, cell: str) -> str:
        known = self._snapshot.extension_by_number.get(cell)
        return known.id if known is not None and cell not in self._snapshot.extensions else cell

    def _free(self, wanted: str) -> str:
        wanted = re.sub(r"[^A-Za-z0-9._+*-]", "-", wanted).lstrip("._+*-")[:48] or self._kind
        free = next(
            one for one in (wanted, *(f"{wanted}-{i}" for i in range(2, len(self._taken) + 3)))
            if one not in self._taken
        )  # fmt: skip
        self._taken.add(free)
        return free

    def _wrong(self, row: int, field: str, message: str, remedy: str) -> None:
        self._problems.append(row_problem(row, field, message, remedy))


def _word(cell: str) -> str:
    return cell.strip().casefold().replace(" ", "_")


def _is_enum(item: Any) -> bool:
    return isinstance(item, type) and issubclass(item, Enum)
