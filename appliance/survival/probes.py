"""Probes: one question to the world each, answered within a second or not. They block; threads of their own.

SIP by OPTIONS (RFC 3261 §11): any response that carries our branch is an answer. TLS by a handshake with a
certificate that fits the name. Names by a query to the configured name servers. The way out by the routing
tables of Linux (/proc/net/route, /proc/net/ipv6_route).
"""

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.sip import dns
from appliance.sip.locate import exchange
from appliance.sip.options import options

TIMEOUT_S = 1.0
_LONGEST = 65536
_RTF_UP, _RTF_REJECT = 0x1, 0x200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the far end answered, and what went wrong."""

    good: bool
    detail: str = ""


GOOD = Answer(good=True)


def ask_sip(address: str, port: int, domain: str, *, tcp: bool, timeout_s: float = TIMEOUT_S) -> Answer:
    """Whether a SIP server at this address answers OPTIONS, whatever it says.

    What else comes (the end of an older conversation, a piece of an answer) does not end the wait.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    try:
        with socket.socket(family, kind) as one:
            one.settimeout(timeout_s)
            one.connect((address, port))
            request, mark = options(domain, *one.getsockname()[:2], tcp=tcp)
            one.send(request)
            return _answered(one, mark, tcp=tcp, until=time.monotonic() + timeout_s)
    except OSError as error:
        return _failed(error)


def _answered(one: socket.socket, mark: bytes, *, tcp: bool, until: float) -> Answer:
    heard = b""
    while len(heard) < _LONGEST and (left := until - time.monotonic()) > 0:
        one.settimeout(left)
        try:
            piece = one.recv(_LONGEST)
        except TimeoutError:
            if not heard:
                raise
            break
        if tcp and not piece:
            break
        heard = heard + piece if tcp else piece
        if heard.startswith(b"SIP/2.0 ") and mark in heard:
            return GOOD
    return Answer(good=False, detail="answers something that is not SIP" if heard else "no answer")


def ask_tls(
    address: str, port: int, name: str, *, ca_file: Path | None = None, timeout_s: float = 2 * TIMEOUT_S
) -> Answer:
    """Whether a server at this address proves by its certificate to be ``name``."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        with (
            socket.create_connection((address, port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            return GOOD
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return _failed(error)


def ask_names(servers: Sequence[tuple[str, int]], name: str, *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Whether a name server knows something about a name; that it does not exist is an answer."""
    detail = "none is configured"
    for server in servers:
        try:
            reply = exchange(server, name, dns.A, timeout_s=timeout_s)
        except (OSError, ValueError) as error:
            detail = f"{server[0]}: {_failed(error).detail}"
            continue
        if reply.code in (0, 3):
            return GOOD
        detail = f"{server[0]}: answers code {reply.code}"
    return Answer(good=False, detail=detail)


def addresses(servers: Sequence[tuple[str, int]], name: str, *, timeout_s: float = TIMEOUT_S) -> list[str]:
    """The IPv4 addresses of a name, by the configured servers; empty when none of them says."""
    for server in servers:
        try:
            reply = exchange(server, name, dns.A, timeout_s=timeout_s)
        except (OSError, ValueError):
            continue
        if reply.code == 0:
            return [one.value for one in reply.records if one.kind == dns.A]
    return []


def ask_route(proc: Path = Path("/proc/net")) -> Answer:
    """Whether the machine has a default route."""
    if _has_default(proc / "route") or _has_default6(proc / "ipv6_route"):
        return GOOD
    return Answer(good=False, detail="there is no way out: cable, router or DHCP")


def _has_default(table: Path) -> bool:
    for fields in _rows(table):
        if len(fields) >= 8 and fields[1] == fields[7] == "00000000":
            flags = int(fields[3], 16)
            if flags & _RTF_UP and not flags & _RTF_REJECT:
                return True
    return False


def _has_default6(table: Path) -> bool:
    for fields in _rows(table):
        if len(fields) >= 10 and fields[0] == "0" * 32 and fields[1] == "00" and fields[9] != "lo":
            flags = int(fields[8], 16)
            if flags & _RTF_UP and not flags & _RTF_REJECT:
                return True
    return False


def _rows(table: Path) -> list[list[str]]:
    try:
        return [line.split() for line in table.read_text(encoding="ascii", errors="replace").splitlines()]
    except OSError:
        return []


def _failed(error: Exception) -> Answer:
    if isinstance(error, TimeoutError):
        return Answer(good=False, detail="no answer")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Answer(good=False, detail=f"somebody else answers: {error.verify_message}")
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Answer(good=False, detail=words[:120])
