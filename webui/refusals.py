"""Errors in the language of who asks: English is what the core says, German is looked up by its patterns.

``locales/refusals.de.json`` holds messages and remedies of errors as the code writes them, ``{}`` for each
inserted value, and the German with ``{0}``, ``{1}`` for these. What nobody has translated stays English.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from appliance.errors import Problem

CATALOGUE = Path(__file__).parent / "locales" / "refusals.de.json"
MAX_TEXT = 1000
_PLACE = re.compile(r"\{\}")


@functools.cache
def _catalogue() -> tuple[Mapping[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    table = msgspec.json.decode(CATALOGUE.read_bytes(), type=dict[str, str])
    patterns = sorted((one for one in table if "{}" in one), key=lambda one: -len(_PLACE.sub("", one)))
    return (
        {one: german for one, german in table.items() if "{}" not in one},
        tuple((_pattern(one), table[one]) for one in patterns),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(re.escape(part) for part in _PLACE.split(text)))


@functools.lru_cache(maxsize=256)
def german(text: str) -> str:
    """The text in German; itself when nobody has translated it."""
    if not text or len(text) > MAX_TEXT:
        return text
    whole, patterns = _catalogue()
    if text in whole:
        return whole[text]
    for pattern, said in patterns:
        found = pattern.fullmatch(text)
        if found:
            return said.format(*found.groups())
    first, mark, rest = text.partition(": ")  # "what is wrong: what can be done"
    if mark and (german(first) != first or german(rest) != rest):
        return f"{german(first)}: {german(rest)}"
    return text


def wants_german(accepted: str) -> bool:
    """Whether German is what the header Accept-Language asks for first (RFC 9110 §12.5.4)."""
    return accepted.strip().lower().startswith("de")


def in_german(problem: Problem) -> Problem:
    """A problem with its words in German."""
    return Problem(
        where=german(problem.where), field=problem.field, message=german(problem.message),
        remedy=german(problem.remedy), severity=problem.severity,
    )  # fmt: skip


def spoken(found: Any, fields: Sequence[str] = ()) -> Any:
    """An answer of the core with what it says for people put into German.

    That are problems (``message``, ``remedy``), notes on a recording, and these fields of the answer or of
    its rows.
    """
    if isinstance(found, list):
        return [_spoken(one, fields) for one in found]
    if not isinstance(found, dict):
        return found
    told = _spoken(found, fields)
    problems = found.get("problems")
    return (
        {**told, "problems": [_spoken(one, ()) for one in problems]} if isinstance(problems, list) else told
    )


def _spoken(one: Any, fields: Sequence[str]) -> Any:
    if not isinstance(one, dict):
        return one
    if isinstance(one.get("notes"), list):  # about a recording
        one = {**one, "notes": [_spoken_note(note) for note in one["notes"]]}
    names = [name for name in fields if name in one]
    if isinstance(one.get("message"), str) and isinstance(one.get("remedy"), str):
        names += [name for name in ("where", "message", "remedy") if name in one]
    return {**one, **{name: _said(one[name]) for name in names}} if names else one


def _spoken_note(note: Any) -> Any:
    told = isinstance(note, dict) and set(note) == {"code", "message"}
    return {**note, "message": _said(note["message"])} if told else note


def _said(words: Any) -> Any:
    if isinstance(words, list):
        return [_said(one) for one in words]
    if not isinstance(words, str):
        return words
    told = german(words)
    return told if told != words else "; ".join(german(one) for one in words.split("; "))
