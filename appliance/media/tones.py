"""Call-progress tones by country (ITU-T E.180, list of 2010-05)."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.model.effects import ToneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One part of a cadence: one or two frequencies in Hz (0: none), then silence."""

    low_hz: int
    high_hz: int = 0
    on_ms: int
    off_ms: int


Cadence = tuple[Burst, ...]


def _single(hertz: int, ringback: tuple[int, int], busy: int, congestion: int) -> dict[ToneKind, Cadence]:
    return {
        ToneKind.RINGBACK: (Burst(low_hz=hertz, on_ms=ringback[0], off_ms=ringback[1]),),
        ToneKind.BUSY: (Burst(low_hz=hertz, on_ms=busy, off_ms=busy),),
        ToneKind.CONGESTION: (Burst(low_hz=hertz, on_ms=congestion, off_ms=congestion),),
    }


_GERMAN = _single(425, (1000, 4000), 480, 240)
_NORTH_AMERICAN: dict[ToneKind, Cadence] = {
    ToneKind.RINGBACK: (Burst(low_hz=440, high_hz=480, on_ms=2000, off_ms=4000),),
    ToneKind.BUSY: (Burst(low_hz=480, high_hz=620, on_ms=500, off_ms=500),),
    ToneKind.CONGESTION: (Burst(low_hz=480, high_hz=620, on_ms=250, off_ms=250),),
}
_BRITISH: dict[ToneKind, Cadence] = {
    ToneKind.RINGBACK: (
        Burst(low_hz=400, high_hz=450, on_ms=400, off_ms=200),
        Burst(low_hz=400, high_hz=450, on_ms=400, off_ms=2000),
    ),
    ToneKind.BUSY: (Burst(low_hz=400, on_ms=375, off_ms=375),),
    ToneKind.CONGESTION: (
        Burst(low_hz=400, on_ms=400, off_ms=350),
        Burst(low_hz=400, on_ms=225, off_ms=525),
    ),
}
_BY_COUNTRY: dict[str, Mapping[ToneKind, Cadence]] = {
    "AT": _single(420, (1000, 5000), 400, 200),
    "BE": _single(425, (1000, 3000), 500, 167),
    "CA": _NORTH_AMERICAN,
    "CH": _single(425, (1000, 4000), 500, 200),
    "CZ": _single(425, (1000, 4000), 330, 165),
    "DE": _GERMAN,
    "DK": _single(425, (1000, 4000), 500, 250),
    "ES": _single(425, (1500, 3000), 200, 200),
    "FR": _single(440, (1500, 3500), 500, 250),
    "GB": _BRITISH,
    "IT": _single(425, (1000, 4000), 500, 200),
    "LU": _single(425, (1000, 4000), 480, 240),
    "NL": _single(425, (1000, 4000), 500, 250),
    "PL": _single(425, (1000, 4000), 500, 500),
    "US": _NORTH_AMERICAN,
}


def cadence(country: str, tone: ToneKind) -> Cadence:
    """Return a tone of a country (ISO 3166-1 alpha-2); unlisted countries sound German."""
    return _BY_COUNTRY.get(country, _GERMAN)[tone]
