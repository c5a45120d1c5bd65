"""Running something until the process is told to end."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine


async def until_told(run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run until it ends, or SIGTERM or SIGINT cancels it."""
    task = asyncio.create_task(run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
