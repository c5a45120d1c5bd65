"""The network service put together; a process of its own, started by systemd."""

import contextlib
import pwd
import signal

import sdnotify

from appliance.control.network import SOCKET
from appliance.control.server import ControlServer
from appliance.model.network import Ipv4
from appliance.network import reading
from appliance.network.fallback import PATIENCE_S, Fallback
from appliance.network.machine import Box
from appliance.network.methods import NetworkMethods
from appliance.network.places import Places
from appliance.network.service import NetworkService


def run_service(places: Places | None = None, patience_s: float = PATIENCE_S) -> None:
    """Serve until SIGTERM; raises DeviceUnavailable."""
    service = NetworkService(places or Places(), Box())
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    # The core alone: other processes of ours must not set the network, whatever becomes of them.
    control = ControlServer(SOCKET, allowed_users=_core(), services=False)
    NetworkMethods(service).register(control)

    def asks_dhcp(device: str) -> bool:
        found = next((one for one in service.show_settings().connections if one.name == device), None)
        return found is None or found.ipv4 is Ipv4.DHCP

    fallback = Fallback(reading.read, asks_dhcp, patience_s=patience_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.end())
    with contextlib.ExitStack() as stack:
        stack.callback(service.stop)
        service.start()
        fallback.start()
        stack.callback(fallback.stop)
        control.start()
        stack.callback(control.stop)
        sdnotify.SystemdNotifier().notify("READY=1")
        service.run()


def _core() -> tuple[int, ...]:
    with contextlib.suppress(KeyError):
        return (pwd.getpwnam("ortsamt").pw_uid,)
    return ()
