"""Call-progress tones by country (ITU-T E.180, list of 2010-05; else what the networks there use)."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.model.effects import ToneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One part of a cadence: one or two frequencies in Hz (0: none), then silence; all at most 32 s."""

    low_hz: int
    high_hz: int = 0
    on_ms: int
    off_ms: int = 0
    loud: bool = False


Cadence = tuple[Burst, ...]
Tones = dict[ToneKind, Cadence]

ONCE = frozenset({ToneKind.BEEP, ToneKind.CONFERENCE_ENTER, ToneKind.CONFERENCE_LEAVE})
"""Heard once; the others go on until something else is heard."""
_ENDLESS_MS = 30_000
_SPEECH_IS_RECORDED = (1400, 400, 15_000)


def _beeps(hertz: int, *times: int) -> Cadence:
    """Bursts of one frequency: on, off, on, off … in ms."""
    return tuple(
        Burst(low_hz=hertz, on_ms=on, off_ms=off) for on, off in zip(times[::2], times[1::2], strict=True)
    )


def _steady(low_hz: int, high_hz: int = 0) -> Cadence:
    return (Burst(low_hz=low_hz, high_hz=high_hz, on_ms=1000),)


def _stutter(low_hz: int, high_hz: int = 0, *, count: int = 3) -> Cadence:
    """So many short bursts, then steady."""
    short = Burst(low_hz=low_hz, high_hz=high_hz, on_ms=100, off_ms=100)
    return (*(short,) * count, Burst(low_hz=low_hz, high_hz=high_hz, on_ms=_ENDLESS_MS))


_EVERYWHERE: Tones = {
    ToneKind.INFORMATION: (
        Burst(low_hz=950, on_ms=330),
        Burst(low_hz=1400, on_ms=330),
        Burst(low_hz=1800, on_ms=330, off_ms=1000),
    ),
    ToneKind.HOWLER: (Burst(low_hz=1400, high_hz=2060, on_ms=100, off_ms=100, loud=True),),
    ToneKind.RECORDING: _beeps(*_SPEECH_IS_RECORDED),
    ToneKind.TEST: _steady(1000),
    ToneKind.BEEP: _beeps(1000, 350, 50),
    ToneKind.CONFERENCE_ENTER: (Burst(low_hz=600, on_ms=120), Burst(low_hz=800, on_ms=180, off_ms=50)),
    ToneKind.CONFERENCE_LEAVE: (Burst(low_hz=800, on_ms=120), Burst(low_hz=600, on_ms=180, off_ms=50)),
}
"""The same in every country; the beeps are ours."""


def _single(
    hertz: int,
    ringback: tuple[int, int],
    busy: int,
    congestion: int,
    *,
    special_dial: Cadence,
    call_waiting: Cadence,
    dial: Cadence = (),
) -> Tones:
    """A country whose busy tones are one frequency, as long on as off."""
    return _EVERYWHERE | {
        ToneKind.RINGBACK: _beeps(hertz, *ringback),
        ToneKind.BUSY: _beeps(hertz, busy, busy),
        ToneKind.CONGESTION: _beeps(hertz, congestion, congestion),
        ToneKind.DIAL: dial or _steady(hertz),
        ToneKind.SPECIAL_DIAL: special_dial,
        ToneKind.CALL_WAITING: call_waiting,
    }


