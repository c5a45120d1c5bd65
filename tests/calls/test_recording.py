"""Recording through the whole box: what was played is what is kept, each side apart; crash, tampering."""

import array
import json
import os
import signal
import struct
import subprocess
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import OrtsamtError
from tests.calls.party import Party
from tests.support.box import Box, office, tone_of
from tests.support.processes import ortsamt
from tests.support.tones import goertzel, rms_dbfs

SAYS, HEARS = 500, 900
RULE = {"name": "sales", "extensions": ["22"], "consent": "none"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    documents = office(
        "21",
        "22",
        "23",
        recording={"main": {"may_record": ["21"], "free_mb": 1}},
        recording_rule={"sales": RULE},
        conference_room={"talk": {"number": "800", "announce": "nothing"}},
    )
    with Box(
        tmp_path_factory.mktemp("recording"), documents, settings={"engine": {"clock_rate": 8000}}
    ) as box:
        yield box


def kept(box: Box, count: int, **asked: Any) -> list[dict[str, Any]]:
    """Recordings, the newest first, once there are so many."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = box.control("recordings.list", **asked)
        return len(found) >= count

    box.eventually(there, f"{count} recordings")
    return found


def export(
    box: Box, recording: dict[str, Any], folder: Path
) -> "tuple[array.array[int], array.array[int], int]":
    """Both sides as samples, and the rate, of a file written by the command line."""
    run = subprocess.run(
        [
            *ortsamt("ctl", "--socket", str(box.socket)),
            "recording-export",
            recording["tape"]["tape"],
            str(folder),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    with wave.open(run.stdout.strip()) as file:
        assert file.getnchannels() == 2
        both = array.array("h", file.readframes(file.getnframes()))
        return both[0::2], both[1::2], file.getframerate()


def verify(box: Box) -> tuple[int, str]:
    """Exit code and words of ``ortsamt verify-recordings``."""
    run = subprocess.run(
        ortsamt("verify-recordings", "--box", str(box.settings)),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run.returncode, run.stdout


def middle(samples: "array.array[int]", rate: int) -> "array.array[int]":
    """Half a second in the middle."""
    at = len(samples) // 2 - rate // 4
    return samples[at : at + rate // 2]


def room(box: Box, stack: ExitStack) -> tuple[Party, Party, str]:
    """21 and 23 talk in a room of their own; and the id of their call."""
    one = stack.enter_context(Party(box, "21", "800", SAYS))
    other = stack.enter_context(Party(box, "23", "800", HEARS))
    assert one.audio.hears(HEARS)
    assert other.audio.hears(SAYS)
    (state,) = box.control("conferences.list")
    return one, other, state["call"]


def test_each_side_is_recorded_as_it_was_played(box: Box, tmp_path: Path) -> None:
    with ExitStack() as stack:
        one, other, call = room(box, stack)
        box.control("recordings.act", call=call, act="start", extension="21", who="test")
        assert len(box.control("recordings.running")["recordings"]) == 1
        one.audio.heard(1.5)
        box.control("recordings.act", call=call, act="stop", who="test")
        (found,) = kept(box, 1, extension="21")
        one.hang_up()
        other.hang_up()
    box.idle()
    assert (found["tape"]["own_number"], found["tape"]["party_number"]) == ("21", "23")
    assert (found["tape"]["by"], found["end"]) == ("test", "stopped")
    assert 1200 <= found["length_ms"] <= 4000
    left, right, rate = export(box, found, tmp_path)
    assert rate == 8000
    assert goertzel(middle(left, rate), SAYS, rate=rate) > 0.95
    assert goertzel(middle(right, rate), HEARS, rate=rate) > 0.95
    for side in (left, right):
        assert abs(rms_dbfs(middle(side, rate)) - -15.0) < 1.0
    code, words = verify(box)
    assert (code, "all in order" in words) == (0, True)


def test_what_is_said_during_a_pause_is_nowhere(box: Box, tmp_path: Path) -> None:
    with ExitStack() as stack:
        one, other, call = room(box, stack)
        box.control("recordings.act", call=call, act="start", extension="21")
        one.audio.heard(0.6)
        box.control("recordings.act", call=call, act="pause")
        other.audio.say(other.port, 1700)
        assert one.audio.hears(1700)
        one.audio.heard(0.5)
        other.audio.say(other.port, HEARS)
        assert one.audio.hears(HEARS)
        box.control("recordings.act", call=call, act="resume")
        one.audio.heard(0.6)
        before = {one["tape"]["tape"] for one in box.control("recordings.list")}
        one.hang_up()
        other.hang_up()
    box.idle()
    found = next(one for one in kept(box, len(before) + 1) if one["tape"]["tape"] not in before)
    assert (found["pauses"], found["end"]) == (1, "call_ended")
    _, right, rate = export(box, found, tmp_path)
    for at in range(0, len(right) - rate // 10, rate // 10):
        assert goertzel(right[at : at + rate // 10], 1700, rate=rate) < 0.05


def test_a_rule_records_and_the_rights_hold(box: Box, tmp_path: Path) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        ben.answer(ben.incoming()["call"])
        anna.wait("answered", call=mine)
        box.eventually(lambda: _recorded_for(box) > 2, "two seconds on tape")
        ben.hears(tone_of("21"))
        anna.hangup(mine)
    box.idle()
    (found,) = kept(box, 1, extension="22")
    assert (found["tape"]["by"], found["tape"]["kind"]) == ("rule sales", "internal")
    tape = found["tape"]["tape"]
    with pytest.raises(OrtsamtError):
        box.control("recordings.read", tape=tape, extension="21")
    with pytest.raises(OrtsamtError, match="may not delete"):
        box.control("recordings.delete", tape=tape, extension="22")
    with box.phones("23") as (phone,):
        box.control("recordings.play", tape=tape, to="23")
        phone.answer(phone.incoming()["call"])
        phone.hears(tone_of("21"), tone_of("22"))
    box.idle()
    box.control("recordings.delete", tape=tape, who="test")
    assert kept(box, 0, extension="22") == []
    code, words = verify(box)
    assert (code, "1 deleted" in words) == (0, True)


def test_a_crash_keeps_what_was_spoken(box: Box, tmp_path: Path) -> None:
    before = {one["tape"]["tape"] for one in box.control("recordings.list")}
    with ExitStack() as stack:
        one, _, call = room(box, stack)
        box.control("recordings.act", call=call, act="start", extension="21")
        one.audio.heard(2.0)
        assert box.core is not None
        os.kill(box.core.pid, signal.SIGKILL)
        box.core.popen.wait(10)
        box.restart_core()
    found = next(one for one in kept(box, len(before) + 1) if one["tape"]["tape"] not in before)
    assert found["end"] == "restart"
    assert found["length_ms"] >= 1500
    left, right, rate = export(box, found, tmp_path)
    assert goertzel(middle(left, rate), SAYS, rate=rate) > 0.95
    assert goertzel(middle(right, rate), HEARS, rate=rate) > 0.95
    assert list((box.folder / "state" / "voice" / "tapes").glob("*.wav")) == []
    assert verify(box)[0] == 0


def test_a_disk_without_room_stops_recordings_and_no_call(box: Box) -> None:
    with ExitStack() as stack, box.watching("alarm") as watcher:
        one, other, call = room(box, stack)
        box.control("recordings.act", call=call, act="start", extension="21")
        _least_free(box, 100_000_000)
        watcher.wait("alarm", timeout=20)
        box.eventually(lambda: box.control("recordings.running")["recordings"] == [], "recordings to stop")
        assert box.control("recordings.running")["halted"] is True
        assert any("no room for recordings" in one for one in box.control("status")["warnings"])
        with pytest.raises(OrtsamtError, match="no room"):
            box.control("recordings.act", call=call, act="start", extension="21")
        assert one.audio.hears(HEARS)
        assert other.audio.hears(SAYS)
        _least_free(box, 1)
        box.eventually(lambda: not box.control("recordings.running")["halted"], "room again")
        box.control("recordings.act", call=call, act="start", extension="21")
        one.hang_up()
        other.hang_up()
    box.idle()
    assert "disk_full" in [one["end"] for one in box.control("recordings.list")]


def test_tampering_is_found_from_the_command_line(box: Box) -> None:
    found = kept(box, 1)[-1]
    path = box.folder / "state" / "voice" / "recordings" / found["file"]
    data = bytearray(path.read_bytes())
    struct.pack_into("<h", data, 1000, 1234)
    path.write_bytes(data)
    code, words = verify(box)
    assert code == 3
    assert f"link {found['seq']}" in words
    assert json.loads(json.dumps(box.control("recordings.verify")))["broken"] == found["seq"]


def _recorded_for(box: Box) -> float:
    """Seconds since the only recording in progress began; 0 without one."""
    for one in box.control("recordings.running")["recordings"]:
        return (datetime.now(UTC) - datetime.fromisoformat(one["started"])).total_seconds()
    return 0


def _least_free(box: Box, megabytes: int) -> None:
    box.control("config.set", kind="recording", id="main", fields={"free_mb": megabytes})
