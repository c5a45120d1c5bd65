"""A small SIP endpoint on a raw socket for tests: it says exactly what it is told, also what no phone would
say."""

import hashlib
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

Transport = Literal["udp", "tcp", "tls"]
Address = tuple[str, int]

COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "o": "event",
}


@dataclass(slots=True)
class Message:
    """A parsed SIP message; ``source`` is where it came from. Header names are kept in lower case, in
    order."""

    start: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    source: Address = ("", 0)

    @property
    def is_response(self) -> bool:
        """True for a status line."""
        return self.start.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """Status code of a response, 0 of a request."""
        return int(self.start.split(" ", 2)[1]) if self.is_response else 0

    @property
    def method(self) -> str:
        """Method of a request, or the one a response answers (CSeq)."""
        return self.get("cseq").split()[-1] if self.is_response else self.start.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        """Request-URI."""
        return self.start.split(" ")[1]

    def get(self, name: str, default: str = "") -> str:
        """First header of that name."""
        return next((value for key, value in self.headers if key == name.lower()), default)

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def to_tag(self) -> str:
        """Tag of the To header or an empty string."""
        return tag_of(self.get("to"))

    @property
    def from_tag(self) -> str:
        """Tag of the From header or an empty string."""
        return tag_of(self.get("from"))

    @property
    def contact_uri(self) -> str:
        """URI of the first Contact."""
        value = self.get("contact")
        return value[value.index("<") + 1 : value.index(">")] if "<" in value else value.split(";")[0]


def tag_of(header: str) -> str:
    """The tag parameter of a From or To header or an empty string."""
    _, found, rest = header.partition(";tag=")
    return rest.split(";")[0] if found else ""


def parse(data: bytes, source: Address = ("", 0)) -> Message:
    """Parse one whole message."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.append((COMPACT.get(key, key), value.strip()))
    return Message(start=lines[0], headers=headers, body=body, source=source)


def split_stream(buffer: bytearray) -> bytes | None:
    """Take one whole message off a stream's buffer, or None; keep-alives are skipped."""
    while buffer[:2] == b"\r\n":
        del buffer[:2]
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end]).decode("utf-8", "replace")
    length = 0
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() in {"content-length", "l"}:
            length = int(value)
    if len(buffer) < end + 4 + length:
        return None
    message = bytes(buffer[: end + 4 + length])
    del buffer[: end + 4 + length]
    return message