_GERMAN = _single(
    425,
    (1000, 4000),
    480,
    240,
    special_dial=_steady(400, 425),
    call_waiting=_beeps(425, 200, 200, 200, 5000),
)
_SWISS = _single(
    425,
    (1000, 4000),
    500,
    200,
    special_dial=(Burst(low_hz=340, high_hz=425, on_ms=1100), Burst(low_hz=425, on_ms=1100)),
    call_waiting=_beeps(425, 200, 200, 200, 4000),
)
_NORTH_AMERICAN: Tones = _EVERYWHERE | {
    ToneKind.RINGBACK: (Burst(low_hz=440, high_hz=480, on_ms=2000, off_ms=4000),),
    ToneKind.BUSY: (Burst(low_hz=480, high_hz=620, on_ms=500, off_ms=500),),
    ToneKind.CONGESTION: (Burst(low_hz=480, high_hz=620, on_ms=250, off_ms=250),),
    ToneKind.DIAL: _steady(350, 440),
    ToneKind.SPECIAL_DIAL: _stutter(350, 440),
    ToneKind.CALL_WAITING: _beeps(440, 300, 10_000),
}
_BRITISH: Tones = _EVERYWHERE | {
    ToneKind.RINGBACK: (
        Burst(low_hz=400, high_hz=450, on_ms=400, off_ms=200),
        Burst(low_hz=400, high_hz=450, on_ms=400, off_ms=2000),
    ),
    ToneKind.BUSY: _beeps(400, 375, 375),
    ToneKind.CONGESTION: _beeps(400, 400, 350, 225, 525),
    ToneKind.DIAL: _steady(350, 440),
    ToneKind.SPECIAL_DIAL: (Burst(low_hz=350, high_hz=440, on_ms=750), Burst(low_hz=440, on_ms=750)),
    ToneKind.CALL_WAITING: _beeps(400, 100, 4000),
}
_ITALIAN = _single(
    425,
    (1000, 4000),
    500,
    200,
    dial=_beeps(425, 200, 200, 600, 1000),
    special_dial=(Burst(low_hz=470, on_ms=400), Burst(low_hz=425, on_ms=400)),
    call_waiting=_beeps(425, 400, 100, 250, 100, 150, 14_000),
)
_NORWEGIAN = _single(
    425,
    (1000, 4000),
    500,
    200,
    special_dial=(Burst(low_hz=470, on_ms=400), Burst(low_hz=425, on_ms=400)),
    call_waiting=_beeps(425, 200, 600, 200, 10_000),
)
_BY_COUNTRY: dict[str, Mapping[ToneKind, Cadence]] = {
    "AT": _single(
        420,
        (1000, 5000),
        400,
        200,
        special_dial=_steady(380, 420),
        call_waiting=_beeps(420, 40, 1960),
    ),
    "BE": _single(
        425,
        (1000, 3000),
        500,
        167,
        special_dial=_beeps(425, 1000, 250),
        call_waiting=_beeps(1400, 175, 175, 175, 3500),
    ),
    "CA": _NORTH_AMERICAN,
    "CH": _SWISS,
    "CZ": _single(
        425,
        (1000, 4000),
        330,
        165,
        dial=_beeps(425, 330, 330, 660, 660),
        special_dial=_beeps(425, 450, 50),
        call_waiting=_beeps(425, 330, 9000),
    ),
    "DE": _GERMAN,
    "DK": _single(
        425,
        (1000, 4000),
        500,
        250,
        special_dial=_beeps(425, 450, 50),
        call_waiting=_beeps(425, 200, 600, 200, 3000),
    ),
    "ES": _single(
        425,
        (1500, 3000),
        200,
        200,
        special_dial=_stutter(425, count=6),
        call_waiting=_beeps(425, 175, 175, 175, 3500),
    ),
    "FI": _single(
        425,
        (1000, 4000),
        300,
        200,
        special_dial=_beeps(425, 650, 25),
        call_waiting=_beeps(425, 150, 150, 150, 8000),
    ),
    "FR": _single(
        440,
        (1500, 3500),
        500,
        250,
        special_dial=_steady(330, 440),
        call_waiting=_beeps(440, 300, 10_000),
    ),
    "GB": _BRITISH,
    "HU": _single(
        425,
        (1250, 3750),
        300,
        300,
        special_dial=_steady(350, 400),
        call_waiting=_beeps(425, 40, 1960),
    ),
    "IT": _ITALIAN,
    "LI": _SWISS,
    "LU": _GERMAN,
    "NL": _single(
        425,
        (1000, 4000),
        500,
        250,
        special_dial=_beeps(425, 500, 50),
        call_waiting=_beeps(425, 500, 9500),
    ),
    "NO": _NORWEGIAN,
    "PL": _single(
        425,
        (1000, 4000),
        500,
        500,
        special_dial=_stutter(425, count=6),
        call_waiting=_beeps(425, 150, 150, 150, 4000),
    ),
    "PT": _single(
        425,
        (1000, 5000),
        500,
        200,
        special_dial=_beeps(425, 1000, 200),
        call_waiting=_beeps(440, 300, 10_000),
    ),
    "SE": _single(
        425,
        (1000, 5000),
        250,
        250,
        special_dial=_beeps(425, 320, 20),
        call_waiting=_beeps(425, 200, 500, 200, 9100),
    ),
    "US": _NORTH_AMERICAN,
}


def cadence(country: str, tone: ToneKind) -> Cadence:
    """Return a tone of a country (ISO 3166-1 alpha-2); unlisted countries sound German."""
    return _BY_COUNTRY.get(country, _GERMAN)[tone]
