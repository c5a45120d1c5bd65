"""The ``update.*`` methods at the core: passed on to the update service, which has the rights for them."""

from dataclasses import dataclass
from pathlib import Path

from appliance.control.passing import passing
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """An uploaded bundle; ``at``: not before (ISO 8601 with a zone), empty: the next quiet moment."""

    upload: str
    sha256: str = ""
    install: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """Where a bundle is on the web; the rest as of ``Staging``."""

    url: str
    sha256: str = ""
    install: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installing:
    """When: not before ``at`` (ISO 8601 with a zone), empty: the next quiet moment."""

    at: str = ""


def register_update(server: ControlServer, socket: Path = SOCKET) -> None:
    """Offer the methods of the update service that serves ``socket``."""
    for name in PASSED_ON:
        server.register(name, passing(name, socket, PATIENCE_S, _absent), slow=True)


def _absent() -> DeviceUnavailable:
    return DeviceUnavailable(
        "this machine does not update itself",
        error_id="update.not_running",
        hint="only a box made from an image does; elsewhere update the packages",
    )
