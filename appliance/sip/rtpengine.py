"""Orders to rtpengine, which stands in the path of a fax's sound: T.38 on one side, G.711 on the other.

Its control protocol ("ng"): a UDP packet is a cookie, a space and a bencoded dictionary. On loop-back it
answers within a millisecond; when it does not answer in time it is not asked again for a while, so that the
engine never waits for it twice in a row.
"""

import secrets
import socket
import time
from collections.abc import Mapping
from enum import StrEnum

from appliance.errors import DeviceUnavailable

_TIMEOUT_S = 0.15
_REST_S = 5.0
_LARGEST = 65536
_TRIES = 8
"""Packets looked at for one answer: others are late answers to orders that were given up."""

Value = str | int | list["Value"] | dict[str, "Value"]


class Side(StrEnum):
    """Who describes itself: we (the core) or the provider. Also the names of rtpengine's interfaces."""

    CORE = "core"
    TRUNK = "trunk"

    @property
    def other(self) -> "Side":
        """The far side."""
        return Side.TRUNK if self is Side.CORE else Side.CORE


class Gateway:
    """rtpengine on this machine. Engine thread only."""

    def __init__(self, port: int) -> None:
        """``port``: UDP on loop-back."""
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None
        self._asker = secrets.token_hex(4)
        """rtpengine answers a cookie it knows as it did before: one of another process must differ."""
        self._orders = 0
        self._rests_until = 0.0

    def offer(self, call: str, by: Side, sdp: str, t38: str) -> str:
        """The description for the far side; ``t38``: ``decode`` or ``force``. Raises DeviceUnavailable."""
        return self._describe({"command": "offer", "T.38": [t38]}, call, by, by, sdp)

    def answer(self, call: str, by: Side, sdp: str) -> str:
        """The answer for who offered. Raises DeviceUnavailable."""
        return self._describe({"command": "answer"}, call, by, by.other, sdp)

    def delete(self, call: str) -> None:
        """Forget the call; nothing is waited for."""
        order: dict[str, Value] = {"command": "delete", "call-id": call, "delete-delay": 0}
        try:
            self._send(order)
        except OSError:
            self._close()

    def close(self) -> None:
        """Ask nothing more."""
        self._close()

    def _describe(self, order: dict[str, Value], call: str, by: Side, offerer: Side, sdp: str) -> str:
        order |= {"call-id": call, "from-tag": offerer.value, "sdp": sdp, "ICE": "remove"}
        order["direction"] = [by.value, by.other.value]
        if order["command"] == "answer":
            order["to-tag"] = by.value
        answer = self._ask(order)
        described = answer.get("sdp")
        if answer.get("result") != "ok" or not isinstance(described, str):
            raise DeviceUnavailable(
                f"the T.38 gateway refuses: {answer.get('error-reason', 'no reason')}", error_id="t38.refused"
            )
        return described

    def _ask(self, order: Mapping[str, Value]) -> dict[str, Value]:
        if time.monotonic() < self._rests_until:
            raise DeviceUnavailable("the T.38 gateway does not answer", error_id="t38.silent")
        try:
            asked, cookie = self._send(order)
            for _ in range(_TRIES):
                head, _, body = asked.recv(_LARGEST).partition(b" ")
                if head == cookie:
                    return decode(body)
        except (OSError, ValueError) as error:
            self._close()
            self._rests_until = time.monotonic() + _REST_S
            raise DeviceUnavailable(
                f"the T.38 gateway does not answer: {error}", error_id="t38.silent"
            ) from None
        raise DeviceUnavailable("the T.38 gateway answers something else", error_id="t38.silent")

    def _send(self, order: Mapping[str, Value]) -> tuple[socket.socket, bytes]:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.settimeout(_TIMEOUT_S)
            self._socket.connect(self._address)
        self._orders += 1
        cookie = f"{self._asker}-{self._orders}".encode()
        self._socket.send(cookie + b" " + encode(dict(order)))
        return self._socket, cookie

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def encode(value: Value) -> bytes:
    """Bencode."""
    match value:
        case int():
            return b"i%de" % value
        case str():
            data = value.encode()
            return b"%d:%s" % (len(data), data)
        case list():
            return b"l" + b"".join(map(encode, value)) + b"e"
        case dict():
            return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"


def decode(data: bytes) -> dict[str, Value]:
    """Read a bencoded dictionary; raises ValueError for anything else."""
    value, end = _decode(data, 0, 0)
    if not isinstance(value, dict) or end != len(data):
        raise ValueError("no dictionary")
    return value


_DEEPEST = 20


def _decode(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    kind = data[at : at + 1]
    if depth > _DEEPEST or not kind:
        raise ValueError("not bencoded")
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind in b"ld":
        items: list[Value] = []
        at += 1
        while data[at : at + 1] != b"e":
            item, at = _decode(data, at, depth + 1)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return {str(key): value for key, value in zip(items[::2], items[1::2], strict=True)}, at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data) or end <= colon:
        raise ValueError("not bencoded")
    return data[colon + 1 : end].decode("utf-8", "replace"), end
