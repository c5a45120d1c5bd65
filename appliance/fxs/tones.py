"""What a port plays to its telephone by itself: by country, as frames of 20 ms. Pure."""

import functools
import math
import sys
from array import array
from dataclasses import replace
from enum import StrEnum

from appliance.media.tones import Burst, Cadence, cadence
from appliance.model.effects import ToneKind

FRAME_BYTES = 320
RATE = 8000
SILENCE = bytes(FRAME_BYTES)
_LEVEL = 5200
"""Of 32767, the sum of a tone's parts: about -16 dBFS."""
_LOUD = 20000


class PortTone(StrEnum):
    """A tone that tells the user of a telephone how things are."""

    DIAL = "dial"
    SPECIAL_DIAL = "special_dial"
    """Dial tone while something is set: a forwarding, a message waiting."""
    RECALL_DIAL = "recall_dial"
    """After the R key."""
    RINGBACK = "ringback"
    """It rings at the called party."""
    BUSY = "busy"
    CONGESTION = "congestion"
    REJECTED = "rejected"
    """What was asked for cannot be done."""
    CONFIRMED = "confirmed"
    CALL_WAITING = "call_waiting"
    """One beep, at the begin of the announcement."""
    HOWLER = "howler"
    """Hang up! Loud enough to be heard in the room."""
    TEST = "test"


_OF_COUNTRY = {
    PortTone.DIAL: ToneKind.DIAL,
    PortTone.SPECIAL_DIAL: ToneKind.SPECIAL_DIAL,
    PortTone.RINGBACK: ToneKind.RINGBACK,
    PortTone.BUSY: ToneKind.BUSY,
    PortTone.CONGESTION: ToneKind.CONGESTION,
    PortTone.REJECTED: ToneKind.INFORMATION,
    PortTone.CALL_WAITING: ToneKind.CALL_WAITING,
    PortTone.HOWLER: ToneKind.HOWLER,
}
_STEADY_MS = 1000
"""A burst of so long or longer is one without end: a second of it is played over and over, which leaves no
seam, because frequencies are whole Hz."""


def _cadence(country: str, tone: PortTone) -> Cadence:
    kind = _OF_COUNTRY.get(tone)
    if kind is not None:
        bursts = cadence(country, kind)
        # A waiting call beeps once, not every ten seconds.
        return (
            tuple(replace(one, off_ms=min(one.off_ms, 200)) for one in bursts[:2]) if _beeps(tone) else bursts
        )
    if tone is PortTone.TEST:
        return (Burst(low_hz=1000, on_ms=_STEADY_MS),)
    dial = cadence(country, ToneKind.DIAL)[-1]
    if tone is PortTone.CONFIRMED:
        return (replace(dial, on_ms=600, off_ms=3000),)
    return (*(replace(dial, on_ms=160, off_ms=160),) * 3, replace(dial, on_ms=_STEADY_MS, off_ms=0))


def _beeps(tone: PortTone) -> bool:
    return tone is PortTone.CALL_WAITING


@functools.cache
def tone_sound(country: str, tone: PortTone) -> tuple[bytes, int]:
    """The sound of a tone, and from which byte on it is repeated (ISO 3166-1 alpha-2 country)."""
    sound = bytearray()
    loop = 0
    for burst in _cadence(country, tone):
        hertz = tuple(one for one in (burst.low_hz, burst.high_hz) if one)
        steady = burst.on_ms >= _STEADY_MS and not burst.off_ms
        if steady:
            loop = len(sound)
        sound += _sine(hertz, _STEADY_MS if steady else burst.on_ms, _LOUD if burst.loud else _LEVEL)
        sound += bytes(2 * RATE * burst.off_ms // 1000)
    return bytes(sound), loop


def _sine(hertz: tuple[int, ...], milliseconds: int, level: int) -> bytes:
    steps = [2 * math.pi * one / RATE for one in hertz]
    amplitude = level / max(1, len(hertz))
    return little_endian(
        array(
            "h",
            (
                int(amplitude * sum(math.sin(step * at) for step in steps))
                for at in range(RATE * milliseconds // 1000)
            ),
        )
    )


def alert_tone(milliseconds: int) -> bytes:
    """DT-AS or CAS: 2130 and 2750 Hz at once (EN 300 659-1 §6.1.2, EN 300 659-2 §6.2)."""
    return _sine((2130, 2750), milliseconds, _LEVEL * 2)


def little_endian(samples: "array[int]") -> bytes:
    """16 bit samples as the bytes of frames."""
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


class Tones:
    """Plays one tone after the other as frames; silence until told."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._sound = b""
        self._loop = 0
        self._at = 0
        for tone in PortTone:
            # Now, and not while somebody waits for a dial tone.
            tone_sound(country, tone)

    def play(self, tone: PortTone | None) -> None:
        """From the next frame on this tone from its begin; None: silence."""
        self._sound, self._loop = (b"", 0) if tone is None else tone_sound(self._country, tone)
        self._at = 0

    def next(self) -> bytes:
        """20 ms."""
        if not self._sound:
            return SILENCE
        frame = self._sound[self._at : self._at + FRAME_BYTES]
        self._at += FRAME_BYTES
        while len(frame) < FRAME_BYTES:
            self._at = self._loop + FRAME_BYTES - len(frame)
            frame += self._sound[self._loop : self._at]
        return frame
