"""What commands print: aligned tables for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

WIDEST = 60


def print_json(value: Any) -> None:
    """One JSON text, indented."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> list[str]:
    """Aligned lines with a heading; columns that are empty in every row are left out unless asked for."""
    if columns is None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = [name for name in names if any(text(row.get(name)) for row in rows)]
    cells = [[name.upper() for name in columns]]
    cells += [[_short(text(row.get(name))) for name in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def facts(values: Mapping[str, Any], indent: str = "") -> list[str]:
    """One ``name  value`` line each; tables inside are indented below their name."""
    width = max((len(name) for name, value in values.items() if not _deep(value)), default=0)
    lines: list[str] = []
    for name, value in values.items():
        if isinstance(value, Mapping) and _deep(value):
            lines += [f"{indent}{name}", *facts(value, indent + "  ")]
        elif _deep(value):
            lines += [f"{indent}{name}", *(f"{indent}  {line}" for line in table(value))]
        else:
            lines.append(f"{indent}{name.ljust(width)}  {text(value)}".rstrip())
    return lines


def text(value: Any) -> str:
    """A JSON value as a person reads it, in one line without control characters."""
    return "".join(one if one.isprintable() else "?" for one in _words(value))


def _words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case str():
            return value
        case list() if _steps(value):
            return " > ".join(_step(one) for one in value)
        case list() if all(isinstance(one, str | int) for one in value):
            return ",".join(str(one) for one in value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def local(at: str | None) -> str:
    """An RFC 3339 time as local ``2026-01-31 08:00:00``."""
    return "" if at is None else f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S}"


def seconds_between(start: str | None, end: str | None) -> int | None:
    """Whole seconds between two RFC 3339 times; None while one is missing."""
    if start is None or end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def _step(step: Mapping[str, Any]) -> str:
    targets = "+".join(str(target.get("ref", "?")) for target in step["targets"])
    return f"{targets} ({step.get('seconds', 20)} s)"


def _deep(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    tables = isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    return tables and not _steps(value)


def _steps(value: Sequence[Any]) -> bool:
    """Whether this is a distribution: it reads better as a line than as tables in tables."""
    return bool(value) and all(isinstance(one, Mapping) and "targets" in one for one in value)


def _short(cell: str) -> str:
    return cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…"
