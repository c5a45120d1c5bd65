"""Where a port's sound and the mixer meet: two rings between two clocks (``ports.AudioPort``)."""

from appliance.drivers.ring import FRAME_SAMPLES, SoundRing

_STORE = 3 * FRAME_SAMPLES
"""In each direction: 40 ms are left against lateness when a frame is taken."""


class Tap:
    """The mixer's end of a port. The mixer calls ``read`` and ``write``, the port the other two."""

    def __init__(self) -> None:
        self._from_phone = SoundRing(_STORE)
        self._to_phone = SoundRing(_STORE)

    def read(self) -> bytes:
        """What the telephone says."""
        return self._from_phone.take()

    def write(self, frame: bytes) -> None:
        """What the telephone is to hear."""
        self._to_phone.put(frame)

    def exchange(self, frame: bytes) -> bytes:
        """The port's side: 20 ms from the telephone for 20 ms to it."""
        self._from_phone.put(frame)
        return self._to_phone.take()

    def clear(self) -> None:
        """The port's side: a call has ended, the next one does not hear its rest."""
        self._to_phone.clear()

    def slips(self) -> int:
        """Gaps since the port was made: each is a click, and may cost a fax its page."""
        return self._from_phone.underruns + self._to_phone.underruns
