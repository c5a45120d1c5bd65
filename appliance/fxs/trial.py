"""A port tries itself while nobody uses it: what it plays comes back from the line, and its bell rings. Pure.

A line circuit returns part of what it plays (its hybrid is never balanced perfectly): so the port hears its
own dial tone and its own keys as a telephone's would be heard, with nobody at the telephone.
"""

import math
from dataclasses import dataclass

from appliance.fxs.announcing import frames_of
from appliance.fxs.sound import level_db, samples_of
from appliance.fxs.tones import FRAME_BYTES, RATE, SILENCE, PortTone, Tones, tone_sound
from appliance.media.spandsp.keys import KeyListener, KeySounder
from appliance.media.tones import cadence
from appliance.model.analog_line import Burst, LineTest, RingCadence
from appliance.model.effects import ToneKind

KEY = "5"
BELL = RingCadence(repeated=(Burst(on_ms=500, off_ms=4000),))
_BELL_FRAMES = 50
"""The burst, and time for the equipment to tell of its end."""
_TONE_FRAMES = 20
_SKIP_FRAMES = 6
"""What was played takes so long to come back at most."""
_KEY_FRAMES = 15
"""The key and its way back."""
_PURE = 0.5
"""So much of what comes back during the dial tone must have its frequencies."""
SOUND_MS = 20 * (2 * _TONE_FRAMES + _KEY_FRAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What a port found out about itself and its line."""

    line: LineTest
    returned_db: float
    """How much softer a test tone came back; about 6 to 30 on a good line, more than 60 is no sound path."""
    dial_tone: bool
    """The dial tone came back as such."""
    key: bool
    """A key was heard."""
    rang: bool | None = None
    """The equipment rang; None: it was not asked to."""


class Trial:
    """One trial, fed with the frames from the line; ``ringing`` when the caller is to ring with ``BELL``."""

    def __init__(self, country: str, *, ring: bool) -> None:
        self._country = country
        self._tones = Tones(country)
        self._tones.play(PortTone.TEST)
        self._keys = KeyListener(filter_dial_tone=False)
        self._out = frames_of(KeySounder(on_ms=100, off_ms=40).sound(KEY))
        self._frames = 0
        self._levels: list[float] = []
        self._dial = bytearray()
        self._heard = ""
        self._rang = False if ring else None
        self._bell_frames = _BELL_FRAMES if ring else 0

    @property
    def sounding(self) -> bool:
        """Sound is tried still; after it the bell."""
        return self._frames < 2 * _TONE_FRAMES + _KEY_FRAMES

    @property
    def over(self) -> bool:
        """Everything was tried."""
        return not self.sounding and (not self._bell_frames or bool(self._rang))

    def bell(self) -> None:
        """The equipment says that it rang."""
        self._rang = True

    def next(self, heard: bytes) -> bytes:
        """20 ms from the line for 20 ms to it."""
        if not self.sounding:
            self._bell_frames -= 1
            return SILENCE
        at = self._frames
        self._frames += 1
        if at < _TONE_FRAMES:
            if at >= _SKIP_FRAMES:
                self._levels.append(level_db(heard))
        elif at < 2 * _TONE_FRAMES:
            if at >= _TONE_FRAMES + _SKIP_FRAMES:
                self._dial += heard
        else:
            self._heard += self._keys.hear(heard)
        if at == _TONE_FRAMES - 1:
            self._tones.play(PortTone.DIAL)
        if at < 2 * _TONE_FRAMES - 1:
            return self._tones.next()
        return self._out.pop(0) if self._out else SILENCE

    def result(self, line: LineTest) -> TrialResult:
        """What came of it."""
        sent, _ = tone_sound(self._country, PortTone.TEST)
        return TrialResult(
            line=line,
            returned_db=round(level_db(sent) - max(self._levels), 1),
            dial_tone=self._is_dial_tone(),
            key=KEY in self._heard,
            rang=self._rang,
        )

    def _is_dial_tone(self) -> bool:
        burst = cadence(self._country, ToneKind.DIAL)[-1]
        hertz = [one for one in (burst.low_hz, burst.high_hz) if one]
        samples = samples_of(bytes(self._dial))
        power = sum(one * one for one in samples)
        found = 0.0
        for one in hertz:
            turn = 2 * math.pi * one / RATE
            real = sum(sample * math.cos(turn * at) for at, sample in enumerate(samples))
            imaginary = sum(sample * math.sin(turn * at) for at, sample in enumerate(samples))
            found += 2 * (real * real + imaginary * imaginary) / max(1, len(samples))
        return len(self._dial) >= FRAME_BYTES and power > len(samples) and found / power > _PURE
