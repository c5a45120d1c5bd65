"""Echo of a line kept from a fax (half duplex). Pure.

A line circuit returns part of what it plays. With the delay of a packet network a machine would hear its own
message again after it had ended, and take it for an answer. An echo canceller would need time to learn, and
disturb fast modems; but of two fax machines only one speaks at a time, so what is clearly softer than what
was played just now is echo, and becomes silence.
"""

from collections import deque

from appliance.fxs.sound import level_db
from appliance.fxs.tones import SILENCE

_LOSS_DB = 8.0
"""Echo is softer by so much at least; machines differ less in what they send."""
_HOLD_FRAMES = 8
"""So late an echo may come: what equipment buffers, both ways. Whoever is as loud as the other is let
through at once."""


class EchoGate:
    """Of one port in a call; ``heard`` and ``played`` in turns, 20 ms each."""

    def __init__(self) -> None:
        self._played: deque[float] = deque(maxlen=_HOLD_FRAMES)

    def heard(self, frame: bytes) -> bytes:
        """What came from the line, without what is only echo."""
        loudest = max(self._played, default=-99.0)
        return SILENCE if level_db(frame) < loudest - _LOSS_DB else frame

    def played(self, frame: bytes) -> None:
        """What the line plays."""
        self._played.append(level_db(frame))
