"""Which file is played for a name."""

from pathlib import Path

import pytest

from appliance.media.library import Library
from appliance.model.audio import Audio, AudioUse
from appliance.model.ids import AudioId
from appliance.model.languages import Language

DE, EN = Language.GERMAN, Language.ENGLISH


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = ("de/busy", "en/busy", "de/only", "music/default")
    for name in (*(f"prompts/{one}" for one in built), *(f"audio/{one * 64}" for one in "abc")):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def audio(name: str, file: str, prompt: str = "", language: Language | None = None) -> Audio:
    use = AudioUse.PROMPT if prompt else AudioUse.ANNOUNCEMENT
    return Audio(id=AudioId(name), use=use, prompt=prompt, language=language, file=file * 64)


def test_a_replacement_counts_in_its_language_only(folder: Path) -> None:
    library = Library(folder / "prompts", folder / "audio")
    library.apply([audio("x", "a", "busy", DE), audio("y", "b", "only", EN), audio("z", "c", "nowhere", EN)])
    own = folder / "audio"
    assert library.find("busy", DE) == own / f"{'a' * 64}.wav"
    assert library.find("busy", EN) == folder / "prompts/en/busy.wav"
    assert library.find("only", DE) == folder / "prompts/de/only.wav"
    assert library.find("only", EN) == own / f"{'b' * 64}.wav"
    assert library.find("nowhere", DE) == own / f"{'c' * 64}.wav"
    library.apply([])
    assert library.find("busy", DE) == folder / "prompts/de/busy.wav"
    assert library.find("only", EN) == folder / "prompts/de/only.wav"
    assert library.find("nowhere", DE) is None


def test_own_announcements_and_music_have_names(folder: Path) -> None:
    library = Library(folder / "prompts", folder / "audio")
    library.apply([audio("sale", "a"), audio("jazz", "b"), audio("late", "f"), Audio(id=AudioId("empty"))])
    assert library.find("audio/sale", EN) == folder / f"audio/{'a' * 64}.wav"
    assert library.find("music/jazz", DE) == folder / f"audio/{'b' * 64}.wav"
    assert library.find("music/default", DE) == folder / "prompts/music/default.wav"
    for missing in ("audio/late", "audio/empty", "audio/none", "music/none", "audio/../../prompts/de/busy"):
        assert library.find(missing, DE) is None


def test_a_replacement_whose_file_has_not_come_is_not_silence(folder: Path) -> None:
    library = Library(folder / "prompts", folder / "audio")
    library.apply([audio("x", "f", "busy", DE)])
    assert library.find("busy", DE) == folder / "prompts/de/busy.wav"
