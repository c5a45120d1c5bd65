"""An account for one test call: the update service telephones with it to prove that the box works.

It is in no configuration, lives a minute in memory, and leads to the echo, whatever it dials.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from appliance.app.settings import ha1, listen_addresses
from appliance.errors import ConfigError
from appliance.model.documents import Device
from appliance.model.ids import ExtensionId
from appliance.routing.self_test import NUMBER, SELF_TEST
from appliance.sip.edge.events import Account, Aor, Credential

if TYPE_CHECKING:
    from appliance.app.core import Core

LIFE_S = 90.0
ASK_S = 3.0
EDGE_S = 5.0


class SelfTest:
    """At most one account at a time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = threading.Lock()
        self._device: Device | None = None
        self._until = 0.0

    def open(self, _params: Mapping[str, Any]) -> Any:
        """Make the account: ``{"server", "username", "secret", "number"}``."""
        core = self._core
        addresses = listen_addresses(core.box)
        if not addresses:
            raise ConfigError(
                "the box has no address", error_id="selftest.no_address", hint="look at the network cable"
            )
        with self._lock:
            if self._device is not None and time.monotonic() < self._until:
                raise ConfigError("a test call is under way", error_id="selftest.busy", hint="try again")
            self._forget()
            device = Device(
                id=SELF_TEST,
                extension=ExtensionId(""),
                username=f"selftest-{secrets.token_hex(4)}",
                secret=secrets.token_urlsafe(24),
            )
            credential = Credential(
                ha1=ha1(device.username, core.box.security.realm, device.secret), aor=Aor(device.username)
            )
            core.edge.update_credentials({Account(device.username): credential})
            core.loop.ask(lambda: core.sip.apply_test_device(device), ASK_S)
            self._device, self._until = device, time.monotonic() + LIFE_S
        core.edge.stats().result(EDGE_S)  # the edge knows the account when it has answered this
        return {
            "server": f"{addresses[0]}:{core.box.network.sip_port}",
            "username": device.username,
            "secret": device.secret,
            "number": NUMBER,
        }

    def close(self, _params: Mapping[str, Any]) -> Any:
        """Forget the account."""
        with self._lock:
            self._forget()
        return {}

    def _forget(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            self._core.edge.remove_credentials([Account(device.username)])
            self._core.loop.ask(lambda: self._core.sip.apply_test_device(None), ASK_S)


def register_self_test(core: Core) -> None:
    """Offer ``selftest.open`` and ``selftest.close``."""
    test = SelfTest(core)
    core.server.register("selftest.open", test.open, slow=True)
    core.server.register("selftest.close", test.close, slow=True)
