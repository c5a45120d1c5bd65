"""Two mono files become one recording: sides apart or mixed, 16 bit or A-law."""

import array
import struct
import wave
from pathlib import Path

import pytest

from appliance.media.tapes import put_together, sha256_of
from appliance.media.wav import repair
from appliance.model.recordings import Coding, Sides
from tests.contract.sip.rtp import alaw_decode, alaw_encode
from tests.support.tones import goertzel, tone, write_wav

RATE = 8000


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """1.5 s of 500 Hz and 1 s of 800 Hz."""
    left = write_wav(tmp_path / "says.wav", tone(500, seconds=1.5, rate=RATE), rate=RATE)
    right = write_wav(tmp_path / "hears.wav", tone(800, seconds=1.0, rate=RATE), rate=RATE)
    return left, right


def test_the_sides_are_left_and_right(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    target = tmp_path / "call.wav"
    made = put_together([pair], target, Sides.STEREO, Coding.PCM)
    assert (made.length_ms, made.size, made.sha256) == (1500, target.stat().st_size, sha256_of(target))
    with wave.open(str(target)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        both = array.array("h", file.readframes(file.getnframes()))
    left, right = both[0::2], both[1::2]
    assert goertzel(left, 500, rate=RATE) > 0.99
    assert goertzel(right[:RATE], 800, rate=RATE) > 0.99
    assert not any(right[RATE:])  # the shorter side ends in silence


def test_mixed_has_both_and_is_cut_not_wrapped(tmp_path: Path) -> None:
    loud = array.array("h", [30_000] * 800 + [-30_000] * 800)
    one = write_wav(tmp_path / "a.wav", loud, rate=RATE)
    target = tmp_path / "call.wav"
    put_together([(one, one)], target, Sides.MIXED, Coding.PCM)
    with wave.open(str(target)) as file:
        assert file.getnchannels() == 1
        samples = array.array("h", file.readframes(file.getnframes()))
    assert set(samples) == {32_767, -32_768}


def test_a_law_is_a_law(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    target = tmp_path / "call.wav"
    put_together([pair], target, Sides.MIXED, Coding.ALAW)
    data = target.read_bytes()
    kind, channels, rate = struct.unpack_from("<HHI", data, 20)
    assert (kind, channels, rate) == (6, 1, RATE)
    decoded = [alaw_decode(octet) for octet in data[44 : 44 + RATE]]
    assert goertzel(decoded, 500, rate=RATE) > 0.45
    assert goertzel(decoded, 800, rate=RATE) > 0.45
    first = tone(500, seconds=0.1, rate=RATE)
    second = tone(800, seconds=0.1, rate=RATE)
    assert list(data[44:144]) == [alaw_encode(first[i] + second[i]) for i in range(100)]


def test_stretches_follow_each_other_and_missing_files_are_silence(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    target = tmp_path / "call.wav"
    made = put_together([pair, (pair[1], tmp_path / "gone.wav")], target, Sides.STEREO, Coding.PCM)
    assert made.length_ms == 2500


def test_what_a_crash_left_is_repaired_and_put_together(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    data = bytearray(pair[0].read_bytes())
    struct.pack_into("<I", data, 40, 0)
    pair[0].write_bytes(data[:-1001])
    assert repair(pair[0]) == 1437
    made = put_together([pair], tmp_path / "call.wav", Sides.STEREO, Coding.PCM)
    assert made.length_ms == 1437
