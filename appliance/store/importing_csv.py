"""A table of extensions as changes of the configuration, judged row by row; and back.

An empty cell leaves what is there; ``-`` takes away. An extension that stands in several rows has several
phones or numbers. Public numbers ring the row's extension, or what "Rings at" says: targets with commas
between them ring at once, ``>`` begins the next step, ``(30)`` behind a step are its seconds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import PhoneNumberFormat

from appliance.errors import Problem
from appliance.model.documents import Device, Number, RingStep, Site, Target, TargetKind
from appliance.model.ids import ConferenceId, ExtensionId
from appliance.model.languages import Language
from appliance.model.snapshot import Snapshot
from appliance.store.csv_table import MAX_PROBLEMS, Column, Row, Table, header_of, row_problem, write
from appliance.store.edits import UNSET, Change, Delete, Draft, Put
from appliance.store.operations import Key

NOTHING = "-"
_E164 = re.compile(r"\+[1-9][0-9]{3,14}\Z")
_STEP = re.compile(r"(?P<targets>[^()]*)(\(\s*(?P<seconds>[0-9]{1,4})\s*s?\s*\))?\s*\Z")
_EXCEL_RUIN = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+\Z")
_FIELDS: dict[tuple[str, str], Column] = {
    ("extension", "number"): Column.NUMBER,
    ("extension", "name"): Column.NAME,
    ("extension", "language"): Column.LANGUAGE,
    ("extension", "caller_number"): Column.CALLER_NUMBER,
    ("extension", "ring_seconds"): Column.RING_SECONDS,
    ("device", "username"): Column.USERNAME,
    ("device", "secret"): Column.SECRET,
    ("number", "number"): Column.PUBLIC,
    ("number", "steps"): Column.TARGETS,
    ("notification", "addresses"): Column.EMAIL,
}
_LANGUAGES = {"deutsch": "de", "german": "de", "de": "de", "englisch": "en", "english": "en", "en": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlan:
    """What a row is about: the extension's number, and the documents it sets."""

    row: int
    number: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """A table as changes. With problems it must not be applied."""

    changes: tuple[Change, ...]
    rows: tuple[RowPlan, ...]
    problems: tuple[Problem, ...]
    places: Mapping[tuple[Key, str], tuple[int, str]] = field(default_factory=dict)
    """(document, field) → (row, header) that set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What becomes of a row: ``create``, ``change``, ``unchanged`` or ``error``."""

    row: int
    number: str
    action: str
    documents: tuple[str, ...]
    """``extension 21`` and so on, those that change."""


class Unusable(ValueError):
    """A cell that cannot be understood."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def plan_table(table: Table, snapshot: Snapshot) -> TablePlan:
    """Turn a table into changes of the present configuration, to be judged by the store's ``preview``."""
    return _Planner(table, snapshot).plan()


def problems_by_row(plan: TablePlan, draft: Draft) -> tuple[Problem, ...]:
    """All problems of the table; what the configuration found is named by row and column."""
    rows = {f"{kind} {identity}": (kind, identity) for (kind, identity), _ in plan.places}
    found = list(plan.problems)
    for one in draft.problems:
        key = rows.get(one.where)
        if key is None:
            found.append(one)
            continue
        top = re.split(r"[.\[]", one.field)[0]
        place = plan.places.get((key, top)) or next(p for (k, _), p in plan.places.items() if k == key)
        moved = row_problem(place[0], place[1], one.message, one.remedy)
        if moved not in found:
            found.append(moved)
    return tuple(found[:MAX_PROBLEMS])


def results(
    plan: TablePlan, draft: Draft, existing: Iterable[Key], problems: Iterable[Problem]
) -> tuple[RowResult, ...]:
    """What becomes of every row."""
    before = set(existing)
    wrong = {one.where for one in problems}
    made: list[RowResult] = []
    for row in plan.rows:
        touched = [key for key in row.keys if key in draft.touched]
        action = "unchanged"
        if f"row {row.row}" in wrong:
            action = "error"
        elif touched:
            action = "create" if any(key not in before for key in touched) else "change"
        documents = tuple(" ".join(key) for key in touched)
        made.append(RowResult(row=row.row, number=row.number, action=action, documents=documents))
    return tuple(made)


