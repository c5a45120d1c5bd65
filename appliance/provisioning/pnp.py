"""SIP PnP without I/O: a phone asks the whole network where its settings are (``ua-profile``, RFC 6080 §5).

It sends SUBSCRIBE to 224.0.1.75:5060; whoever knows it answers 200 and sends a NOTIFY with an address.
"""

import re
import secrets
from dataclasses import dataclass

from appliance.errors import PeerProtocolError
from appliance.provisioning.recognise import read_mac

GROUP = "224.0.1.75"
PORT = 5060
MAX_DATAGRAM = 4096
_MAX_HEADERS = 60
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "o": "event"}
_URI = re.compile(r"sip:(?:MAC)?(?:%3a|:)?([0-9a-fA-F]{12})@", re.IGNORECASE)
_CONTACT = re.compile(r"<?(sip:[^<>;\s]{1,200})(?:;[^<>]*)?>?", re.IGNORECASE)
_PARAM = re.compile(r';\s*([A-Za-z-]{1,20})="?([^";]{0,80})"?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A phone that looks for its settings."""

    mac: str
    vendor: str
    """In the phone's own words, as the next two."""
    model: str
    version: str
    agent: str
    via: tuple[str, ...]
    from_: str
    to: str
    call_id: str
    cseq: str
    contact: str
    """Where it wants to be told: ``sip:192.168.1.20:5060``."""


def read_search(datagram: bytes) -> Search:
    """Read a SUBSCRIBE; raises PeerProtocolError for anything else."""
    if len(datagram) > MAX_DATAGRAM:
        raise _odd("is too long")
    head, _, _ = datagram.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[0] != "SUBSCRIBE" or words[2] != "SIP/2.0":
        raise _odd("is no SUBSCRIBE")
    headers: dict[str, list[str]] = {}
    for line in lines[:_MAX_HEADERS]:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.setdefault(_SHORT.get(key, key), []).append(value.strip())
    one = {name: values[0] for name, values in headers.items()}
    event = one.get("event", "")
    if not event.lower().startswith("ua-profile"):
        raise _odd("asks for something else")
    missing = [name for name in ("via", "from", "to", "call-id", "cseq", "contact") if not one.get(name)]
    if missing:
        raise _odd(f"has no {missing[0]}")
    found = _URI.search(words[1]) or _URI.search(one["from"])
    mac = read_mac(found[1]) if found is not None else ""
    if not mac:
        raise _odd("names no MAC address")
    contact = _CONTACT.match(one["contact"])
    if contact is None:
        raise _odd("has no usable contact")
    said = dict(_PARAM.findall(event))
    return Search(
        mac=mac,
        vendor=said.get("vendor", ""),
        model=said.get("model", ""),
        version=said.get("version", ""),
        agent=one.get("user-agent", ""),
        via=tuple(headers["via"]),
        from_=one["from"],
        to=one["to"],
        call_id=one["call-id"],
        cseq=one["cseq"],
        contact=contact[1],
    )


def accepted(search: Search, tag: str, source: tuple[str, int]) -> bytes:
    """The 200 to a search (RFC 3581 §4 for ``received`` and ``rport``)."""
    top, *rest = search.via
    top = re.sub(r";rport(?==|;|$)(=[0-9]*)?", "", top) + f";received={source[0]};rport={source[1]}"
    lines = [
        "SIP/2.0 200 OK",
        *(f"Via: {via}" for via in (top, *rest)),
        f"From: {search.from_}",
        f"To: {search.to};tag={tag}",
        f"Call-ID: {search.call_id}",
        f"CSeq: {search.cseq}",
        "Expires: 0",
        "Content-Length: 0",
    ]
    return _message(lines)


def told(search: Search, tag: str, url: str, own: tuple[str, int]) -> bytes:
    """The NOTIFY with the address; ``own`` is where it is sent from."""
    lines = [
        f"NOTIFY {search.contact} SIP/2.0",
        f"Via: SIP/2.0/UDP {_host(own[0])}:{own[1]};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 20",
        f"Contact: <sip:{_host(own[0])}:{own[1]}>",
        f"From: {search.to};tag={tag}",
        f"To: {search.from_}",
        f"Call-ID: {search.call_id}",
        "CSeq: 3 NOTIFY",
        "Content-Type: application/url",
        "Subscription-State: terminated;reason=timeout",
        'Event: ua-profile;profile-type="device";vendor="Ortsamt";model="box";version="1"',
        f"Content-Length: {len(url.encode())}",
    ]
    return _message(lines, url)


def check_sync(contact: str, event: str, own: tuple[str, int]) -> bytes:
    """A NOTIFY outside of any dialog that makes a phone fetch again or restart."""
    who = f"<sip:ortsamt@{_host(own[0])}>"
    lines = [
        f"NOTIFY {contact} SIP/2.0",
        f"Via: SIP/2.0/UDP {_host(own[0])}:{own[1]};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 20",
        f"Contact: <sip:{_host(own[0])}:{own[1]}>",
        f"From: {who};tag={secrets.token_hex(6)}",
        f"To: <{contact}>",
        f"Call-ID: {secrets.token_hex(12)}",
        "CSeq: 1 NOTIFY",
        "Subscription-State: terminated",
        f"Event: {event}",
        "Content-Length: 0",
    ]
    return _message(lines)


def _message(lines: list[str], body: str = "") -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _odd(what: str) -> PeerProtocolError:
    return PeerProtocolError(f"a datagram to {GROUP} {what}", error_id="phones.pnp")