def ha1(user: str, realm: str, password: str) -> str:
    """The digest secret H(A1) of RFC 2617 §3.2.2.2."""
    return hashlib.md5(f"{user}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def authorization(challenge: str, *, method: str, uri: str, user: str, password: str) -> str:
    """The credentials that answer a WWW- or Proxy-Authenticate header."""
    fields = {}
    for part in challenge.partition(" ")[2].split(","):
        name, _, value = part.strip().partition("=")
        fields[name.lower()] = value.strip('"')
    first = ha1(user, fields["realm"], password)
    second = hashlib.md5(f"{method}:{uri}".encode(), usedforsecurity=False).hexdigest()
    digest = hashlib.md5(f"{first}:{fields['nonce']}:{second}".encode(), usedforsecurity=False).hexdigest()
    return (
        f'Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
        f'response="{digest}", algorithm=MD5'
    )


class NoAnswer(AssertionError):
    """The awaited message did not come in time."""


@dataclass(eq=False)
class SipClient:
    """One SIP endpoint. ``server`` is where its requests go; every wait has a limit in seconds."""

    server: Address
    user: str = "20"
    password: str = "secret-20"
    realm: str = "ortsamt"
    transport: Transport = "udp"
    local: str = "127.0.0.1"
    port: int = 0
    user_agent: str = "Testphone 1.0"
    timeout_s: float = 5.0
    seen: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.transport == "udp":
            family = socket.AF_INET6 if ":" in self.local else socket.AF_INET
            self.socket: socket.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.bind((self.local, self.port))
        else:
            plain = socket.create_connection(
                self.server, timeout=self.timeout_s, source_address=(self.local, self.port)
            )
            if self.transport == "tls":
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                self.socket = context.wrap_socket(plain)
            else:
                self.socket = plain
        self.address: Address = self.socket.getsockname()[:2]
        self._buffer = bytearray()
        self._cseq = secrets.randbelow(1000) + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    @property
    def contact(self) -> str:
        """The Contact URI of this endpoint."""
        parameter = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{self.user}@{self.sent_by}{parameter}"

    @property
    def sent_by(self) -> str:
        """Its own address and port as SIP writes them."""
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def send_raw(self, data: bytes, to: Address | None = None) -> None:
        """Send bytes as they are."""
        if self.transport == "udp":
            self.socket.sendto(data, to or self.server)
        else:
            self.socket.sendall(data)

    def request(
        self,
        method: str,
        uri: str,
        *,
        to: str | None = None,
        from_: str | None = None,
        call_id: str | None = None,
        cseq: int | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        contact: str | None = None,
        branch: str | None = None,
        via: str | None = None,
    ) -> Message:
        """Build a request with the usual headers; ``headers`` come last and may repeat or forge anything."""
        self._cseq += 1
        number = cseq or self._cseq
        sent_by = via or self.sent_by
        lines = [
            ("via", f"SIP/2.0/{self.transport.upper()} {sent_by};rport;branch={branch or new_branch()}"),
            ("max-forwards", "70"),
            ("from", from_ or f"<sip:{self.user}@{self.realm}>;tag={secrets.token_hex(4)}"),
            ("to", to or f"<{uri}>"),
            ("call-id", call_id or secrets.token_hex(8)),
            ("cseq", f"{number} {method}"),
        ]
        if self.user_agent:
            lines.append(("user-agent", self.user_agent))
        if contact != "" and method not in {"BYE", "CANCEL", "ACK"}:
            lines.append(("contact", contact or f"<{self.contact}>"))
        lines += [(name, value) for name, value in headers]
        return Message(start=f"{method} {uri} SIP/2.0", headers=lines, body=body)

    def send(self, message: Message, to: Address | None = None) -> None:
        """Send a message."""
        self.send_raw(serialise(message), to)

    def receive(self, timeout_s: float | None = None) -> Message:
        """The next message from the wire; raises NoAnswer."""
        deadline = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        while True:
            if self.transport != "udp":
                whole = split_stream(self._buffer)
                if whole is not None:
                    return parse(whole, self.server)
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoAnswer("no message came")
            self.socket.settimeout(left)
            try:
                if self.transport == "udp":
                    data, source = self.socket.recvfrom(65536)
                    if data.strip(b"\r\n\0"):
                        return parse(data, source)
                    continue
                data = self.socket.recv(65536)
            except TimeoutError:
                raise NoAnswer("no message came") from None
            if not data:
                raise NoAnswer("the connection was closed")
            self._buffer += data

    def wait(self, wanted: Callable[[Message], bool], timeout_s: float | None = None) -> Message:
        """The first message that fits, also one that came while another was awaited; raises NoAnswer."""
        for message in self.seen:
            if wanted(message):
                self.seen.remove(message)
                return message
        deadline = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        while True:
            message = self.receive(max(0.0, deadline - time.monotonic()))
            if wanted(message):
                return message
            self.seen.append(message)

    def wait_request(self, method: str, timeout_s: float | None = None) -> Message:
        """The next request with that method."""
        return self.wait(lambda message: not message.is_response and message.method == method, timeout_s)

    def wait_response(
        self, request: Message, timeout_s: float | None = None, *, final: bool = True
    ) -> Message:
        """The answer to a request, a final one unless ``final`` is false."""
        return self.wait(
            lambda message: (
                message.is_response
                and message.get("call-id") == request.get("call-id")
                and message.get("cseq") == request.get("cseq")
                and (not final or message.status >= 200)
            ),
            timeout_s,
        )

    def exchange(self, request: Message, timeout_s: float | None = None) -> Message:
        """Send a request, give its final answer; over UDP it is sent again every half second (RFC 3261
        §17.1)."""
        deadline = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        while True:
            self.send(request)
            left = deadline - time.monotonic()
            try:
                return self.wait_response(request, min(left, 0.5) if self.transport == "udp" else left)
            except NoAnswer:
                if time.monotonic() >= deadline or self.transport != "udp":
                    raise

    def authenticated(
        self, build: Callable[[list[tuple[str, str]]], Message], timeout_s: float | None = None
    ) -> Message:
        """Send what ``build(headers)`` makes, answer a challenge once, give the answer; ACKs a 4xx to
        INVITE."""
        first = build([])
        answer = self.exchange(first, timeout_s)
        if answer.status not in {401, 407}:
            return answer
        if first.method == "INVITE":
            self.ack(first, answer)
        return self.exchange(build([self.credentials(first, answer)]), timeout_s)

    def credentials(self, request: Message, challenge: Message) -> tuple[str, str]:
        """The header that answers a 401 or 407."""
        name, answer = (
            ("www-authenticate", "Authorization")
            if challenge.status == 401
            else ("proxy-authenticate", "Proxy-Authorization")
        )
        value = authorization(
            challenge.get(name),
            method=request.method,
            uri=request.uri,
            user=self.user,
            password=self.password,
        )
        return answer, value

    def register(
        self,
        *,
        expires_s: int = 300,
        contact: str | None = None,
        to: str | None = None,
        timeout_s: float | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Message:
        """Register with digest; the final answer."""
        call_id = secrets.token_hex(8)
        account = f"<sip:{to or self.user}@{self.realm}>"
        tag = secrets.token_hex(4)
        extra = list(headers)
        return self.authenticated(
            lambda more: self.request(
                "REGISTER",
                f"sip:{self.realm}",
                to=account,
                from_=f"{account};tag={tag}",
                call_id=call_id,
                contact=contact,
                headers=[("Expires", str(expires_s)), *extra, *more],
            ),
            timeout_s,
        )

    def respond(
        self,
        request: Message,
        status: int,
        reason: str = "X",
        *,
        tag: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Message:
        """Answer a request; ``tag`` becomes the To tag."""
        copied = [
            pair for pair in request.headers if pair[0] in {"via", "from", "call-id", "cseq", "record-route"}
        ]
        to = request.get("to")
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        lines = [*copied, ("to", to), *((headers or {}).items())]
        if 100 < status < 300 and request.method in {"INVITE", "SUBSCRIBE", "UPDATE"}:
            lines.append(("contact", f"<{self.contact}>"))
        answer = Message(start=f"SIP/2.0 {status} {reason}", headers=lines, body=body)
        self.send(answer, request.source)
        return answer

    def ack(self, invite: Message, answer: Message) -> None:
        """ACK a final answer: the same transaction for a failure, the dialog's route for a success."""
        if answer.status >= 300:
            headers = [
                ("via", invite.get("via")),
                ("max-forwards", "70"),
                ("from", invite.get("from")),
                ("to", answer.get("to")),
                ("call-id", invite.get("call-id")),
                ("cseq", f"{invite.get('cseq').split()[0]} ACK"),
            ]
            self.send(Message(start=f"ACK {invite.uri} SIP/2.0", headers=headers))
            return
        self.send(self.in_dialog("ACK", invite, answer, cseq=int(invite.get("cseq").split()[0])))

    def in_dialog(
        self,
        method: str,
        invite: Message,
        answer: Message,
        *,
        cseq: int | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Message:
        """A request inside the dialog this endpoint started (RFC 3261 §12.2.1.1)."""
        routes = [("Route", value) for value in reversed(split_routes(answer.all("record-route")))]
        return self.request(
            method,
            answer.contact_uri,
            to=answer.get("to"),
            from_=invite.get("from"),
            call_id=invite.get("call-id"),
            cseq=cseq,
            headers=[*routes, *headers],
            body=body,
        )

    def in_dialog_as_callee(
        self,
        method: str,
        invite: Message,
        answer: Message,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Message:
        """A request inside a dialog the other side started with ``invite`` and this endpoint answered."""
        routes = [("Route", value) for value in split_routes(invite.all("record-route"))]
        return self.request(
            method,
            invite.contact_uri,
            to=invite.get("from"),
            from_=answer.get("to"),
            call_id=invite.get("call-id"),
            headers=[*routes, *headers],
            body=body,
        )


def split_routes(values: Iterable[str]) -> list[str]:
    """Single routes, though several may share a header line."""
    return [route.strip() for value in values for route in value.split(",")]


def new_branch() -> str:
    """A Via branch as RFC 3261 §8.1.1.7 wants it."""
    return f"z9hG4bK{secrets.token_hex(8)}"


def serialise(message: Message) -> bytes:
    """The bytes of a message, with its Content-Length."""
    lines = [message.start, *(f"{name}: {value}" for name, value in message.headers)]
    lines.append(f"Content-Length: {len(message.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + message.body
