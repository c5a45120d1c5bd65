"""Any audio file becomes one the mixer plays, at a good level; whatever else comes in is refused, in time."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.model.audio import AudioUse
from appliance.model.languages import Language
from appliance.sounds.convert import RATE, Converted, convert, format_of
from appliance.sounds.speech import speak
from tests.support.tones import goertzel, read_wav, rms_dbfs, tone, write_wav

FILES = Path(__file__).with_name("files")
HERTZ = 600


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A second of tone."""
    return write_wav(tmp_path / "tone.wav", tone(HERTZ, seconds=1.2))


def sox(*words: str) -> None:
    subprocess.run(["sox", "-V1", *words], check=True, timeout=60)


def converted(source: Path, use: AudioUse = AudioUse.ANNOUNCEMENT) -> Converted:
    folder = source.parent / "work"
    folder.mkdir(exist_ok=True)
    return convert(source, use, folder)


def is_the_tone(made: Converted, seconds: float = 1.2) -> None:
    samples, rate = read_wav(made.path)
    assert rate == RATE
    assert made.length_ms == len(samples) * 1000 // RATE
    assert abs(len(samples) / RATE - 0.3 - seconds) < 0.1
    middle = samples[RATE // 4 : RATE]
    assert goertzel(middle, HERTZ) > 0.95
    assert -22 < rms_dbfs(middle) < -18
    assert max(map(abs, samples)) < 32767 * 0.75


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", ()),
        ("stereo.wav", ("-r", "44100", "-c", "2")),
        ("deep.wav", ("-b", "24")),
        ("float.wav", ("-e", "floating-point", "-b", "32")),
        ("alaw.wav", ("-r", "8000", "-e", "a-law")),
        ("gsm.wav", ("-r", "8000", "-e", "gsm-full-rate")),
        ("a.mp3", ("-r", "22050",)),
        ("a.ogg", ("-r", "48000",)),
        ("a.flac", ()),
        ("a.aiff", ()),
        ("a.au", ()),
    ],
)  # fmt: skip
def test_common_files_of_every_kind(source: Path, name: str, options: tuple[str, ...]) -> None:
    other = source.with_name(name)
    sox(str(source), *options, str(other))
    is_the_tone(converted(other))


@pytest.mark.parametrize("name", ["tone.m4a", "tone.aac"])
def test_what_telephones_and_computers_record(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "x.wav"  # a name tells nothing
    copy.write_bytes((FILES / name).read_bytes())
    is_the_tone(converted(copy))


def test_opus_as_messengers_send_it(source: Path) -> None:
    other = source.with_name("a.opus")
    subprocess.run(["opusenc", "--quiet", str(source), str(other)], check=True, timeout=60)
    is_the_tone(converted(other))


def test_levels_are_put_right_and_said_so(source: Path) -> None:
    quiet, loud = source.with_name("quiet.wav"), source.with_name("loud.wav")
    sox(str(source), str(quiet), "gain", "-18")
    made = converted(quiet)
    is_the_tone(made)
    assert [note.code for note in made.notes] == ["raised"]
    sox(str(source), str(loud), "gain", "30")
    assert [note.code for note in converted(loud).notes] == ["lowered", "clipped"]


def test_pauses_do_not_make_speech_loud_and_silence_around_is_cut(source: Path) -> None:
    other = source.with_name("pauses.wav")
    sox(str(source), str(other), "pad", "2", "3")
    is_the_tone(converted(other))


def test_music_keeps_its_silence_and_is_softer(source: Path) -> None:
    other = source.with_name("pauses.wav")
    sox(str(source), str(other), "pad", "1", "1")
    made = converted(other, AudioUse.MUSIC)
    assert made.length_ms == pytest.approx(3200, abs=20)
    samples, _ = read_wav(made.path)
    assert -27 < rms_dbfs(samples[RATE + RATE // 4 : 2 * RATE]) < -23


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<html>no sound</html>", "unknown"),
        (b"\x00" * 5000, "unknown"),
        (b"RIFF\xff\xff\xff\xffWAVE", "damaged"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\xff" * 3000, "damaged"),
        (b"OggS" + b"\x00" * 24 + b"OpusHead" + b"\x07" * 2000, "damaged"),
        (b"fLaC" + b"\x00" * 2000, "damaged"),
        (b"\x00\x00\x00\x1cftypM4A " + b"\x00" * 2000, "damaged"),
    ],
)
def test_what_is_no_audio_is_refused_with_field_and_remedy(content: bytes, code: str, tmp_path: Path) -> None:
    source = tmp_path / "voice.wav"
    source.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        converted(source)
    assert refused.value.error_id == f"config.audio_{code}"
    assert refused.value.field == "file"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("code", "effects"),
    [
        ("silent", ("vol", "0")),
        ("silent", ("gain", "-45")),
        ("too_quiet", ("gain", "-34")),
        ("too_short", ("trim", "0", "0.1")),
        ("too_long", ("repeat", "101")),
    ],
)
def test_what_nobody_could_use_is_refused(source: Path, code: str, effects: tuple[str, ...]) -> None:
    other = source.with_name("bad.flac")
    sox("-D", str(source), str(other), *effects)
    with pytest.raises(ConfigError) as refused:
        converted(other, AudioUse.PROMPT)
    assert refused.value.error_id == f"config.audio_{code}"


def test_a_small_file_that_is_hours_long_costs_little(tmp_path: Path) -> None:
    source = tmp_path / "bomb.flac"
    sox("-D", "-n", "-r", "8000", "-b", "16", str(source), "trim", "0", "10800")
    assert source.stat().st_size < 1_000_000
    began = time.process_time() + sum(os.times()[2:4])
    with pytest.raises(ConfigError, match="longer"):
        converted(source)
    assert time.process_time() + sum(os.times()[2:4]) - began < 5
    assert sum(path.stat().st_size for path in (tmp_path / "work").iterdir()) < 25_000_000


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["tone.m4a", "tone.aac", "tone.wav", "tone.mp3", "tone.ogg"]),
    at=st.floats(0, 1),
    rubbish=st.binary(min_size=1, max_size=64),
    cut=st.floats(0.05, 1),
)
def test_damaged_files_of_any_kind_do_no_harm(
    source: Path, name: str, at: float, rubbish: bytes, cut: float
) -> None:
    whole = FILES / name if (FILES / name).exists() else source.with_name(name)
    if not whole.exists():
        sox(str(source), str(whole))
    data = bytearray(whole.read_bytes())
    start = int(at * (len(data) - 1))
    data[start : start + len(rubbish)] = rubbish
    damaged = source.with_name("damaged")
    damaged.write_bytes(data[: max(1, int(cut * len(data)))])
    with contextlib.suppress(ConfigError):
        assert read_wav(converted(damaged).path)[1] == RATE


@given(st.binary(max_size=512))
def test_any_beginning_of_a_file_is_read(head: bytes) -> None:
    format_of(head)


@pytest.mark.parametrize("language", list(Language))
def test_a_text_is_spoken(language: Language, tmp_path: Path) -> None:
    text = "Unser Büro ist bis Montag geschlossen. Bitte rufen Sie dann noch einmal an."
    made = convert(speak(text, language, tmp_path), AudioUse.ANNOUNCEMENT, tmp_path)
    assert 3000 < made.length_ms < 9000
    assert -26 < rms_dbfs(read_wav(made.path)[0]) < -18


def test_a_text_without_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        speak("… !", Language.GERMAN, tmp_path)
    assert refused.value.field == "text"
