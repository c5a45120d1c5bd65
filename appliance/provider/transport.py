"""UDP and TCP sockets: messages come in with the path back to who sent them."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from appliance.errors import DeviceUnavailable
from appliance.provider.message import SipSyntaxError, StreamFramer

_MAX_CONNECTIONS = 200
_ANY_PORT_ATTEMPTS = 20
_MAX_READS = 50
"""Packets taken at once, so that a flood leaves time for others."""


@dataclass(frozen=True, slots=True)
class Path:
    """A way to a peer: an address over UDP, or one TCP connection."""

    transport: str
    """``UDP`` or ``TCP``."""
    host: str
    port: int
    write: Callable[[bytes], None] = field(compare=False, repr=False)

    @property
    def reliable(self) -> bool:
        """No need to repeat messages."""
        return self.transport == "TCP"


Received = Callable[[bytes, Path], None]


class Listener:
    """The provider's SIP port, UDP and TCP, on one address."""

    def __init__(self, host: str, port: int, received: Received) -> None:
        self._host = host
        self._wanted = port
        self._received = received
        self._udp: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = port

    async def open(self) -> None:
        """Bind both; raises DeviceUnavailable."""
        refused = OSError()
        for _ in range(_ANY_PORT_ATTEMPTS if self._wanted == 0 else 1):
            try:
                await self._bind()
            except OSError as error:  # a port that is free for UDP may be taken for TCP
                await self.close()
                refused = error
            else:
                return
        raise DeviceUnavailable(
            f"cannot listen at {self._host}:{self._wanted}: {refused.strerror}",
            error_id="provider.port",
            hint="choose another with --port, or an address of this machine with --listen",
        ) from refused

    async def _bind(self) -> None:
        self._udp = bind_udp(self._host, self._wanted)
        self.port = self._udp.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._udp, self._readable)
        self._server = await asyncio.start_server(self._connected, self._host, self.port)

    async def close(self) -> None:
        """Close everything."""
        if self._udp is not None:
            asyncio.get_running_loop().remove_reader(self._udp)
            self._udp.close()
            self._udp = None
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()

    def path_to(self, host: str, port: int) -> Path:
        """A UDP path to an address."""

        def write(data: bytes) -> None:
            if self._udp is not None:
                with suppress(OSError):
                    self._udp.sendto(data, (host, port))

        return Path("UDP", host, port, write)

    def _readable(self) -> None:
        with suppress(OSError):
            for _ in range(_MAX_READS):
                if self._udp is None:
                    return
                data, address = self._udp.recvfrom(65535)
                self._received(data, self.path_to(address[0], address[1]))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= _MAX_CONNECTIONS:
            writer.close()
            return
        self._writers.add(writer)
        host, port = writer.get_extra_info("peername")[:2]

        def write(data: bytes) -> None:
            if not writer.is_closing():
                writer.write(data)

        path = Path("TCP", host, port, write)
        framer = StreamFramer()
        with suppress(SipSyntaxError, OSError):
            while data := await reader.read(65536):
                for message in framer.feed(data):
                    self._received(message, path)
        self._writers.discard(writer)
        writer.close()


def bind_udp(host: str, port: int) -> socket.socket:
    """A UDP socket that never blocks; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
