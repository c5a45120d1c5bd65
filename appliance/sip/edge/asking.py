"""Questions to the edge: a JSON-RPC request with what to do when it is answered or cannot be."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from appliance.errors import DeviceUnavailable, OrtsamtError, PeerProtocolError
from appliance.sip.edge.protocol import Reply, parse_table

_T = TypeVar("_T")

Tables = Mapping[str, Mapping[str, str] | None]
"""Hash tables by name; None stands for one that could not be read."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question; either ``done`` or ``failed`` is called, once, on the link's thread."""

    method: str
    params: tuple[str | int | float, ...]
    done: Callable[[Reply], None]
    failed: Callable[[OrtsamtError], None]


def question(
    method: str, params: tuple[str | int | float, ...], parse: Callable[[Any], _T], missing: _T | None = None
) -> "tuple[Request, Future[_T]]":
    """A request whose parsed answer comes in a future; ``missing`` stands for an answer that is refused."""
    future: Future[_T] = Future()

    def done(reply: Reply) -> None:
        if future.cancelled():
            return
        try:
            if not reply.error:
                future.set_result(parse(reply.result))
            elif missing is not None:
                future.set_result(missing)
            else:
                future.set_exception(
                    PeerProtocolError(f"the edge refused {method}: {reply.error}", error_id="edge.refused")
                )
        except OrtsamtError as error:
            future.set_exception(error)

    def failed(error: OrtsamtError) -> None:
        if not future.cancelled():
            future.set_exception(error)

    return Request(method, params, done, failed), future


def read_tables(names: tuple[str, ...], take: Callable[[Tables], None]) -> list[Request]:
    """Requests for whole hash tables, to be asked in this order; ``take`` gets all when the last has come."""
    tables: dict[str, Mapping[str, str] | None] = {}

    def request(name: str) -> Request:
        def done(reply: Reply) -> None:
            tables[name] = None if reply.error else parse_table(reply.result)
            if name == names[-1]:
                take(tables)

        def failed(error: OrtsamtError) -> None:
            done(Reply(number=0, result=None, error=str(error)))

        return Request("htable.dump", (name,), done, failed)

    return [request(name) for name in names]


def away(message: str) -> DeviceUnavailable:
    """Why a question has no answer."""
    return DeviceUnavailable(
        message, error_id="edge.away", hint="the edge is started again by its supervisor"
    )


def ignore(_: OrtsamtError) -> None:
    """A failed question of our own is asked again at the next connect."""
