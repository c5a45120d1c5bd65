"""Turn raw JSON or TOML values into typed dataclasses, reporting every mistake at once.

Unknown keys are answered with the nearest known one; each problem names entity, field and remedy.
Dataclasses may check what types cannot say in ``__post_init__`` by raising ``ValueError``
(the message is shown; ``field: message: remedy`` names them all).
"""

import dataclasses
import difflib
import enum
import functools
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from appliance.errors import ConfigError, Problem

T = TypeVar("T")
_BAD = object()
MANY = 24
"""So many known words are still worth listing."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Params of a method that takes none."""


def decode(cls: type[T], raw: object, *, where: str) -> T:
    """Convert ``raw`` (JSON-like values) to ``cls``; raises ConfigError carrying all problems."""
    value, problems = try_decode(cls, raw, where=where)
    if value is None:
        raise ConfigError.of(problems)
    return value


def try_decode(cls: type[T], raw: object, *, where: str) -> tuple[T | None, tuple[Problem, ...]]:
    """Like :func:`decode`, but hand back the problems; the value is None when there are any."""
    problems: list[Problem] = []
    value = _value(cls, raw, where, "", problems)
    if problems:
        return None, tuple(problems)
    return cast(T, value), ()


def encode(value: Any) -> Any:
    """Convert a dataclass to JSON-like values (the reverse of :func:`decode`)."""
    return msgspec.to_builtins(value, str_keys=True)


def known_only(kind: Any, raw: Any) -> Any:
    """Leave out what this version does not know: fields, at any depth, that a newer one has written."""
    origin = get_origin(kind)
    if dataclasses.is_dataclass(kind):
        if not isinstance(raw, Mapping):
            return raw
        hints = _hints(cast(type, kind))
        return {name: known_only(hints[name], value) for name, value in raw.items() if name in hints}
    if origin in (Union, types.UnionType):
        rest = [member for member in get_args(kind) if member is not type(None)]
        return known_only(rest[0], raw) if len(rest) == 1 else raw
    if origin is tuple and isinstance(raw, list | tuple):
        return [known_only(get_args(kind)[0], one) for one in raw]
    return raw


def suggestion(word: str, known: list[str]) -> str:
    """A remedy for an unknown word: the nearest known one, else the list."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    if len(known) > MANY:
        return "choose an existing one"
    return "known: " + ", ".join(sorted(known)) if known else "remove it"


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _value(kind: Any, raw: object, where: str, path: str, problems: list[Problem]) -> Any:
    origin = get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast(type, kind), raw, where, path, problems)
    if origin in (Union, types.UnionType):
        members = get_args(kind)
        if raw is None and type(None) in members:
            return None
        rest = [member for member in members if member is not type(None)]
        if len(rest) == 1:
            return _value(rest[0], raw, where, path, problems)
    if origin is tuple and len(get_args(kind)) == 2 and get_args(kind)[1] is Ellipsis:
        if not isinstance(raw, list | tuple):
            problems.append(Problem(where=where, field=path, message="must be a list", remedy="write [ … ]"))
            return _BAD
        item = get_args(kind)[0]
        return tuple(_value(item, one, where, f"{path}[{i}]", problems) for i, one in enumerate(raw))
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        text = str(error).split(" - at ", 1)[0]
        problems.append(Problem(where=where, field=path, message=_plain(text), remedy=_remedy(kind)))
        return _BAD


def _dataclass(cls: type, raw: object, where: str, path: str, problems: list[Problem]) -> Any:
    if dataclasses.is_dataclass(raw) and isinstance(raw, cls):
        return raw
    if not isinstance(raw, Mapping):
        problems.append(
            Problem(where=where, field=path, message="must be a table of fields", remedy="write { … }")
        )
        return _BAD
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    hints = _hints(cls)
    before = len(problems)
    prefix = f"{path}." if path else ""
    for key in raw:
        if key not in fields:
            problems.append(
                Problem(
                    where=where,
                    field=f"{prefix}{key}",
                    message="unknown field",
                    remedy=suggestion(str(key), list(fields)),
                )
            )
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in raw:
            values[name] = _value(hints[name], raw[name], where, f"{prefix}{name}", problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(
                Problem(where=where, field=f"{prefix}{name}", message="is missing", remedy="add this field")
            )
    if len(problems) > before:
        return _BAD
    try:
        return cls(**values)
    except ValueError as error:
        name, _, rest = str(error).partition(": ")
        if name not in fields:
            name, rest = "", str(error)
        message, _, remedy = rest.partition(": ")
        place = f"{prefix}{name}" if name else path
        problems.append(Problem(where=where, field=place, message=message, remedy=remedy))
        return _BAD


def _plain(text: str) -> str:
    return text[:1].lower() + text[1:].replace("`", "'")


def _remedy(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "one of: " + ", ".join(str(member.value) for member in kind)
    return {bool: "true or false", int: "a whole number", str: "a text in quotes"}.get(kind, "")
