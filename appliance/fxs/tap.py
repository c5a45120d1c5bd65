"""Where a port's sound and the mixer meet: two rings between two clocks (``ports.AudioPort``)."""

from collections import deque
from collections.abc import Sequence

from appliance.drivers.ring import FRAME_SAMPLES, SoundRing
from appliance.fxs.announcing import frames_of
from appliance.fxs.sound import doubled, mixed

_STORE = 3 * FRAME_SAMPLES
"""In each direction: 40 ms are left against lateness when a frame is taken."""
_DATA_STORE = 6 * FRAME_SAMPLES
_DATA_SLACK = 4 * FRAME_SAMPLES
"""For a fax: 100 ms against lateness, and no sample more or less while clocks that differ by 100 parts in a
million have not drifted for ten minutes."""


class Tap:
    """One party of a port. The mixer calls ``read`` and ``write``, the port the rest."""

    def __init__(self, *, data: bool = False, wideband: bool = False) -> None:
        """``data``: for a fax machine or modem, which bears delay and no change of samples; ``wideband``:
        frames are of 640 bytes at 16 kHz.
        """
        self.data = data
        self.wideband = wideband
        store = (_DATA_STORE, _DATA_SLACK) if data else (_STORE, FRAME_SAMPLES)
        times = 2 if wideband else 1
        self._from_phone = SoundRing(*store, times=times)
        self._to_phone = SoundRing(*store, times=times)
        self._instead: deque[bytes] = deque()

    def read(self) -> bytes:
        """What the telephone says."""
        return self._from_phone.take()

    def write(self, frame: bytes) -> None:
        """What the telephone is to hear."""
        self._to_phone.put(frame)

    def play(self, sound: bytes) -> None:
        """Let the telephone hear this instead for its length: a key that the party pressed. Any thread."""
        self._instead.extend(doubled(one) if self.wideband else one for one in frames_of(sound))

    def say(self, frame: bytes) -> None:
        """The port's side: 20 ms from the telephone."""
        self._from_phone.put(frame)

    def hear(self) -> bytes:
        """The port's side: 20 ms for the telephone."""
        frame = self._to_phone.take()
        return self._instead.popleft() if self._instead else frame

    def clear(self) -> None:
        """The port's side: a call has ended, the next one does not hear its rest."""
        self._to_phone.clear()

    def slips(self) -> int:
        """Gaps since the call began: each is a click, and may cost a fax its page."""
        return self._from_phone.underruns + self._to_phone.underruns


def exchange(parties: Sequence[Tap], frame: bytes) -> bytes:
    """20 ms from the telephone for 20 ms to it; two parties hear each other as well (three-party call)."""
    match parties:
        case [only]:
            only.say(frame)
            return only.hear()
        case [first, second]:
            one, two = first.hear(), second.hear()
            first.say(mixed(frame, two))
            second.say(mixed(frame, one))
            return mixed(one, two)
        case _:
            return bytes(len(frame))
