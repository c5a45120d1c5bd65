"""The thread ``mdns``: the box is found as ``ortsamt.local``, and phones that say their names are noticed."""

import contextlib
import selectors
import socket
import time
from collections.abc import Callable

from appliance.app.phones.multicast import GroupThread, Pace, towards
from appliance.errors import PeerProtocolError
from appliance.provisioning import mdns
from appliance.provisioning.mdns import NamedPhone

ASK_S = 300.0
MOST_PER_SECOND = 100


class MdnsListener:
    """``found`` hears of phones, with the address they spoke from; on this thread."""

    def __init__(
        self,
        addresses: tuple[str, ...],
        https_port: int,
        found: Callable[[NamedPhone, str], None],
        said_as: Callable[[str], str] = lambda own: own,
    ) -> None:
        """``said_as``: an own address → the one to tell; empty: nothing is said."""
        self._https_port = https_port
        self._found = found
        self._said_as = said_as
        self._thread = GroupThread("mdns", mdns.GROUP, mdns.PORT, addresses, self._serve)
        self._pace = Pace(MOST_PER_SECOND, time.monotonic)

    def start(self) -> None:
        """Begin to listen and to ask."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._thread.stop()

    def _serve(self, heard: socket.socket) -> None:
        due = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(heard, selectors.EVENT_READ)
            selector.register(self._thread.wake, selectors.EVENT_READ)
            while not self._thread.stopping.is_set():
                if time.monotonic() >= due:
                    due = time.monotonic() + ASK_S
                    for address in self._thread.addresses:
                        self._say(heard, mdns.question(), address)
                for key, _ in selector.select(max(0.1, due - time.monotonic())):
                    if key.fileobj is heard:
                        self._take(heard, *heard.recvfrom(mdns.MAX_DATAGRAM))

    def _take(self, heard: socket.socket, data: bytes, source: tuple[str, int]) -> None:
        if not self._pace.allows():
            return
        try:
            message = mdns.read(data)
        except PeerProtocolError:
            return
        with contextlib.suppress(OSError):
            address = towards(source[0])
            told = self._said_as(address)
            said = mdns.answer(message, told, self._https_port) if told else None
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
