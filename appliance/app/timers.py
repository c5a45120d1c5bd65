"""Named timers of the engine thread: started and cancelled by effects, asked in every turn of the loop."""

import heapq
import itertools

from appliance.model.ids import TimerId


class Timers:
    """A heap of due times. Cancelled entries stay in it until they come up, bounded by a clean-up."""

    def __init__(self) -> None:
        self._due: dict[TimerId, tuple[int, int]] = {}
        self._heap: list[tuple[int, int, TimerId]] = []
        self._order = itertools.count()

    def start(self, timer: TimerId, due_ms: int) -> None:
        """(Re)start a timer that is due at this monotonic time."""
        key = (due_ms, next(self._order))
        self._due[timer] = key
        heapq.heappush(self._heap, (*key, timer))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._due):
            self._heap = [(*value, name) for name, value in self._due.items()]
            heapq.heapify(self._heap)

    def cancel(self, timer: TimerId) -> None:
        """Forget a timer; unknown ones are ignored."""
        self._due.pop(timer, None)

    def expired(self, now_ms: int) -> list[TimerId]:
        """Take out all timers that are due, oldest first."""
        out: list[TimerId] = []
        while self._heap and self._heap[0][0] <= now_ms:
            due_ms, order, timer = heapq.heappop(self._heap)
            if self._due.get(timer) == (due_ms, order):
                del self._due[timer]
                out.append(timer)
        return out

    def wait_ms(self, now_ms: int, at_most: int) -> int:
        """How long the loop may sleep."""
        if not self._heap:
            return at_most
        return max(0, min(at_most, self._heap[0][0] - now_ms))
