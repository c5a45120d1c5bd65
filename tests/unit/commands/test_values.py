"""``field=value`` words are read by the field's type; times as people write them; tables align."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.commands.output import facts, table, text
from appliance.commands.values import fields_of_words, moment, value_of
from appliance.errors import ConfigError


@pytest.mark.parametrize(
    ("kind", "name", "word", "expected"),
    [
        ("extension", "number", "21", "21"),
        ("extension", "name", "true", "true"),
        ("extension", "name", "null", "null"),
        ("extension", "name", '"21"', "21"),
        ("extension", "name", '"Anna" Berg', '"Anna" Berg'),
        ("extension", "name", "", ""),
        ("extension", "ring_seconds", "30", 30),
        ("extension", "ring_seconds", "soon", "soon"),
        ("extension", "call_waiting", "yes", True),
        ("extension", "call_waiting", "OFF", False),
        ("extension", "call_waiting", "maybe", "maybe"),
        ("extension", "language", "de", "de"),
        ("extension", "language", "null", None),
        ("extension", "caller_number", "+49221471", "+49221471"),
        ("extension", "caller_number", "", None),
        ("site", "emergency_numbers", "110,112", ["110", "112"]),
        ("site", "emergency_numbers", '["110"]', ["110"]),
        ("site", "emergency_numbers", "", []),
        ("device", "srtp", "mandatory", "mandatory"),
        ("number", "steps", '[{"targets": []}]', [{"targets": []}]),
        ("extension", "unknown", "7", 7),
        ("unknown", "x", "some text", "some text"),
    ],
)
def test_words_are_read_by_the_type_of_their_field(kind: str, name: str, word: str, expected: Any) -> None:
    assert value_of(kind, name, word) == expected
    assert fields_of_words(kind, "x", [f"{name}={word}"]) == {name: expected}


def test_every_wrong_word_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        fields_of_words("extension", "21", ["name", "=x", "number=21"])
    assert len(caught.value.problems) == 2


@given(st.text(max_size=30))
def test_any_word_is_read_or_handed_on(word: str) -> None:
    for name in ("name", "ring_seconds", "call_waiting", "language", "unknown"):
        value_of("extension", name, word)


def test_times() -> None:
    now = datetime.now(UTC)
    assert abs(datetime.fromisoformat(moment("2h")) - (now - timedelta(hours=2))) < timedelta(minutes=1)
    assert datetime.fromisoformat(moment("today")) <= now
    assert datetime.fromisoformat(moment("2026-01-31T08:00Z")) == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert datetime.fromisoformat(moment("2026-01-31")).tzinfo is not None
    for wrong in ("", "yesterday", "5", "2h3", "9999999d", "2026-13-01"):
        with pytest.raises(argparse.ArgumentTypeError):
            moment(wrong)


def test_tables_align_and_leave_out_empty_columns() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "1", "name": "Anna", "note": None},
        {"id": "100", "name": "B\x1b[31m", "note": ""},
    ]
    assert table(rows) == ["ID   NAME", "1    Anna", "100  B?[31m"]
    assert table(rows, ["note", "id"]) == ["NOTE  ID", "      1", "      100"]
    assert table([{"name": "x" * 100}])[1] == "x" * 59 + "…"


def test_facts_show_tables_inside() -> None:
    assert facts({"calls": 2, "edge": {"up": True}, "legs": [{"leg": "l1"}, {"leg": "l2"}], "none": []}) == [
        "calls  2",
        "edge",
        "  up  yes",
        "legs",
        "  LEG",
        "  l1",
        "  l2",
        "none",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_has_a_text_without_control_characters(value: Any) -> None:
    assert all(one.isprintable() for one in text(value))
