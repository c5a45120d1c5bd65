"""Listening to a multicast group at the addresses of the box."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

import structlog

AGAIN_S = 10.0
_log = structlog.get_logger("phones")


class GroupThread:
    """A thread that listens to a group until it is stopped; where the network refuses, it tries again.

    ``serve`` gets the socket and returns when ``stopping`` is set; ``wake`` becomes readable then.
    """

    def __init__(
        self, name: str, group: str, port: int, addresses: tuple[str, ...],
        serve: Callable[[socket.socket], None],
    ) -> None:  # fmt: skip
        self.addresses = tuple(one for one in addresses if ":" not in one)
        self.stopping = threading.Event()
        self._wake_in, self.wake = socket.socketpair()
        self._group, self._port = group, port
        self._serve = serve
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; nothing happens without an IPv4 address."""
        if self.addresses:
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._wake_in.send(b"x")
        if self._thread.ident is not None:
            self._thread.join(2)
        self._wake_in.close()
        self.wake.close()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                with self._listening() as heard:
                    self._serve(heard)
            except OSError as error:
                _log.warning("a group of the network is not heard", group=self._group, error=str(error))
                self.stopping.wait(AGAIN_S)
            except Exception:  # noqa: BLE001 - a datagram must not end the thread
                _log.exception("a datagram was not understood", group=self._group)

    def _listening(self) -> socket.socket:
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Bound to the group itself: others keep the port at the box's own addresses.
            heard.bind((self._group, self._port))
            for address in self.addresses:
                member = struct.pack("=4s4s", socket.inet_aton(self._group), socket.inet_aton(address))
                heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            heard.setblocking(False)
        except OSError:
            heard.close()
            raise
        return heard


class Pace:
    """At most so many things a second."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._second, self._count = 0.0, 0

    def allows(self) -> bool:
        """Whether one more is taken now."""
        now = self._clock()
        if now - self._second >= 1:
            self._second, self._count = now, 0
        self._count += 1
        return self._count <= self._most


def towards(address: str) -> str:
    """The own address that this one reaches. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return str(probe.getsockname()[0])
