"""Tells systemd that the event loop turns; nothing outside of systemd hears it."""

import asyncio

import sdnotify

BEAT_S = 5.0


async def tell_alive() -> None:
    """READY=1 at once, WATCHDOG=1 for as long as the loop turns."""
    notifier = sdnotify.SystemdNotifier()
    notifier.notify("READY=1")
    while True:
        notifier.notify("WATCHDOG=1")
        await asyncio.sleep(BEAT_S)
