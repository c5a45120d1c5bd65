"""The thread ``pnp``: hears phones that look for their settings (SIP PnP) and tells those it knows."""

import contextlib
import secrets
import selectors
import socket
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog

from appliance.app.phones.multicast import GroupThread, Pace, towards
from appliance.errors import PeerProtocolError
from appliance.provisioning import pnp
from appliance.provisioning.pnp import Search

MOST_PER_SECOND = 50
"""Answers; a search more is not heard: phones ask again."""
_REMEMBERED = 1000
_log = structlog.get_logger("phones")

Found = Callable[[Search, str, int], str]
"""A search, address and port it came from → the URL to tell; empty: nothing."""


class PnpListener:
    """Listens on the group at every address of the box. ``found`` is called on its thread."""

    def __init__(
        self, addresses: tuple[str, ...], found: Found, *, group: str = pnp.GROUP, port: int = pnp.PORT
    ) -> None:
        self._found = found
        self._thread = GroupThread("pnp", group, port, addresses, self._serve)
        self._pace = Pace(MOST_PER_SECOND, time.monotonic)
        self._tags: OrderedDict[str, str] = OrderedDict()
        self._out: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen; where the network does not let us, it is tried again."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._thread.stop()

    def send(self, contact: str, address: str, port: int, event: str) -> bool:
        """Tell a phone that is not registered to fetch or restart; False: there is no way to."""
        out = self._out
        if out is None:
            return False
        try:
            own = (towards(address), out.getsockname()[1])
            out.sendto(pnp.check_sync(contact, event, own), (address, port))
        except OSError as error:
            _log.info("a phone could not be told", address=address, error=str(error))
            return False
        return True

    # -- the thread ------------------------------------------------------------------------------

    def _serve(self, heard: socket.socket) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, selectors.DefaultSelector() as selector:
            out.bind(("", 0))
            out.setblocking(False)
            self._out = out
            for one in (heard, out, self._thread.wake):
                selector.register(one, selectors.EVENT_READ)
            try:
                while not self._thread.stopping.is_set():
                    for key, _ in selector.select():
                        if key.fileobj is heard:
                            data, source = heard.recvfrom(pnp.MAX_DATAGRAM + 1)
                            self._heard(data, source, out)
                        elif key.fileobj is out:
                            out.recvfrom(pnp.MAX_DATAGRAM)  # answers to what we told; nothing hangs on them
            finally:
                self._out = None

    def _heard(self, data: bytes, source: tuple[str, int], out: socket.socket) -> None:
        if not self._pace.allows():
            return
        try:
            search = pnp.read_search(data)
        except PeerProtocolError:
            return  # others may talk there too
        url = self._found(search, source[0], source[1])
        if not url:
            return
        tag = self._tag(search.call_id)
        with contextlib.suppress(OSError):
            out.sendto(pnp.accepted(search, tag, source), source)
            own = (towards(source[0]), out.getsockname()[1])
            out.sendto(pnp.told(search, tag, url, own), source)

    def _tag(self, call_id: str) -> str:
        """The same for a search that is sent again."""
        tag = self._tags.setdefault(call_id, secrets.token_hex(6))
        if len(self._tags) > _REMEMBERED:
            self._tags.popitem(last=False)
        return tag
