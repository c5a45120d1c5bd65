"""The ``network.*`` methods at the core: passed on to the network service, which may change it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient, NotRunning
from appliance.control.server import ControlServer
from appliance.errors import DeviceUnavailable
from appliance.model.decode import Nothing, decode, encode
from appliance.model.network import CONFIRM_SECONDS, NetworkSettings

SOCKET = Path("/run/ortsamt-network/control.sock")
PATIENCE_S = 60.0
LEAST_SECONDS, MOST_SECONDS = 10, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying(NetworkSettings):
    """Params of ``network.try``: settings, and for how long they are tried."""

    seconds: int = CONFIRM_SECONDS

    def __post_init__(self) -> None:
        NetworkSettings.__post_init__(self)
        if not LEAST_SECONDS <= self.seconds <= MOST_SECONDS:
            raise ValueError(f"seconds: out of range: {LEAST_SECONDS} to {MOST_SECONDS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirming:
    """Params of ``network.confirm``; without a token from the box's own command line."""

    token: str | None = None


def register_network(
    server: ControlServer,
    facts: Callable[[], object],
    socket: Path = SOCKET,
) -> None:
    """Offer the methods of the service at ``socket``; ``facts``: what can be seen without it."""

    def passed(name: str, params: Mapping[str, Any]) -> Any:
        with ControlClient(socket, timeout=PATIENCE_S) as client:
            return client.call(name, params)

    def show(params: Mapping[str, Any]) -> object:
        decode(Nothing, params, where="network.show")
        try:
            return passed("network.show", {})
        except NotRunning:
            settings = encode(NetworkSettings())
            return {
                "managed": False, "settings": settings, "kept": settings, "seconds_left": 0, "reverted": "",
                "detail": "", "facts": encode(facts()),
            }  # fmt: skip

    def change(name: str, kind: type) -> Callable[[Mapping[str, Any]], object]:
        def method(params: Mapping[str, Any]) -> object:
            decode(kind, params, where="network")
            try:
                return passed(name, params)
            except NotRunning:
                raise DeviceUnavailable(
                    "the network of this machine is not the box's to set",
                    error_id="network.not_managed",
                    hint="only a box made from an image does; elsewhere use the system's own tools",
                ) from None

        return method

    server.register("network.show", show, slow=True)
    server.register("network.try", change("network.try", Trying), slow=True)
    server.register("network.confirm", change("network.confirm", Confirming), slow=True)
    server.register("network.revert", change("network.revert", Nothing), slow=True)
