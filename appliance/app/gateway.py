"""The T.38 gateway (rtpengine): runs while a trunk of the office may change to T.38."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from appliance.app.supervisor import Program, Supervisor
from appliance.errors import DeviceUnavailable
from appliance.fax.settings import GatewaySettings
from appliance.media.priority import PRIORITY
from appliance.sip.rtpengine import Side

NAME = "rtpengine"
_log = structlog.get_logger(__name__)


def command(settings: GatewaySettings) -> Sequence[str]:
    """How it is started: without its kernel module, on two sides, told what to do on loop-back."""
    return (
        "rtpengine",
        "--foreground",
        "--log-stderr",
        "--log-level=4",
        "--config-file=none",
        "--table=-1",
        f"--interface={Side.CORE.value}/127.0.0.1",
        f"--interface={Side.TRUNK.value}/{settings.address}",
        f"--listen-ng=127.0.0.1:{settings.port}",
        f"--port-min={settings.rtp_first}",
        f"--port-max={settings.rtp_last}",
        "--num-threads=2",
        "--scheduling=fifo",  # it says so in its log, and goes on, where it has no right to
        f"--priority={PRIORITY}",
        "--timeout=120",
        "--silent-timeout=3600",
    )


class GatewayKeeper:
    """Starts and stops it; one thread calls."""

    def __init__(self, settings: GatewaySettings, log: Path, here: Callable[[], str] | None = None) -> None:
        """``here``: the box's address now; else it is always the settings'."""
        self._settings, self._log = settings, log
        self._here = here or (lambda: settings.address)
        self._supervisor: Supervisor | None = None
        self.problem = ""
        """Why it is not there though it is wanted."""

    @property
    def state(self) -> str:
        """``off``, ``up`` or ``down``."""
        if self._supervisor is None:
            return "down" if self.problem else "off"
        return "up" if self._supervisor.running(NAME) else "down"

    def want(self, wanted: bool) -> None:
        """Run it from now on, or not."""
        if not wanted:
            self.stop()
            return
        address = self._here()
        if self._supervisor is not None and address != self._settings.address:
            self.stop()
        self._settings = replace(self._settings, address=address)
        if self._supervisor is None:
            supervisor = Supervisor(lambda notice: _log.warning("t38.gateway", notice=notice))
            try:
                supervisor.start(Program(name=NAME, command=command(self._settings), log=self._log))
            except DeviceUnavailable as error:
                self.problem = error.message
                _log.error("t38.gateway", error=str(error))
                return
            self.problem = ""
            self._supervisor = supervisor
            _log.info("t38.gateway_started")

    def stop(self) -> None:
        """Run it no more."""
        supervisor, self._supervisor = self._supervisor, None
        self.problem = ""
        if supervisor is not None:
            supervisor.stop()
