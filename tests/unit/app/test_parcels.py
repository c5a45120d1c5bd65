"""What arrived is put in its place whole, whoever wrote it."""

import os
from pathlib import Path

import pytest

from appliance.app.parcels.source import put_in_place


@pytest.mark.parametrize("foreign", [False, True], ids=["ours", "of the sync process"])
def test_a_file_that_arrived_stands_at_its_place(tmp_path: Path, foreign: bool) -> None:
    arrived = tmp_path / "arriving"
    arrived.write_bytes(b"sound")
    if foreign:
        os.chown(arrived, 65534, -1)
    place = tmp_path / "voice" / "greetings" / "1.wav"
    put_in_place(arrived, place, 1_700_000_000_123_456_000)
    assert place.read_bytes() == b"sound"
    assert place.stat().st_mtime_ns == 1_700_000_000_123_456_000
    assert place.stat().st_uid == os.geteuid()
    arrived.unlink()
    assert place.read_bytes() == b"sound"
    assert [one.name for one in place.parent.iterdir()] == ["1.wav"]
    with pytest.raises(OSError):
        put_in_place(arrived, place)
    assert place.read_bytes() == b"sound"
