"""Multicast DNS without I/O (RFC 6762, RFC 6763): the box is ``ortsamt.local``, and phones say their names.

Only what is needed: questions and answers are read, compressed names followed a few steps.
"""

import re
import socket
import struct
from dataclasses import dataclass

from appliance.errors import PeerProtocolError
from appliance.model.phones import VENDORS
from appliance.provisioning.recognise import read_mac

GROUP = "224.0.0.251"
PORT = 5353
HOST = "ortsamt.local"
SERVICE = "_https._tcp.local"
INSTANCE = f"Ortsamt.{SERVICE}"
ASKED = ("_sip._udp.local", "_http._tcp.local")
"""Services that phones offer."""
MAX_DATAGRAM = 9000
_A, _PTR, _TXT, _SRV, _ANY = 1, 12, 16, 33, 255
_ANSWER = 0x8400
_TTL_S = 120
_MAX_RECORDS = 60
_HEX = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{12}(?![0-9a-fA-F])")
_MODELS = (
    ("grandstream", re.compile(r"\b(?P<model>(?:GRP|GXP|GXV|GHP)[0-9]{4}[A-Z]*)", re.IGNORECASE)),
    ("snom", re.compile(r"\bsnom[ -]?(?P<model>D?[0-9]{3})", re.IGNORECASE)),
    (
        "yealink",
        re.compile(r"\b(?:yealink|SIP)[ -](?:SIP-)?(?P<model>(?:T|AX|CP)[0-9]{2}[A-Z]*)", re.IGNORECASE),
    ),
    ("poly", re.compile(r"\bpoly(?:com)?[ -]*(?P<model>(?:VVX|CCX)[ _-]?[0-9]{3})", re.IGNORECASE)),
    ("fanvil", re.compile(r"\bfanvil[ -](?P<model>[XVHi][0-9]{1,3}[A-Z]*)", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asks the network."""

    name: str
    kind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message: questions, or names that were told."""

    questions: tuple[Question, ...]
    names: tuple[str, ...]
    """Of instances and hosts in the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPhone:
    """A phone by its name in the network."""

    vendor: str
    model: str
    mac: str
    """Empty: the name has none."""


def read(datagram: bytes) -> Heard:
    """Read a message; raises PeerProtocolError for what is none."""
    try:
        _, flags, questions, answers, authority, more = struct.unpack_from("!6H", datagram)
        at = 12
        asked = []
        for _ in range(min(questions, _MAX_RECORDS)):
            name, at = _name(datagram, at)
            (kind,) = struct.unpack_from("!H", datagram, at)
            asked.append(Question(name=name.lower(), kind=kind))
            at += 4
        names: list[str] = []
        if flags & 0x8000:
            for _ in range(min(answers + authority + more, _MAX_RECORDS)):
                found, at = _record(datagram, at)
                names += found
    except (struct.error, IndexError) as error:
        raise PeerProtocolError("this is no DNS message", error_id="phones.mdns") from error
    return Heard(questions=tuple(asked), names=tuple(dict.fromkeys(names)))


def answer(heard: Heard, address: str, port: int) -> bytes | None:
    """What the box says to these questions; None: nothing."""
    records: list[bytes] = []
    for one in heard.questions:
        if one.name == HOST and one.kind in (_A, _ANY):
            records.append(_host(address))
        elif one.name == SERVICE and one.kind in (_PTR, _ANY):
            records += [_written(SERVICE, _PTR, _labels(INSTANCE)), _service(port), _text(), _host(address)]
        elif one.name == INSTANCE.lower() and one.kind in (_SRV, _TXT, _ANY):
            records += [_service(port), _text(), _host(address)]
    records = list(dict.fromkeys(records))
    if not records:
        return None
    return struct.pack("!6H", 0, _ANSWER, 0, len(records), 0, 0) + b"".join(records)


def question() -> bytes:
    """Ask who offers what phones offer."""
    asked = b"".join(_labels(name) + struct.pack("!2H", _PTR, 1) for name in ASKED)
    return struct.pack("!6H", 0, 0, len(ASKED), 0, 0, 0) + asked


def phone_of(names: tuple[str, ...]) -> NamedPhone | None:
    """The phone that has these names; None: it is none, or one whose vendor is not known."""
    said = " ".join(names)
    mac = next((found for one in _HEX.findall(said) if (found := read_mac(one))), "")
    for vendor, pattern in _MODELS:
        match = pattern.search(said)
        if match is not None:
            return NamedPhone(vendor=vendor, model=match["model"].upper(), mac=mac)
    vendor = next((one for one in VENDORS if one in said.lower()), "")
    return NamedPhone(vendor=vendor, model="", mac=mac) if vendor else None


def _record(data: bytes, at: int) -> tuple[list[str], int]:
    """The names of one record, and where the next begins."""
    owner, at = _name(data, at)
    kind, _, _, length = struct.unpack_from("!HHIH", data, at)
    at += 10
    names = [owner]
    if kind == _PTR:
        names.append(_name(data, at)[0])
    elif kind == _SRV:
        names.append(_name(data, at + 6)[0])
    elif kind == _TXT:
        names.append(data[at : at + min(length, 500)].decode("utf-8", "replace"))
    if at + length > len(data):
        raise IndexError
    return [one for one in names if one], at + length


def _name(data: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    after = 0
    for _ in range(40):  # a name that leads in a circle ends here
        length = data[at]
        if length & 0xC0 == 0xC0:
            after = after or at + 2
            at = ((length & 0x3F) << 8) | data[at + 1]
            continue
        if length == 0:
            return ".".join(labels), after or at + 1
        if length & 0xC0 or at + 1 + length > len(data):
            raise IndexError
        labels.append(data[at + 1 : at + 1 + length].decode("utf-8", "replace"))
        at += 1 + length
    raise IndexError


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\x00"


def _written(name: str, kind: int, data: bytes) -> bytes:
    return _labels(name) + struct.pack("!HHIH", kind, 1, _TTL_S, len(data)) + data


def _host(address: str) -> bytes:
    return _written(HOST, _A, socket.inet_aton(address))


def _service(port: int) -> bytes:
    return _written(INSTANCE, _SRV, struct.pack("!3H", 0, 0, port) + _labels(HOST))


def _text() -> bytes:
    return _written(INSTANCE, _TXT, b"\x06path=/")
