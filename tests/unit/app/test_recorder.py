"""What becomes of recordings: kept in the end whatever goes wrong first, and deleted in time."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.app.recorder import Recorder
from appliance.model.events import Event
from appliance.model.ids import CallId, ExtensionId, LegId, TapeId
from appliance.model.recordings import (
    BeginTape,
    Coding,
    KeepTape,
    RecordingSettings,
    Sides,
    Tape,
    TapeEnd,
    part,
)
from appliance.model.voice import Done, Side
from appliance.store.recordings import RecordingStore, verify
from appliance.telemetry.alarms import Alarms
from tests.support.tones import tone, write_wav

NOW = datetime.now(UTC)
SETTINGS = RecordingSettings(free_mb=0, keep_days=10, keep_count=2, coding=Coding.ALAW, sides=Sides.MIXED)


def tape(n: int, started: datetime = NOW) -> Tape:
    return Tape(
        tape=TapeId(f"t{n}"),
        call=CallId("c"),
        leg=LegId("l"),
        started=started,
        extension=ExtensionId("21"),
        own_number="21",
        party_number="22",
        party_name="",
        kind="internal",
        by="test",
    )


class Place:
    """A recorder with a real store in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.voice = folder, folder / "voice"
        self.voice.mkdir()
        self.posted: list[Event] = []
        self.store = RecordingStore(folder, self.voice, lambda: NOW)
        self.recorder = Recorder(
            store=self.store,
            voice=self.voice,
            settings=lambda: SETTINGS,
            post=self.posted.append,
            alarms=Alarms(lambda _alarm: None),
            publish=lambda _name, _payload: None,
        )

    def speak(self, one: Tape, stretches: int = 1) -> None:
        """The mixer writes both sides."""
        for n in range(stretches):
            for side in Side:
                path = self.voice / f"{part(one.tape, n, side.value).removeprefix('voice/')}.wav"
                path.parent.mkdir(exist_ok=True)
                write_wav(path, tone(500, seconds=0.5, rate=8000), rate=8000)

    def kept(self, one: Tape, stretches: int = 1) -> None:
        """A whole recording."""
        self.recorder.begin(BeginTape(one))
        self.speak(one, stretches)
        assert self.recorder.keep(KeepTape(one, NOW, TapeEnd.STOPPED, stretches)) == Done()

    def wait_kept(self, count: int) -> None:
        """Until the thread has kept so many."""
        deadline = time.monotonic() + 10
        while len(self.store.recordings()) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.store.close()


def test_stretches_become_one_file_and_the_parts_are_gone(place: Place) -> None:
    place.kept(tape(1), stretches=3)
    (found,) = place.store.recordings()
    assert (found.length_ms, found.pauses, found.coding, found.sides) == (1500, 2, Coding.ALAW, Sides.MIXED)
    assert place.store.path_of(found).stat().st_size == found.size == 44 + 12_000
    assert list((place.voice / "tapes").iterdir()) == []
    assert verify(place.folder, place.voice).broken == 0


def test_nothing_said_is_nothing_kept(place: Place) -> None:
    place.recorder.begin(BeginTape(tape(1)))
    place.recorder.keep(KeepTape(tape(1), NOW, TapeEnd.CALL_ENDED, 1))
    assert place.store.recordings() == ()
    assert place.store.open_tapes() == ()


def test_what_cannot_be_kept_now_is_kept_later_with_its_own_end(place: Place) -> None:
    place.store.files.write_text("in the way")
    place.recorder.begin(BeginTape(tape(1)))
    place.speak(tape(1))
    assert place.recorder.keep(KeepTape(tape(1), NOW, TapeEnd.DISK_FULL, 1)) is None
    place.store.files.unlink()
    place.recorder.start()
    place.wait_kept(1)
    place.recorder.stop()
    assert place.store.recordings()[0].end is TapeEnd.DISK_FULL


def test_what_a_crash_left_is_kept_at_the_start_and_what_goes_on_is_left_alone(place: Place) -> None:
    place.store.begin(tape(1))
    place.speak(tape(1), stretches=2)
    place.recorder.begin(BeginTape(tape(2)))
    place.speak(tape(2))
    place.recorder.start()
    place.wait_kept(1)
    place.recorder.stop()
    (found,) = place.store.recordings()
    assert (found.tape.tape, found.end, found.length_ms) == ("t1", TapeEnd.RESTART, 1000)
    assert [one.tape for one in place.store.open_tapes()] == ["t2"]


def test_retention_by_days_and_count(place: Place) -> None:
    for n in range(1, 5):
        place.kept(tape(n, NOW - timedelta(days=3 * n)))
    assert place.recorder.expire(NOW) == 2  # the fourth is too old, the third one too many
    assert [one.tape.tape for one in place.store.recordings()] == ["t1", "t2"]
    verdict = verify(place.folder, place.voice)
    assert (verdict.broken, verdict.deleted) == (0, 2)
