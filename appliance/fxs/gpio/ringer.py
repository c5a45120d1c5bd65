"""When the bell rings and when its ring is tripped. Pure; the caller has clock and pins.

The circuit must not ring for more than a third of the time (AG1171 V1.6). While it rings, its hook output
shows the ringing current too: pulses in the rhythm of the ring once the handset is lifted. Closed for
``TRIP_MS`` is a lifted handset; then the feed is made steady at once and ringing mode left one turn later
(10 to 500 ms).
"""

from enum import StrEnum

from appliance.model.analog_line import Burst, RingCadence

TRIP_MS = 10
_TRIPPED_MS = 20


class RingStep(StrEnum):
    """What to do with the pins."""

    ON = "on"
    OFF = "off"
    TRIP = "trip"


class Ringer:
    """One bell. ``step`` at least every 20 ms, ``loop`` for every edge while ``loud``."""

    def __init__(self) -> None:
        self._bursts: list[Burst] = []
        self._repeated: tuple[Burst, ...] = ()
        self._next_ms = 0
        self._off_ms = 0
        self.loud = False
        self._closed_ms: int | None = None
        self._tripped_ms: int | None = None

    @property
    def active(self) -> bool:
        """A cadence is running."""
        return bool(self._repeated) or self.loud

    def start(self, cadence: RingCadence, now_ms: int) -> None:
        """The first burst comes with the next step."""
        self._bursts = list(cadence.first)
        self._repeated = cadence.repeated
        self._next_ms = now_ms
        self._closed_ms = self._tripped_ms = None

    def stop(self) -> RingStep | None:
        """No more of it; what to do at once."""
        self._bursts, self._repeated = [], ()
        was, self.loud = self.loud, False
        self._closed_ms = self._tripped_ms = None
        return RingStep.OFF if was else None

    def loop(self, closed: bool, at_ms: int) -> int | None:
        """An edge during the ring; the time of lifting when it is one."""
        if closed:
            self._closed_ms = at_ms
            return None
        since, self._closed_ms = self._closed_ms, None
        return since if since is not None and at_ms - since >= TRIP_MS else None

    def lifted(self, now_ms: int) -> int | None:
        """The time of lifting, when the loop is closed still and for long enough."""
        since = self._closed_ms
        return since if since is not None and now_ms - since >= TRIP_MS else None

    def trip(self, now_ms: int) -> RingStep:
        """The handset was lifted: the cadence is over, ringing mode ends with a later step."""
        self._bursts, self._repeated = [], ()
        self._closed_ms, self._tripped_ms = None, now_ms
        return RingStep.TRIP

    def step(self, now_ms: int) -> RingStep | None:
        """What is due."""
        if self._tripped_ms is not None:
            if now_ms - self._tripped_ms < _TRIPPED_MS:
                return None
            self._tripped_ms = None
            self.loud = False
            return RingStep.OFF
        if not self._repeated or now_ms < self._next_ms:
            return None
        if self.loud:
            self.loud = False
            self._next_ms = now_ms + self._off_ms
            self._closed_ms = None
            return RingStep.OFF
        if not self._bursts:
            self._bursts = list(self._repeated)
        burst = self._bursts.pop(0)
        self.loud = True
        self._next_ms, self._off_ms = now_ms + burst.on_ms, burst.off_ms
        return RingStep.ON
