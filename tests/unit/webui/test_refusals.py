"""Errors in German: what documents, tables and the web process refuse with has German words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import Problem
from webui.refusals import german, in_german, spoken, wants_german

ROOT = Path(__file__).resolve().parents[3]
TOLD = (
    "require",
    "ConfigError",
    "Refused",
    "DeviceUnavailable",
    "Problem",
    "ValueError",
    "NotFound",
    "_problem",
    "missing",
    "forbidden",
)
TWO_TOLD = ("_notice", "refused", "row_problem", "Unusable", "_wrong", "_bad", "_bad_file")
"""Their last two arguments are message and remedy."""
NOT_FOR_PAGES = re.compile(
    r"appliance/(commands|dect/(emulator|mitel)|drivers|fax/(line|postbox|replicas|sandbox|selftest)"
    r"|firmware/(backend|bootstore|console|health|rauc|slots)|firewall|fxs|media|phone|provider"
    r"|provisioning/catalogue|sip|standby/(address|keepalived)|sync"
    r"|app/(demo|parcels|settings|supervisor)|control/listener"
    r"|model/(box|decode|fxs)|store/(database|migrations))|webui/(acme|process|server)"
)
"""What only a command line or the start of a process says, or an emulator."""
AS_IT_IS = re.compile(r"[^a-z]*V\d[^a-z]*(V\d[^a-z]*)*|Content-Type: .*|apt-get install .*")


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"V{at}"
            for at, part in enumerate(node.values)
        )
    return None


def said() -> Iterator[tuple[str, str]]:
    """Each text that an error is made of, as a person might get it: file, message or remedy."""
    for path in sorted([*ROOT.glob("appliance/**/*.py"), *ROOT.glob("webui/**/*.py")]):
        name = str(path.relative_to(ROOT))
        if NOT_FOR_PAGES.match(name):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in TWO_TOLD:
                yield from ((name, text) for one in node.args[-2:] if (text := _text(one)))
                yield from (
                    (name, text) for one in node.keywords if (text := _text(one.value)) and " " in text
                )
                continue
            if called not in TOLD:
                continue
            words = {one.arg: _text(one.value) for one in node.keywords}
            texts = [_text(one) for one in node.args]
            if called in ("require", "ValueError"):
                for text in filter(None, texts):
                    for part in text.split(": ", 2)[1:]:
                        yield name, part
            elif called in ("ConfigError", "Refused", "NotFound", "DeviceUnavailable"):
                yield from ((name, one) for one in (texts[-1] if texts else None, words.get("hint")) if one)
            else:
                yield from ((name, one) for one in (words.get("message"), words.get("remedy")) if one)


def test_everything_has_german_words() -> None:
    all_texts = {(name, text) for name, text in said() if " " in text and not AS_IT_IS.fullmatch(text)}
    assert len(all_texts) > 700
    assert sorted((name, text) for name, text in all_texts if german(text) == text) == []


@pytest.mark.parametrize(
    ("english", "translated"),
    [
        ("", ""),
        ("nobody has ever said so", "nobody has ever said so"),
        ("out of range", "liegt außerhalb der Grenzen"),
        ("1 to 600", "1 bis 600"),
        ("'2x' is not an internal number", "„2x“ ist keine interne Nummer"),
        ("'' is no number", "„“ ist keine Nummer"),
        ("is used by number head, number anna", "wird gebraucht von: number head, number anna"),
        (
            "is missing: a scenario is chosen by its name",
            "fehlt: ein Szenario wird nach seinem Namen gewählt",
        ),
        ("{0} {} %s", "{0} {} %s"),
    ],
)
def test_german(english: str, translated: str) -> None:
    assert german(english) == translated


def test_problems_within_an_answer_are_spoken_too() -> None:
    problem = {"where": "row 2", "field": "number", "message": "is missing", "remedy": "add this field"}
    german_one = {**problem, "where": "Zeile 2", "message": "fehlt", "remedy": "bitte ausfüllen"}
    assert spoken({"problems": [problem], "rows": [1]}) == {"problems": [german_one], "rows": [1]}
    assert spoken([problem]) == [german_one]
    row = {"name": "no answer", "detail": "no answer", "warnings": ["is missing"]}
    told = {"name": "no answer", "detail": "keine Antwort", "warnings": ["fehlt"]}
    assert spoken([row], ("detail", "warnings")) == [told]
    assert spoken([row]) == [row], "only what is said to be words for people"
    assert spoken({"why": "dns: no answer; is missing"}, ("why",)) == {"why": "dns: keine Antwort; fehlt"}
    both = {**problem, "message": "'a' and 'b' may hold at once; then 'b' counts"}
    assert spoken([both])[0]["message"] == "„a“ und „b“ können zugleich gelten; dann zählt „b“"
    note = {"code": "clipped", "message": "it is distorted: it was recorded too loudly"}
    said_of = spoken({"notes": [note, {"message": "is missing", "author": "x"}]})["notes"]
    assert said_of[0]["message"].startswith("sie ist verzerrt")
    assert said_of[1]["message"] == "is missing", "what people wrote stays"
    for other in (
        {"a": 1},
        [1, {"b": 2}, {"message": 5, "remedy": None}],
        "text",
        None,
        {"problems": "none"},
    ):
        assert spoken(other) == other


def test_problems_and_who_wants_them_so() -> None:
    told = in_german(
        Problem(where="extension 21", field="number", message="is missing", remedy="add this field")
    )
    assert (told.where, told.field, told.message, told.remedy) == (
        "extension 21",
        "number",
        "fehlt",
        "bitte ausfüllen",
    )
    assert [wants_german(one) for one in ("de", "de-DE,en;q=0.5", "en,de", "", "x")] == [
        True,
        True,
        False,
        False,
        False,
    ]
