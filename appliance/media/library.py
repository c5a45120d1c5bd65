"""Which file is behind the name of a prompt: an own recording, else what was built."""

from collections.abc import Iterable
from pathlib import Path

from appliance.media.sources import find_prompt
from appliance.model.audio import Audio, AudioUse, recording_named
from appliance.model.ids import AudioId
from appliance.model.languages import Language


class Library:
    """Looks names up in tables; only whether the one file is there is asked of the disk. Engine thread."""

    def __init__(self, prompts_dir: Path, audio_dir: Path) -> None:
        self._prompts_dir = prompts_dir
        self._audio_dir = audio_dir
        self._own: dict[AudioId, Path] = {}
        self._replaced: dict[tuple[str, Language | None], Path] = {}

    def apply(self, recordings: Iterable[Audio]) -> None:
        """Know these own recordings and no others."""
        self._own.clear()
        self._replaced.clear()
        for one in recordings:
            if not one.file:
                continue
            path = self._audio_dir / f"{one.file}.wav"
            self._own[one.id] = path
            if one.use is AudioUse.PROMPT:
                self._replaced[one.prompt, one.language] = path

    def has(self, path: Path) -> bool:
        """Whether the file is built in or belongs to a recording known now."""
        return path.parent != self._audio_dir or path in self._own.values()

    def find(self, name: str, language: Language) -> Path | None:
        """Find a prompt or music by name; None: nothing of that name, in any language.

        In this order: the own recording in this language, the built one, the same in another language. A
        recording whose file has not come yet (from another box) counts as missing.
        """
        recording = recording_named(name)
        if recording is not None:
            path = self._own.get(recording)
            if path is not None and path.is_file():
                return path
        for one in (language, *(other for other in Language if other is not language)):
            replaced = self._replaced.get((name, one))
            if replaced is not None and replaced.is_file():
                return replaced
            if (self._prompts_dir / one.value / f"{name}.wav").is_file():
                break
        return find_prompt(self._prompts_dir, name, language)
