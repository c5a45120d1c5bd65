"""What stands between an office and the world on a bad day; a program of its own, to be run anywhere.

``portal ADDRESS``: a captive portal. Its name server gives its own address for every name, its web server
shows a certificate of its own making. ``slow ADDRESS PORT TO MS``: a path that takes so long each way.
"""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

READY = "ready"


class Names(asyncio.DatagramProtocol):
    """Answers every question about an address with the portal's."""

    def __init__(self, address: str) -> None:
        self._address = socket.inet_aton(address)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # Python 3.11's is none by its class

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        end = data.index(0, 12) + 5
        head = data[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
        record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + self._address
        if self._transport is not None:
            self._transport.sendto(head + data[12:end] + record, source)


class Slow(asyncio.DatagramProtocol):
    """Passes packets between whoever comes and the far end, each after a while; a way of its own for each."""

    def __init__(self, far: tuple[str, int], seconds: float) -> None:
        self._far = far
        self._seconds = seconds
        self._ways: dict[tuple[str, int], socket.socket] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # Python 3.11's is none by its class

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        way = self._ways.get(source)
        if way is None:
            way = self._ways[source] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            way.setblocking(False)
            way.connect(self._far)
            asyncio.get_running_loop().add_reader(way, self._back, way, source)
        self._later(way.send, data)

    def _back(self, way: socket.socket, near: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):  # the far end is not there just now
            data = way.recv(65536)
            if self._transport is not None:
                self._later(self._transport.sendto, data, near)

    def _later(self, send: Callable[..., object], *words: object) -> None:
        def go() -> None:
            with contextlib.suppress(OSError):
                send(*words)

        asyncio.get_running_loop().call_later(self._seconds, go)


def stranger() -> ssl.SSLContext:
    """A certificate that proves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=portal.example"
        words = ["openssl", *made.split(), "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(words, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    return context


async def portal(address: str) -> None:
    """Be a captive portal until killed."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Names(address), local_addr=(address, 53))
    context = stranger()
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), address, 443, ssl=context)
    print(READY, flush=True)
    await server.serve_forever()


async def slow(address: str, port: int, to: int, ms: int) -> None:
    """Be a slow path until killed."""
    far = (address, to)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Slow(far, ms / 1000), local_addr=(address, port))
    print(READY, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "portal":
        asyncio.run(portal(sys.argv[2]))
    else:
        asyncio.run(slow(sys.argv[2], *(int(one) for one in sys.argv[3:6])))
