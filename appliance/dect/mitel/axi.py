"""AXI on the wire: one XML element a message, UTF-8, ended by NUL. Pure.

Nothing in a message may make us do more work than its length: document types and entities are refused,
depth and size are bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from appliance.errors import PeerProtocolError

MAX_MESSAGE = 1024 * 1024
_MAX_DEPTH = 8
_MAX_ELEMENTS = 5000
Value = str | int | bool


class AxiError(PeerProtocolError):
    """Bytes that are no AXI message."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_id="dect.axi", hint="is this the OMM's AXI port?")


@dataclass(slots=True)
class Element:
    """A message, or a record in one."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Self] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """Records of this name."""
        return (one for one in self.children if one.name == name)

    def first(self, name: str) -> "Element | None":
        """The first record of this name."""
        return next(self.all(name), None)

    def text(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)

    def number(self, name: str, default: int = 0) -> int:
        """An attribute that is a whole number; the default for everything else."""
        text = self.attributes.get(name, "").strip()
        return (
            int(text)
            if text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 12
            else default
        )

    def flag(self, name: str) -> bool | None:
        """An attribute that is true or false (``1``, ``true``); None: it is not there."""
        text = self.attributes.get(name)
        return None if text is None else text.strip().lower() in ("1", "true")


def element(tag: str, /, *children: Element, **attributes: Value) -> Element:
    """A message or record of ours; true and false are written as 1 and 0."""
    written = {
        key: str(int(value)) if isinstance(value, bool) else str(value) for key, value in attributes.items()
    }
    return Element(tag, written, list(children))


def encode(message: Element) -> bytes:
    """As sent, the NUL included."""
    return written(message).encode() + b"\0"


def written(one: Element) -> str:
    """As text, without an end."""
    attributes = "".join(
        f" {key}={quoteattr(_printable(value), {chr(10): '&#10;'})}" for key, value in one.attributes.items()
    )
    if not one.children:
        return f"<{one.name}{attributes}/>"
    return f"<{one.name}{attributes}>{''.join(map(written, one.children))}</{one.name}>"


def _printable(text: str) -> str:
    return "".join(char for char in text if char >= " " or char in "\t\n")


def decode(data: bytes) -> Element:
    """Read one message without its NUL; raises AxiError."""
    return _Reader().read(data)


class _Reader:
    def __init__(self) -> None:
        self._open: list[Element] = []
        self._root: Element | None = None
        self._count = 0

    def read(self, data: bytes) -> Element:
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.ProcessingInstructionHandler = _refuse
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise AxiError(f"a message is no XML: {error}") from error
        if self._root is None:
            raise AxiError("a message is empty")
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _MAX_DEPTH or self._count > _MAX_ELEMENTS:
            raise AxiError("a message is too deep or too large")
        made = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(made)
        else:
            self._root = made
        self._open.append(made)

    def _end(self, _name: str) -> None:
        self._open.pop()


def _refuse(*_: object) -> None:
    raise AxiError("a message declares a document type or entities")


class Splitter:
    """Cuts a stream into messages at NUL; raises AxiError for one that never ends."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived; the whole messages in it."""
        self._rest += data
        *whole, rest = bytes(self._rest).split(b"\0")
        if len(rest) > MAX_MESSAGE or any(len(one) > MAX_MESSAGE for one in whole):
            raise AxiError("a message has no end")
        self._rest = bytearray(rest)
        return [one for one in whole if one.strip()]
