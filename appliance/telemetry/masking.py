"""What must not be read in logs: secrets never, the last three digits of public numbers."""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

HIDDEN_DIGITS = 3
_PUBLIC_RUN = re.compile(r"(?:\+[0-9]{4,}+|[0-9]{7,}+)(?!x)")
"""Shorter runs are internal numbers, short codes and emergency numbers: they name nobody outside.

Possessive, so that what is masked already stays as it is.
"""
_SECRET_KEY = re.compile(r"secret|passw|ha1|authorization|credential|(?:^|_)(?:pin|token)$", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"^((?:Proxy-)?Authorization[ \t]*:).*$", re.IGNORECASE | re.MULTILINE)
_NUMBER_KEY = re.compile(r"(?:^|_)(?:number|caller|called|callee|dialled|party|dial)$", re.IGNORECASE)
HIDDEN = "***"
MAX_DEPTH = 6
"""Nobody logs deeper structures; the rest is left out, so that a circle cannot hang the box."""


def mask_number(text: str) -> str:
    """Hide the last three digits of every public number in the text: ``+4922147xxx``; short numbers stay."""
    return _PUBLIC_RUN.sub(lambda run: run[0][:-HIDDEN_DIGITS] + "x" * HIDDEN_DIGITS, text)


def mask_secrets(
    _logger: Any, _method: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: hide values by their keys, at any depth, and credentials in SIP messages."""
    for key, value in event_dict.items():
        event_dict[key] = _masked(key, value, MAX_DEPTH)
    return event_dict


@lru_cache(maxsize=1024)
def _told_by(key: str) -> tuple[bool, bool]:
    """Whether a key names a secret, a number; the same few keys are in every line."""
    return _SECRET_KEY.search(key) is not None, _NUMBER_KEY.search(key) is not None


def _masked(key: str, value: Any, depth: int) -> Any:
    secret, number = _told_by(key)
    if secret:
        return HIDDEN if value else value
    if isinstance(value, str):
        if number:
            return mask_number(value)
        return _AUTHORIZATION.sub(rf"\1 {HIDDEN}", value) if "uthorization" in value else value
    if isinstance(value, Mapping):
        if depth == 0:
            return "…"
        return {name: _masked(str(name), inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        if depth == 0:
            return "…"
        return [_masked(key, inner, depth - 1) for inner in value]
    return value
