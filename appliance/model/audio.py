"""Own recordings: replacements of built-in prompts, announcements, music, greetings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from appliance.errors import Problem
from appliance.model.ids import AudioId
from appliance.model.languages import Language
from appliance.model.validation import check_name, check_prompt, has_control, require

OWN = "audio/"
MUSIC = "music/"
BUILT_IN_MUSIC = "music/default"
MAX_TEXT = 2000
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}\Z")
_FILE = re.compile(r"([0-9a-f]{64})?\Z")


class AudioUse(StrEnum):
    """What a recording is for; sets how long it may be and how it is levelled."""

    PROMPT = "prompt"
    """Heard instead of a built-in prompt in one language."""
    ANNOUNCEMENT = "announcement"
    GREETING = "greeting"
    MUSIC = "music"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A recording. Settings name it ``audio/<id>``, as music ``music/<id>``."""

    id: AudioId
    name: str = ""
    use: AudioUse = AudioUse.ANNOUNCEMENT
    prompt: str = ""
    """The built-in prompt it replaces; empty for other uses."""
    language: Language | None = None
    """Of a replacement; of a text that is spoken."""
    text: str = ""
    """What the box speaks; empty for an uploaded recording."""
    file: str = ""
    """SHA-256 of the content (mono, 16 bit, 16 kHz WAV), hexadecimal; empty: nothing yet."""
    length_ms: int = 0

    def __post_init__(self) -> None:
        require(
            _ID.match(self.id),
            f"id: '{self.id}' is not a recording's id: a-z, 0-9, _ and -, at most 48",
        )
        check_name(self.name)
        check_prompt("prompt", self.prompt)
        require(
            len(self.text) <= MAX_TEXT and not has_control(self.text.replace("\n", " ")),
            f"text: is too long or has control characters: at most {MAX_TEXT} characters",
        )
        require(_FILE.match(self.file), "file: is not a content's hash: upload the recording")
        require(0 <= self.length_ms <= 3_600_000, "length_ms: out of range: 0 to 3600000")


def recording_named(prompt: str) -> AudioId | None:
    """Return the id in ``audio/<id>`` or ``music/<id>``; None for a built-in prompt or music."""
    if prompt == BUILT_IN_MUSIC or not prompt.startswith((OWN, MUSIC)):
        return None
    return AudioId(prompt.partition("/")[2])


def problems(recordings: Mapping[AudioId, Audio]) -> Iterator[Problem]:
    """What is wrong between fields, or between two recordings."""
    taken: dict[tuple[str, Language | None], AudioId] = {}
    for one in recordings.values():
        where = f"audio {one.id}"
        if one.use is not AudioUse.PROMPT:
            if one.prompt:
                yield Problem(
                    where=where, field="prompt", message="is only for replacements", remedy="set use=prompt"
                )
            continue
        if not one.prompt:
            yield Problem(
                where=where, field="prompt", message="is missing", remedy="name the prompt that is replaced"
            )
        elif one.language is None:
            yield Problem(where=where, field="language", message="is missing", remedy="set it to de or en")
        elif (other := taken.setdefault((one.prompt, one.language), one.id)) != one.id:
            yield Problem(
                where=where,
                field="prompt",
                message=f"'{one.prompt}' is replaced by audio {other} already",
                remedy="delete one of them",
            )
