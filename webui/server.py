"""The servers: HTTPS for everything, HTTP for sending browsers there."""

import contextlib
import logging
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from cheroot import wsgi

from appliance.errors import DeviceUnavailable
from webui.tls import ReloadableTls

THREADS = 40
"""Streams of events take one each."""
PLAIN_THREADS = 12
"""Without TLS: redirects, and phones that fetch their settings."""
TIMEOUT_S = 10
MAX_HEADER = 32 * 1024
MAX_BODY = 720 * 1024 * 1024
MAX_ADDRESSES = 1000
_HERE = ("127.0.0.1", "::1")
MAX_EACH = 30
"""Connections of one address that are open at once; loop-back may have any number."""
_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(:[0-9]{1,5})?\Z")
_log = structlog.get_logger("web")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Crowd:
    """Counts open connections by address, so that one cannot take all threads."""

    def __init__(self, limit: int = MAX_EACH) -> None:
        self._limit = limit
        self._open: dict[str, list[socket.socket]] = {}

    def takes(self, address: str) -> bool:
        """Whether one more connection is let in; on the accepting thread only."""
        held = [one for one in self._open.get(address, []) if one.fileno() >= 0]
        self._open[address] = held
        return len(held) < self._limit or address in _HERE

    def add(self, address: str, sock: socket.socket) -> None:
        """Count one that is open now, until it is closed."""
        self._open.setdefault(address, []).append(sock)
        if len(self._open) > MAX_ADDRESSES:
            alive = {key: [one for one in held if one.fileno() >= 0] for key, held in self._open.items()}
            self._open = {key: held for key, held in alive.items() if held}


def _server(address: str, port: int, application: Application) -> wsgi.Server:
    server = wsgi.Server((address, port), application, numthreads=THREADS, timeout=TIMEOUT_S,
                         request_queue_size=512, shutdown_timeout=2)  # fmt: skip
    server.max_request_header_size = MAX_HEADER
    server.max_request_body_size = MAX_BODY
    setattr(server, "error_log", _told)  # noqa: B010 - how cheroot wants it, and mypy does not
    return server


def _told(message: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
    if isinstance(
        sys.exception(), OSError
    ):  # a browser that does not trust the certificate yet, or went away
        _log.debug("a connection ended", what=message[:300])
    elif traceback or level >= logging.ERROR:
        _log.error("a request failed", what=message[:300], exc_info=traceback)


def to_https(port: int, proofs: Callable[[str], bytes | None] = lambda _: None) -> Application:
    """An application that sends everything to HTTPS at this port of the same host.

    ``proofs``: what a certificate's issuer is to read at a path, without encryption.
    """

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked = _HOST.match(environ.get("HTTP_HOST", ""))
        path = environ.get("PATH_INFO", "/")
        if asked is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start("400 Bad Request", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        if (shown := proofs(path)) is not None:
            start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(shown)))])
            return [shown]
        with contextlib.suppress(UnicodeError):
            path = path.encode("latin-1").decode("utf-8")
        from urllib.parse import quote

        query = environ.get("QUERY_STRING", "")
        where = asked.group(1) + ("" if port == 443 else f":{port}")
        tail = f"?{quote(query, safe='=&%+')}" if query else ""
        target = f"https://{where}/{quote(path.lstrip('/'))}{tail}"
        start(
            "307 Temporary Redirect",
            [("Location", target), ("Content-Length", "0"), ("Cache-Control", "no-store")],
        )
        return [b""]

    return application


class Servers:
    """Serve until stopped, each on a thread of its own (``https-n``, ``http-n``)."""

    def __init__(self) -> None:
        self._servers: list[wsgi.Server] = []
        self._threads: list[threading.Thread] = []

    def open(
        self, name: str, addresses: Iterable[str], port: int, application: Application,
        tls: ReloadableTls | None = None,
    ) -> None:  # fmt: skip
        """Take the ports; raises DeviceUnavailable naming the one that cannot be had."""
        for number, address in enumerate(addresses):
            server = _server(address, port, application)
            if tls is None:
                server.requests.min = PLAIN_THREADS
            server.ssl_adapter = tls
            try:
                server.prepare()
            except OSError as error:
                server.stop()
                raise DeviceUnavailable(
                    f"port {port} on {address} cannot be had: {error}",
                    error_id="web.port",
                    hint="stop the other program, or choose another port in box.toml",
                ) from error
            self._servers.append(server)
            self._threads.append(
                threading.Thread(target=self._serve, args=(server,), name=f"{name}-{number}", daemon=True)
            )

    def start(self) -> None:
        """Begin to serve."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; requests under way have two seconds."""
        for server in self._servers:
            server.stop()
        for thread in self._threads:
            thread.join(5)

    @staticmethod
    def _serve(server: wsgi.Server) -> None:
        try:
            server.serve()
        except Exception:  # noqa: BLE001 - told; the process is started again by who keeps it
            _log.exception("a server ended")
