"""The core's control socket for asyncio: questions, and a nudge when there is something to send."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
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
from appliance.errors import DeviceUnavailable, OrtsamtError

CHUNK = 256 * 1024


class CoreLink:
    """One connection; when it breaks every question fails with DeviceUnavailable and :attr:`lost` is set."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lost = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int | str | None, asyncio.Future[Any]] = {}
        self._heard: dict[str, Callable[[Any], None]] = {}
        self._task = asyncio.create_task(self._read(), name="core")

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Connect. Raises DeviceUnavailable."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(path))
        except OSError as error:
            raise DeviceUnavailable(
                f"the core does not answer at {path}: {error}", error_id="control.not_running"
            ) from error
        return cls(reader, writer)

    async def call(self, method: str, params: Mapping[str, Any] | None = None, patience_s: float = 60) -> Any:
        """The result. Raises what the core answered, DeviceUnavailable when it is gone or silent."""
        if self.lost.is_set():
            raise _gone()
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(encode_request(Request(id=number, method=method, params=params or {})))
            await self._writer.drain()
            return await asyncio.wait_for(answer, patience_s)
        except (OSError, TimeoutError) as error:
            raise _gone() from error
        finally:
            self._waiting.pop(number, None)

    async def watch(self, heard: Mapping[str, Callable[[Any], None]]) -> None:
        """Call these with the payload of events, by name."""
        self._heard = dict(heard)
        await self.call("watch", {"events": list(heard)})

    async def close(self) -> None:
        """Close it."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()

    async def _read(self) -> None:
        lines = Lines(1 << 30)
        try:
            while data := await self._reader.read(CHUNK):
                for line in lines.feed(data):
                    self._take(line)
        except (OSError, OrtsamtError):
            pass  # the same as its end
        finally:
            self.lost.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(_gone())

    def _take(self, line: bytes) -> None:
        message = decode_message(line)
        if isinstance(message, Event):
            hear = self._heard.get(message.event)
            if hear is not None:
                hear(message.payload)
        elif isinstance(message, Response):
            answer = self._waiting.get(message.id)
            if answer is not None and not answer.done():
                if message.error is not None:
                    answer.set_exception(error_of(message.error))
                else:
                    answer.set_result(message.result)


def _gone() -> DeviceUnavailable:
    return DeviceUnavailable("the core went away or does not answer", error_id="control.closed")
