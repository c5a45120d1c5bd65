"""Configuration files: read, judged, written; secrets stay where they are."""

import json
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.store.edits import UNSET, Delete, Put, judge
from appliance.store.importing import MASK, changes_of, masked, read_file, to_toml
from appliance.store.writing import write_file

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    texts | st.booleans() | st.integers(-(2**63), 2**63 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
configurations = st.dictionaries(
    st.sampled_from(["extension", "number"]),
    st.dictionaries(texts, st.dictionaries(texts, values, max_size=4)),
)


@given(configurations)
def test_toml_that_is_written_reads_the_same(configuration: dict[str, dict[str, dict[str, object]]]) -> None:
    read = tomli.loads(to_toml(configuration))
    assert read == {kind: entities for kind, entities in configuration.items() if entities}


def test_files_come_back_as_written(tmp_path: Path) -> None:
    content = {"extension": {"21": {"number": "21", "name": 'Zoë "Z"', "language": None}}}
    write_file(tmp_path / "a.json", json.dumps(content))
    write_file(tmp_path / "a.toml", to_toml(content))
    assert read_file(tmp_path / "a.json") == content
    assert read_file(tmp_path / "a.toml") == {"extension": {"21": {"number": "21", "name": 'Zoë "Z"'}}}
    assert (tmp_path / "a.json").stat().st_mode & 0o077 == 0
    assert {one.name for one in tmp_path.iterdir()} == {"a.json", "a.toml"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b'{"a": {}, "a": {}}', "'a' stands there twice"),
        ("a.json", b"{", "line 1 column 2"),
        ("a.json", b"[" * 100_000, "is not valid JSON"),
        ("a.toml", b"[a]\n[a]", "line 2"),
        ("a.json", b"\xff", "is not UTF-8 text"),
        ("a.json", b" " * (8 * 1024 * 1024 + 1), "is larger"),
    ],
)
def test_unreadable_files_say_why(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_file(tmp_path / name)
    assert message in str(caught.value)
    assert name in str(caught.value)


def test_files_that_are_not_there_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_file(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_file(tmp_path / "no folder" / "x.json", "")


@pytest.mark.parametrize(
    "raw", [None, 3, [], "x", {"extension": 3}, {"extension": {"21": []}}, {"extention": {}}]
)
def test_the_shape_is_judged(raw: object) -> None:
    _, problems = changes_of(raw)
    assert len(problems) == 1


def test_replacing_deletes_and_unsets_what_is_not_named_but_keeps_secrets() -> None:
    present = {
        ("device", "d"): {"name": "desk", "secret": "s3cr3t-s3cr3t", "username": "u"},
        ("device", "gone"): {"username": "g"},
    }
    changes, problems = changes_of({"device": {"d": {"username": "v", "secret": MASK}}}, present)
    assert problems == ()
    assert changes == (
        Put(kind="device", id="d", fields={"name": UNSET, "username": "v"}),
        Delete(kind="device", id="gone"),
    )


def test_a_file_that_is_wrong_never_deletes() -> None:
    changes, problems = changes_of({"extention": {}}, {("device", "d"): {}})
    assert changes == ()
    assert problems


def test_secrets_are_masked_and_empty_ones_shown_as_empty() -> None:
    assert masked("trunk", {"secret": "x", "host": "h"}) == {"secret": MASK, "host": "h"}
    assert masked("trunk", {"secret": ""}) == {"secret": ""}
    assert masked("number", {"secret": "x"}) == {"secret": "x"}


def test_a_file_alone_is_judged_as_a_whole_office() -> None:
    changes, _ = changes_of(
        {
            "extension": {"21": {"number": "21"}, "22": {"number": "21"}},
            "device": {"d": {"extension": "23", "username": "d"}},
        }
    )
    assert [(one.where, one.field) for one in judge(changes)] == [
        ("extension 22", "number"),
        ("device d", "extension"),
    ]
