"""A web server inside the guest's network, for bundles."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from console import Failure
from guest import HOST, Net

PORT = 8000


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder."""

    def log_message(self, *_said: object) -> None:
        """Nothing is printed."""


class served:  # noqa: N801 - reads as a verb
    """A web server inside the guest's network: a thread that has entered it."""

    def __init__(self, net: Net, handler: Callable[..., SimpleHTTPRequestHandler]) -> None:
        self._net, self._handler = net, handler
        self._made: list[ThreadingHTTPServer] = []

    def __enter__(self) -> None:
        opened = threading.Event()

        def serve() -> None:
            import ctypes

            with Path(f"/run/netns/{self._net.name}").open("rb") as space:
                ctypes.CDLL(None, use_errno=True).setns(space.fileno(), 0x40000000)
            made = ThreadingHTTPServer((HOST, PORT), self._handler)
            self._made.append(made)
            opened.set()
            made.serve_forever()

        threading.Thread(target=serve, daemon=True, name="bundles").start()
        if not opened.wait(10):
            raise Failure("the web server for bundles does not start")

    def __exit__(self, *_: object) -> None:
        for made in self._made:
            made.shutdown()
