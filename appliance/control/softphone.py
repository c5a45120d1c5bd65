"""``softphones.account``: everything an app must know to be a phone of the office, its password included."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import NotFound
from appliance.model.decode import decode, suggestion
from appliance.model.ids import DeviceId
from appliance.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Params: a device by its id."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How phones reach the box; ``tls_port`` 0: only without encryption."""

    address: str
    sip_port: int
    tls_port: int
    realm: str


def register_softphones(server: ControlServer, snapshot: Callable[[], Snapshot], reach: Reach) -> None:
    """Offer the method. It is the one place where a password is told: the socket is for administrators."""

    def account(params: Mapping[str, Any]) -> object:
        asked = decode(Asked, params, where="softphones.account")
        now = snapshot()
        device = now.devices.get(DeviceId(asked.device))
        if device is None:
            hint = (
                suggestion(asked.device, [str(one) for one in now.devices]) or "'ctl list device' shows them"
            )
            raise NotFound(f"there is no device '{asked.device[:64]}'", hint=hint)
        extension = now.extensions.get(device.extension)
        return {
            "username": device.username,
            "secret": device.secret,
            "name": device.name or (extension.name if extension is not None else "") or device.username,
            "host": reach.address,
            "port": reach.tls_port or reach.sip_port,
            "transport": "tls" if reach.tls_port else "udp",
            "realm": reach.realm,
        }

    server.register("softphones.account", account)
