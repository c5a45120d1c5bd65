"""The ``fax.*`` methods at the core: passed on to the fax process, whose news are told to who watches."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.control.passing import passing
from appliance.control.server import ControlServer
from appliance.errors import DeviceUnavailable

PASSED_ON = (
    "fax.status",
    "fax.upload",
    "fax.send",
    "fax.journal",
    "fax.show",
    "fax.document",
    "fax.cancel",
    "fax.retry",
    "fax.test",
    "fax.tested",
    "fax.expect",
    "fax.expected",
)
PATIENCE_S = 15.0


def register_fax(server: ControlServer, socket: Path) -> None:
    """Offer the methods of the fax process that serves ``socket``."""
    for name in PASSED_ON:
        server.register(name, passing(name, socket, PATIENCE_S, _absent), slow=True)

    def news(params: Mapping[str, Any]) -> object:
        server.publish("fax", dict(params))
        return {}

    server.register("fax.news", news)


def _absent() -> DeviceUnavailable:
    return DeviceUnavailable(
        "the fax service does not run",
        error_id="fax.not_running",
        hint="start ortsamt-fax, or see its log",
    )
