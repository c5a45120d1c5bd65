"""Showing a second caller to somebody who talks (EN 300 659-2 §5): beep, alert, wait for the telephone, data.

Pure, clocked by its frames of 20 ms. The party must not hear it, nor the user the party, so the port cuts
both off while ``cuts_off`` says so. A telephone without display does not answer the alert and gets no data.
"""

from enum import StrEnum

from appliance.fxs.tones import FRAME_BYTES, SILENCE, alert_tone

_ALERT_MS = 80
"""CAS: 75 to 85 ms."""
_ANSWER_FRAMES = 18
"""The telephone answers within 100 ms for 60 ms (§5.2); our buffers and the detector take the rest."""
_PAUSE_FRAMES = 5
"""From the end of the answer to the data: 50 to 500 ms."""
ANSWER = "D"
"""TE-ACK is this key."""


class _Step(StrEnum):
    BEEP = "beep"
    ALERT = "alert"
    ANSWER = "answer"
    DATA = "data"
    OVER = "over"


class Announcement:
    """One waiting caller. ``beep`` is sound, ``data`` is the modulated message (off-hook)."""

    def __init__(self, beep: bytes, data: bytes | None) -> None:
        self._data = data
        self._step = _Step.BEEP
        self._frames = frames_of(beep)
        self._at = 0

    @property
    def cuts_off(self) -> bool:
        """Whether party and user must not hear each other now: not during the beep."""
        return self._step is not _Step.BEEP

    def answered(self) -> None:
        """The telephone has sent its answer."""
        if self._step is _Step.ANSWER and self._data is not None:
            self._step = _Step.DATA
            self._frames = [SILENCE] * _PAUSE_FRAMES + frames_of(self._data)
            self._at = 0

    def next(self) -> bytes | None:
        """20 ms for the telephone; None: it is over."""
        while self._at >= len(self._frames):
            if not self._advance():
                return None
        self._at += 1
        return self._frames[self._at - 1]

    def _advance(self) -> bool:
        self._at = 0
        if self._step is _Step.BEEP and self._data is not None:
            self._step, self._frames = _Step.ALERT, frames_of(alert_tone(_ALERT_MS))
        elif self._step is _Step.ALERT:
            self._step, self._frames = _Step.ANSWER, [SILENCE] * _ANSWER_FRAMES
        else:
            self._step, self._frames = _Step.OVER, []
            return False
        return True


def frames_of(sound: bytes) -> list[bytes]:
    """Cut into frames, the last one filled with silence."""
    padded = sound + bytes(-len(sound) % FRAME_BYTES)
    return [padded[at : at + FRAME_BYTES] for at in range(0, len(padded), FRAME_BYTES)]
