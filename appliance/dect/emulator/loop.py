"""Emulated equipment on a loop and thread of its own, used from any other thread."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from appliance.dect.emulator.air import Air

T = TypeVar("T")
_PATIENCE_S = 15.0


class AirThread:
    """Owns an :class:`Air`; ``changed`` is called on the loop's thread after every change in it."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.air = Air(changed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="dect-emulator", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done on the loop; raises what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    def do(self, work: Callable[[], T]) -> T:
        """The same for what does not wait."""

        async def once() -> T:
            return work()

        return self.run(once())

    def stop(self) -> None:
        """End the loop; equipment on it has been stopped before."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
