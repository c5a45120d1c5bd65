"""SMS on disk: kept once, sent in order, reports matched, all of it over a restart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import NotFound
from appliance.model.gsm import ReceivedSms, SmsStatus
from appliance.model.ids import ModuleId, SmsId
from appliance.store.sms import SmsStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOBILE, OTHER = ModuleId("mobile"), ModuleId("other")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SmsStore]:
    store = SmsStore(tmp_path / "sms.db")
    yield store
    store.close()


def test_what_was_received_is_kept_once_and_over_a_restart(tmp_path: Path) -> None:
    sms = ReceivedSms(sender="+49170", text="'; DROP TABLE sms; --\ud800", sent=NOW, parts=2)
    store = SmsStore(tmp_path / "sms.db")
    kept = store.received(MOBILE, sms, NOW)
    assert kept is not None
    assert store.received(MOBILE, sms, NOW) is None
    assert store.received(OTHER, sms, NOW) is not None
    store.close()
    again = SmsStore(tmp_path / "sms.db")
    assert again.received(MOBILE, sms, NOW) is None
    assert [one.module for one in again.records(incoming=True)] == [OTHER, MOBILE]
    assert again.record(kept.id).text.startswith("'; DROP TABLE sms; --")
    again.close()


def test_from_the_order_to_the_report(store: SmsStore) -> None:
    first = store.order("+49170", "one", ModuleId(""), 1, NOW)
    second = store.order("+49171", "two", MOBILE, 2, NOW)
    assert store.waiting() == (first, second)
    store.sent(second.id, MOBILE, [7, 8], NOW)
    assert store.waiting() == (first,)
    assert store.reported(OTHER, 7, delivered=True, detail="", now=NOW) is None
    assert store.reported(MOBILE, 9, delivered=True, detail="", now=NOW) is None
    late = NOW + timedelta(minutes=5)
    half = store.reported(MOBILE, 7, delivered=True, detail="", now=late)
    assert half is not None
    assert half.status is SmsStatus.SENT
    whole = store.reported(MOBILE, 8, delivered=True, detail="", now=late)
    assert whole is not None
    assert (whole.status, whole.changed) == (SmsStatus.DELIVERED, late)
    assert store.parts_since(MOBILE, NOW) == 2
    assert store.parts_since(MOBILE, late) == 0


def test_a_number_that_is_used_again_means_the_newest_message(store: SmsStore) -> None:
    old = store.order("+49170", "old", MOBILE, 1, NOW)
    store.sent(old.id, MOBILE, [7], NOW)
    new = store.order("+49170", "new", MOBILE, 1, NOW)
    store.sent(new.id, MOBILE, [7], NOW + timedelta(hours=1))
    record = store.reported(MOBILE, 7, delivered=False, detail="status 0x46", now=NOW + timedelta(hours=2))
    assert record is not None
    assert (record.id, record.status, record.detail) == (new.id, SmsStatus.FAILED, "status 0x46")
    ancient = store.reported(MOBILE, 7, delivered=True, detail="", now=NOW + timedelta(days=30))
    assert ancient is None


def test_a_failure_waits_on_or_is_final(store: SmsStore) -> None:
    sms = store.order("+49170", "x", MOBILE, 1, NOW)
    store.failed(sms.id, "no network", NOW, final=False)
    assert [one.detail for one in store.waiting()] == ["no network"]
    store.failed(sms.id, "gave up", NOW, final=True)
    assert store.waiting() == ()
    assert store.record(sms.id).status is SmsStatus.FAILED
    with pytest.raises(NotFound):
        store.record(SmsId("none"))
