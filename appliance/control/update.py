"""The ``update.*`` methods at the core: passed on to the update service, which has the rights for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient, NotRunning
from appliance.control.server import ControlServer
from appliance.errors import DeviceUnavailable

SOCKET = Path("/run/ortsamt-update/control.sock")
PASSED_ON = (
    "update.show",
    "update.upload",
    "update.stage",
    "update.fetch",
    "update.install",
    "update.cancel",
)
PATIENCE_S = 180.0
"""Checking the signature of a bundle takes a while on a small board."""


def register_update(server: ControlServer, socket: Path = SOCKET) -> None:
    """Offer the methods of the update service that serves ``socket``."""
    for name in PASSED_ON:
        server.register(name, _passing(name, socket), slow=True)


def _passing(name: str, socket: Path) -> Any:
    def method(params: Mapping[str, Any]) -> object:
        try:
            with ControlClient(socket, timeout=PATIENCE_S) as client:
                return client.call(name, params)
        except NotRunning:
            raise DeviceUnavailable(
                "this machine does not update itself",
                error_id="update.not_running",
                hint="only a box made from an image does; elsewhere update the packages",
            ) from None

    return method
