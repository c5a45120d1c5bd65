"""Whether what must turn turns: systemd is told that the core lives only while engine and drivers do.

The engine tells it from its own loop, so a loop that stands still is restarted by systemd. A driver's thread
that hangs (in a kernel driver, for example) cannot be helped but by a restart of the process, which waits
until nobody talks.
"""

from collections.abc import Callable, Mapping

import structlog

STUCK_S = 30.0
"""No driver's thread takes so long for one turn; opening a module's line takes some seconds."""
log = structlog.get_logger(__name__)


class Progress:
    """Engine thread only; ``drivers`` gives the time of each driver thread's last turn (monotonic, s)."""

    def __init__(self, drivers: Callable[[], Mapping[str, float]], monotonic_s: Callable[[], float]) -> None:
        self._drivers = drivers
        self._now = monotonic_s
        self._told: frozenset[str] = frozenset()

    def alive(self, legs: int) -> bool:
        """False: the process must be restarted, and no leg is there that would suffer."""
        now = self._now()
        stuck = frozenset(name for name, at in self._drivers().items() if now - at > STUCK_S)
        for name in stuck - self._told:
            log.error("driver.stuck", thread=name, seconds=round(STUCK_S))
        self._told = stuck
        return not stuck or legs > 0
