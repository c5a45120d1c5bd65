"""The core's end of the control socket.

The thread ``control`` does all the socket work; it answers what is quick itself and hands what may wait
for the disk to a few threads ``control-worker-n``. Callers of :meth:`ControlServer.publish` never wait:
a watcher that does not read is dropped.
"""

import contextlib
import os
import queue
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from appliance.control.listener import listen
from appliance.control.protocol import (
    MAX_LINE,
    Event,
    Lines,
    Refusal,
    Request,
    Response,
    decode_request,
    encode_event,
    encode_response,
    refusal,
)
from appliance.errors import OrtsamtError, PeerProtocolError
from appliance.model.decode import decode, suggestion

Handler = Callable[[Mapping[str, Any]], Any]
"""Params in, JSON-like result out (dataclasses, enums and datetimes are fine); raises OrtsamtError."""

MAX_CLIENTS = 32
WORKERS = 3
MAX_RUNNING = 8
"""Questions of one client under way at once; it is not read further meanwhile."""
MAX_UNREAD = 1024 * 1024
"""Bytes of answers a client may leave unread; beyond, it is not read further."""
MAX_BEHIND = 4 * 1024 * 1024
"""Bytes of events a watcher may leave unread; beyond, it is dropped."""
MAX_EVENTS = 10_000
"""Events waiting for the control thread; beyond, the newest are lost and watchers are told how many."""
_FIRST_OF_PEOPLE = 1000
"""Groups from here on are people's (login.defs(5))."""
PAUSE_SECONDS = 1.0
"""After a connection could not be taken."""
_CHUNK = 64 * 1024
_log = structlog.get_logger("control")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParams:
    """Params of ``watch``: the names of the events wanted; none: all."""

    events: tuple[str, ...] = ()


class _Client:
    """One connection; touched by the control thread only."""

    def __init__(self, sock: socket.socket, max_line: int) -> None:
        self.sock = sock
        self.lines = Lines(max_line)
        self.backlog: deque[bytes] = deque()
        self.out = bytearray()
        self.running = 0
        self.watches: frozenset[str] | None = None
        self.ending = False
        self.heard_all = False
        self.gone = False
        self.interest = selectors.EVENT_READ


