"""The asker's end of the control socket; light, so that commands start fast."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.control.protocol import (
    Event,
    Lines,
    Request,
    Response,
    decode_message,
    encode_request,
    error_of,
)
from appliance.errors import DeviceUnavailable, PeerProtocolError


class NotRunning(DeviceUnavailable):
    """Nobody serves the socket: the core is not running, or not with this runtime folder."""


class ControlClient:
    """One connection, for use by one thread. Usable as a context manager."""

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        """Connect. Raises NotRunning; DeviceUnavailable when the socket may not be used."""
        self.path = path
        self._timeout = timeout
        self._lines = Lines(1 << 30)
        self._received: list[bytes] = []
        self._last = 0
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._sock.settimeout(timeout)
            self._sock.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            self._sock.close()
            raise NotRunning(
                f"nobody answers at {path}: the core is not running",
                error_id="control.not_running",
                hint="start it, or name its socket with --socket or ORTSAMT_SOCKET",
            ) from None
        except OSError as error:
            self._sock.close()
            raise DeviceUnavailable(
                f"the control socket {path} cannot be used: {error.strerror or error}",
                error_id="control.unusable",
                hint="use sudo or the user of the core",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()

    def ended(self) -> bool:
        """Whether the core has closed the connection; only while no answer is waited for."""
        try:
            self._sock.settimeout(0)
            return self._sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def hang_up(self) -> None:
        """Make whoever waits for an answer on another thread see the connection as closed."""
        with contextlib.suppress(OSError):  # it is closed already
            self._sock.shutdown(socket.SHUT_RDWR)

    def call(self, method: str, params: Mapping[str, Any] | None = None, timeout: float | None = None) -> Any:
        """Ask and wait for the JSON-like result; ``timeout`` in seconds, None: the connection's.

        Raises what the core answered as OrtsamtError (ConfigError with problems, NotFound, …), and
        DeviceUnavailable when it does not answer in time or goes away.
        """
        self._last += 1
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        self._send(encode_request(Request(id=self._last, method=method, params=params or {})), deadline)
        while True:
            message = decode_message(self._line(deadline))
            if isinstance(message, Response) and message.id in (self._last, None):
                if message.error is not None:
                    raise error_of(message.error)
                return message.result

    def watch(self, events: Sequence[str] = (), timeout: float | None = None) -> Iterator[Event]:
        """Yield events as they happen, of these names or all; for ever, or until none came for ``timeout`` s.

        The subscription is made before the first event is asked for. Raises DeviceUnavailable when the
        core goes away or does not answer.
        """
        self.call("watch", {"events": list(events)} if events else {})
        return self._events(timeout)

    def _events(self, timeout: float | None) -> Iterator[Event]:
        while True:
            deadline = None if timeout is None else time.monotonic() + timeout
            message = decode_message(self._line(deadline))
            if isinstance(message, Event):
                yield message

    def _send(self, data: bytes, deadline: float) -> None:
        try:
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            self._sock.sendall(data)
        except TimeoutError:
            raise _silent() from None
        except OSError:
            # The core may have said why before it closed; else reading says that it is gone.
            pass

    def _line(self, deadline: float | None) -> bytes:
        while not self._received:
            try:
                self._sock.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
                data = self._sock.recv(256 * 1024)
            except TimeoutError:
                raise _silent() from None
            except OSError:
                data = b""
            if not data:
                raise DeviceUnavailable(
                    "the core closed the connection", error_id="control.closed", hint="see its log; try again"
                )
            try:
                self._received = self._lines.feed(data)[::-1]
            except PeerProtocolError:
                self.close()
                raise
        return self._received.pop()


def _silent() -> DeviceUnavailable:
    return DeviceUnavailable(
        "the core did not answer in time", error_id="control.timeout", hint="see its log; try again"
    )
