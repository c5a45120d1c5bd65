"""Versions of documents: two who edit the same are told; the log knows what was there before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.model.ids import ExtensionId
from appliance.store.configuration import ConfigurationStore
from appliance.store.versions import MISSING

KEY = ("extension", "21")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConfigurationStore]:
    found = ConfigurationStore(tmp_path / "c.db", "box")
    found.put(*KEY, {"number": "21", "name": "Anna"}, "ctl:root")
    yield found
    found.close()


def test_a_version_lasts_until_the_entity_changes(store: ConfigurationStore) -> None:
    first = store.version(*KEY)
    assert store.version("extension", "22") == MISSING
    store.put("extension", "22", {"number": "22"}, "a")
    assert store.version(*KEY) == first
    store.put(*KEY, {"name": "Anna"}, "a")
    assert store.version(*KEY) == first, "nothing changed"
    store.put(*KEY, {"name": "Berta"}, "a")
    assert store.version(*KEY) != first


def test_who_comes_late_is_told_what_changed_and_by_whom(store: ConfigurationStore) -> None:
    seen = store.version(*KEY)
    store.put(*KEY, {"name": "Berta", "pin": "4711"}, "web:berta")
    with pytest.raises(ConfigError) as caught:
        store.delete(*KEY, "web:anna", lambda: store.must_be(*KEY, seen))
    assert (caught.value.error_id, len(caught.value.problems)) == ("config.version", 2)
    told = {one.field: one.message for one in caught.value.problems}
    assert told["name"] == 'web:berta set it to "Berta"'
    assert "4711" not in str(told)
    now = store.version(*KEY)
    store.delete(*KEY, "web:anna", lambda: store.must_be(*KEY, now))
    with pytest.raises(ConfigError, match="web:anna meanwhile"):
        store.apply([], "x", lambda: store.must_be(*KEY, seen))


def test_the_log_has_old_values_and_pages(store: ConfigurationStore) -> None:
    for name in ("Berta", "Clara"):
        store.put(*KEY, {"name": name}, f"web:{name.lower()}")
    store.delete(*KEY, "x")
    store.put(*KEY, {"number": "21", "name": "Dora"}, "x")
    log = store.log.operations(*KEY)
    before = store.log.before(log)
    names = [(before[one.id], one.value) for one in log if one.field == "name"]
    assert names == [(None, '"Anna"'), ('"Anna"', '"Berta"'), ('"Berta"', '"Clara"'), (None, '"Dora"')]
    newest = store.log.operations(limit=2)
    assert [one.id for one in store.log.operations(limit=3, before=newest[0].id)] == [
        one.id for one in log[-5:-2]
    ]
    assert [one.value for one in store.log.operations(who="web:berta")] == ['"Berta"']


def test_an_undo_may_be_tried(store: ConfigurationStore) -> None:
    (made,) = store.put(*KEY, {"name": "Berta"}, "a")
    (tried,) = store.undo(made.id, "b", try_only=True)
    assert tried.value == '"Anna"'
    assert store.snapshot().extensions[ExtensionId("21")].name == "Berta"
