"""The engine thread: turns the loop, and lets other threads and Python's garbage disturb it little.

Objects of PJSIP must be dropped on this thread, so garbage is collected here alone, between two turns.
"""

import gc
import sys
import time
from collections.abc import Callable

from appliance.app.loop import EngineLoop

SWITCH_INTERVAL_S = 0.0005
"""Longest time another Python thread may keep the engine waiting."""
BEAT_S = 1.0
COLLECT_S = 30.0


def prepare() -> None:
    """Make the calling thread the one that collects garbage, and soon gets its turn."""
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def settle() -> None:
    """What is there now stays until the end: it is not looked through again."""
    gc.collect()
    gc.freeze()


def turn_until(loop: EngineLoop, done: Callable[[], bool], beat: Callable[[], None]) -> None:
    """Turn the loop; ``beat`` is called at once and then once a second, between two turns."""
    next_beat = next_collect = 0.0
    while not done():
        loop.turn()
        now = time.monotonic()
        if now >= next_beat:
            next_beat = now + BEAT_S
            beat()
            gc.collect(0)
            if now >= next_collect:
                next_collect = now + COLLECT_S
                gc.collect(1)
