"""What documents check of themselves: shapes and ranges, each refusal with a remedy.

What needs another document, or two fields of one, is looked at by ``model.checks``: fields are merged one by
one, and a merged document that could not be read would be missing from the office.
"""

import re
from datetime import datetime

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+*-]{0,63}\Z")
_PUBLIC = re.compile(r"\+[1-9][0-9]{3,14}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PROMPT = re.compile(r"[a-z0-9_/-]{0,64}\Z")
MAX_RING_SECONDS = 600


def require(condition: object, message: str) -> None:
    """Raise ValueError (``field: what is wrong: remedy``) unless the condition holds."""
    if not condition:
        raise ValueError(message)


def has_control(text: str) -> bool:
    """True if the text has control characters."""
    return _CONTROL.search(text) is not None


def check_id(value: str) -> None:
    """An entity's id."""
    require(_ID.match(value), f"id: '{value}' is not an id: letters, digits and . _ + * - , at most 64")


def check_name(value: str, field: str = "name") -> None:
    """A short text for people."""
    require(
        len(value) <= 80 and not has_control(value),
        f"{field}: is too long or has control characters: shorten it",
    )


def check_public(field: str, value: str) -> None:
    """An E.164 number."""
    require(_PUBLIC.match(value), f"{field}: '{value}' is not an E.164 number: write +49221471…")


def check_prompt(field: str, value: str) -> None:
    """The name of a prompt; may be empty."""
    require(_PROMPT.match(value), f"{field}: is not a prompt's name: a-z 0-9 _ - /")


def check_count(field: str, value: tuple[object, ...], limit: int) -> None:
    """A list that is not longer than it can be good for."""
    require(len(value) <= limit, f"{field}: too many: at most {limit}")


def check_aware(field: str, at: datetime | None) -> None:
    """Raise ValueError for a time without zone."""
    require(
        at is None or at.tzinfo is not None,
        f"{field}: has no time zone: write for example 2026-01-31T08:00:00+01:00",
    )


def check_page(since: datetime | None, until: datetime | None, limit: int, most: int) -> None:
    """Raise ValueError for a page of a listing that cannot be: times without zone, too many rows."""
    check_aware("since", since)
    check_aware("until", until)
    require(1 <= limit <= most, f"limit: out of range: 1 to {most}")


def check_seconds(field: str, value: int, least: int = 1) -> None:
    """How long something rings."""
    require(least <= value <= MAX_RING_SECONDS, f"{field}: out of range: {least} to {MAX_RING_SECONDS}")
