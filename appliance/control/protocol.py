"""The language of the control socket, without I/O: one JSON object a line, UTF-8.

To the core: ``{"id": 1, "method": "config.get", "params": {…}}``. Back: ``{"id": 1, "result": …}`` or
``{"id": 1, "error": {"id", "message", "field", "hint", "problems"}}``. After ``watch`` also
``{"event": "call", "payload": …}``. Answers may come in another order than the questions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from appliance.errors import (
    ConfigError,
    DeviceUnavailable,
    NotFound,
    OrtsamtError,
    PeerProtocolError,
    Problem,
)

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one line; an import of a large office fits."""

RequestId = int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question to the core. ``id`` is the asker's and comes back with the answer."""

    id: RequestId
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error as it travels: ``id`` is the stable error_id."""

    id: str
    message: str
    field: str | None = None
    hint: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The answer: a JSON-like result, or a refusal. ``id`` None: the question could not be read."""

    id: RequestId | None
    result: Any = None
    error: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened; only for those who watch."""

    event: str
    payload: Any = None


class Lines:
    """Cuts a byte stream into lines of at most ``limit`` bytes."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines completed by ``data``, without their ends. Raises PeerProtocolError for one too long."""
        *whole, rest = data.split(b"\n")
        lines = []
        for part in whole:
            self._rest += part
            self._check()
            lines.append(bytes(self._rest))
            self._rest.clear()
        self._rest += rest
        self._check()
        return lines

    def _check(self) -> None:
        if len(self._rest) > self._limit:
            self._rest.clear()
            raise PeerProtocolError(
                f"a line is longer than {self._limit} bytes", error_id="control.too_long", hint="ask for less"
            )


def decode_request(line: bytes) -> Request:
    """Read a question. Raises PeerProtocolError for anything else."""
    try:
        return msgspec.json.decode(line, type=Request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PeerProtocolError(
            f"not a request: {error}",
            error_id="control.garbage",
            hint='write {"id": 1, "method": "status", "params": {}} in one line',
        ) from None


def decode_message(line: bytes) -> Response | Event:
    """Read what the core says. Raises PeerProtocolError."""
    try:
        raw = msgspec.json.decode(line)
        if isinstance(raw, dict) and "event" in raw:
            return msgspec.convert(raw, Event)
        return msgspec.convert(raw, Response)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PeerProtocolError(
            f"the core's answer makes no sense: {error}", error_id="control.garbage"
        ) from None


def encode_request(request: Request) -> bytes:
    """One line with its end."""
    return msgspec.json.encode(request) + b"\n"


def encode_response(response: Response) -> bytes:
    """One line with its end. Raises TypeError or ValueError when the result is not JSON-like."""
    if response.error is not None:
        return msgspec.json.encode({"id": response.id, "error": response.error}) + b"\n"
    return msgspec.json.encode({"id": response.id, "result": response.result}, enc_hook=_plain) + b"\n"


def encode_event(event: Event) -> bytes:
    """One line with its end. Raises TypeError or ValueError when the payload is not JSON-like."""
    return msgspec.json.encode(event, enc_hook=_plain) + b"\n"


def refusal(error: OrtsamtError) -> Refusal:
    """An error of ours as it travels."""
    return Refusal(
        id=error.error_id,
        message=error.message,
        field=error.field,
        hint=error.hint,
        problems=error.problems if isinstance(error, ConfigError) else (),
    )


def error_of(refused: Refusal) -> OrtsamtError:
    """The error to raise on the asker's side: the same class where it matters, always the same error_id."""
    if refused.id == "config.not_found":
        return NotFound(refused.message, hint=refused.hint)
    if refused.problems or refused.id.startswith("config."):
        return ConfigError(
            refused.message,
            error_id=refused.id,
            hint=refused.hint,
            field=refused.field,
            problems=refused.problems,
        )
    if refused.id.startswith(("device.", "store.")):
        return DeviceUnavailable(refused.message, error_id=refused.id, hint=refused.hint)
    return OrtsamtError(refused.message, error_id=refused.id, hint=refused.hint, field=refused.field)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be sent")
