"""Guards against guessing of PINs: who is wrong too often is refused for a while, right PIN or not."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIMIT = 9
"""So many wrong PINs within WINDOW lock out."""
WINDOW = timedelta(minutes=15)
MAX_KEYS = 2000


@dataclass(slots=True)
class Lockout:
    """Wrong PINs by what was asked for and who was asked; ``key`` is the caller's choice."""

    limit: int = LIMIT
    _wrong: dict[str, deque[datetime]] = field(default_factory=dict)

    def is_locked(self, key: str, now: datetime) -> bool:
        """True while nothing more is taken from there. A clock that is set back locks out nobody for long."""
        times = self._wrong.get(key)
        if times is None:
            return False
        while times and not timedelta(0) <= now - times[0] < WINDOW:
            times.popleft()
        if not times:
            del self._wrong[key]
        return len(times) >= self.limit

    def wrong(self, key: str, now: datetime) -> bool:
        """A wrong PIN came; True when that locks out."""
        if key not in self._wrong and len(self._wrong) >= MAX_KEYS:
            self._wrong.pop(next(iter(self._wrong)))
        times = self._wrong.setdefault(key, deque(maxlen=self.limit))
        times.append(now)
        return self.is_locked(key, now)

    def right(self, key: str) -> None:
        """The right PIN came: what was wrong before is forgotten."""
        self._wrong.pop(key, None)
