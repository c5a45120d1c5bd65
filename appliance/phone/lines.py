"""The line protocol of the terminal phone and the emulated provider. No I/O.

In come commands, one a line, either as people type (``transfer 22``, ``hangup #2``, ``call 22 from 30``)
or as JSON (``{"do": "transfer", "number": "22", "call": 2}``); out go events, one JSON object a line
(``{"event": "ended", "call": 2, …}``). Commands and events are dataclasses; this module knows none of them.
"""

import dataclasses
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from appliance.errors import OrtsamtError
from appliance.model.decode import suggestion

C = TypeVar("C")
MAX_LINE = 64 * 1024
"""Longer lines are refused."""
_CALL_MARK = re.compile(r"#(\d{1,9})\Z")


class LineError(OrtsamtError):
    """A line that is no command, or one with wrong arguments."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, error_id="line.invalid", hint=hint)


class Grammar(Generic[C]):
    """The commands of one program: frozen dataclasses, named by their class (``HangUp`` is ``hang_up``).

    When typed, words fill the fields in order; ``#2`` fills the field ``call``; a field's name (or the
    ``word`` in its metadata) before a value names it. A last field that is a tuple takes all that is left.
    """

    def __init__(self, commands: Sequence[type[C]], *, aliases: Mapping[str, str] | None = None) -> None:
        self._commands = {event_name(command): command for command in commands}
        self._aliases = dict(aliases or {})

    def parse(self, line: str) -> C:
        """Read one line; raises LineError."""
        if len(line) > MAX_LINE:
            raise LineError("the line is too long")
        text = line.strip()
        return self._from_json(text) if text.startswith("{") else self._from_words(text)

    def help(self) -> str:
        """All commands with what they take, one a line, for people."""
        rows = [(self._usage(name, command), _summary(command)) for name, command in self._commands.items()]
        width = max(len(usage) for usage, _ in rows)
        return "\n".join(f"  {usage:<{width}}  {summary}" for usage, summary in rows)

    def _command(self, word: str) -> type[C]:
        name = self._aliases.get(word, word)
        if name not in self._commands:
            raise LineError(f"unknown command '{word}'", hint=suggestion(word, list(self._commands)))
        return self._commands[name]

    def _from_json(self, text: str) -> C:
        try:
            raw = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeError) as error:
            raise LineError(f"not JSON: {error}") from error
        name = raw.pop("do", None)
        if not isinstance(name, str):
            raise LineError("the object has no 'do'", hint='write {"do": "status"}')
        command = self._command(name)
        return _convert(command, raw, name)

    def _from_words(self, text: str) -> C:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise LineError(f"cannot be read: {error}") from error
        if not words:
            raise LineError("the line is empty")
        name, *rest = words
        command = self._command(name.lower())
        fields = {_word(field): field for field in _fields(command)}
        hints = get_type_hints(command)
        open_fields = [field.name for field in fields.values() if field.name != "call"]
        raw: dict[str, Any] = {}
        while rest:
            word = rest.pop(0)
            mark = _CALL_MARK.match(word)
            if mark and "call" in fields:
                raw["call"] = int(mark[1])
            elif word in fields and fields[word].name not in raw and rest and raw:
                field = fields[word].name
                raw[field] = rest.pop(0)
                open_fields = [one for one in open_fields if one != field]
            elif not open_fields:
                raise LineError(f"'{word}' is too much", hint=self._usage(name, command))
            elif str(hints[open_fields[0]]).startswith("tuple"):
                raw.setdefault(open_fields[0], []).append(word)
            else:
                raw[open_fields.pop(0)] = word
        return _convert(command, raw, name, usage=self._usage(name, command))

    def _usage(self, name: str, command: type[C]) -> str:
        parts = [name]
        for field in _fields(command):
            word = "#CALL" if field.name == "call" else field.name.upper()
            if "word" in field.metadata:
                word = f"{field.metadata['word']} {word}"
            parts.append(word if field.default is dataclasses.MISSING else f"[{word}]")
        return " ".join(parts)


def event_name(event: type[Any]) -> str:
    """``RegistrationFailed`` → ``registration_failed``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", event.__name__).lower()


def event_line(event: object) -> str:
    """One event (a dataclass) as one line of JSON, without the line's end."""
    values = msgspec.to_builtins(event, str_keys=True)
    return msgspec.json.encode({"event": event_name(type(event)), **values}).decode()


def _fields(command: type[Any]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(command)


def _word(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("word", field.name))


def _summary(command: type[Any]) -> str:
    return (command.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _convert(command: type[C], raw: Mapping[str, Any], name: str, *, usage: str = "") -> C:
    known = {field.name for field in _fields(command)}
    for key in raw:
        if key not in known:
            raise LineError(f"{name}: unknown field '{key}'", hint=suggestion(key, sorted(known)))
    try:
        return msgspec.convert(dict(raw), command, strict=False)
    except msgspec.ValidationError as error:
        text = str(error).replace("`", "'").replace("$.", "")
        raise LineError(
            f"{name}: {text[:1].lower()}{text[1:]}", hint=f"usage: {usage}" if usage else ""
        ) from error
