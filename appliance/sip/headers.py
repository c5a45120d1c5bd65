"""Reading and writing the few SIP headers that PJSIP leaves to us (RFC 3261, 3323, 3325, 3326, 3515, 3891).

Everything here takes text from the network: any input gives a value, never an exception.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from appliance.model.causes import Q850, Cause

MAX_NUMBER = 64
MAX_NAME = 80
_COMPACT = {
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
_ADDRESS = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*))\s*<([^>]*)>(.*)', re.DOTALL)
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?:([^@?]*)@)?([^;?]*)(;[^?]*)?(?:\?(.*))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,/-]*\Z")
_SEPARATORS = str.maketrans("", "", "-.() ")
_DIGIT_CODES = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
DIGITS = frozenset("0123456789*#ABCD")
"""What a key press can be."""


class Message:
    """A SIP message as text, taken apart once: start line, headers by lower-case long name, body."""

    __slots__ = ("_headers", "body", "start")

    def __init__(self, text: str) -> None:
        head, _, self.body = text.partition("\r\n\r\n")
        if "\r\n " in head or "\r\n\t" in head:
            head = re.sub(r"\r\n[ \t]+", " ", head)
        self.start, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                key = name.strip().lower()
                if len(key) == 1:
                    key = _COMPACT.get(key, key)
                value = value.strip()
                headers[key] = f"{headers[key]}, {value}" if key in headers else value
        self._headers = headers

    def get(self, name: str) -> str:
        """Return a header's value, several joined by commas; empty if absent. ``name`` in lower case."""
        return self._headers.get(name, "")

    @property
    def request_uri(self) -> str:
        """The URI of a request's start line."""
        parts = self.start.split(" ")
        return parts[1] if len(parts) > 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uri:
    """A SIP or tel URI. ``user`` is unescaped and without its own parameters."""

    scheme: str = ""
    user: str = ""
    host: str = ""
    port: int = 0
    parameters: str = ""
    headers: str = ""

    def parameter(self, name: str) -> str:
        """Return the value of a URI parameter, empty if it has none; names ignore case."""
        for part in self.parameters.split(";"):
            key, _, value = part.partition("=")
            if key.strip().lower() == name:
                return unquote(value.strip())
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A name-addr or addr-spec with its header parameters, as in From, Contact, Refer-To."""

    name: str = ""
    uri: Uri = Uri()
    parameters: str = ""

    @property
    def tag(self) -> str:
        """The dialog tag of a From or To."""
        for part in self.parameters.split(";"):
            key, _, value = part.partition("=")
            if key.strip().lower() == "tag":
                return value.strip()
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogId:
    """What Replaces names (RFC 3891 §6.1), as the receiver of the header sees it."""

    call_id: str
    to_tag: str
    from_tag: str


def clean(text: str, limit: int) -> str:
    """Make text from the network fit to be logged, stored and sent: valid Unicode, one line, not too long."""
    if not text.isascii():
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _CONTROL.sub("", text).strip()[:limit]


def parse_uri(text: str) -> Uri:
    """Take a URI apart; nonsense gives an empty one."""
    match = _URI.match(text.strip())
    if match is None:
        return Uri()
    scheme = match[1].lower()
    if scheme == "tel":
        number, _, parameters = (match[2] or match[3]).partition(";")
        return Uri(
            scheme=scheme,
            user=clean(number.translate(_SEPARATORS), MAX_NUMBER),
            parameters=f"{parameters}{match[4] or ''}",
        )
    user = (match[2] or "").partition(";")[0].partition(":")[0]
    host, _, port = match[3].strip().rpartition(":") if _has_port(match[3]) else (match[3].strip(), "", "")
    return Uri(
        scheme=scheme,
        user=clean(unquote(user, errors="replace"), MAX_NUMBER),
        host=clean(host, 255).lower(),
        port=int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0,
        parameters=(match[4] or "")[1:],
        headers=match[5] or "",
    )


def _has_port(host: str) -> bool:
    return ":" in host and not host.rstrip().endswith("]")


def parse_address(text: str) -> Address:
    """Take a name-addr or addr-spec apart; of several addresses the first counts."""
    match = _ADDRESS.match(text)
    if match is None:
        uri, _, parameters = text.strip().partition(";")
        return Address(uri=parse_uri(uri), parameters=parameters)
    quoted, bare, uri, parameters = match.groups()
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (bare or "")
    return Address(name=clean(name, MAX_NAME), uri=parse_uri(uri), parameters=parameters.partition(",")[0])


def parse_replaces(text: str) -> DialogId | None:
    """Read a Replaces header, or the value of ``?Replaces=`` in a Refer-To once unescaped."""
    call_id, *parameters = (part.strip() for part in text.split(";"))
    tags = dict(part.partition("=")[::2] for part in parameters)
    if not call_id or "to-tag" not in tags or "from-tag" not in tags:
        return None
    return DialogId(call_id=call_id, to_tag=tags["to-tag"], from_tag=tags["from-tag"])


def replaces_in(uri: Uri) -> DialogId | None:
    """Find the dialog that an attended transfer names in the Refer-To URI (RFC 5589 §7)."""
    for part in uri.headers.split("&"):
        name, _, value = part.partition("=")
        if name.lower() == "replaces":
            return parse_replaces(unquote(value))
    return None


def is_withheld(message: Message) -> bool:
    """Tell whether the caller wants to stay unknown (RFC 3323 §4.2, RFC 3325 §9.3, RFC 3261 §8.1.1.3)."""
    privacy = message.get("privacy").lower()
    if privacy and {"id", "user", "header"} & {part.strip() for part in re.split("[;,]", privacy)}:
        return True
    sender = parse_address(message.get("from")).uri
    return sender.user.lower() == "anonymous" or sender.host == "anonymous.invalid"


def reason_header(cause: Cause) -> str:
    """Say a cause as a Reason header (RFC 3326 §2); "elsewhere" keeps a phone from listing it as missed."""
    if cause is Cause.ANSWERED_ELSEWHERE:
        return f'SIP;cause=200;text="Call completed elsewhere", Q.850;cause={Q850[cause]}'
    return f"Q.850;cause={Q850[cause]}"


_OF_Q850: dict[int, Cause] = {
    1: Cause.UNALLOCATED,
    3: Cause.NO_ROUTE,
    17: Cause.BUSY,
    18: Cause.TIMEOUT,
    19: Cause.NO_ANSWER,
    20: Cause.UNREACHABLE,
    21: Cause.REJECTED,
    26: Cause.ANSWERED_ELSEWHERE,
    28: Cause.INVALID_NUMBER,
    34: Cause.CONGESTION,
    38: Cause.CONGESTION,
    42: Cause.CONGESTION,
    47: Cause.CONGESTION,
    88: Cause.NOT_ACCEPTABLE,
}


def cause_in(reason: str) -> Cause | None:
    """Read a Reason header; None when it says nothing better than the status does."""
    if not reason:
        return None
    lowered = reason.lower()
    if "completed elsewhere" in lowered:
        return Cause.ANSWERED_ELSEWHERE
    match = re.search(r"q\.850[^,]*?;\s*cause\s*=\s*(\d{1,3})", lowered)
    return _OF_Q850.get(int(match[1])) if match else None


def info_digit(message: Message) -> str:
    """Read the key press of an INFO, ``application/dtmf-relay`` or ``application/dtmf``; empty if none."""
    kind = message.get("content-type").partition(";")[0].strip().lower()
    value = ""
    if kind == "application/dtmf-relay":
        match = re.search(r"^\s*signal\s*=\s*(\S+)", message.body, re.IGNORECASE | re.MULTILINE)
        value = match[1] if match else ""
    elif kind == "application/dtmf":
        value = message.body.strip()
    value = _DIGIT_CODES.get(value, value.upper())
    return value if value in DIGITS else ""


def quote_name(name: str) -> str:
    """Write a display name as a quoted string and a space; empty for none."""
    text = clean(name, MAX_NAME)
    if not text:
        return ""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" '


def escape_user(user: str) -> str:
    """Write the user part of a SIP URI (RFC 3261 §25.1)."""
    text = clean(user, MAX_NUMBER)
    if _PLAIN_USER.match(text):
        return text
    return "".join(
        character if _PLAIN_USER.match(character) else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in text
    )


def name_addr(name: str, user: str, host: str) -> str:
    """Write ``"Name" <sip:user@host>``."""
    at = f"{escape_user(user)}@" if user else ""
    return f"{quote_name(name)}<sip:{at}{host}>"


def host_of(address: str) -> str:
    """Cut the port off an ``address:port`` as PJSIP prints it, brackets of IPv6 too."""
    return address.rpartition(":")[0].strip("[]")


def first_of(message: Message, names: Iterable[str]) -> Address:
    """Return the first of these headers that names somebody."""
    for name in names:
        text = message.get(name)
        if text:
            address = parse_address(text)
            if address.uri.user and address.uri.user.lower() != "anonymous":
                return address
    return Address()
