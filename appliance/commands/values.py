"""``field=value`` words of the command line, read by the field's type; and times as people write them."""

import argparse
import enum
import json
import re
import types
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Union, get_args, get_origin, get_type_hints

from appliance.errors import ConfigError, Problem
from appliance.model.documents import KINDS

_TRUE = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def fields_of_words(kind: str, entity: str, words: Sequence[str]) -> dict[str, Any]:
    """``name=Anna ring_seconds=30`` as JSON-like values; raises ConfigError with every word that is wrong."""
    fields: dict[str, Any] = {}
    problems: list[Problem] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            problems.append(
                Problem(
                    where=f"{kind} {entity}",
                    field="",
                    message=f"'{word}' is not field=value",
                    remedy='write for example name="Anna Berg"',
                )
            )
            continue
        fields[name] = value_of(kind, name, text)
    if problems:
        raise ConfigError.of(problems)
    return fields


def value_of(kind: str, name: str, text: str) -> Any:
    """One value: texts as they stand, numbers, ``true``/``yes``, ``null``, lists and tables as JSON."""
    cls = KINDS.get(kind)
    wanted = get_type_hints(cls).get(name) if cls is not None else None
    return _read(wanted, text)


def _read(wanted: Any, text: str) -> Any:
    origin = get_origin(wanted)
    if origin in {Union, types.UnionType}:
        if text in {"null", ""}:
            return None
        rest = [one for one in get_args(wanted) if one is not type(None)]
        return _read(rest[0], text) if len(rest) == 1 else _json_or_text(text)
    if origin is tuple:
        value = _json_or_text(text)
        if isinstance(value, list | dict):
            return value
        return [] if text == "" else [_read(get_args(wanted)[0], one.strip()) for one in text.split(",")]
    if hasattr(wanted, "__supertype__"):  # typing.NewType
        return _read(wanted.__supertype__, text)
    if wanted is str or (isinstance(wanted, type) and issubclass(wanted, enum.Enum)):
        quoted = _json_or_text(text) if text.startswith('"') else text
        return quoted if isinstance(quoted, str) else text
    if wanted is bool:
        return _TRUE.get(text.lower(), text)
    return _json_or_text(text)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def moment(text: str) -> str:
    """A time as RFC 3339: ``2h`` or ``3d`` ago, ``today``, or ISO 8601 in local time. An argparse type."""
    now = datetime.now(UTC)
    ago = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if ago is not None:
        return (now - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])).isoformat()
    if text == "today":
        return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.astimezone()).isoformat()
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a time: write 2h, 3d, today, 2026-01-31 or 2026-01-31T08:00"
        ) from None
