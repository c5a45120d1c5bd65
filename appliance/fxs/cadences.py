"""How a bell rings: by what the call is, and how the identity of the caller fits in between."""

from enum import StrEnum

from appliance.model.analog_line import Burst, RingCadence


class RingKind(StrEnum):
    """Whose call it is, told by the bell."""

    EXTERNAL = "external"
    INTERNAL = "internal"
    RECALL = "recall"
    """Somebody comes back: a held party, a camp-on, a call-back."""


IDENTITY_PAUSE_MS = 3000
"""The first pause when the caller is shown: 600 ms rest, up to 1.9 s of V.23 for the longest message, and
200 to 500 ms before the bell again (EN 300 659-1 §6.1.1)."""
AFTER_BELL_MS = 600
"""From the end of the first burst to the message: 500 to 2000 ms (EN 300 659-1 §6.1.1)."""

_EXTERNAL: dict[str, tuple[Burst, ...]] = {
    "AT": (Burst(on_ms=1000, off_ms=5000),),
    "CA": (Burst(on_ms=2000, off_ms=4000),),
    "FR": (Burst(on_ms=1500, off_ms=3500),),
    "GB": (Burst(on_ms=400, off_ms=200), Burst(on_ms=400, off_ms=2000)),
    "US": (Burst(on_ms=2000, off_ms=4000),),
}
_GERMAN = (Burst(on_ms=1000, off_ms=4000),)
_INTERNAL = (Burst(on_ms=400, off_ms=400), Burst(on_ms=400, off_ms=3800))
_RECALL = (Burst(on_ms=300, off_ms=300), Burst(on_ms=300, off_ms=300), Burst(on_ms=300, off_ms=3500))


def ring_cadence(country: str, kind: RingKind, *, with_identity: bool) -> RingCadence:
    """The bell of a country (ISO 3166-1 alpha-2, others as in Germany).

    With an identity the first burst stands alone, so that no bell rings into the message: distinctive
    cadences begin after it.
    """
    if kind is RingKind.EXTERNAL:
        bursts = _EXTERNAL.get(country, _GERMAN)
    else:
        bursts = _INTERNAL if kind is RingKind.INTERNAL else _RECALL
    if not with_identity:
        return RingCadence(repeated=bursts)
    pause = max(IDENTITY_PAUSE_MS, bursts[-1].off_ms)
    return RingCadence(first=(Burst(on_ms=bursts[0].on_ms, off_ms=pause),), repeated=bursts)