class _Planner:
    def __init__(self, table: Table, snapshot: Snapshot) -> None:
        self._table = table
        self._snapshot = snapshot
        self._problems: list[Problem] = list(table.problems)
        self._fields: dict[Key, dict[str, object]] = {}
        self._places: dict[tuple[Key, str], tuple[int, str]] = {}
        self._deleted: dict[Key, int] = {}
        self._ids: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._usernames: dict[str, int] = {}
        self._taken: dict[str, set[str]] = {
            "extension": {str(one) for one in snapshot.extensions},
            "device": {str(one) for one in (*snapshot.devices, *snapshot.handsets)},
            "number": {str(one) for one in snapshot.numbers},
        }

    def plan(self) -> TablePlan:
        rows: list[RowPlan] = []
        for row in self._table.rows:
            self._name_extension(row)
        for row in self._table.rows:
            number = row.cells.get(Column.NUMBER, "")
            if not number:
                self._wrong(row, Column.NUMBER, "is missing", "every row belongs to an extension")
                rows.append(RowPlan(row=row.row, number="", keys=()))
                continue
            before = set(self._places)
            self._row(row, number)
            keys = dict.fromkeys(key for key, _ in self._places if (key, _) not in before)
            own = ("extension", self._ids[number])
            gone = [key for key, at in self._deleted.items() if at == row.row]
            rows.append(RowPlan(row=row.row, number=number, keys=(*dict.fromkeys([own, *keys, *gone]),)))
        changes: list[Change] = [
            Put(kind=kind, id=identity, fields=fields) for (kind, identity), fields in self._fields.items()
        ]
        changes += [Delete(kind=kind, id=identity) for kind, identity in self._deleted]
        return TablePlan(
            changes=tuple(changes),
            rows=tuple(rows),
            problems=tuple(self._problems[:MAX_PROBLEMS]),
            places=self._places,
        )

    def _name_extension(self, row: Row) -> None:
        number = row.cells.get(Column.NUMBER, "")
        if number and number not in self._ids:
            known = self._snapshot.extension_by_number.get(number)
            self._ids[number] = known.id if known is not None else self._free("extension", number)

    def _row(self, row: Row, number: str) -> None:
        key = ("extension", self._ids[number])
        known = self._snapshot.extensions.get(ExtensionId(key[1]))
        if known is None or key not in self._fields:
            self._put(row, key, "number", number, Column.NUMBER)
        cells = row.cells
        if Column.NAME in cells:
            name = cells[Column.NAME]
            self._put(row, key, "name", UNSET if name == NOTHING else name, Column.NAME)
        if Column.RING_SECONDS in cells:
            self._put(row, key, "ring_seconds", self._seconds(row), Column.RING_SECONDS)
        if Column.LANGUAGE in cells:
            word = cells[Column.LANGUAGE]
            value: object = UNSET if word == NOTHING else _LANGUAGES.get(word.casefold(), word)
            self._put(row, key, "language", value, Column.LANGUAGE)
        if Column.CALLER_NUMBER in cells:
            self._caller_number(row, key)
        if Column.EMAIL in cells:
            self._email(row, key[1])
        self._device(row, key[1])
        self._public(row, key[1])

    def _seconds(self, row: Row) -> object:
        text = row.cells[Column.RING_SECONDS]
        if text == NOTHING:
            return UNSET
        if not re.fullmatch("[0-9]{1,6}", text):
            self._wrong(row, Column.RING_SECONDS, f"'{text[:40]}' is not a number", "whole seconds: 30")
            return UNSET
        return int(text)

    def _caller_number(self, row: Row, key: Key) -> None:
        text = row.cells[Column.CALLER_NUMBER]
        try:
            value: object = UNSET if text == NOTHING else read_public(text, self._snapshot.site)
        except Unusable as error:
            self._wrong(row, Column.CALLER_NUMBER, error.message, error.remedy)
            return
        self._put(row, key, "caller_number", value, Column.CALLER_NUMBER)

    def _email(self, row: Row, extension: str) -> None:
        text = row.cells[Column.EMAIL]
        key = ("notification", extension)
        if text == NOTHING:
            if ExtensionId(extension) in self._snapshot.notifications:
                self._deleted[key] = row.row
            return
        self._put(row, key, "addresses", parts(text), Column.EMAIL)

    def _device(self, row: Row, extension: str) -> None:
        username, secret = row.cells.get(Column.USERNAME), row.cells.get(Column.SECRET)
        if username is None:
            if secret is not None:
                self._wrong(row, Column.SECRET, "belongs to no phone", "give its user name too")
            return
        other = self._usernames.setdefault(username, row.row)
        if other != row.row:
            self._wrong(
                row, Column.USERNAME, f"'{username[:40]}' stands in row {other} too", "each phone once"
            )
            return
        known = self._snapshot.device_by_username.get(username)
        key = ("device", known.id if known is not None else self._free("device", username))
        self._put(row, key, "username", username, Column.USERNAME)
        self._put(row, key, "extension", extension, Column.NUMBER)
        if secret is not None:
            self._put(row, key, "secret", secret, Column.SECRET)

    def _public(self, row: Row, extension: str) -> None:
        text, targets = row.cells.get(Column.PUBLIC), row.cells.get(Column.TARGETS)
        if text is None:
            if targets is not None:
                self._wrong(row, Column.TARGETS, "belongs to no number", "give the public number too")
            return
        steps: list[dict[str, object]] | None = None
        if targets is not None:
            try:
                steps = [self._step(part) for part in targets.split(">")]
            except Unusable as error:
                self._wrong(row, Column.TARGETS, error.message, error.remedy)
                return
        for part in parts(text):
            try:
                self._one_number(row, read_public(part, self._snapshot.site), steps, extension)
            except Unusable as error:
                self._wrong(row, Column.PUBLIC, error.message, error.remedy)

    def _one_number(
        self, row: Row, number: str, steps: list[dict[str, object]] | None, extension: str
    ) -> None:
        other = self._numbers.setdefault(number, row.row)
        if other != row.row:
            raise Unusable(
                f"'{number}' stands in row {other} too", "once, with all its targets under 'Rings at'"
            )
        known = self._snapshot.number_by_e164.get(number)
        key = ("number", known.id if known is not None else self._free("number", number[1:]))
        self._put(row, key, "number", number, Column.PUBLIC)
        if steps is not None:
            self._put(row, key, "steps", steps, Column.TARGETS)
        elif known is None or not _rings(known, extension):
            step = {"targets": [{"kind": TargetKind.EXTENSION.value, "ref": extension}]}
            self._put(row, key, "steps", [step], Column.PUBLIC)

    def _step(self, text: str) -> dict[str, object]:
        found = _STEP.match(text.strip())
        if found is None:
            raise Unusable(f"'{text.strip()[:40]}' is not a step", "write for example 21, 22 (20) > 23")
        targets = [self._target(part) for part in parts(found["targets"])]
        if not targets:
            raise Unusable("a step has no target", "write for example 21, 22 (20) > 23")
        step: dict[str, object] = {"targets": targets}
        if found["seconds"]:
            step["seconds"] = int(found["seconds"])
        return step

    def _target(self, text: str) -> dict[str, str]:
        snapshot = self._snapshot
        if text in self._ids:
            return {"kind": TargetKind.EXTENSION.value, "ref": self._ids[text]}
        extension = snapshot.extension_by_number.get(text)
        if extension is not None:
            return {"kind": TargetKind.EXTENSION.value, "ref": extension.id}
        service = snapshot.service_by_number.get(text)
        if service is not None:
            return {"kind": TargetKind.SERVICE.value, "ref": service.id}
        room = snapshot.room_by_number.get(text)
        if room is not None:
            return {"kind": TargetKind.CONFERENCE.value, "ref": room.id}
        if text.startswith(("+", "0")):
            return {"kind": TargetKind.EXTERNAL.value, "ref": read_public(text, snapshot.site)}
        raise Unusable(f"'{text[:40]}' is no extension", "add a row for it, or write +49… for one outside")

    def _free(self, kind: str, wanted: str) -> str:
        """An id that is not taken, and is from now on: ``21``, else ``21-2`` and so on."""
        taken = self._taken[kind]
        wanted = re.sub(r"[^A-Za-z0-9._+*-]", "-", wanted).lstrip("._+*-")[:48] or kind
        free = next(
            one for one in (wanted, *(f"{wanted}-{i}" for i in range(2, len(taken) + 3))) if one not in taken
        )
        taken.add(free)
        return free

    def _put(self, row: Row, key: Key, name: str, value: object, column: Column) -> None:
        fields = self._fields.setdefault(key, {})
        if name in fields and fields[name] != value:
            other = self._places[key, name][0]
            self._wrong(row, column, f"says something else than row {other}", "leave one of them empty")
            return
        fields[name] = value
        self._places.setdefault((key, name), (row.row, header_of(self._table, column)))

    def _wrong(self, row: Row, column: Column, message: str, remedy: str) -> None:
        self._problems.append(row_problem(row.row, header_of(self._table, column), message, remedy))


