"""The store of recordings and its chain: every kind of tampering is found, and where."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import DeviceUnavailable, NotFound
from appliance.media.tapes import sha256_of
from appliance.model.ids import CallId, ExtensionId, LegId, TapeId
from appliance.model.recordings import Coding, KeptTape, Sides, Tape, TapeEnd
from appliance.store.recordings import RecordingStore, verify

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def tape(n: int, extension: str = "21", started: datetime = NOW) -> Tape:
    return Tape(
        tape=TapeId(f"t{n}"),
        call=CallId(f"c{n}"),
        leg=LegId(f"l{n}"),
        started=started,
        extension=ExtensionId(extension),
        own_number=extension,
        party_number=f"+4922155501{n:02d}",
        party_name="",
        kind="inbound",
        by="code 21",
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordingStore]:
    (tmp_path / "voice").mkdir()
    store = RecordingStore(tmp_path, tmp_path / "voice", lambda: NOW)
    yield store
    store.close()


def keep(store: RecordingStore, one: Tape) -> KeptTape:
    store.begin(one)
    path = store.files / f"{one.tape}.wav"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(one.tape.encode() * 100)
    return store.keep(
        KeptTape(
            tape=one,
            seq=0,
            ended=one.started,
            end=TapeEnd.STOPPED,
            length_ms=1000,
            pauses=0,
            file=path.name,
            size=path.stat().st_size,
            sha256=sha256_of(path),
            sides=Sides.STEREO,
            coding=Coding.PCM,
        )
    )


def test_what_is_kept_is_found_and_in_order(store: RecordingStore, tmp_path: Path) -> None:
    kept = [keep(store, tape(n, "21" if n % 2 else "22", NOW + timedelta(minutes=n))) for n in range(1, 5)]
    assert [one.seq for one in kept] == [1, 2, 3, 4]
    assert store.open_tapes() == ()
    assert store.recordings(limit=2) == (kept[3], kept[2])
    assert store.recordings(extension=ExtensionId("22")) == (kept[3], kept[1])
    assert store.recordings(party="0103") == (kept[2],)
    assert store.recordings(call=CallId("c1")) == (kept[0],)
    assert store.recordings(since=NOW + timedelta(minutes=3), until=NOW + timedelta(minutes=4)) == (kept[2],)
    verdict = verify(tmp_path, tmp_path / "voice")
    assert (verdict.broken, verdict.recordings, verdict.links) == (0, 4, 4)


def test_what_began_is_found_after_a_crash(store: RecordingStore) -> None:
    store.begin(tape(1))
    assert store.open_tapes() == (tape(1),)
    store.forget(TapeId("t1"))
    assert store.open_tapes() == ()


def test_a_deletion_leaves_a_link_and_no_file(store: RecordingStore, tmp_path: Path) -> None:
    first, second = keep(store, tape(1)), keep(store, tape(2))
    store.delete(TapeId("t1"), "anna", "deleted")
    assert not store.path_of(first).exists()
    assert store.recordings() == (second,)
    with pytest.raises(NotFound):
        store.delete(TapeId("t1"), "anna", "deleted")
    verdict = verify(tmp_path, tmp_path / "voice")
    assert (verdict.broken, verdict.recordings, verdict.deleted, verdict.links) == (0, 1, 1, 3)


def test_old_and_surplus_recordings_are_expired(store: RecordingStore) -> None:
    for n in range(1, 5):
        keep(store, tape(n, "21", NOW + timedelta(days=n)))
    keep(store, tape(5, "22", NOW))
    assert store.expired(NOW + timedelta(days=1), 1000) == ("t5",)
    assert store.expired(NOW, 2) == ("t1", "t2")


def sql(statement: str) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "recordings.db", isolation_level=None)) as connection:
            connection.execute(statement)

    return tamper


def spoil(folder: Path) -> None:
    path = folder / "voice" / "recordings" / "t2.wav"
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.write_bytes(data)


def cut_off(folder: Path) -> None:
    """The newest recording never happened."""
    sql("DELETE FROM chain WHERE seq = 3")(folder)
    sql("DELETE FROM recordings WHERE tape = 't3'")(folder)
    (folder / "voice" / "recordings" / "t3.wav").unlink()


@pytest.mark.parametrize(
    ("tamper", "link", "what"),
    [
        (spoil, 2, "its file was changed"),
        (lambda folder: (folder / "voice/recordings/t2.wav").write_bytes(b"x"), 2, "another length"),
        (lambda folder: (folder / "voice/recordings/t2.wav").unlink(), 2, "cannot be read"),
        (sql("UPDATE chain SET body = replace(body, '+49221555', '+49221666') WHERE seq = 2"), 2, "changed"),
        (sql("UPDATE chain SET at = at + 1 WHERE seq = 3"), 3, "changed"),
        (sql("DELETE FROM chain WHERE seq = 2"), 2, "missing"),
        (sql("UPDATE recordings SET party = '' WHERE tape = 't2'"), 2, "row was changed"),
        (sql("DELETE FROM recordings WHERE tape = 't1'"), 1, "row was changed or removed"),
        (sql("INSERT INTO recordings VALUES ('t9', 9, 'c', 0, '21', '')"), 4, "no link"),
        (cut_off, 3, "ends at 2"),
        (lambda folder: (folder / "voice/recordings/head").unlink(), 3, "head"),
    ],
)
def test_tampering_is_found(
    store: RecordingStore, tmp_path: Path, tamper: Callable[[Path], object], link: int, what: str
) -> None:
    for n in range(1, 4):
        keep(store, tape(n))
    assert verify(tmp_path, tmp_path / "voice").broken == 0
    tamper(tmp_path)
    verdict = verify(tmp_path, tmp_path / "voice")
    assert verdict.broken == link
    assert what in verdict.what


def test_a_chain_forged_anew_does_not_fit_the_head(store: RecordingStore, tmp_path: Path) -> None:
    for n in range(1, 4):
        keep(store, tape(n))
    head = store.files / "head"
    true = head.read_text()
    store.delete(TapeId("t3"), "x", "y")
    sql("DELETE FROM chain WHERE seq > 2")(tmp_path)
    keep(store, tape(4))  # a link 3 of another kind
    head.write_text(true)
    verdict = verify(tmp_path, tmp_path / "voice")
    assert (verdict.broken, verdict.what) == (3, "is not the one that the head names")


def test_without_recordings_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable):
        verify(tmp_path, tmp_path)
