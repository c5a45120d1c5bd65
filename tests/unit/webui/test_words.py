"""Every word of the pages in German and English: none missing, none left over, none written into a page."""

import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[3] / "webui" / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))
LANGUAGES = ("de", "en")
CATALOGUES = sorted(path.stem for path in (STATIC / "locales" / "de").glob("*.json"))
_LITERAL = re.compile(r"""\"((?:[^"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`""")
_COMMENT = re.compile(r"^\s*(//|/?\*).*$|(?<=[\s;,{}])//\s.*$", re.MULTILINE)
_WORDS = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}[ ,]+[A-Za-zÄÖÜäöüß]{2,}|^[A-ZÄÖÜ][a-zäöüß]{3,}$")
_PLACE = re.compile(r"\$\{[^}]*\}")
NOT_SPOKEN = re.compile(
    r"\bclass(?:es)?\b[^,;]*$|querySelector(?:All)?\($|closest\?*\.?\($|matches\($|new Error\([^)]*$"
    r"|console\.\w+\($|import .*$|from $|key === $|\.key === $|event\.key|case $|vars:.*$|viewBox.*$|Event\($"
    r"|\bkind[:=] *$|\bkind = $|\bkind: [^,}]*$"
)
"""What stands before a text that nobody reads."""


def words(language: str, catalogue: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (STATIC / "locales" / language / f"{catalogue}.json").read_text("utf-8")
    )
    return found


def literals(path: Path) -> list[tuple[str, str]]:
    """Each text of a script, with what stands before it in its line."""
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    found = []
    for match in _LITERAL.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        found.append((text[start : match.start()], next(one for one in match.groups() if one is not None)))
    return found


def used() -> tuple[set[str], set[str]]:
    """Keys, and beginnings of keys that are completed at run time."""
    keys: set[str] = set()
    stems: set[str] = set()
    for path in SCRIPTS:
        for _, text in literals(path):
            for one in (text, *re.findall(r'"([^"]*)"', text)):
                if re.match(rf"(?:{'|'.join(CATALOGUES)})\.[a-z$]", one) and not one.endswith(".js"):
                    if "${" in one:
                        stems.add(one.partition("${")[0])
                    elif re.fullmatch(r"[\w.]+", one):
                        keys.add(one)
    return keys, stems


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_both_languages_have_the_same_words(catalogue: str) -> None:
    german, english = (words(language, catalogue) for language in LANGUAGES)
    assert list(german) == list(english)
    for key in german:
        for said in (german[key], english[key]):
            forms = said.values() if isinstance(said, dict) else [said]
            assert all(isinstance(one, str) and one.strip() for one in forms), key
        places = [set(re.findall(r"\{\w+\}", json.dumps(said))) for said in (german[key], english[key])]
        assert places[0] == places[1], key


def test_no_catalogue_has_one_language() -> None:
    names = [
        sorted(path.name for path in (STATIC / "locales" / language).iterdir()) for language in LANGUAGES
    ]
    assert names[0] == names[1]


def test_every_key_has_words_and_every_word_is_used() -> None:
    keys, stems = used()
    known = {f"{catalogue}.{key}" for catalogue in CATALOGUES for key in words("de", catalogue)}
    assert not sorted(keys - known), "used, but without words"
    silent = {one for one in known - keys if not any(one.startswith(stem) for stem in stems)}
    assert not sorted(silent), "words that nobody uses"
    assert not sorted(stem for stem in stems if not any(one.startswith(stem) for one in known))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_no_words_in_scripts(path: Path) -> None:
    found = [
        text for before, text in literals(path)
        if _WORDS.search(_PLACE.sub("", text)) and not NOT_SPOKEN.search(before) and not _technical(text)
    ]  # fmt: skip
    assert not found


def _technical(text: str) -> bool:
    """SVG paths, media types, CSS selectors, key names."""
    return bool(
        re.fullmatch(
            r"[MmLlHhVvCcSsQqTtAaZz0-9 .,-]+|[\w-]+/[\w.+-]+.*|X-[\w-]+|[A-Z][a-z]+[A-Z]\w+|[\w-]+(,[\w-]+)*",
            text,
        )
        or text in {"Accept", "Arrow", "Enter", "Escape", "Space"}
        or re.match(r"[.#\[]|(button|input|select|a|main|table)[.\[#, ]|(tabpanel|tablist)", text)
        or text == "Segoe UI"
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_nothing_makes_elements_of_text_or_asks_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )
    assert not re.search(r"""["'`]https?://(?!www\.w3\.org)""", text)
    assert not re.search(r"""setAttribute\(\s*["'](style|on)""", text)
