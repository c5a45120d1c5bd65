"""Names on a key pad (ITU-T E.161): which digits spell them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_KEYS = {
    letter: key
    for key, letters in {
        "2": "abc",
        "3": "def",
        "4": "ghi",
        "5": "jkl",
        "6": "mno",
        "7": "pqrs",
        "8": "tuv",
        "9": "wxyz",
    }.items()
    for letter in letters
}
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa"})


@lru_cache(maxsize=8192)
def spellings(name: str) -> frozenset[str]:
    """The digits of each word of a name, and of the words from each on; umlauts with and without e."""
    found: set[str] = set()
    lower = name.lower()
    for written in {lower.translate(_SPELT), lower.replace("ß", "s")}:
        words = [_digits(word) for word in re.split(r"[\s,.\-_/()]+", written)]
        words = [word for word in words if word]
        found.update("".join(words[i:]) for i in range(len(words)))
        found.update("".join(reversed(words)) for _ in words[:1])
    return frozenset(found)


def is_spelt(name: str, digits: str) -> bool:
    """True if a name, or one of its words, begins with what these digits may spell."""
    return bool(digits) and any(one.startswith(digits) for one in spellings(name))


def _digits(word: str) -> str:
    return "".join(_letters(word))


def _letters(word: str) -> Iterator[str]:
    for letter in unicodedata.normalize("NFKD", word):
        if letter in _KEYS:
            yield _KEYS[letter]
        elif letter in "0123456789":
            yield letter
