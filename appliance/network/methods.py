"""The ``network.*`` methods as the network service serves them: the whole of what it can be asked."""

from collections.abc import Mapping
from typing import Any

from appliance.control.network import Confirming, Trying
from appliance.control.server import ControlServer
from appliance.model.decode import Nothing, decode, encode
from appliance.model.network import NetworkSettings
from appliance.network.service import NetworkService

Params = Mapping[str, Any]


class NetworkMethods:
    """Binds the service to a server."""

    def __init__(self, service: NetworkService) -> None:
        self._service = service

    def register(self, server: ControlServer) -> None:
        """Offer them."""
        server.register("network.show", self.show, slow=True)
        server.register("network.try", self.try_out, slow=True)
        server.register("network.confirm", self.confirm, slow=True)
        server.register("network.revert", self.revert, slow=True)

    def show(self, params: Params) -> object:
        """What there is, what is wanted, and whether a change is on trial."""
        decode(Nothing, params, where="network.show")
        return encode(self._service.show())

    def try_out(self, params: Params) -> object:
        """Put settings in force until they are confirmed or the time is over."""
        asked = decode(Trying, params, where="network")
        settings = NetworkSettings(connections=asked.connections, host_name=asked.host_name, ntp=asked.ntp)
        token = self._service.try_out(settings, asked.seconds)
        return {**encode(self._service.show()), "token": token}

    def confirm(self, params: Params) -> object:
        """Keep them."""
        self._service.confirm(decode(Confirming, params, where="network.confirm").token)
        return encode(self._service.show())

    def revert(self, params: Params) -> object:
        """Take them back now."""
        decode(Nothing, params, where="network.revert")
        self._service.revert()
        return encode(self._service.show())
