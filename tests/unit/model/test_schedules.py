"""Schedules, patterns and other small shapes: what is refused, and with which remedy."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.decode import decode, encode, try_decode
from appliance.model.documents import (
    KINDS,
    Block,
    ClassOfService,
    Extension,
    Number,
    Rewriting,
    Rotation,
    Scenario,
    When,
)
from appliance.model.ids import E164, BlockId, TrunkId
from appliance.model.patterns import check_patterns, first_match, matches


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({"start": "8:00"}, "start", "'8:00' is not a time"),
        ({"start": "24:00"}, "start", "'24:00' is not a time"),
        ({"end": "25:00"}, "end", "'25:00' is not a time"),
        ({"start": "08:00", "end": "08:00"}, "end", "is the same as start"),
        ({"first": "24.12.2026"}, "first", "'24.12.2026' is not a date"),
        ({"first": "2026-02-30"}, "first", "'2026-02-30' is not a date"),
        ({"last": "2026-W01-1"}, "last", "'2026-W01-1' is not a date"),
        ({"first": "12-24"}, "last", "is missing"),
        ({"first": "12-24", "last": "2026-12-26"}, "last", "is of another form than first"),
        ({"first": "2026-12-24", "last": "2026-12-20"}, "last", "is before first"),
        ({"weekdays": ["montag"]}, "weekdays[0]", "invalid enum value 'montag'"),
    ],
)
def test_times_that_are_none_are_refused(fields: Mapping[str, Any], place: str, message: str) -> None:
    value, (problem,) = try_decode(When, fields, where="number n")
    assert value is None
    assert (problem.field, problem.message) == (place, message)
    assert problem.remedy


@pytest.mark.parametrize(
    ("kind", "fields", "place"),
    [
        (Scenario, {"name": ""}, "name"),
        (Scenario, {"name": "otherwise"}, "name"),
        (Scenario, {"name": "a", "emails": ["nobody"]}, "emails"),
        (
            Number,
            {"id": "n", "number": "+4922147", "scenarios": [{"name": str(i)} for i in range(11)]},
            "scenarios",
        ),
        (Rotation, {"id": "r", "members": [], "first": "2026-01-01"}, "members"),
        (Rotation, {"id": "r", "first": "2026-01-01"}, "members"),
        (Block, {"id": "b", "first": "+4922147100", "size": 50, "trunk": "t"}, "size"),
        (Block, {"id": "b", "first": "+99999", "size": 10, "trunk": "t"}, "first"),
        (ClassOfService, {"id": "c", "pin": "12"}, "pin"),
        (Rewriting, {"pattern": "9.", "strip": 2}, "strip"),
        (Rewriting, {"pattern": "9.*"}, "pattern"),
        (Rewriting, {"pattern": "9", "prepend": "abc"}, "prepend"),
        (Extension, {"id": "e", "number": "1", "profiles": [{"name": ""}]}, "profiles[0].name"),
        (Extension, {"id": "e", "number": "1", "rules": [{"action": "explode"}]}, "rules[0].action"),
        (
            Extension,
            {
                "id": "e",
                "number": "1",
                "forwardings": [{"on": "busy", "to": {"kind": "voicemail", "ref": "x"}}],
            },
            "forwardings[0].to.kind",
        ),
    ],
)
def test_what_no_document_may_say_is_refused_with_place_and_remedy(
    kind: type, fields: Mapping[str, Any], place: str
) -> None:
    value, problems = try_decode(kind, fields, where="it")
    assert value is None
    assert place in [one.field for one in problems]
    assert all(one.remedy for one in problems)


@pytest.mark.parametrize(
    ("pattern", "digits", "fits"),
    [
        ("+4930.", "+4930901820", True),
        ("+4930.", "+4930", True),
        ("+4930.", "+4989", False),
        ("+4930", "+49301", False),
        ("2X", "21", True),
        ("2X", "2", False),
        ("2X", "211", False),
        ("2X.", "21199", True),
        ("2X", "2a", False),
        ("2X", "2٣", False),
        (".", "", True),
        (".", "anything", True),
        ("*3X#", "*31#", True),
        ("+.", "+49", True),
        ("+.", "21", False),
    ],
)
def test_patterns(pattern: str, digits: str, fits: bool) -> None:
    check_patterns("numbers", (pattern,))
    assert matches(pattern, digits) is fits
    assert (first_match(("nix", pattern), digits) == pattern) is fits


@given(st.text(alphabet="+*#X.0123456789", max_size=12), st.text(alphabet="+*#0123456789", max_size=12))
def test_a_pattern_means_what_its_characters_say(pattern: str, digits: str) -> None:
    try:
        check_patterns("numbers", (pattern,))
    except ValueError:
        return
    fixed = pattern.removesuffix(".")
    expected = (len(digits) >= len(fixed) if pattern.endswith(".") else len(digits) == len(fixed)) and all(
        shown == wanted or (wanted == "X" and shown in "0123456789")
        for wanted, shown in zip(fixed, digits, strict=False)
    )
    assert matches(pattern, digits) is expected


def test_a_block_knows_its_numbers() -> None:
    block = Block(id=BlockId("b"), first=E164("+4922147100"), size=10, trunk=TrunkId("t"))
    assert "+4922147100" in block
    assert "+4922147109" in block
    for other in ("+4922147110", "+4922147099", "+49221471", "+492214710000", "4922147100x", 7):
        assert other not in block


def test_documents_with_everything_survive_json() -> None:
    raw = {
        "id": "e",
        "number": "21",
        "status": "dnd",
        "rules": [{"action": "busy", "calls": {"numbers": ["+4930."], "withheld": True}}],
        "forwardings": [
            {
                "on": "no_answer",
                "to": {"kind": "rotation", "ref": "duty"},
                "calls": {
                    "when": [{"weekdays": ["sat"], "start": "22:00", "end": "06:00", "holidays": "never"}]
                },
            }
        ],
        "ringings": [{"steps": [{"targets": [{"kind": "extension", "ref": "e"}]}]}],
        "profiles": [{"name": "home", "forwardings": []}],
    }
    made = decode(Extension, raw, where="extension e")
    assert decode(Extension, encode(made), where="extension e") == made
    assert set(KINDS) >= {"switch", "rotation", "class_of_service", "block"}
