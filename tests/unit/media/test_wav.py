"""WAV files after something happened: headers put right, silence cut, lengths told."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media import wav
from tests.support.tones import read_wav, tone, write_wav

RATE = 16000


def recording(path: Path, *parts: tuple[float, float]) -> Path:
    """Seconds of tone (first) and silence (second), as often as given."""
    samples = tone(700, seconds=0)
    for loud, quiet in parts:
        samples += tone(700, seconds=loud)
        samples += tone(700, seconds=quiet, dbfs=-60)
    return write_wav(path, samples)


def torn(path: Path) -> Path:
    """As a crash leaves it: the header says nothing, half a sample at the end."""
    data = bytearray(path.read_bytes()) + b"\x01"
    data[4:8] = data[40:44] = struct.pack("<I", 0)
    path.write_bytes(data)
    return path


def test_a_torn_header_is_put_right_from_the_size(tmp_path: Path) -> None:
    path = torn(recording(tmp_path / "a.wav", (2, 0)))
    assert wav.repair(path) == 2000
    samples, rate = read_wav(path)
    assert (len(samples), rate) == (2 * RATE, RATE)
    assert wav.repair(path) == 2000, "twice is as good as once"


def test_settling_waits_for_the_writer_and_helps_itself_when_there_is_none(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav", (1, 0))
    assert wav.settle(path) == 1000
    assert wav.settle(torn(path), timeout_s=0.05) == 1000


@pytest.mark.parametrize(
    ("parts", "length_ms"),
    [
        (((2, 0),), 2000),
        (((2, 3),), 2300),
        (((1, 2), (1, 0.2)), 4200),
        (((0, 3),), 0),
        (((0, 0),), 0),
        (((0.02, 5),), 320),
    ],
)
def test_silence_at_the_end_is_cut_off(
    tmp_path: Path, parts: tuple[tuple[float, float], ...], length_ms: int
) -> None:
    path = recording(tmp_path / "a.wav", *parts)
    assert abs(wav.cut_silence(path) - length_ms) <= wav.BLOCK_MS
    assert abs(wav.length_ms(path) - length_ms) <= wav.BLOCK_MS
    if length_ms:
        samples, _ = read_wav(path)
        assert abs(len(samples) * 1000 / RATE - length_ms) <= wav.BLOCK_MS


@given(data=st.binary(max_size=200))
def test_what_is_no_recording_is_empty_and_harms_nobody(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    path.write_bytes(data)
    assert wav.length_ms(path) >= 0
    assert wav.repair(path) >= 0
    assert wav.cut_silence(path) >= 0
    wav.sync(path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    for function in (wav.repair, wav.length_ms, wav.cut_silence, wav.settle, wav.sync):
        with pytest.raises(FileNotFoundError):
            function(tmp_path / "none.wav")
