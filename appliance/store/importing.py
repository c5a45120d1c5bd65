"""Configuration files: ``{kind: {id: {field: value}}}`` as JSON or TOML, read into changes and written.

Secrets may be left out or masked: then what is stored stays, and a new device gets a random one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli

from appliance.errors import ConfigError, Problem
from appliance.model.decode import suggestion
from appliance.model.documents import KINDS, SECRET_FIELDS
from appliance.store.edits import UNSET, Change, Delete, Put
from appliance.store.operations import Key

MASK = "********"
"""Shown instead of a secret; as an input it means: leave it as it is."""

MAX_FILE = 8 * 1024 * 1024


def read_file(path: Path) -> object:
    """The raw content of a JSON or (named ``*.toml``) TOML file. Raises ConfigError saying file and line."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise _bad_file(path, "does not exist", "check the name") from None
    except OSError as error:
        raise _bad_file(path, f"cannot be read: {error.strerror}", "check name and rights") from None
    if len(data) > MAX_FILE:
        raise _bad_file(path, f"is larger than {MAX_FILE} bytes", "this is hardly a configuration")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad_file(path, "is not UTF-8 text", "save it as UTF-8") from None
    if path.suffix.lower() == ".toml":
        try:
            return tomli.loads(text)
        except (tomli.TOMLDecodeError, RecursionError) as error:
            raise _bad_file(path, f"is not valid TOML: {error}", "correct that line") from None
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _bad_file(path, f"is not valid JSON: {error}", "correct that line") from None


def changes_of(
    raw: object, present: Mapping[Key, Mapping[str, object]] | None = None
) -> tuple[tuple[Change, ...], tuple[Problem, ...]]:
    """The changes a file asks for, and what is wrong with its shape (fields are judged when applied).

    ``present``: fields stored per entity, to replace everything: what the file does not name is deleted,
    fields it does not name go back to their defaults. None: the file adds and changes only.
    """
    changes: list[Change] = []
    problems: list[Problem] = []
    named: set[Key] = set()
    for kind, entities in _table(raw, "the file", problems).items():
        if kind not in KINDS:
            remedy = suggestion(str(kind), list(KINDS))
            problems.append(Problem(where=str(kind), field="", message="unknown kind", remedy=remedy))
            continue
        for identity, fields in _table(entities, kind, problems).items():
            named.add((kind, identity))
            wanted = _without_masks(kind, _table(fields, f"{kind} {identity}", problems))
            if present is not None:
                secret = SECRET_FIELDS.get(kind, frozenset())
                stored = present.get((kind, identity), {})
                wanted = {**{name: UNSET for name in stored if name not in secret}, **wanted}
            changes.append(Put(kind=kind, id=identity, fields=wanted))
    if present is not None and not problems:
        changes += [
            Delete(kind=kind, id=identity) for kind, identity in present if (kind, identity) not in named
        ]
    return tuple(changes), tuple(problems)


def masked(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with secrets masked; an empty secret shows as empty."""
    secret = SECRET_FIELDS.get(kind, frozenset())
    return {name: MASK if name in secret and value else value for name, value in fields.items()}


def to_toml(configuration: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """A configuration as TOML text. None has no form there: left out, it is the default anyway."""
    lines: list[str] = []
    for kind, entities in configuration.items():
        for identity, fields in entities.items():
            lines.append(f"[{kind}.{_toml_key(identity)}]")
            lines += [
                f"{_toml_key(name)} = {_toml(value)}" for name, value in fields.items() if value is not None
            ]
            lines.append("")
    return "\n".join(lines)


def _without_masks(kind: str, fields: Mapping[str, Any]) -> dict[str, object]:
    secret = SECRET_FIELDS.get(kind, frozenset())
    return {name: value for name, value in fields.items() if not (name in secret and value == MASK)}


def _table(raw: object, where: str, problems: list[Problem]) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return raw
    problems.append(Problem(where=where, field="", message="must be a table", remedy="write { … }"))
    return {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"'{key}' stands there twice")
        found[key] = value
    return found


def _toml_key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "")
    return key if bare.isascii() and bare.isalnum() else _toml_text(key)


def _toml_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _toml_text(value)
        case list() | tuple():
            return "[" + ", ".join(_toml(one) for one in value) + "]"
        case Mapping():
            parts = [f"{_toml_key(key)} = {_toml(one)}" for key, one in value.items() if one is not None]
            return "{ " + ", ".join(parts) + " }"
        case _:
            return repr(value)


def _bad_file(path: Path, message: str, remedy: str) -> ConfigError:
    return ConfigError.of([Problem(where=str(path), field="", message=message, remedy=remedy)])
