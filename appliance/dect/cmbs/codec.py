"""Frames on the module's serial line. Pure: bytes in, frames out, however they are cut or spoilt.

    DA DA DA DA | u16 length | u16 packet | u16 event | u16 parameters | elements …

All numbers are little-endian; the length counts from itself to the end: eight and the parameters. An element
is u16 kind, u16 length, data. With checksums on, the last element of an event that has any is kind 0x0F00
with two octets (Fletcher, modulo 255) over all elements before it; commands have none.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.dect.cmbs.numbers import COMMANDS, Ie

SYNC = b"\xda\xda\xda\xda"
_HEADER = struct.Struct("<HHHH")
_ELEMENT = struct.Struct("<HH")
MOST_PARAMETERS = 1024
"""Longer ones are no frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One piece of an event."""

    kind: int
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """An event with elements, or a command with bare bytes (``command``)."""

    event: int
    elements: tuple[Element, ...] = ()
    command: bytes = b""
    packet: int = 0

    def get(self, kind: int) -> bytes | None:
        """The data of the first element of a kind."""
        return next((one.data for one in self.elements if one.kind == kind), None)

    def each(self, kind: int) -> Iterator[bytes]:
        """The data of all of a kind."""
        return (one.data for one in self.elements if one.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Something like a frame whose inside is spoilt; ``why`` is for the log."""

    event: int
    why: str


def checksum(data: bytes) -> bytes:
    """Two octets that bring both sums over everything to zero modulo 255 (as RFC 1145 describes)."""
    first = second = 0
    for octet in data:
        first = (first + octet) % 255
        second = (second + first) % 255
    return bytes((-(first + second) % 255, second))


def encode(frame: Frame, *, checked: bool = False) -> bytes:
    """As it goes over the line; raises ValueError when it is too long."""
    if frame.event & COMMANDS == COMMANDS:
        body = frame.command
    else:
        body = b"".join(_ELEMENT.pack(one.kind, len(one.data)) + one.data for one in frame.elements)
        if checked and body:
            body += _ELEMENT.pack(Ie.CHECKSUM, 2) + checksum(body)
    if len(body) > MOST_PARAMETERS:
        raise ValueError(f"event {frame.event:#x} is too long")
    return SYNC + _HEADER.pack(_HEADER.size + len(body), frame.packet, frame.event, len(body)) + body


class Decoder:
    """Takes octets as they come. ``checked``: events without a checksum are not believed."""

    def __init__(self) -> None:
        self.checked = False
        self.garbage = 0
        """Octets thrown away."""
        self._store = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return len(self._store) >= len(SYNC)

    def feed(self, data: bytes) -> list[Frame | Broken]:
        """What became whole by this."""
        self._store += data
        return self._all()

    def give_up(self) -> list[Frame | Broken]:
        """The rest of the frame that has begun does not come: go on behind its begin."""
        if self.waiting:
            self._drop(1)
        return self._all()

    def _all(self) -> list[Frame | Broken]:
        found: list[Frame | Broken] = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> Frame | Broken | None:
        while True:
            at = self._store.find(SYNC)
            # What may be the begin of a sync at the very end stays.
            self._drop(at if at >= 0 else max(0, len(self._store) - len(SYNC) + 1))
            if at < 0 or len(self._store) < len(SYNC) + _HEADER.size:
                return None
            total, packet, event, length = _HEADER.unpack_from(self._store, len(SYNC))
            if total != _HEADER.size + length or length > MOST_PARAMETERS:
                self._drop(1)
                continue
            end = len(SYNC) + total
            if len(self._store) < end:
                return None
            body = bytes(self._store[len(SYNC) + _HEADER.size : end])
            made = _frame(event, packet, body, checked=self.checked)
            # The length of a spoilt frame may be spoilt, too: others may lie within.
            self._drop(1 if isinstance(made, Broken) else end, count=isinstance(made, Broken))
            return made

    def _drop(self, octets: int, *, count: bool = True) -> None:
        del self._store[:octets]
        if count:
            self.garbage += octets


def _frame(event: int, packet: int, body: bytes, *, checked: bool) -> Frame | Broken:
    if event & COMMANDS == COMMANDS:
        return Frame(event=event, command=body, packet=packet)
    elements: list[Element] = []
    at = 0
    while at < len(body):
        if at + _ELEMENT.size > len(body):
            return Broken(event=event, why="an element is cut off")
        kind, length = _ELEMENT.unpack_from(body, at)
        data = body[at + _ELEMENT.size : at + _ELEMENT.size + length]
        if len(data) != length:
            return Broken(event=event, why="an element is longer than its event")
        if kind == Ie.CHECKSUM:
            if data != checksum(body[:at]) or at + _ELEMENT.size + length != len(body):
                return Broken(event=event, why="wrong checksum")
            return Frame(event=event, elements=tuple(elements), packet=packet)
        elements.append(Element(kind=kind, data=data))
        at += _ELEMENT.size + length
    if checked and body:
        return Broken(event=event, why="no checksum")
    return Frame(event=event, elements=tuple(elements), packet=packet)
