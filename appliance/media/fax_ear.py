"""Ears for fax machines: listen for a while whether the party of a leg is one.

An ear is a mixer port that hears the leg and says nothing; it is made once and used again.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.fax.tones import CngDetector
from appliance.model.ids import LegId

_log = structlog.get_logger(__name__)
RATE = 8000
FRAME_BYTES = 320
LISTEN_MS = 20_000
"""A machine says so every three and a half seconds; later it is somebody whistling."""


class _Ear(pj.AudioMediaPort):
    def __init__(self, name: str, heard: deque[LegId]) -> None:
        super().__init__()
        form = pj.MediaFormatAudio()
        form.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, 20000, 16)
        self._heard = heard
        self.leg: LegId | None = None
        self.detector: CngDetector | None = None
        self.createPort(name, form)

    def onFrameReceived(self, frame: Any) -> None:
        """The mixer has 20 ms for us (clock thread)."""
        detector, leg = self.detector, self.leg
        if (
            detector is not None
            and leg is not None
            and frame.size == FRAME_BYTES
            and detector.hear(bytes(frame.buf))
        ):
            self.detector = None
            self._heard.append(leg)


class FaxEars:
    """The ears of all legs that are listened to. Engine thread only; drop it before the library ends."""

    def __init__(
        self, audio_of: Callable[[LegId], pj.AudioMedia | None], monotonic_ms: Callable[[], int]
    ) -> None:
        self._audio_of = audio_of
        self._now = monotonic_ms
        self._heard: deque[LegId] = deque()
        self._used: dict[LegId, tuple[_Ear, int]] = {}
        self._free: list[_Ear] = []
        self._made = 0

    def listen(self, leg: LegId) -> None:
        """Listen to this leg from now on."""
        if leg in self._used:
            return
        try:
            detector = CngDetector()
        except DeviceUnavailable as error:
            _log.warning("nobody can listen for faxes", error=str(error))
            return
        if self._free:
            ear = self._free.pop()
        else:
            self._made += 1
            ear = _Ear(f"fax-ear-{self._made}", self._heard)
        ear.leg, ear.detector = leg, detector
        self._used[leg] = (ear, self._now() + LISTEN_MS)
        self.refresh(leg)

    def refresh(self, leg: LegId) -> None:
        """The leg's audio has changed: hear it again."""
        used = self._used.get(leg)
        audio = self._audio_of(leg) if used is not None else None
        if used is not None and audio is not None:
            try:
                audio.startTransmit(used[0])
            except pj.Error as error:
                _log.debug("fax.not_heard", error=error.info())

    def forget(self, leg: LegId) -> None:
        """Listen no more; also when the leg is over."""
        used = self._used.pop(leg, None)
        if used is None:
            return
        ear = used[0]
        ear.leg = ear.detector = None
        audio = self._audio_of(leg)
        if audio is not None:
            try:
                audio.stopTransmit(ear)
            except pj.Error as error:
                _log.debug("fax.not_let_go", error=error.info())
        self._free.append(ear)

    def heard(self) -> list[LegId]:
        """Legs that turned out to be fax machines since the last time."""
        found: list[LegId] = []
        while self._heard:
            leg = self._heard.popleft()
            if leg in self._used:
                self.forget(leg)
                found.append(leg)
        if self._used:
            now = self._now()
            for leg in [leg for leg, (_, until) in self._used.items() if until <= now]:
                self.forget(leg)
        return found

    def close(self) -> None:
        """Drop every ear; the library is about to end."""
        self._used.clear()
        self._free.clear()
