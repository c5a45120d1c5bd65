"""Whether bases are there: SIP OPTIONS (RFC 3261 §11) to where they registered from; any answer will do."""

import contextlib
import secrets
import select
import socket
import time
from collections.abc import Iterable

WAIT_S = 1.5
Address = tuple[str, int]


class Probe:
    """One UDP socket, used by one thread."""

    def __init__(self, own: str = "", wait_s: float = WAIT_S) -> None:
        """``own``: the address to send from, empty for any."""
        self._own = own
        self._wait_s = wait_s
        self._sockets: dict[int, socket.socket] = {}

    def close(self) -> None:
        """Let go of the sockets."""
        for one in self._sockets.values():
            one.close()
        self._sockets.clear()

    def ask(self, targets: Iterable[Address]) -> set[Address]:
        """Those of these addresses that answered in time."""
        wanted: dict[str, Address] = {}
        for host, port in dict.fromkeys(targets):
            mark = secrets.token_hex(8)
            with contextlib.suppress(OSError, ValueError):
                sock = self._socket(host)
                sock.sendto(_options(host, port, sock.getsockname()[1], mark), (host, port))
                wanted[mark] = (host, port)
        alive: set[Address] = set()
        until = time.monotonic() + self._wait_s
        while len(alive) < len(wanted) and (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(list(self._sockets.values()), [], [], left)
            if not ready:
                break
            for sock in ready:
                with contextlib.suppress(OSError):
                    data = sock.recv(65535)
                    alive |= {address for mark, address in wanted.items() if mark.encode() in data[:4000]}
        return alive

    def _socket(self, host: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        found = self._sockets.get(family)
        if found is None:
            found = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
            found.setblocking(False)
            found.bind((self._own if (":" in self._own) == (":" in host) else "", 0))
        return found


def _options(host: str, port: int, own_port: int, mark: str) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    lines = (
        f"OPTIONS sip:{shown}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP 0.0.0.0:{own_port};rport;branch=z9hG4bK{mark}",
        "Max-Forwards: 5",
        f"From: <sip:ping@ortsamt.invalid>;tag={mark}",
        f"To: <sip:{shown}:{port}>",
        f"Call-ID: {mark}",
        "CSeq: 1 OPTIONS",
        "Accept: application/sdp",
        "Content-Length: 0",
        "",
        "",
    )
    return "\r\n".join(lines).encode()
