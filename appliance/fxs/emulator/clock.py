"""The time of an emulated line: as fast as it can be for tests, as fast as the wall for people."""

import time


class LineClock:
    """Milliseconds since the line was made. ``real``: it keeps pace with the wall clock."""

    def __init__(self, *, real: bool = False) -> None:
        self.now_ms = 1000
        self._real = real
        self._begun_ns = time.monotonic_ns() - 1_000_000_000

    def advance(self) -> None:
        """One millisecond later."""
        self.now_ms += 1

    def keep_pace(self) -> None:
        """Wait until the wall clock has come as far; jump when it is far ahead (the machine slept)."""
        if not self._real:
            return
        ahead_ms = self.now_ms - (time.monotonic_ns() - self._begun_ns) / 1_000_000
        if ahead_ms > 0:
            time.sleep(ahead_ms / 1000)
        elif ahead_ms < -1000:
            self._begun_ns = time.monotonic_ns() - self.now_ms * 1_000_000
