"""The fax process put together: desk, socket, and mails to be faxed."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import sdnotify
import structlog

from appliance.app.gateway import GatewayKeeper
from appliance.control.server import ControlServer
from appliance.fax.desk import Desk
from appliance.fax.methods import FaxMethods
from appliance.fax.postbox import Postbox
from appliance.fax.settings import FaxSettings

BEAT_S = 5.0
log = structlog.get_logger(__name__)


class FaxProcess:
    """One running fax service. Raises ConfigError or DeviceUnavailable when it cannot be made."""

    def __init__(
        self, settings: FaxSettings, line_command: Sequence[str], here: Callable[[], str] | None = None
    ) -> None:
        """``here``: the box's address now."""
        settings.runtime.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._gateway = GatewayKeeper(settings.gateway, settings.folder / "t38-gateway.log", here)
        self._notifier = sdnotify.SystemdNotifier()
        self._beat_due = 0.0
        self._desk = Desk(settings, line_command, lambda office: self._gateway.want(office.t38), self._turned)
        self._server = ControlServer(settings.runtime / "fax.sock")
        FaxMethods(self._desk, lambda: self._gateway.state).register(self._server)
        self._postbox = Postbox(settings, self._desk) if settings.mail_port else None

    def run(self) -> None:
        """Serve until :meth:`stop`."""
        with self._stack:
            self._server.start()
            self._stack.callback(self._server.stop)
            if self._postbox is not None:
                self._postbox.start()
                self._stack.callback(self._postbox.stop)
            self._stack.callback(self._gateway.stop)
            self._notifier.notify("READY=1")
            log.info("ready for faxes")
            self._desk.run()
        log.info("stopped")

    def _turned(self) -> None:
        if time.monotonic() >= self._beat_due:
            self._beat_due = time.monotonic() + BEAT_S
            self._notifier.notify("WATCHDOG=1")

    def stop(self) -> None:
        """Come to an end; from a signal handler too."""
        self._desk.stop()
