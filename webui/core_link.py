"""The way to the core: a few kept connections to its control socket, and its events for whoever listens."""

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from appliance.control.client import ControlClient
from appliance.errors import DeviceUnavailable, OrtsamtError

MAX_CONNECTIONS = 6
PATIENCE_S = 30.0
WAIT_S = 5.0
"""How long a request waits for a connection while all are in use."""
AGAIN_S = 0.5
MAX_BEHIND = 1000
"""Events one listener may leave unread; then it is told how many it lost."""
_log = structlog.get_logger("web")


class CoreLink:
    """Asks the core; for any thread. A connection that the core closed is replaced unseen."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._idle: deque[ControlClient] = deque()
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The core's answer. Raises what it refuses with, DeviceUnavailable when it is not there."""
        if not self._free.acquire(timeout=WAIT_S):
            raise DeviceUnavailable(
                "the core is busy", error_id="control.busy", hint="try again in a few seconds"
            )
        try:
            client = self._take()
            good = False
            try:
                answer = client.call(method, params or {})
                good = True
            except DeviceUnavailable as error:
                good = not error.error_id.startswith("control.")
                raise
            except OrtsamtError:
                good = True
                raise
            finally:
                if good:
                    self._idle.append(client)
                else:
                    client.close()
        finally:
            self._free.release()
        return answer

    def close(self) -> None:
        """Close what is idle."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _take(self) -> ControlClient:
        with contextlib.suppress(IndexError):
            while True:
                client = self._idle.pop()
                if not client.ended():
                    return client
                client.close()
        return ControlClient(self._socket, timeout=PATIENCE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An event of the core, or ``core`` (payload ``up``) of the link itself."""

    topic: str
    payload: Any


class Listener:
    """A bounded queue of news; iterate over :meth:`wait`."""

    def __init__(self, wanted: Callable[[News], bool]) -> None:
        self._wanted = wanted
        self._news: queue.Queue[News | None] = queue.Queue(MAX_BEHIND)
        self._lost = 0

    def offer(self, news: News) -> None:
        """Take it if it is wanted; never waits."""
        if not self._wanted(news):
            return
        try:
            self._news.put_nowait(news)
        except queue.Full:
            self._lost += 1

    def end(self) -> None:
        """Let :meth:`wait` return None from now on."""
        with contextlib.suppress(queue.Full):
            self._news.put_nowait(None)

    def wait(self, timeout: float) -> News | None:
        """The next one; raises queue.Empty after ``timeout`` seconds. None: it is over."""
        if self._lost and self._news.empty():
            lost, self._lost = self._lost, 0
            return News(topic="lost", payload={"count": lost})
        return self._news.get(timeout=timeout)


class EventHub:
    """Watches the core on a thread of its own (``core-events``) and hands its events on."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._listeners: set[Listener] = set()
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._client: ControlClient | None = None
        self.up = False
        self._thread = threading.Thread(target=self._run, name="core-events", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and all listeners."""
        self._stopping.set()
        client = self._client
        if client is not None:
            client.hang_up()
        self._thread.join(3)
        with self._guard:
            for listener in self._listeners:
                listener.end()

    @contextlib.contextmanager
    def listening(self, wanted: Callable[[News], bool]) -> Iterator[Listener]:
        """A listener for as long as the block runs."""
        listener = Listener(wanted)
        with self._guard:
            self._listeners.add(listener)
            if self._stopping.is_set():
                listener.end()
        try:
            yield listener
        finally:
            with self._guard:
                self._listeners.discard(listener)

    def _spread(self, news: News) -> None:
        with self._guard:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.offer(news)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with ControlClient(self._socket) as client:
                    self._client = client
                    events = client.watch()
                    self._turned(up=True)
                    for event in events:
                        self._spread(News(topic=event.event, payload=event.payload))
            except OrtsamtError:
                pass  # not there (any more)
            except Exception:  # noqa: BLE001 - the thread must live
                _log.exception("watching the core failed")
            finally:
                self._client = None
                self._turned(up=False)
            self._stopping.wait(AGAIN_S)

    def _turned(self, *, up: bool) -> None:
        if up != self.up:
            self.up = up
            _log.info("the core is there" if up else "the core is gone")
            self._spread(News(topic="core", payload={"up": up}))
