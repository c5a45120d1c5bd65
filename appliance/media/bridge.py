"""Who hears what: keeps the wish of every leg true over all media updates.

The wish is declared with :meth:`Bridge.hears`; connections are made when both ends have audio and made anew
after each media update, because PJSIP frees a leg's port then (and no AudioMedia may be kept).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pjsua2 as pj
import structlog

from appliance.media.library import Library
from appliance.media.recordings import Recordings, Source
from appliance.media.sources import (
    FALLBACK,
    SHORT_TONES,
    WAITING,
    Finished,
    Loop,
    Player,
    find_recorded,
    make_tone,
)
from appliance.media.tones import ONCE, Cadence, cadence
from appliance.media.wav import length_ms
from appliance.model.effects import (
    Announce,
    AudioSource,
    HearsFile,
    HearsLegs,
    HearsList,
    HearsNothing,
    HearsTone,
)
from appliance.model.ids import LegId
from appliance.model.languages import Language

_log = structlog.get_logger(__name__)
_NOTHING = HearsNothing()
_NOBODY: frozenset[LegId] = frozenset()
_REST_MS = 1000
"""How long a player that nobody hears any more is kept: PJSIP tells the end of a file on a thread of its own,
and an object that goes meanwhile takes the process with it."""


@dataclass(slots=True)
class _Listener:
    hears: AudioSource = _NOTHING
    legs: frozenset[LegId] = _NOBODY
    source: pj.AudioMedia | None = None
    """Its own tone or player, or a loop that others hear too."""
    serial: int = 0
    due_ms: int = 0
    """When what is heard must have ended: a tone that stands for a prompt, or a file."""
    heard_by: set[LegId] = field(default_factory=set)
    rest: deque[str] = field(default_factory=deque)
    """What follows in a list."""
    tells: frozenset[LegId] = _NOBODY
    """An announcement stands here as if it were a leg, and these hear it."""


LATE_MS = 1000
"""How long the end of a file may be overdue before it counts as reached."""


class Bridge:
    """The audio connections of all legs. Engine thread only; drop it before the library ends."""

    def __init__(
        self,
        *,
        audio_of: Callable[[LegId], pj.AudioMedia | None],
        library: Library,
        voice_dir: Path,
        country: str,
        clock_rate: int,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._audio_of = audio_of
        self.library = library
        self._voice_dir = voice_dir
        self._country = country
        self._clock_rate = clock_rate
        self._now = monotonic_ms
        self._listeners: dict[LegId, _Listener] = {}
        self._loops: dict[Path, Loop] = {}
        self._finished: Finished = deque()
        self._fallbacks: set[LegId] = set()
        self._resting: deque[tuple[int, Player]] = deque()
        self._serial = 0
        self._announcements = 0
        self.recordings = Recordings(
            audio_of=audio_of, heard_by=self._heard_by, voice_dir=voice_dir, monotonic_ms=monotonic_ms
        )

    def add(self, leg: LegId) -> None:
        """Know a leg; it hears nothing until told."""
        self._listeners.setdefault(leg, _Listener())

    def forget(self, leg: LegId) -> None:
        """A leg is over; its port is gone or about to go, and with it every connection."""
        listener = self._listeners.pop(leg, None)
        if listener is None:
            return
        self._fallbacks.discard(leg)
        for other in listener.legs:
            heard = self._listeners.get(other)
            if heard is not None:
                heard.heard_by.discard(leg)
        self._rest(listener)
        self.recordings.leg_ended(leg)

    def leave(self, leg: LegId) -> None:
        """A leg is over whose port lives on: cut every connection of it."""
        listener = self._listeners.get(leg)
        audio = self._audio_of(leg)
        if listener is not None and audio is not None:
            self.hears(leg, _NOTHING)
            for other in listener.heard_by - {leg}:
                sink = self._audio_of(other)
                if sink is not None:
                    _disconnect(audio, sink)
        self.forget(leg)

    def cut(self, leg: LegId) -> None:
        """The leg gets another port: take this one out, until ``refresh``."""
        listener, audio = self._listeners.get(leg), self._audio_of(leg)
        if listener is None or audio is None:
            return
        if listener.source is not None:
            _disconnect(listener.source, audio)
        for other in listener.legs:
            _disconnect(self._audio_of(other), audio)
        for other in listener.heard_by - {leg}:
            sink = self._audio_of(other)
            if sink is not None:
                _disconnect(audio, sink)

    def hears(self, leg: LegId, source: AudioSource) -> None:
        """From now on the leg hears this and nothing else. Unknown legs are ignored."""
        listener = self._listeners.get(leg)
        if listener is None or listener.hears == source:
            return
        sink = self._audio_of(leg)
        legs = source.legs if isinstance(source, HearsLegs) else _NOBODY
        for other in listener.legs - legs:
            heard = self._listeners.get(other)
            if heard is not None:
                heard.heard_by.discard(leg)
                if sink is not None:
                    _disconnect(self._audio_of(other), sink)
        if listener.source is not None:
            if sink is not None:
                _disconnect(listener.source, sink)
            self._rest(listener)
        self._fallbacks.discard(leg)
        listener.rest.clear()
        for other in legs - listener.legs:
            heard = self._listeners.get(other)
            if heard is not None:
                heard.heard_by.add(leg)
                if sink is not None:
                    _connect(self._audio_of(other), sink)
        listener.hears, listener.legs = source, legs
        if isinstance(source, HearsTone):
            bursts = cadence(self._country, source.tone)
            listener.source = make_tone(bursts, self._clock_rate, loop=source.tone not in ONCE)
        elif isinstance(source, HearsFile):
            self._start_file(leg, listener, source.name, source.language, loop=source.loop)
        elif isinstance(source, HearsList):
            listener.rest.extend(source.names)
            self._next_of_list(leg, listener, source.language)
        if listener.source is not None and sink is not None:
            _connect(listener.source, sink)
        self.recordings.hears_anew(leg)

    def announce(self, wanted: Announce) -> None:
        """Let legs hear something once, mixed into what they hear."""
        self._announcements += 1
        leg = LegId(f"announcement {self._announcements}")
        hears = HearsList(names=wanted.names, language=wanted.language)
        listener = _Listener(hears=hears, tells=wanted.legs, rest=deque(wanted.names))
        self._listeners[leg] = listener
        self._goes_on(leg, listener)

    def refresh(self, leg: LegId) -> None:
        """The leg's audio has changed: connect again what it hears and who hears it."""
        listener = self._listeners.get(leg)
        audio = self._audio_of(leg)
        if listener is None or audio is None:
            return
        if listener.source is not None:
            _connect(listener.source, audio)
        for other in listener.legs:
            _connect(audio if other == leg else self._audio_of(other), audio)
        for other in listener.heard_by:
            if other != leg:
                sink = self._audio_of(other)
                if sink is not None:
                    _connect(audio, sink)
        self.recordings.refresh(leg)

    def _heard_by(self, leg: LegId) -> list[Source]:
        """What a leg hears now."""
        listener = self._listeners.get(leg)
        if listener is None:
            return []
        own: list[Source] = [listener.source] if listener.source is not None else []
        return [*own, *listener.legs]

    def ended(self) -> list[tuple[LegId, int]]:
        """Return leg and playback of what is over since the last call."""
        over: list[tuple[LegId, int]] = []
        while self._finished:
            leg, playback, serial = self._finished.popleft()
            listener = self._listeners.get(leg)
            if listener is not None and listener.serial == serial and listener.source is not None:
                self._fallbacks.discard(leg)
                self._rest(listener)
                if not self._goes_on(leg, listener):
                    over.append((leg, playback))
        while self._resting and self._resting[0][0] <= self._now():
            self._resting.popleft()
        if self._fallbacks:
            now = self._now()
            for leg in [leg for leg in self._fallbacks if self._listeners[leg].due_ms <= now]:
                self._fallbacks.discard(leg)
                listener = self._listeners[leg]
                self._rest(listener)
                if not self._goes_on(leg, listener) and isinstance(listener.hears, HearsFile | HearsList):
                    over.append((leg, listener.hears.playback))
        return over

    def _goes_on(self, leg: LegId, listener: _Listener) -> bool:
        """Start what follows in a list; False at its end."""
        if listener.tells and not listener.rest:
            self._listeners.pop(leg, None)
            return True  # nobody waits for the end of an announcement
        if not listener.rest or not isinstance(listener.hears, HearsList):
            return False
        self._next_of_list(leg, listener, listener.hears.language)
        for one in listener.tells or (leg,):
            sink = self._audio_of(one)
            if listener.source is not None and sink is not None:
                _connect(listener.source, sink)
        self.recordings.hears_anew(leg)
        return True

    def _next_of_list(self, leg: LegId, listener: _Listener, language: Language) -> None:
        self._start_file(leg, listener, listener.rest.popleft(), language, loop=False)

    def drop_old_loops(self) -> None:
        """Let go of music that was replaced and that nobody hears any more."""
        heard = [listener.source for listener in self._listeners.values()]
        for path in [path for path in self._loops if not self.library.has(path)]:
            if not any(source is self._loops[path] for source in heard):
                del self._loops[path]

    def close(self) -> None:
        """Drop every port; the library is about to end."""
        self.recordings.close()
        self._listeners.clear()
        self._fallbacks.clear()
        self._resting.clear()
        self._loops.clear()

    def _rest(self, listener: _Listener) -> None:
        """Take a listener's source away; a player is let go of later."""
        source, listener.source = listener.source, None
        if isinstance(source, Player):
            self._resting.append((self._now() + _REST_MS, source))

    def _start_file(
        self, leg: LegId, listener: _Listener, name: str, language: Language, *, loop: bool
    ) -> None:
        self._serial += 1
        listener.serial = self._serial
        tone = SHORT_TONES.get(name)
        if tone is not None:
            self._play_once(leg, listener, cadence(self._country, tone))
            return
        path = find_recorded(self._voice_dir, name) or self.library.find(name, language)
        if path is not None:
            try:
                if loop:
                    listener.source = self._loops.get(path) or self._loops.setdefault(path, Loop(path))
                else:
                    listener.source = Player(
                        path, self._finished, (leg, _playback(listener), listener.serial)
                    )
                    # PJSIP drops ends when many files end at once: then it is a matter of time, too.
                    lasts_ms = length_ms(path)
                    if lasts_ms:
                        listener.due_ms = self._now() + lasts_ms + LATE_MS
                        self._fallbacks.add(leg)
            except (pj.Error, OSError) as error:
                reason = error.info() if isinstance(error, pj.Error) else str(error)
                _log.warning("prompt.unusable", leg=leg, prompt=name, error=reason)
            else:
                return
        else:
            _log.warning("prompt.missing", leg=leg, prompt=name, language=language.value)
        if loop:
            listener.source = make_tone(WAITING, self._clock_rate)
        else:
            self._play_once(leg, listener, FALLBACK)

    def _play_once(self, leg: LegId, listener: _Listener, bursts: Cadence) -> None:
        """Play a tone that stands where a file might; its end is a matter of time."""
        listener.source = make_tone(bursts, self._clock_rate, loop=False)
        listener.due_ms = self._now() + sum(one.on_ms + one.off_ms for one in bursts)
        self._fallbacks.add(leg)


def _playback(listener: _Listener) -> int:
    hears = listener.hears
    return hears.playback if isinstance(hears, HearsFile | HearsList) else 0


def _connect(source: pj.AudioMedia | None, sink: pj.AudioMedia) -> None:
    if source is not None:
        try:
            source.startTransmit(sink)
        except pj.Error as error:
            _log.debug("bridge.not_connected", error=error.info())


def _disconnect(source: pj.AudioMedia | None, sink: pj.AudioMedia) -> None:
    if source is not None:
        try:
            source.stopTransmit(sink)
        except pj.Error as error:
            _log.debug("bridge.not_disconnected", error=error.info())
