"""What the phone says: tones without clicks, files at any rate, echoes."""

import array
import wave
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.phone.sources import Mirror, Recording, Silence, Sine, Source
from tests.support import tones

RATE = 16000


def take(source: Source, frames: int) -> "array.array[int]":
    samples = array.array("h")
    for _ in range(frames):
        piece = source.take(320)
        assert len(piece) == 640
        samples.frombytes(piece)
    return samples


@pytest.mark.parametrize("hz", [20, 440, 1000, 1004, 7000])
def test_a_tone_goes_on_without_a_click(hz: int) -> None:
    samples = take(Sine(hz, RATE), 130)
    assert tones.goertzel(samples, hz) > 0.999


@pytest.mark.parametrize("hz", [0, 19, 8000, -1])
def test_impossible_tones_are_refused(hz: int) -> None:
    with pytest.raises(ConfigError):
        Sine(hz, RATE)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_a_file_of_any_rate_keeps_its_pitch_and_length(tmp_path: Path, rate: int) -> None:
    path = tones.write_wav(tmp_path / "a.wav", tones.tone(500, seconds=0.5, rate=rate), rate=rate)
    recording = Recording(path, RATE)
    samples = take(recording, 25)
    assert tones.goertzel(samples, 500) > 0.98
    assert recording.ended
    assert not any(take(recording, 1))


def test_of_a_stereo_file_the_left_side_is_said(tmp_path: Path) -> None:
    left = tones.tone(500, seconds=0.2)
    both = array.array("h", (value for one in left for value in (one, 0)))
    with wave.open(str(tmp_path / "s.wav"), "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", ""))
        out.writeframes(both.tobytes())
    assert tones.goertzel(take(Recording(tmp_path / "s.wav", RATE), 10), 500) > 0.99


def test_files_that_cannot_be_played_say_why(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    for name in ("text.wav", "empty.wav", "absent.wav"):
        with pytest.raises(ConfigError, match="cannot play"):
            Recording(tmp_path / name, RATE)


def test_an_echo_is_what_was_heard_and_never_piles_up() -> None:
    mirror = Mirror()
    assert not any(take(mirror, 1))
    mirror.hear(b"\x01\x00" * 320)
    assert mirror.take(320) == b"\x01\x00" * 320
    for _ in range(1000):
        mirror.hear(b"\x02\x00" * 320)
    rest = sum(any(mirror.take(320)) for _ in range(1000))
    assert rest <= 50


def test_silence_is_silent() -> None:
    assert not any(take(Silence(), 2))
