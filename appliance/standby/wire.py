"""Frames between two boxes: questions and answers, both ways at once, on one TLS connection.

A frame is 4 bytes of length and JSON: ``{"id", "ask", "with"}`` or ``{"id", "done"}`` or ``{"id", "error"}``.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from appliance.errors import DeviceUnavailable, OrtsamtError, PeerProtocolError

MAX_FRAME = 4 * 1024 * 1024
MAX_GREETING = 16 * 1024
"""Of the first frame, from whoever connects."""
AT_ONCE = 16
"""Questions of the other side that are worked on at a time."""
PATIENCE_S = 20.0
_log = structlog.get_logger("standby")

Answer = Callable[[Any], Awaitable[Any]]


async def receive(reader: asyncio.StreamReader, most: int = MAX_FRAME) -> dict[str, Any]:
    """The next frame, of ``most`` bytes. Raises DeviceUnavailable at its end, PeerProtocolError."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big")
        if size > most:
            raise PeerProtocolError("a frame is too large", error_id="standby.garbage")
        found = msgspec.json.decode(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, OSError) as error:
        raise gone() from error
    except msgspec.MsgspecError as error:
        raise PeerProtocolError(f"a frame is no JSON: {error}", error_id="standby.garbage") from error
    if not isinstance(found, dict):
        raise PeerProtocolError("a frame is no object", error_id="standby.garbage")
    return found


def framed(value: Mapping[str, Any]) -> bytes:
    """A frame."""
    data = msgspec.json.encode(value)
    return len(data).to_bytes(4, "big") + data


def gone() -> DeviceUnavailable:
    """The other box is not there."""
    return DeviceUnavailable("the other box does not answer", error_id="standby.gone")


class Session:
    """One connection whose both ends have proven who they are."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Mapping[str, Answer]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.answers = dict(answers)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until the connection ends; then every question fails with DeviceUnavailable."""
        try:
            while True:
                message = await receive(self._reader)
                if "ask" in message:
                    await self._slots.acquire()
                    task = asyncio.create_task(self._answer(message))
                    self._tasks.add(task)
                    task.add_done_callback(self._answered)
                else:
                    self._take(message)
        finally:
            self.close()

    def close(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(gone())
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    async def call(self, what: str, params: Any = None, patience_s: float = PATIENCE_S) -> Any:
        """What the other answers. Raises OrtsamtError as it said, DeviceUnavailable without an answer."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(framed({"id": number, "ask": what, "with": params}))
            async with asyncio.timeout(patience_s):
                await self._writer.drain()
                return await answer
        except (OSError, TimeoutError, RuntimeError) as error:
            raise gone() from error
        finally:
            self._waiting.pop(number, None)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    def _take(self, message: dict[str, Any]) -> None:
        answer = self._waiting.get(message.get("id", 0))
        if answer is None or answer.done():
            return
        if "error" in message:
            error_id, text = str(message["error"].get("id")), str(message["error"].get("message"))
            answer.set_exception(OrtsamtError(text, error_id=error_id))
        else:
            answer.set_result(message.get("done"))

    async def _answer(self, message: dict[str, Any]) -> None:
        number = message.get("id", 0)
        try:
            answer = self.answers.get(str(message["ask"]))
            if answer is None:
                raise PeerProtocolError(
                    f"{str(message['ask'])[:40]} is unknown here", error_id="standby.unknown"
                )
            reply: dict[str, Any] = {"id": number, "done": await answer(message.get("with"))}
        except OrtsamtError as error:
            reply = {"id": number, "error": {"id": error.error_id, "message": error.message}}
        except Exception as error:  # noqa: BLE001 - what the other sends must not end the link
            _log.exception("a question of the other box failed", what=str(message.get("ask"))[:40])
            reply = {"id": number, "error": {"id": "standby.internal", "message": type(error).__name__}}
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write(framed(reply))
            await self._writer.drain()
