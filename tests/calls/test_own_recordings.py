"""Own recordings in real calls: heard at once, replaced while calls go on, not taken away in use."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from tests.support.box import Box, office
from tests.support.processes import ortsamt
from tests.support.tones import tone, write_wav


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with an announcement behind 50."""
    documents = office(
        "21", "22", service={"news": {"number": "50", "application": "announcement", "prompt": "welcome"}}
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


def ctl(box: Box, *words: str, status: int = 0) -> str:
    done = subprocess.run(
        ortsamt("ctl", "--socket", str(box.socket), *words), capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def beep(folder: Path, hertz: int, seconds: float = 3.0) -> str:
    return str(write_wav(folder / f"{hertz}.wav", tone(hertz, seconds=seconds)))


def test_a_prompt_sounds_as_uploaded_until_that_is_removed(box: Box, tmp_path: Path) -> None:
    with box.phones("21") as (anna,):
        told = ctl(box, "audio-add", "hello", beep(tmp_path, 1300), "--prompt", "welcome", "--language", "de")
        assert "audio hello added" in told
        call = anna.call("50")
        anna.hears(1300, call=call)
        anna.ended(call)
        assert "changed" in ctl(
            box, "audio-add", "hello", beep(tmp_path, 1700), "--prompt", "welcome", "--language", "de"
        )
        call = anna.call("50")
        anna.hears(1700, call=call)
        anna.hangup(call)
        replaced = [one for one in box.control("audio.prompts") if one["replaced_by"]]
        assert [(one["name"], one["replaced_by"]) for one in replaced] == [("welcome", {"de": "hello"})]
        ctl(box, "audio-remove", "hello")
        call = anna.call("50")
        anna.hears_sound(call=call)
        anna.hangup(call)
        box.idle()
    assert "hello" not in [one["id"] for one in box.control("audio.list")]


def test_music_of_the_extension_that_holds_and_of_the_site(box: Box, tmp_path: Path) -> None:
    ctl(box, "audio-add", "jazz", beep(tmp_path, 1500), "--use", "music", "--name", "Jazz")
    ctl(box, "audio-add", "rock", beep(tmp_path, 1900), "--use", "music")
    box.control("config.set", kind="extension", id="21", fields={"music_on_hold": "music/jazz"})
    box.control("config.set", kind="site", id="main", fields={"music_on_hold": "music/rock"})
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs: int = ben.incoming()["call"]
        ben.answer(theirs)
        anna.hold(mine)
        ben.hears(1500, call=theirs)
        anna.resume(mine)
        ben.hold(theirs)
        anna.hears(1900, call=mine)
        ben.resume(theirs)
        anna.hangup(mine)
        ben.ended(theirs)
        box.idle()
    (jazz,) = [one for one in box.control("audio.list", use="music") if one["id"] == "jazz"]
    assert jazz["named"] == "music/jazz"
    assert jazz["used_by"] == ["extension 21: music_on_hold"]
    told = ctl(box, "audio-remove", "jazz", status=1)
    assert "is used by extension 21" in told
    box.control("config.set", kind="extension", id="21", unset=["music_on_hold"])
    box.control("config.set", kind="site", id="main", unset=["music_on_hold"])
    for one in ("jazz", "rock"):
        ctl(box, "audio-remove", one)


def test_a_spoken_text_is_an_announcement(box: Box, tmp_path: Path) -> None:
    ctl(box, "audio-add", "closed", "--text", "Wir haben heute geschlossen.", "--language", "de")
    box.control("config.set", kind="service", id="news", fields={"prompt": "audio/closed"})
    with box.phones("21") as (anna,):
        call = anna.call("50")
        anna.hears_sound(call=call)
        anna.ended(call)
        box.idle()
    box.control("config.set", kind="service", id="news", fields={"prompt": "welcome"})
    info = box.control("audio.info", id="closed")
    assert info["text"] == "Wir haben heute geschlossen."
    assert 800 < info["length_ms"] < 5000
    written = tmp_path / "out.wav"
    ctl(box, "audio-get", "closed", str(written))
    assert written.stat().st_size == info["bytes"]
    ctl(box, "audio-remove", "closed")


def test_what_is_no_recording_is_refused_and_nothing_stays(box: Box, tmp_path: Path) -> None:
    other = tmp_path / "voice.wav"
    other.write_bytes(b"MZ this is no sound" * 1000)
    told = ctl(box, "audio-add", "bad", str(other), status=1)
    assert "no audio file" in told
    assert "Traceback" not in told
    assert "welcome" in ctl(
        box, "audio-add", "bad", beep(tmp_path, 900), "--prompt", "welcom", "--language", "de", status=1
    )
    with pytest.raises(ConfigError) as refused:
        box.control("audio.add", id="bad", text="a", upload="b")
    assert refused.value.field == "file"
    assert "bad" not in [one["id"] for one in box.control("audio.list")]
    audio = box.folder / "state" / "audio"
    assert not [path for path in audio.rglob("*") if path.is_file() and path.suffix != ".wav"]


def test_a_recording_whose_file_is_lost_is_a_tone_not_silence(box: Box, tmp_path: Path) -> None:
    ctl(box, "audio-add", "lost", beep(tmp_path, 1300))
    box.control("config.set", kind="service", id="news", fields={"prompt": "audio/lost"})
    (box.folder / "state" / "audio" / f"{box.control('audio.info', id='lost')['file']}.wav").unlink()
    with box.phones("21") as (anna,):
        call = anna.call("50")
        anna.hears(425, call=call)
        anna.ended(call)
        box.idle()
    box.control("config.set", kind="service", id="news", fields={"prompt": "welcome"})
    ctl(box, "audio-remove", "lost")
