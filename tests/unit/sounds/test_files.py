"""Recordings on disk and uploads that come in pieces."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.sounds import files as files_module
from appliance.sounds.files import KEPT_DAYS, AudioFiles
from appliance.sounds.uploads import MAX_AT_ONCE, Uploads


def kept(files: AudioFiles, content: bytes) -> str:
    with files.workplace() as place:
        (place / "made").write_bytes(content)
        return files.keep(place / "made")


def test_content_is_named_by_its_hash_and_nothing_else_stays(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path / "audio")
    name = kept(files, b"one")
    assert name == hashlib.sha256(b"one").hexdigest()
    assert kept(files, b"one") == name
    assert [path.name for path in files.folder.iterdir()] == [f"{name}.wav"]
    assert files.path(name).read_bytes() == b"one"


def test_what_was_not_kept_is_gone(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path / "audio")
    with files.workplace() as place:
        (place / "half").write_bytes(b"x")
    assert not list(files.folder.iterdir())


def test_what_nobody_names_goes_after_weeks(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path)
    named, fresh, old = kept(files, b"named"), kept(files, b"fresh"), kept(files, b"old")
    long_ago = time.time() - (KEPT_DAYS + 1) * 86_400
    for name in (named, old):
        os.utime(files.path(name), (long_ago, long_ago))
    assert files.sweep({named}) == 1
    assert {path.stem for path in tmp_path.glob("*.wav")} == {named, fresh}
    os.utime(files.path(named), (long_ago, long_ago))
    files.let_go(named)
    assert files.sweep(()) == 0


def test_what_a_crash_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "work-x").mkdir()
    (tmp_path / "work-x" / "half.wav").touch()
    AudioFiles(tmp_path).clear_work()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_takes_no_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "ROOM_BYTES", 1 << 60)
    with pytest.raises(DeviceUnavailable, match="full"), AudioFiles(tmp_path).workplace():
        pytest.fail("there is no room")


def test_an_upload_comes_in_pieces_and_is_taken_once(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "audio", 100)
    name = uploads.begin()
    assert uploads.add(name, b"a" * 60) == 60
    assert uploads.add(name, b"b" * 40) == 100
    assert uploads.take(name, tmp_path).read_bytes() == b"a" * 60 + b"b" * 40
    with pytest.raises(NotFound):
        uploads.take(name, tmp_path)


def test_uploads_have_bounds(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, 100)
    name = uploads.begin()
    with pytest.raises(ConfigError, match="larger"):
        uploads.add(name, b"x" * 101)
    with pytest.raises(NotFound):
        uploads.add(name, b"x")
    with pytest.raises(NotFound):
        uploads.add("../../etc/passwd", b"x")
    for _ in range(MAX_AT_ONCE):
        uploads.begin()
    with pytest.raises(DeviceUnavailable, match="too many"):
        uploads.begin()
