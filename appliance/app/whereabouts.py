"""The thread ``addresses``: the core learns that the box has other addresses, and follows.

Theory of operation: new calls get the new address at once. All else made with the old one (transports to
providers, settings of phones, multicast) is made anew by a restart of the core, once nobody telephones; the
edge keeps the registrations meanwhile.
"""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from appliance.app.settings import listen_addresses
from appliance.errors import OrtsamtError
from appliance.network.watch import AddressNews, gained

if TYPE_CHECKING:
    from appliance.app.core import Core

SETTLE_S = 2.0
LOOK_S = 3.0
_log = structlog.get_logger("addresses")


class Whereabouts:
    """Watches while ``network.listen`` of box.toml is empty. ``moved`` hears of addresses, on this thread."""

    def __init__(self, core: "Core", moved: Callable[[tuple[str, ...]], None]) -> None:
        self._core, self._moved = core, moved
        self._known: tuple[str, ...] = ()
        self._begun: tuple[str, ...] = ()
        self._due = False
        """Whether the core must be started anew once it is quiet."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="addresses", daemon=True)

    def start(self) -> None:
        """Begin; nothing happens where box.toml names the addresses."""
        if not self._core.box.network.listen:
            self._begun = self._known = listen_addresses(self._core.box)
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(LOOK_S + SETTLE_S + 1)

    def _run(self) -> None:
        try:
            with AddressNews() as news:
                while not self._stopping.is_set():
                    heard = news.wait(LOOK_S)
                    if heard:
                        self._stopping.wait(SETTLE_S)
                        news.wait(0)
                    if heard or self._due:
                        self._look()
        except OSError as error:
            _log.warning("changes of addresses are not heard", error=str(error))

    def _look(self) -> None:
        try:
            now = listen_addresses(self._core.box)
        except OrtsamtError:
            return  # no cable: what was there comes back, or something else does
        if now != self._known:
            _log.info("addresses changed", before=self._known, now=now)
            self._known = now
            self._moved(now)
        self._due = now[0] != self._begun[0] or gained(self._begun, now)
        if self._due and self._is_quiet():
            _log.info("starting anew with the new addresses")
            self._begun, self._due = now, False
            self._core.start_again()

    def _is_quiet(self) -> bool:
        """Whether somebody starts the core anew, and nobody telephones."""
        if "NOTIFY_SOCKET" not in os.environ:
            self._due = False
            return False
        try:
            return not self._core.loop.ask(lambda: self._core.loop.control.leg_count)
        except OrtsamtError:
            return False
