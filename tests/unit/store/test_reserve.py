"""The room kept back on the state disk."""

import sqlite3
from pathlib import Path

import pytest

from appliance.store import reserve
from appliance.store.database import explain
from appliance.store.reserve import NAME, SIZE_BYTES, free_bytes, give_up_reserve, is_full, keep_reserve


def test_it_is_kept_once_and_given_up_once(tmp_path: Path) -> None:
    assert keep_reserve(tmp_path)
    path = tmp_path / NAME
    assert path.stat().st_size == SIZE_BYTES
    assert path.stat().st_blocks * 512 >= SIZE_BYTES  # it really takes the room
    made = path.stat().st_mtime_ns
    assert keep_reserve(tmp_path)
    assert path.stat().st_mtime_ns == made
    assert give_up_reserve(tmp_path)
    assert not give_up_reserve(tmp_path)
    assert keep_reserve(tmp_path)


def test_a_torn_one_is_made_again(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"x")
    assert keep_reserve(tmp_path)
    assert (tmp_path / NAME).stat().st_size == SIZE_BYTES


def test_a_disk_short_of_room_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "free_bytes", lambda _: SIZE_BYTES * 2)
    assert not keep_reserve(tmp_path)
    assert not (tmp_path / NAME).exists()


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert not keep_reserve(tmp_path / "nothing")
    assert not give_up_reserve(tmp_path / "nothing")
    assert not is_full(tmp_path / "nothing")
    assert free_bytes(tmp_path) > 0


def test_what_sqlite_calls_an_io_error_on_a_full_disk_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert explain(tmp_path / "a.db", error).error_id == "store.io"
    monkeypatch.setattr(reserve, "free_bytes", lambda _: 0)
    assert explain(tmp_path / "a.db", error).error_id == "store.disk_full"
