"""How good a leg sounds: the E-model of ITU-T G.107, from what packets tell of the way they came.

The scale is that of narrow-band telephony, from 1.0 to 4.4. Wide-band sound (G.722, Opus) is better than its
number says: what the network did to it is what counts here.
"""

RATED_PACKETS = 50
"""A second of sound; less says nothing."""
_UNHARMED = 93.2
"""R with every default of G.107, table 2."""
_CONCEALED = 25.1
"""Bpl of G.113, table I.4: G.711 whose losses are concealed, as all our codecs do; their Ie is 0."""
_AT_THE_ENDS_MS = 40.0
"""A packet of 20 ms, and as much in store where it is heard."""
_NOTICED_MS = 177.3


def mos(*, received: int, lost: int, jitter_ms: float, round_trip_ms: float) -> float | None:
    """The mean opinion score (ITU-T P.800) that is to be expected, to a tenth; None: too little was heard.

    Of the sound that comes in: ``received`` and ``lost`` packets of it, their jitter, the way there and back.
    """
    if received < RATED_PACKETS:
        return None
    share = 100.0 * max(0, lost) / (received + max(0, lost))
    delay = round_trip_ms / 2 + 2 * jitter_ms + _AT_THE_ENDS_MS
    # Cole and Rosenbluth, Voice over IP Performance Monitoring (2001): G.107's curve of delay in two lines.
    slow = 0.024 * delay + 0.11 * max(0.0, delay - _NOTICED_MS)
    rating = min(100.0, max(0.0, _UNHARMED - slow - 95.0 * share / (share + _CONCEALED)))
    score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6  # G.107, annex B
    return round(max(1.0, score), 1)