def read_public(text: str, site: Site) -> str:
    """A public number as E.164, from ``+49 221 …``, ``0049 …`` or ``0221 …``; raises ValueError.

    Numbers without area code are refused: in a table nobody can tell them from internal ones.
    """
    if _EXCEL_RUIN.match(text):
        raise Unusable(f"'{text[:40]}' was rounded by a spreadsheet", "format the column as text")
    digits = re.sub(r"\(0\)|[\s./()\u00a0\u2010-\u2015-]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("0") and digits.isdigit():
        try:
            parsed = phonenumbers.parse(digits, site.country)
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is not None:
            digits = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if not _E164.match(digits):
        raise Unusable(f"'{text[:40]}' is no public number", "write +49 221 … or 0221 …")
    return digits


def table_of(snapshot: Snapshot, language: Language, *, reveal: bool = False) -> tuple[str, tuple[str, ...]]:
    """The configuration as a table, and the numbers that have no place in it. Secrets only if ``reveal``."""
    rows: list[dict[Column, str]] = []
    numbers: dict[str, list[Number]] = {}
    left: list[str] = []
    for number in sorted(snapshot.numbers.values(), key=lambda one: one.number):
        owner = next((t.ref for step in number.steps for t in step.targets if _is_known(t, snapshot)), None)
        if owner is None or any(not _writable(t, snapshot) for step in number.steps for t in step.targets):
            left.append(number.number)
        else:
            numbers.setdefault(owner, []).append(number)
    for extension in sorted(snapshot.extensions.values(), key=lambda one: (len(one.number), one.number)):
        wish = snapshot.notifications.get(extension.id)
        row = {
            Column.NUMBER: extension.number,
            Column.NAME: extension.name,
            Column.CALLER_NUMBER: _written(extension.caller_number or ""),
            Column.EMAIL: ", ".join(wish.addresses) if wish is not None else "",
            Column.RING_SECONDS: str(extension.ring_seconds),
            Column.LANGUAGE: extension.language.value if extension.language is not None else "",
        }
        accounts = [
            one
            for one in snapshot.devices_by_extension.get(extension.id, ())
            if isinstance(one, Device) and one.id not in snapshot.handsets
        ]
        phones = [
            {Column.USERNAME: one.username, Column.SECRET: one.secret if reveal else ""}
            for one in sorted(accounts, key=lambda d: d.username)
        ]
        lines = [
            {Column.PUBLIC: public, Column.TARGETS: targets}
            for public, targets in _number_cells(numbers.get(extension.id, []), extension.id, snapshot)
        ]
        for i in range(max(1, len(phones), len(lines))):
            first = row if i == 0 else {Column.NUMBER: extension.number}
            rows.append(
                {
                    **first,
                    **(phones[i] if i < len(phones) else {}),
                    **(lines[i] if i < len(lines) else {}),
                }
            )
    columns = [column for column in Column if reveal or column is not Column.SECRET]
    return write(rows, columns, language), tuple(left)


def _number_cells(numbers: Sequence[Number], extension: str, snapshot: Snapshot) -> Iterable[tuple[str, str]]:
    """Cells of numbers and targets; numbers that ring the same share a row."""
    by_targets: dict[str, list[str]] = {}
    alone = (RingStep(targets=(Target(kind=TargetKind.EXTENSION, ref=extension),)),)
    for number in numbers:
        targets = (
            "" if number.steps == alone else " > ".join(_step_cell(one, snapshot) for one in number.steps)
        )
        by_targets.setdefault(targets, []).append(_written(number.number))
    return [(", ".join(written), targets) for targets, written in by_targets.items()]


def _step_cell(step: RingStep, snapshot: Snapshot) -> str:
    shown = []
    for target in step.targets:
        match target.kind:
            case TargetKind.EXTENSION:
                shown.append(snapshot.extensions[ExtensionId(target.ref)].number)
            case TargetKind.SERVICE:
                shown.append(next(one.number for one in snapshot.services.values() if one.id == target.ref))
            case TargetKind.CONFERENCE:
                shown.append(snapshot.rooms[ConferenceId(target.ref)].number)
            case _:
                shown.append(_written(target.ref))
    return f"{', '.join(shown)} ({step.seconds})"


def _is_known(target: Target, snapshot: Snapshot) -> bool:
    return target.kind is TargetKind.EXTENSION and ExtensionId(target.ref) in snapshot.extensions


def _writable(target: Target, snapshot: Snapshot) -> bool:
    if target.kind is TargetKind.SERVICE:
        return any(one.id == target.ref for one in snapshot.services.values())
    if target.kind is TargetKind.CONFERENCE:
        return target.ref in snapshot.rooms
    return target.kind is TargetKind.EXTERNAL or _is_known(target, snapshot)


def _written(number: str) -> str:
    """With spaces: a spreadsheet would make a sum of ``+49221…``."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    written = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    return written if re.sub(r"[^+0-9]", "", written) == number else number


def _rings(number: Number, extension: str) -> bool:
    return any(
        target.kind is TargetKind.EXTENSION and target.ref == extension
        for step in number.steps
        for target in step.targets
    )


def parts(text: str) -> list[str]:
    """What stands in a cell between commas and the like."""
    return [part.strip() for part in re.split(r"[,;|\n]", text) if part.strip()]
