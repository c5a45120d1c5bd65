"""The thread ``pnp``: hears phones that look for their settings (SIP PnP) and tells those it knows."""

import contextlib
import secrets
import selectors
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog

from appliance.app.phones.multicast import listening, towards
from appliance.errors import PeerProtocolError
from appliance.provisioning import pnp
from appliance.provisioning.pnp import Search

MOST_PER_SECOND = 50
"""Answers; a search more is not heard: phones ask again."""
AGAIN_S = 10.0
_REMEMBERED = 1000
_log = structlog.get_logger("phones")

Found = Callable[[Search, str, int], str]
"""A search, address and port it came from → the URL to tell; empty: nothing."""


class PnpListener:
    """Listens on the group at every address of the box. ``found`` is called on its thread."""

    def __init__(
        self, addresses: tuple[str, ...], found: Found, *, group: str = pnp.GROUP, port: int = pnp.PORT
    ) -> None:
        self._addresses = tuple(one for one in addresses if ":" not in one)
        self._found = found
        self._group, self._port = group, port
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="pnp", daemon=True)
        self._second, self._answered = 0.0, 0
        self._tags: OrderedDict[str, str] = OrderedDict()
        self._out: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen; where the network does not let us, it is tried again."""
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

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with listening(self._group, self._port, self._addresses) as heard, self._sending() as out:
                    self._out = out
                    self._serve(heard, out)
            except OSError as error:
                _log.warning("phones that look for settings are not heard", error=str(error))
                self._stopping.wait(AGAIN_S)
            except Exception:  # noqa: BLE001 - a datagram must not end the thread
                _log.exception("a search was not understood")
            finally:
                self._out = None

    def _sending(self) -> socket.socket:
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.bind(("", 0))
        out.setblocking(False)
        return out

    def _serve(self, heard: socket.socket, out: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            for one in (heard, out, self._wake_out):
                selector.register(one, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in selector.select():
                    if key.fileobj is heard:
                        data, source = heard.recvfrom(pnp.MAX_DATAGRAM + 1)
                        self._heard(data, source, out)
                    elif key.fileobj is out:
                        out.recvfrom(pnp.MAX_DATAGRAM)  # answers to what we told; nothing hangs on them

    def _heard(self, data: bytes, source: tuple[str, int], out: socket.socket) -> None:
        now = time.monotonic()
        if now - self._second >= 1:
            self._second, self._answered = now, 0
        if self._answered >= MOST_PER_SECOND:
            return
        self._answered += 1
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
