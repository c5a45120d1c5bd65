"""Recording what legs say or hear, each side to a file of its own. Engine thread only.

PJSIP writes on the mixer's clock, in pieces of an eighth of a second, to a pipe that ``media.disk`` empties.
The port is destroyed, and the file complete, a moment after we let go of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pjsua2 as pj
import structlog

from appliance.media.disk import DiskWriter
from appliance.model.effects import Record, StopRecord
from appliance.model.events import RecordingEnded
from appliance.model.ids import LegId, Milliseconds
from appliance.model.voice import RecordingEnd, Side

_log = structlog.get_logger(__name__)
LEVEL_EVERY_MS = 100
SILENCE_LEVEL = 5
"""Below this nobody speaks. PJSIP's level is 45 plus the peak in dBFS (measured with sines), so -40 dBFS."""

Source: TypeAlias = Any
"""A leg by id, or a tone or player as it is (SWIG writes no types)."""


@dataclass(slots=True, kw_only=True)
class _Recording:
    wish: Record
    recorder: pj.AudioMediaRecorder
    began_ms: int
    spoke_ms: int
    sources: list[Source] = field(default_factory=list)


class Recordings:
    """The recordings in progress."""

    def __init__(
        self,
        *,
        audio_of: Callable[[LegId], pj.AudioMedia | None],
        heard_by: Callable[[LegId], list[Source]],
        voice_dir: Path,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._audio_of = audio_of
        self._heard_by = heard_by
        self._voice_dir = voice_dir
        self._disk = DiskWriter(voice_dir / "pipes")
        self._now = monotonic_ms
        self._running: dict[str, _Recording] = {}
        self._over: list[RecordingEnded] = []
        self._next_level_ms = 0

    def start(self, wish: Record) -> None:
        """Begin; what goes wrong is reported as its end."""
        now = self._now()
        path = self._voice_dir / f"{wish.name.removeprefix('voice/')}.wav"
        recorder = pj.AudioMediaRecorder()
        try:
            pipe, file = self._disk.open(path)
            try:
                recorder.createRecorder(str(pipe), 0, -1, pj.PJMEDIA_FILE_WRITE_PCM)
            except pj.Error:
                self._disk.give_up(pipe, file)
                raise
            self._disk.begin(pipe, file)
        except (pj.Error, OSError) as error:
            reason = error.info() if isinstance(error, pj.Error) else str(error)
            _log.error("recording.failed", leg=wish.leg, name=wish.name, error=reason)
            self._over.append(_ended(wish, 0, RecordingEnd.FAILED))
            return
        one = _Recording(wish=wish, recorder=recorder, began_ms=now, spoke_ms=now)
        self._running[wish.recording] = one
        self._connect(one)

    def stop(self, wanted: StopRecord) -> None:
        """End one; nothing if it is over."""
        self._end(wanted.recording, RecordingEnd.STOPPED)

    def leg_ended(self, leg: LegId) -> None:
        """A leg is gone: its recordings are over."""
        for name in [name for name, one in self._running.items() if one.wish.leg == leg]:
            self._end(name, RecordingEnd.LEG_ENDED)

    def hears_anew(self, leg: LegId) -> None:
        """What a leg hears has changed."""
        for one in self._running.values():
            if one.wish.leg == leg and one.wish.side is Side.HEARS:
                self._connect(one)

    def refresh(self, leg: LegId) -> None:
        """A leg's audio is another now: connect again where it is recorded."""
        for one in self._running.values():
            if leg in one.sources:
                self._transmit(leg, one.recorder, on=True)

    def ended(self) -> list[RecordingEnded]:
        """What is over since the last call; looks at length and silence."""
        now = self._now()
        if self._running and now >= self._next_level_ms:
            self._next_level_ms = now + LEVEL_EVERY_MS
            for name, one in list(self._running.items()):
                self._watch(name, one, now)
        over, self._over = self._over, []
        return over

    def close(self) -> None:
        """End all; the library is about to end."""
        for name in list(self._running):
            self._end(name, RecordingEnd.STOPPED)
        self._disk.close()

    def _watch(self, name: str, one: _Recording, now: int) -> None:
        wish = one.wish
        if wish.longest_ms and now - one.began_ms >= wish.longest_ms:
            self._end(name, RecordingEnd.LONGEST)
        elif wish.silence_ms:
            if self._level(one) >= SILENCE_LEVEL:
                one.spoke_ms = now
            elif now - one.spoke_ms >= wish.silence_ms:
                self._end(name, RecordingEnd.SILENCE)

    def _level(self, one: _Recording) -> int:
        try:
            return int(one.recorder.getRxLevel())
        except pj.Error:
            return 0

    def _connect(self, one: _Recording) -> None:
        wanted: list[Source] = [one.wish.leg] if one.wish.side is Side.SAYS else self._heard_by(one.wish.leg)
        for source in one.sources:
            if source not in wanted:
                self._transmit(source, one.recorder, on=False)
        for source in wanted:
            self._transmit(source, one.recorder, on=True)
        one.sources = wanted

    def _transmit(self, source: Source, recorder: pj.AudioMediaRecorder, *, on: bool) -> None:
        media = self._audio_of(LegId(source)) if isinstance(source, str) else source
        if media is None:
            return
        try:
            if on:
                media.startTransmit(recorder)
            else:
                media.stopTransmit(recorder)
        except pj.Error as error:
            _log.debug("recording.not_connected", error=error.info())

    def _end(self, name: str, end: RecordingEnd) -> None:
        one = self._running.pop(name, None)
        if one is not None:
            self._over.append(_ended(one.wish, self._now() - one.began_ms, end))


def _ended(wish: Record, length_ms: int, end: RecordingEnd) -> RecordingEnded:
    return RecordingEnded(leg=wish.leg, recording=wish.recording, length_ms=Milliseconds(length_ms), end=end)
