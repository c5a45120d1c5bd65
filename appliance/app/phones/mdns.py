"""The thread ``mdns``: the box is found as ``ortsamt.local``, and phones that say their names are noticed."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable

import structlog

from appliance.app.phones.multicast import listening, towards
from appliance.errors import PeerProtocolError
from appliance.provisioning import mdns
from appliance.provisioning.mdns import NamedPhone

ASK_S = 300.0
AGAIN_S = 10.0
MOST_PER_SECOND = 100
_log = structlog.get_logger("phones")


class MdnsListener:
    """``found`` hears of phones, with the address they spoke from; on this thread."""

    def __init__(
        self, addresses: tuple[str, ...], https_port: int, found: Callable[[NamedPhone, str], None]
    ) -> None:
        self._addresses = tuple(one for one in addresses if ":" not in one)
        self._https_port = https_port
        self._found = found
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="mdns", daemon=True)
        self._second, self._heard_now = 0.0, 0

    def start(self) -> None:
        """Begin to listen and to ask."""
        if self._addresses:
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._wake_in.send(b"x")
        if self._thread.ident is not None:
            self._thread.join(2)
        self._wake_in.close()
        self._wake_out.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with listening(mdns.GROUP, mdns.PORT, self._addresses) as heard:
                    self._serve(heard)
            except OSError as error:
                _log.warning("names in the network are not heard", error=str(error))
                self._stopping.wait(AGAIN_S)
            except Exception:  # noqa: BLE001 - a datagram must not end the thread
                _log.exception("a name in the network was not understood")

    def _serve(self, heard: socket.socket) -> None:
        due = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(heard, selectors.EVENT_READ)
            selector.register(self._wake_out, selectors.EVENT_READ)
            while not self._stopping.is_set():
                if time.monotonic() >= due:
                    due = time.monotonic() + ASK_S
                    for address in self._addresses:
                        self._say(heard, mdns.question(), address)
                for key, _ in selector.select(max(0.1, due - time.monotonic())):
                    if key.fileobj is heard:
                        self._take(heard, *heard.recvfrom(mdns.MAX_DATAGRAM))

    def _take(self, heard: socket.socket, data: bytes, source: tuple[str, int]) -> None:
        now = time.monotonic()
        if now - self._second >= 1:
            self._second, self._heard_now = now, 0
        self._heard_now += 1
        if self._heard_now > MOST_PER_SECOND:
            return
        try:
            message = mdns.read(data)
        except PeerProtocolError:
            return
        with contextlib.suppress(OSError):
            address = towards(source[0])
            said = mdns.answer(message, address, self._https_port)
            if said is not None:
                self._say(heard, said, address)
        phone = mdns.phone_of(message.names)
        if phone is not None:
            self._found(phone, source[0])

    @staticmethod
    def _say(heard: socket.socket, message: bytes, address: str) -> None:
        """To the whole network behind one of the own addresses."""
        with contextlib.suppress(OSError):
            heard.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
            heard.sendto(message, (mdns.GROUP, mdns.PORT))
