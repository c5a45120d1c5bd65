"""T.38 as a party out there speaks it: packets (UDPTL) in place of sound, some of them lost on the way."""

import asyncio
import random
import re
import socket
from contextlib import suppress

from appliance.errors import DeviceUnavailable
from appliance.fax.t38 import FRAME_MS, T38Terminal
from appliance.provider.fax import AFTERMATH, FaxParty
from appliance.provider.transport import bind_udp

_IMAGE = re.compile(rb"(?mi)^m=image (\d+) udptl t38\s*$")
_PLACE = re.compile(rb"(?m)^c=IN IP[46] (\S+)")
_ATTRIBUTES = (
    "T38FaxVersion:0",
    "T38MaxBitRate:14400",
    "T38FaxRateManagement:transferredTCF",
    "T38FaxMaxBuffer:2000",
    "T38FaxMaxDatagram:400",
    "T38FaxUdpEC:t38UDPRedundancy",
)


def read(body: bytes) -> tuple[str, int] | None:
    """Where the other side wants its packets; None when it does not speak of T.38."""
    image, place = _IMAGE.search(body), _PLACE.search(body)
    if image is None or place is None or not 0 < int(image[1]) < 65536:
        return None
    return place[1].decode("ascii", "replace"), int(image[1])


def write(host: str, port: int, version: int) -> bytes:
    """Our description, offer or answer."""
    family = "IP6" if ":" in host else "IP4"
    lines = [
        "v=0",
        f"o=provider {version} {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        f"m=image {port} udptl t38",
        *(f"a={one}" for one in _ATTRIBUTES),
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


class Packets:
    """The packets of one machine, from when it is aimed on. ``loss``: percent lost, in each direction."""

    def __init__(self, party: FaxParty, loss: int) -> None:
        self._party = party
        self._loss = loss / 100
        self._socket: socket.socket | None = None
        self._target: tuple[str, int] | None = None
        self._terminal: T38Terminal | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0
        self.lost = 0

    @property
    def going(self) -> bool:
        """Whether the machine speaks in packets by now."""
        return self._terminal is not None

    def open(self, host: str) -> None:
        """Bind a port; raises DeviceUnavailable."""
        if self._socket is not None:
            return
        try:
            self._socket = bind_udp(host, 0)
        except OSError as error:
            raise DeviceUnavailable(f"no port for T.38: {error.strerror}") from error
        self.port = self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def aim(self, target: tuple[str, int]) -> None:
        """Send there; the machine changes over to packets."""
        self._target = target
        if self._terminal is None:
            self._terminal = self._party.to_packets(self._send)
            self._task = asyncio.get_running_loop().create_task(self._run(self._terminal))

    def close(self) -> None:
        """Fall silent for good."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    async def _run(self, terminal: T38Terminal) -> None:
        loop = asyncio.get_running_loop()
        due, left = loop.time(), AFTERMATH
        while left:
            terminal.tick()
            left -= terminal.over.is_set()
            due += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))
        self._party.done.set()

    def _send(self, packet: bytes) -> None:
        if self._socket is None or self._target is None or self._loses():
            return
        with suppress(OSError):
            self._socket.sendto(packet, self._target)

    def _readable(self) -> None:
        with suppress(OSError):
            for _ in range(20):
                if self._socket is None:
                    return
                packet = self._socket.recv(2048)
                if self._terminal is not None and not self._loses():
                    self._terminal.hear(packet)

    def _loses(self) -> bool:
        lost = random.random() < self._loss
        self.lost += lost
        return lost
