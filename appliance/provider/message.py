"""SIP messages as bytes and as values (RFC 3261 §7). No I/O."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from appliance.errors import PeerProtocolError

MAX_MESSAGE = 65535
_MAX_HEADERS = 200
_COMPACT = {
    "v": "Via",
    "f": "From",
    "t": "To",
    "i": "Call-ID",
    "m": "Contact",
    "l": "Content-Length",
    "c": "Content-Type",
    "k": "Supported",
    "e": "Content-Encoding",
    "s": "Subject",
    "x": "Session-Expires",
    "r": "Refer-To",
    "b": "Referred-By",
}
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+\Z")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_.!%*+`\'~-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;,\s>]*))?')


class SipSyntaxError(PeerProtocolError):
    """Bytes that are no SIP message."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_id="sip.syntax")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request (``method`` and ``uri``) or a response (``status`` and ``reason``).

    Headers keep their order; names are compared without case, compact names are spelt out when parsed.
    """

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def is_request(self) -> bool:
        """Whether it asks rather than answers."""
        return bool(self.method)

    def get(self, name: str, default: str = "") -> str:
        """The first header of this name."""
        wanted = name.lower()
        return next((value for one, value in self.headers if one.lower() == wanted), default)

    def all(self, name: str) -> tuple[str, ...]:
        """All headers of this name, in order; comma lists are not split."""
        wanted = name.lower()
        return tuple(value for one, value in self.headers if one.lower() == wanted)

    def with_headers(self, *more: tuple[str, str]) -> Self:
        """A copy with headers added at the end."""
        return replace(self, headers=(*self.headers, *more))

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method of the CSeq header."""
        number, _, method = self.get("CSeq").partition(" ")
        return int(number), method.strip()

    @property
    def branch(self) -> str:
        """The transaction: branch of the topmost Via."""
        return parameter(top_via(self), "branch")

    def encode(self) -> bytes:
        """As sent; the Content-Length is added here."""
        first = (
            f"{self.method} {self.uri} SIP/2.0" if self.is_request else f"SIP/2.0 {self.status} {self.reason}"
        )
        lines = [first, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


def parse(data: bytes) -> Message:
    """Read one message; raises SipSyntaxError. A request or response without its basic headers is none."""
    if len(data) > MAX_MESSAGE:
        raise SipSyntaxError("the message is too long")
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise SipSyntaxError("the header has no end")
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        raise SipSyntaxError("the header is not UTF-8") from error
    first, *lines = re.sub(r"\r\n[ \t]+", " ", text).split("\r\n")
    headers = _headers(lines)
    message = _first_line(first, headers)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not message.get(name):
            raise SipSyntaxError(f"there is no {name}")
    if not re.fullmatch(r"\d{1,10} +[A-Z]+ *", message.get("CSeq")):
        raise SipSyntaxError("the CSeq cannot be read")
    length = message.get("Content-Length")
    if length:
        if not re.fullmatch(r"\d{1,6}", length) or int(length) > len(body):
            raise SipSyntaxError("the Content-Length is wrong")
        body = body[: int(length)]
    kept = tuple(one for one in message.headers if one[0].lower() != "content-length")
    return replace(message, headers=kept, body=body)


def _first_line(line: str, headers: tuple[tuple[str, str], ...]) -> Message:
    answer = re.fullmatch(r"SIP/2\.0 ([1-6]\d\d) ?(.*)", line)
    if answer:
        return Message(status=int(answer[1]), reason=answer[2], headers=headers)
    ask = re.fullmatch(r"([A-Z]{1,20}) (\S{1,1000}) SIP/2\.0", line)
    if not ask:
        raise SipSyntaxError("the first line is neither a request's nor a response's")
    return Message(method=ask[1], uri=ask[2], headers=headers)


def _headers(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not _TOKEN.match(name):
            raise SipSyntaxError("a header cannot be read")
        headers.append((_COMPACT.get(name.lower(), name), value.strip()))
        if len(headers) > _MAX_HEADERS:
            raise SipSyntaxError("there are too many headers")
    return tuple(headers)


def top_via(message: Message) -> str:
    """The first value of the topmost Via header."""
    return split_list(message.get("Via"))[0]


def split_list(value: str) -> list[str]:
    """The members of a header with commas; those in quotes or angle brackets do not count."""
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+', value)
    return [part.strip() for part in parts if part.strip()] or [""]


def parameter(value: str, name: str) -> str:
    """A header parameter (after the address, not those of the URI in angle brackets); empty when absent."""
    outside = re.sub(r"<[^>]*>", "", value)
    for found in _PARAMETER.finditer(outside):
        if found[1].lower() == name.lower():
            return (found[2] or "").strip('"')
    return ""


def uri_of(value: str) -> str:
    """The URI of a name-addr or addr-spec."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.split(";", 1)[0].strip()


def response(request: Message, status: int, reason: str, *, to_tag: str = "") -> Message:
    """A response with what must be copied (RFC 3261 §8.2.6.2)."""
    to = request.get("To")
    if to_tag and not parameter(to, "tag"):
        to = f"{to};tag={to_tag}"
    headers = [("Via", value) for value in request.all("Via")]
    headers += [("Record-Route", value) for value in request.all("Record-Route")]
    headers += [
        ("From", request.get("From")),
        ("To", to),
        ("Call-ID", request.get("Call-ID")),
        ("CSeq", request.get("CSeq")),
    ]
    return Message(status=status, reason=reason, headers=tuple(headers))


def new_branch() -> str:
    """A branch that nobody else has (RFC 3261 §8.1.1.7)."""
    return f"z9hG4bK{secrets.token_hex(8)}"


def new_tag() -> str:
    """A tag for a dialog."""
    return secrets.token_hex(5)


class StreamFramer:
    """Cuts a TCP stream into messages by Content-Length (RFC 3261 §18.3); raises SipSyntaxError."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived; the whole messages in it. Keep-alives (CRLF) vanish."""
        self._data = (self._data + data).lstrip(b"\r\n")
        found: list[bytes] = []
        while True:
            head, separator, rest = self._data.partition(b"\r\n\r\n")
            if not separator:
                if len(self._data) > MAX_MESSAGE:
                    raise SipSyntaxError("the header has no end")
                return found
            length = re.search(
                rb"(?:^|\r\n)(?:content-length|l)[ \t]*:[ \t]*(\d{1,6})\s*(?:\r\n|\Z)", head, re.IGNORECASE
            )
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return found
            found.append(head + separator + rest[:size])
            self._data = rest[size:].lstrip(b"\r\n")