class ControlServer:
    """Answers questions and sends events over the socket ``path`` (mode 0660)."""

    def __init__(
        self,
        path: Path,
        *,
        allowed_users: Iterable[int] = (),
        services: bool = True,
        max_clients: int = MAX_CLIENTS,
        max_line: int = MAX_LINE,
    ) -> None:
        """``allowed_users``: user ids that may connect besides root, our own, and the other services.

        Services are known by our group, if that is one of the system's (SO_PEERCRED, unix(7)); with
        ``services`` off they may not.
        """
        self.path = path
        self._allowed = {0, os.getuid(), *allowed_users}
        self._group = os.getgid() if services and 0 < os.getgid() < _FIRST_OF_PEOPLE else None
        self._max_clients = max_clients
        self._max_line = max_line
        self._methods: dict[str, tuple[Handler, bool]] = {}
        self._clients: set[_Client] = set()
        self._inbox: deque[tuple[_Client | None, bytes | Event]] = deque()
        self._lost = 0
        self._watchers = 0
        self._guard = threading.Lock()
        self._stopping = False
        self._closed = False
        self._jobs: queue.SimpleQueue[tuple[_Client, Request, Handler] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._listener: socket.socket | None = None
        self._deaf_until = 0.0

    def register(self, name: str, handler: Handler, *, slow: bool = False) -> None:
        """Offer a method. ``slow`` ones run on a worker thread, others must return within a millisecond."""
        if name in self._methods or name == "watch":
            raise ValueError(f"method {name} is registered twice")
        self._methods[name] = (handler, slow)

    def start(self) -> None:
        """Open the socket and serve. Raises DeviceUnavailable when another core serves it or it fails."""
        self._listener = listen(self.path)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._threads = [threading.Thread(target=self._run, name="control", daemon=True)]
        for number in range(1, WORKERS + 1):
            name = f"control-worker-{number}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End all connections and remove the socket; handlers still running are not waited for longer."""
        if not self._threads or self._closed:
            return
        self._stopping = True
        self._wake()
        for _ in range(WORKERS):
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout)
            if thread.is_alive():
                _log.warning("a control thread did not end in time", thread=thread.name)
        with self._guard:
            self._closed = True
            if not self._threads[0].is_alive():
                os.close(self._wake_read)
                os.close(self._wake_write)

    def publish(self, name: str, payload: object) -> None:
        """Tell those who watch ``name``; any thread, never waits. ``payload`` must not change any more."""
        if not self._watchers:
            return
        with self._guard:
            if len(self._inbox) >= MAX_EVENTS:
                self._lost += 1
                return
            self._inbox.append((None, Event(event=name, payload=payload)))
            first = len(self._inbox) == 1
        if first:
            self._wake()

    # The control thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                for key, mask in self._selector.select(self._deafness()):
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj == self._wake_read:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._wake_read, 4096)
                    else:
                        self._serve(key.data, mask)
                self._empty_inbox()
        finally:
            for client in tuple(self._clients):
                self._drop(client, "")
            self._selector.close()
            if self._listener is not None:
                self._listener.close()
            self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            sock, _ = self._listener.accept()
        except OSError as error:  # mostly out of file descriptors: without a pause it comes back at once
            _log.warning("a control connection could not be taken", error=str(error))
            self._selector.unregister(self._listener)
            self._deaf_until = time.monotonic() + PAUSE_SECONDS
            return
        sock.setblocking(False)
        client = _Client(sock, self._max_line)
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, user, group = struct.unpack("3i", credentials)
        self._clients.add(client)
        self._selector.register(sock, client.interest, client)
        if user not in self._allowed and (self._group is None or group != self._group):
            self._refuse(client, "control.forbidden", "this user may not control the box", "use sudo")
        elif len(self._clients) > self._max_clients:
            self._refuse(client, "control.busy", "too many connections", "close another or try again later")

    def _deafness(self) -> float | None:
        """Seconds until connections are taken again; None: they are taken now."""
        if not self._deaf_until or self._listener is None:
            return None
        left = self._deaf_until - time.monotonic()
        if left > 0:
            return left
        self._deaf_until = 0.0
        self._selector.register(self._listener, selectors.EVENT_READ)
        return None

    def _refuse(self, client: _Client, error_id: str, message: str, hint: str) -> None:
        refused = Refusal(id=error_id, message=message, hint=hint)
        client.ending = True
        self._send(client, encode_response(Response(id=None, error=refused)))

    def _serve(self, client: _Client, mask: int) -> None:
        if client.gone:
            return
        if mask & selectors.EVENT_WRITE:
            self._push(client)
        if mask & selectors.EVENT_READ and not client.gone:
            self._read(client)

    def _read(self, client: _Client) -> None:
        try:
            data = client.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self._drop(client, "")
            return
        if not data:
            # Who has asked may close his half and still wait for the answers: `… | socat - unix:…`.
            client.heard_all = True
            self._settle(client)
            return
        if client.ending:
            return
        try:
            client.backlog.extend(line for line in client.lines.feed(data) if line.strip())
        except PeerProtocolError as error:
            self._refuse(client, error.error_id, error.message, error.hint)
            return
        self._go_on(client)

    def _go_on(self, client: _Client) -> None:
        """Take up questions while the client may have more under way, then set what to wait for."""
        while client.backlog and not client.ending and not client.gone and self._may_ask(client):
            try:
                request = decode_request(client.backlog.popleft())
            except PeerProtocolError as error:
                self._refuse(client, error.error_id, error.message, error.hint)
                return
            self._ask(client, request)
        self._settle(client)

    def _ask(self, client: _Client, request: Request) -> None:
        if request.method == "watch":
            self._send(client, self._answer(request, lambda params: self._watch(client, params)))
            return
        handler, slow = self._methods.get(request.method, (self._unknown(request.method), False))
        if slow:
            client.running += 1
            self._jobs.put((client, request, handler))
        else:
            self._send(client, self._answer(request, handler))

    def _watch(self, client: _Client, params: Mapping[str, Any]) -> object:
        wanted = decode(WatchParams, params, where="watch").events
        client.watches = frozenset(wanted)
        self._count_watchers()
        return {"watching": sorted(wanted) or "all"}

    def _unknown(self, method: str) -> Handler:
        known = [*self._methods, "watch"]

        def refuse(_: Mapping[str, Any]) -> object:
            raise PeerProtocolError(
                f"unknown method '{method[:80]}'",
                error_id="control.unknown_method",
                hint=suggestion(method[:80], known),
            )

        return refuse

    def _empty_inbox(self) -> None:
        with self._guard:
            inbox, lost = self._inbox, self._lost
            self._inbox, self._lost = deque(), 0
        for client, what in inbox:
            if isinstance(what, Event):
                self._spread(what)
            elif client is not None and not client.gone:
                client.running -= 1
                self._send(client, what)
                self._go_on(client)
        if lost:
            self._spread(Event(event="lost", payload={"count": lost}), everyone=True)

    def _spread(self, event: Event, *, everyone: bool = False) -> None:
        watchers = [
            client
            for client in self._clients
            if client.watches is not None
            and (everyone or not client.watches or event.event in client.watches)
        ]
        if not watchers:
            return
        try:
            line = encode_event(event)
        except (TypeError, ValueError) as error:
            _log.error("an event cannot be sent", event_name=event.event, error=str(error))
            return
        for client in watchers:
            if len(client.out) + len(line) > MAX_BEHIND:
                self._drop(client, "does not read its events")
            else:
                self._send(client, line)

    def _send(self, client: _Client, line: bytes) -> None:
        if client.gone:
            return
        client.out += line
        self._push(client)

    def _push(self, client: _Client) -> None:
        try:
            while client.out:
                sent = client.sock.send(memoryview(client.out)[:_CHUNK])
                del client.out[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client, "")
            return
        self._settle(client)

    def _may_ask(self, client: _Client) -> bool:
        return client.running < MAX_RUNNING and len(client.out) <= MAX_UNREAD

    def _settle(self, client: _Client) -> None:
        """Drop a client with whom we are through, else set what to wait for."""
        if client.gone:
            return
        waits = client.running or client.backlog
        if (client.ending and not client.out) or (
            client.heard_all and (client.watches is not None or not (waits or client.out))
        ):
            self._drop(client, "")
            return
        interest = selectors.EVENT_WRITE if client.out else 0
        if not client.heard_all and not client.backlog and self._may_ask(client):
            interest |= selectors.EVENT_READ
        if interest == client.interest:
            return
        if not interest:
            self._selector.unregister(client.sock)
        elif client.interest:
            self._selector.modify(client.sock, interest, client)
        else:
            self._selector.register(client.sock, interest, client)
        client.interest = interest

    def _drop(self, client: _Client, why: str) -> None:
        if client.gone:
            return
        client.gone = True
        self._clients.discard(client)
        if client.interest:
            self._selector.unregister(client.sock)
        client.sock.close()
        self._count_watchers()
        if why:
            _log.warning("a control connection was dropped", why=why)

    def _count_watchers(self) -> None:
        self._watchers = sum(1 for client in self._clients if client.watches is not None)

    # Any thread

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            client, request, handler = job
            if self._stopping:
                return
            answer = self._answer(request, handler)
            with self._guard:
                self._inbox.append((client, answer))
            self._wake()

    def _answer(self, request: Request, handler: Handler) -> bytes:
        try:
            return encode_response(Response(id=request.id, result=handler(request.params)))
        except OrtsamtError as error:
            refused = refusal(error)
        except Exception:  # noqa: BLE001 - a defect in one method must not end the control thread
            _log.exception("a control method failed", method=request.method)
            refused = Refusal(
                id="internal.error", message="internal error", hint="the log of the core says more"
            )
        return encode_response(Response(id=request.id, error=refused))

    def _wake(self) -> None:
        with self._guard, contextlib.suppress(BlockingIOError):
            if not self._closed:
                os.write(self._wake_write, b"\0")
