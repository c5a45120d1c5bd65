"""Things a leg can hear that are no leg: tones, prompts, music. pjsua2 objects, engine thread only."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path

import pjsua2 as pj

from appliance.media.tones import Burst, Cadence
from appliance.model.documents import Language
from appliance.model.effects import ToneKind
from appliance.model.ids import LegId

VOLUME = 6000
"""Of 32767: about -15 dBFS, in the middle of what networks send."""
LOUD = 20000

Finished = deque[tuple[LegId, int, int]]
"""Leg, playback and serial number of players at the end of their file; filled on the mixer thread."""


def find_prompt(folder: Path, name: str, language: Language) -> Path | None:
    """Find ``<language>/<name>.wav`` (music: ``<name>.wav``), else the same in another language."""
    if name.startswith("music/"):
        candidates = [folder / f"{name}.wav"]
    else:
        others = [one for one in Language if one is not language]
        candidates = [folder / one.value / f"{name}.wav" for one in (language, *others)]
    root = folder.resolve()
    for path in candidates:
        resolved = path.resolve()
        if resolved.is_relative_to(root) and resolved.is_file():
            return resolved
    return None


def find_recorded(folder: Path, name: str) -> Path | None:
    """Find something recorded (``voice/…``); None for other names and where there is nothing."""
    if not name.startswith("voice/"):
        return None
    path = (folder / f"{name.removeprefix('voice/')}.wav").resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def make_tone(bursts: Cadence, clock_rate: int, *, loop: bool = True) -> pj.ToneGenerator:
    """Make a generator that plays these bursts, for ever or once."""
    generator = pj.ToneGenerator()
    generator.createToneGenerator(clock_rate, 1)
    tones = pj.ToneDescVector()
    for burst in bursts:
        tone = pj.ToneDesc()
        tone.freq1, tone.freq2 = burst.low_hz, burst.high_hz
        tone.on_msec, tone.off_msec = burst.on_ms, burst.off_ms
        tone.volume = LOUD if burst.loud else VOLUME
        tones.push_back(tone)
    generator.play(tones, loop)
    return generator


FALLBACK: Cadence = (Burst(low_hz=425, on_ms=300, off_ms=200), Burst(low_hz=425, on_ms=300, off_ms=200))
"""Heard once in place of a prompt that is missing."""
SHORT_TONES: Mapping[str, ToneKind] = {
    "tone/beep": ToneKind.BEEP,
    "tone/enter": ToneKind.CONFERENCE_ENTER,
    "tone/leave": ToneKind.CONFERENCE_LEAVE,
}
"""Tones that stand in a list like prompts."""
WAITING: Cadence = (Burst(low_hz=425, on_ms=200, off_ms=4800),)
"""Heard in place of music that is missing."""


class Player(pj.AudioMediaPlayer):
    """Plays a file once and says so in ``finished`` when it is over."""

    def __init__(self, path: Path, finished: Finished, mark: tuple[LegId, int, int]) -> None:
        super().__init__()
        self._finished = finished
        self._mark = mark
        self.createPlayer(str(path), pj.PJMEDIA_FILE_NO_LOOP)

    def onEof2(self) -> None:
        """Called on the mixer thread: enqueue, nothing else."""
        self._finished.append(self._mark)


class Loop(pj.AudioMediaPlayer):
    """Plays a file over and over for everyone who listens."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.createPlayer(str(path))
