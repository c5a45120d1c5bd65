"""The phone's end of a call's audio: a mixer port that says what a Source gives and keeps what is heard.

The mixer calls it on its own clock thread every 20 ms; everything else happens on the engine thread, which
collects in ``listen``. Ports are made once and used again for later calls: taking one out of the running
mixer is the riskiest moment of its life.
"""

from collections import deque
from typing import Any

import pjsua2 as pj

from appliance.phone.analysis import Impression, Listener
from appliance.phone.sources import Silence, Source

RATE = 16000
FRAME = RATE // 50
"""Samples in 20 ms."""
_KEPT_FRAMES = 250


class CallAudio(pj.AudioMediaPort):
    """What one call says and hears."""

    def __init__(self, name: str) -> None:
        super().__init__()
        form = pj.MediaFormatAudio()
        form.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, 20000, 16)
        self._heard: deque[bytes] = deque(maxlen=_KEPT_FRAMES)
        self.source: Source = Silence()
        self.muted = False
        self._listener = Listener(RATE)
        self.createPort(name, form)

    def reset(self, source: Source) -> None:
        """Begin a new call."""
        self._heard.clear()
        self.source = source
        self.muted = False
        self._listener = Listener(RATE)

    def listen(self) -> Impression | None:
        """Analyse what has arrived since the last time; the new impression when it has changed."""
        changed: Impression | None = None
        while self._heard:
            changed = self._listener.feed(self._heard.popleft()) or changed
        return changed

    @property
    def impression(self) -> Impression:
        """The last word of the analysis."""
        return self._listener.now

    def onFrameRequested(self, frame: Any) -> None:
        """The mixer wants 20 ms (clock thread)."""
        source = self.source
        data = source.take(FRAME)
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector(bytes(2 * FRAME) if self.muted else data)
        frame.size = 2 * FRAME

    def onFrameReceived(self, frame: Any) -> None:
        """The mixer has 20 ms for us, or nothing (clock thread)."""
        data = bytes(frame.buf) if frame.size else bytes(2 * FRAME)
        self._heard.append(data)
        self.source.hear(data)
