"""Wishes to be called back: one an extension, over a restart, until they are too old."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.model.ids import ExtensionId
from appliance.model.wishes import CallbackWish
from appliance.store.records import RecordStore
from appliance.store.wishes import WishStore

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)
E21 = ExtensionId("21")
WISH = CallbackWish(
    asker=E21, dialled="22", target=ExtensionId("22"), armed=False, until=T0 + timedelta(minutes=45)
)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[RecordStore]:
    made = RecordStore(tmp_path / "records.db")
    yield made
    made.close()


def test_the_newest_wish_of_an_extension_is_kept(records: RecordStore) -> None:
    with closing(WishStore(records)) as wishes:
        wishes.keep(E21, WISH)
        wishes.keep(E21, replace(WISH, armed=True, dialled="*77*22"))
    with closing(WishStore(records)) as wishes:
        for _ in range(2):
            assert wishes.take(T0) == (replace(WISH, armed=True, dialled="*77*22"),)


def test_a_wish_is_forgotten_when_fulfilled_or_too_old(records: RecordStore) -> None:
    with closing(WishStore(records)) as wishes:
        wishes.keep(E21, WISH)
        wishes.keep(E21, None)
        assert wishes.take(T0) == ()
        wishes.keep(E21, WISH)
        assert wishes.take(WISH.until) == ()
        assert wishes.take(T0) == ()
