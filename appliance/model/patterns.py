"""Patterns of digits: ``+4930.`` is everything that begins so, ``2X`` is 20 to 29.

Digits, plus, star and hash mean themselves, ``X`` is any one digit, a closing ``.`` is any rest, also none.
There is nothing to backtrack: a match costs at most one look at each digit.
"""

import re

from appliance.model.validation import require

_PATTERN = re.compile(r"(\.|[+*#]?[0-9*#X]{1,31}\.?|\+\.)\Z")
ANYTHING = "."


def check_patterns(field: str, patterns: tuple[str, ...], limit: int = 200) -> None:
    """Raise ValueError for what is no pattern."""
    require(len(patterns) <= limit, f"{field}: too many: at most {limit}")
    for pattern in patterns:
        require(
            _PATTERN.match(pattern),
            f"{field}: '{pattern}' is not a pattern: write digits, X for any digit, . for any rest",
        )


def matches(pattern: str, digits: str) -> bool:
    """True if the digits are of this pattern."""
    fixed = pattern.removesuffix(".")
    if len(digits) < len(fixed) or (len(digits) > len(fixed) and fixed is pattern):
        return False
    if "X" not in fixed:
        return digits.startswith(fixed)
    return all(
        (one.isascii() and one.isdigit()) if want == "X" else one == want
        for want, one in zip(fixed, digits, strict=False)
    )


def first_match(patterns: tuple[str, ...], digits: str) -> str | None:
    """The first of the patterns that the digits are of."""
    for pattern in patterns:
        if matches(pattern, digits):
            return pattern
    return None
