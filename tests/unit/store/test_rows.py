"""Tables of any kind: previewed row by row, taken whole or not at all, wrong cells named by row and field."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.control.tables import TableMethods
from appliance.errors import ConfigError
from appliance.model.documents import Device, Number
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Put


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConfigurationStore]:
    store = ConfigurationStore(tmp_path / "configuration.db", "box")
    changes = [Put(kind="extension", id=f"e{one}", fields={"number": one}) for one in ("21", "22")]
    store.apply(changes, "test")
    yield store
    store.close()


def bring(store: ConfigurationStore, kind: str, text: str, *, dry_run: bool = False) -> dict[str, Any]:
    found = TableMethods(store).import_rows({"kind": kind, "text": text, "dry_run": dry_run, "who": "test"})
    assert isinstance(found, dict)
    return found


def actions(found: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(row.row, row.number, row.action) for row in found["rows"]]


def test_devices_are_made_and_then_changed(store: ConfigurationStore) -> None:
    text = "username;extension;name;max_calls\n21a;21;Desk;2\n22a;e22;;\n"
    assert actions(bring(store, "device", text, dry_run=True)) == [(2, "21a", "create"), (3, "22a", "create")]
    assert store.list("device") == (), "a preview writes nothing"
    assert bring(store, "device", text)["applied"]
    made = {one.id: one for one in store.list("device") if isinstance(one, Device)}
    assert [(one.extension, one.name, one.max_calls) for one in made.values()] == [
        ("e21", "Desk", 2),
        ("e22", "", 8),
    ]
    assert all(len(one.secret) >= 12 for one in made.values()), "secrets are made where none is given"
    assert [one for *_, one in actions(bring(store, "device", text, dry_run=True))] == ["unchanged"] * 2
    again = bring(store, "device", "id,USERNAME,Name\n21a,21a,-\n22a,22a,Kitchen\n")
    assert [one for *_, one in actions(again)] == ["change", "change"]
    assert [one.name for one in store.list("device") if isinstance(one, Device)] == ["", "Kitchen"]


def test_numbers_lists_and_words_are_understood(store: ConfigurationStore) -> None:
    steps = '[{""targets"": [{""kind"": ""extension"", ""ref"": ""e21""}]}]'
    bring(store, "number", f'number;name;steps\n0221 5550100;Head;"{steps}"\n')
    [number] = store.list("number")
    assert isinstance(number, Number)
    assert (number.number, number.id, number.steps[0].targets[0].ref) == (
        "+492215550100",
        "492215550100",
        "e21",
    )
    bring(store, "pickup_group", "name;members\nSales;21, 22\n")
    [group] = store.list("pickup_group")
    assert getattr(group, "members", None) == ("e21", "e22")
    bring(store, "trunk", "name;kind;host;enabled\nSpare;static;192.0.2.7;nein\n")
    [trunk] = store.list("trunk")
    assert getattr(trunk, "enabled", None) is False


@pytest.mark.parametrize(
    ("kind", "text", "problems"),
    [
        ("device", "username;extension\na b;21\nb;99\n", [("row 2", "username"), ("row 3", "extension")]),
        ("device", "username;extension;max_calls\na;21;many\n", [("row 2", "max_calls")]),
        ("device", "username;extension\na;21\na;22\n", [("row 3", "username")]),
        ("device", "username;extension\n;21\n", [("row 2", "username")]),
        ("device", "username;colour\na;red\n", [("row 1", "colour"), ("row 2", "extension")]),
        ("device", "name\nDesk\n", [("row 1", ""), ("row 2", "username")]),
        ("device", "", [("row 1", "")]),
        ("number", "number\n12\n", [("row 2", "number"), ("row 2", "number")]),
        ("number", "number;steps\n02215550100;nobody\n", [("row 2", "steps")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_row_and_field_and_nothing_is_taken(
    store: ConfigurationStore, kind: str, text: str, problems: list[tuple[str, str]]
) -> None:
    before = store.existing()
    told = bring(store, kind, text, dry_run=True)["problems"]
    assert [(one.where, one.field) for one in told] == problems
    assert all(one.message for one in told)
    with pytest.raises(ConfigError):
        bring(store, kind, text)
    assert store.existing() == before


@pytest.mark.parametrize("kind", ["account", "permission_group", "site", "nothing", "phone"])
def test_what_a_table_cannot_bring_is_refused(store: ConfigurationStore, kind: str) -> None:
    with pytest.raises(ConfigError, match="do not come as a table"):
        bring(store, kind, "id\na\n")
