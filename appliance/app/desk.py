"""Where voice applications have things looked up and written: threads beside the engine, replies by event."""

import queue
import threading
from collections.abc import Callable
from typing import Any

import structlog

from appliance.errors import OrtsamtError
from appliance.model.effects import Consult
from appliance.model.events import Consulted, Event
from appliance.model.voice import Reply, Request

MAX_WAITING = 1000
CLERKS = 3
_log = structlog.get_logger(__name__)


class VoiceDesk:
    """Meets requests, each by the function registered for its type; ``take`` never blocks."""

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post
        self._functions: dict[type[Request], Callable[[Any], Reply | None]] = {}
        self._waiting: queue.Queue[Consult | None] = queue.Queue(MAX_WAITING)
        self._clerks = [
            threading.Thread(target=self._run, name=f"voice-{n}", daemon=True) for n in range(1, CLERKS + 1)
        ]

    def register(self, kind: type[Request], function: Callable[[Any], Reply | None]) -> None:
        """Have requests of this type met by the function: it may block, and returns None for 'cannot'."""
        self._functions[kind] = function

    def start(self) -> None:
        """Start the threads."""
        for clerk in self._clerks:
            clerk.start()

    def stop(self) -> None:
        """Meet what waits, then end."""
        for _ in self._clerks:
            self._waiting.put(None)
        for clerk in self._clerks:
            clerk.join(5)

    def take(self, consult: Consult) -> None:
        """Meet a request soon; when too many wait, it fails at once."""
        try:
            self._waiting.put_nowait(consult)
        except queue.Full:
            _log.error("too many requests of voice applications", request=type(consult.request).__name__)
            self._answer(consult, None)

    def _run(self) -> None:
        while True:
            consult = self._waiting.get()
            if consult is None:
                return
            self._answer(consult, self._meet(consult.request))

    def _meet(self, request: Request) -> Reply | None:
        function = self._functions.get(type(request))
        try:
            if function is not None:
                return function(request)
            _log.error("nobody meets this request", request=type(request).__name__)
        except OrtsamtError as error:
            _log.warning(
                "a voice application's request failed", request=type(request).__name__, error=str(error)
            )
        except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
            _log.exception("a voice application's request failed", request=type(request).__name__)
        return None

    def _answer(self, consult: Consult, reply: Reply | None) -> None:
        if consult.call is not None:
            try:
                self._post(Consulted(call=consult.call, serial=consult.serial, reply=reply))
            except OrtsamtError as error:
                _log.warning("the engine did not take a reply", error=str(error))
