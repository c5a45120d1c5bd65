"""Notes on calls: kept, found, changed, deleted; what cannot be one is refused by its field."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import ConfigError, NotFound
from appliance.model.decode import decode
from appliance.model.ids import CallId, NoteId
from appliance.model.notes import MAX_TEXT, CallNote
from appliance.store.notes import NoteStore
from appliance.store.records import RecordStore

T0 = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def note(name: str, call: str = "c1", **fields: Any) -> CallNote:
    values = {"author": "Anna", "text": "Will ein Angebot.\nBis Freitag 🐈", "written": T0, **fields}
    return CallNote(note=NoteId(name), call=CallId(call), **values)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[RecordStore]:
    made = RecordStore(tmp_path / "records.db")
    yield made
    made.close()


@pytest.fixture
def notes(records: RecordStore) -> Iterator[NoteStore]:
    with closing(NoteStore(records)) as made:
        yield made


def test_a_note_is_found_again_after_a_restart(tmp_path: Path) -> None:
    written = note("n1", reference="A-17", mailed=("a@example.com", "b@example.com"), changed=T0)
    for _ in range(2):
        records = RecordStore(tmp_path / "records.db")
        with closing(NoteStore(records)) as notes:
            notes.put(written)
            assert notes.note(written.note) == written
        records.close()


def test_notes_are_listed_newest_first_by_call_reference_and_time(notes: NoteStore) -> None:
    notes.put(note("n1", "c1", reference="A"))
    notes.put(note("n2", "c2", reference="A", written=T0 + timedelta(hours=1)))
    notes.put(note("n3", "c1", written=T0 + timedelta(hours=2)))
    assert [one.note for one in notes.notes()] == ["n3", "n2", "n1"]
    assert [one.note for one in notes.notes(CallId("c1"))] == ["n3", "n1"]
    assert [one.note for one in notes.notes(reference="A")] == ["n2", "n1"]
    assert [one.note for one in notes.notes(since=T0 + timedelta(minutes=1), limit=1)] == ["n3"]
    assert [one.note for one in notes.notes(until=T0 + timedelta(minutes=1))] == ["n1"]
    assert notes.notes(CallId("nobody's")) == ()


def test_a_changed_note_keeps_its_call_and_time(notes: NoteStore) -> None:
    notes.put(note("n1"))
    notes.put(note("n1", "c9", text="Anders", written=T0 + timedelta(days=1), changed=T0))
    changed = notes.note(NoteId("n1"))
    assert (changed.text, changed.call, changed.written, changed.changed) == ("Anders", "c1", T0, T0)


def test_a_deleted_note_is_gone(notes: NoteStore) -> None:
    notes.put(note("n1"))
    notes.delete(NoteId("n1"))
    for act in (notes.note, notes.delete):
        with pytest.raises(NotFound):
            act(NoteId("n1"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "   \n"),
        ("text", "x" * (MAX_TEXT + 1)),
        ("text", "a\x00b"),
        ("author", ""),
        ("author", "x" * 121),
        ("reference", "A\nB"),
        ("reference", 17),
        ("written", "yesterday"),
    ],
)
def test_what_cannot_be_a_note_is_refused_by_its_field(field: str, value: object) -> None:
    values = {"note": "n1", "call": "c1", "author": "Anna", "text": "Text", "written": T0, field: value}
    with pytest.raises(ConfigError) as caught:
        decode(CallNote, values, where="note")
    assert [problem.field for problem in caught.value.problems] == [field]
