"""The messages of voicemail boxes on disk: what is acknowledged is kept, over restarts and sudden ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import NotFound
from appliance.model.ids import CallId, MessageId, VoicemailBoxId
from appliance.model.messages import BoxCounts, Message, MessageState
from appliance.model.plan import Caller
from appliance.store.voicemail import VoicemailStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOX = VoicemailBoxId("21")
NEW, OLD, DELETED, RECORDING = (
    MessageState.NEW,
    MessageState.OLD,
    MessageState.DELETED,
    MessageState.RECORDING,
)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[VoicemailStore]:
    made = VoicemailStore(tmp_path / "voicemail.db", clock)
    yield made
    made.close()


def message(name: str, **fields: object) -> Message:
    made = Message(
        message=MessageId(name),
        box=BOX,
        call=CallId("c"),
        caller=Caller(number="+4930", name="Ä <b>", withheld=True),
        received=NOW,
        changed=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name real fields


def test_a_message_comes_back_as_it_was_written_also_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "voicemail.db"
    whole = message("a", length_ms=4000, state=NEW, urgent=True, forwarded_by="Sales")
    first = VoicemailStore(path, clock)
    first.add(whole)
    first.close()
    again = VoicemailStore(path, clock)
    assert again.message(whole.message) == whole
    assert again.unannounced() == (whole,)
    again.close()


def test_a_journal_becomes_a_message_once_in_place_of_another(store: VoicemailStore, clock: Clock) -> None:
    store.add(message("a"))
    store.add(message("b"))
    clock.now += timedelta(seconds=9)
    first = store.recorded(MessageId("a"), 4000)
    assert (first.state, first.length_ms, first.changed) == (NEW, 4000, clock.now)
    with pytest.raises(NotFound):
        store.recorded(MessageId("a"), 5000)
    store.recorded(MessageId("b"), 3000, instead=MessageId("a"), urgent=True)
    assert [(one.message, one.urgent) for one in store.messages()] == [("b", True)]


def test_what_is_being_recorded_is_nobody_s_message(store: VoicemailStore) -> None:
    store.add(message("a"))
    assert store.counts() == {}
    assert store.usage(BOX) == (0, 0)
    assert store.unannounced() == ()
    assert store.announced(MessageId("a")) is None
    with pytest.raises(NotFound):
        store.mark(MessageId("a"), OLD)
    assert [one.message for one in store.messages(states=[RECORDING])] == ["a"]


def test_counts_usage_and_order(store: VoicemailStore) -> None:
    later = NOW + timedelta(minutes=1)
    store.add(message("b", state=NEW, length_ms=1000, received=later))
    store.add(message("a", state=NEW, length_ms=2000))
    store.add(message("u", state=OLD, length_ms=3000, received=later, urgent=True))
    store.add(message("d", state=DELETED, length_ms=9000))
    store.add(message("o", state=OLD, box=VoicemailBoxId("other")))
    assert store.counts() == {BOX: BoxCounts(new=2, old=1), VoicemailBoxId("other"): BoxCounts(old=1)}
    assert store.usage(BOX) == (3, 6000)
    assert [one.message for one in store.messages(BOX)] == ["u", "a", "d", "b"]
    assert [one.message for one in store.messages(BOX, (NEW, OLD))] == ["u", "a", "b"]


def test_owners_are_told_once(store: VoicemailStore) -> None:
    store.add(message("a"))
    store.recorded(MessageId("a"), 1000)
    told = store.announced(MessageId("a"), urgent=True)
    assert told is not None
    assert told.urgent
    assert store.announced(MessageId("a")) is None
    assert store.unannounced() == ()


def test_a_full_box_is_news_until_there_is_room(store: VoicemailStore) -> None:
    assert store.told_full(BOX, full=True)
    assert not store.told_full(BOX, full=True)
    assert not store.told_full(BOX, full=False)
    assert store.told_full(BOX, full=True)


def test_wrong_pins_count_for_box_and_caller_for_a_while(store: VoicemailStore, clock: Clock) -> None:
    lately = timedelta(minutes=15)
    store.wrong_pin(BOX, "a")
    store.wrong_pin(BOX, "b")
    store.wrong_pin(VoicemailBoxId("other"), "a")
    assert store.wrong_pins(BOX, "a", lately) == (2, 2)
    store.right_pin(BOX, "a")
    assert store.wrong_pins(BOX, "a", lately) == (1, 1)
    clock.now += timedelta(minutes=15)
    assert store.wrong_pins(BOX, "b", lately) == (0, 0)
    store.wrong_pin(BOX, "a")
    clock.now -= timedelta(days=400)
    assert store.wrong_pins(BOX, "a", lately) == (1, 1)
    clock.now += timedelta(minutes=15)
    assert store.wrong_pins(BOX, "a", lately) == (0, 0)


def test_marking_and_removing(store: VoicemailStore) -> None:
    store.add(message("a", state=NEW))
    assert store.mark(MessageId("a"), DELETED).state is DELETED
    assert store.mark(MessageId("a"), NEW).state is NEW
    store.remove([MessageId("a")])
    with pytest.raises(NotFound):
        store.message(MessageId("a"))
    with pytest.raises(NotFound):
        store.mark(MessageId("a"), OLD)
