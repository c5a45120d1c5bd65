"""Where a provider is: SRV and addresses, asked on a thread of its own nothing else waits (RFC 3263 §4)."""

import ipaddress
import queue
import random
import secrets
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from appliance.errors import PeerProtocolError
from appliance.model.documents import Transport
from appliance.sip import dns

_log = structlog.get_logger(__name__)
_PORT = 53
_TIMEOUT_S = 2.0
_TRIES = 2
_MOST_TARGETS = 8
_LEAST_TTL_S, _MOST_TTL_S = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is looked for: ``port`` 0 means by SRV."""

    host: str
    port: int
    transport: Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address to send to."""

    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The answer for a place: targets, best first; none and a ``problem`` when it cannot be found."""

    place: Place
    targets: tuple[Target, ...] = ()
    ttl_s: int = _LEAST_TTL_S
    problem: str = ""


def needs_lookup(host: str) -> bool:
    """Tell whether a host is a name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def in_order(records: Sequence[dns.Record]) -> list[dns.Record]:
    """Sort SRV records by priority, and within one by weighted chance (RFC 2782)."""
    ordered: list[dns.Record] = []
    for priority in sorted({record.priority for record in records}):
        left = [record for record in records if record.priority == priority]
        while left:
            (chosen,) = random.choices(left, [record.weight + 0.1 for record in left])
            left.remove(chosen)
            ordered.append(chosen)
    return ordered


class Locator:
    """Asks name servers. ``ask`` and ``collect`` on the engine thread; the thread runs while it is needed."""

    def __init__(self, name_servers: Sequence[str], *, port: int = _PORT) -> None:
        self._servers = [(server, port) for server in name_servers]
        self._asked: queue.Queue[Place | None] = queue.Queue(maxsize=256)
        self._found: queue.SimpleQueue[Located] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, place: Place) -> None:
        """Look for a place; the answer comes with ``collect``."""
        if not self._servers:
            self._found.put(Located(place=place, problem="no name server is configured"))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="provider names", daemon=True)
            self._thread.start()
        try:
            self._asked.put_nowait(place)
        except queue.Full:
            self._found.put(Located(place=place, problem="too many names to look up"))

    def collect(self) -> list[Located]:
        """Return the answers that have come since."""
        found = []
        while not self._found.empty():
            found.append(self._found.get())
        return found

    def close(self) -> None:
        """Stop the thread; an answer it still waits for is given up."""
        if self._thread is not None:
            while not self._asked.empty():
                self._asked.get()
            self._asked.put(None)
            self._thread.join(0.5)  # in the middle of a time-out it ends with the process
            self._thread = None

    def _run(self) -> None:
        while True:
            place = self._asked.get()
            if place is None:
                return
            try:
                located = self._locate(place)
            except PeerProtocolError as error:
                located = Located(place=place, problem=error.message)
            except Exception:  # noqa: BLE001 - whatever a name server sends, the next name is looked up
                _log.exception("locate.failed", host=place.host)
                located = Located(place=place, problem="the answer of the name server cannot be read")
            self._found.put(located)

    def _locate(self, place: Place) -> Located:
        services: list[dns.Record] = []
        if not place.port:
            protocol = "tcp" if place.transport is Transport.TCP else "udp"
            name = f"_sip._{protocol}.{place.host}"
            services = [one for one in self._query(name, dns.SRV) if one.kind == dns.SRV and one.value]
        if not services:
            addresses = self._addresses(place.host)
            targets = [Target(address=one.value, port=place.port or 5060) for one in addresses]
            return _located(place, targets, [one.ttl_s for one in addresses])
        targets, lifetimes = [], [one.ttl_s for one in services]
        for service in in_order(services):
            try:
                addresses = self._addresses(service.value)
            except PeerProtocolError as error:
                _log.info("locate.no_address", host=service.value, problem=error.message)
                continue
            lifetimes += [one.ttl_s for one in addresses]
            targets += [Target(address=one.value, port=service.port) for one in addresses]
        return _located(place, targets, lifetimes)

    def _addresses(self, name: str) -> list[dns.Record]:
        if not needs_lookup(name):
            return [dns.Record(name=name, kind=dns.A, ttl_s=_MOST_TTL_S, value=name.strip("[]"))]
        return [one for one in self._query(name, dns.A) if one.kind == dns.A]

    def _query(self, name: str, kind: int) -> tuple[dns.Record, ...]:
        problem = ""
        for _ in range(_TRIES):
            for server in self._servers:
                try:
                    reply = exchange(server, name, kind)
                except (OSError, ValueError) as error:
                    problem = f"name server {server[0]}: {error}"
                    continue
                if reply.code in {0, 3}:
                    return reply.records
                problem = f"name server {server[0]} answers code {reply.code}"
        raise PeerProtocolError(problem or f"no answer for {name}")


def _located(place: Place, targets: Sequence[Target], lifetimes: Sequence[int]) -> Located:
    if not targets:
        return Located(place=place, problem=f"{place.host} has no address")
    ttl = max(_LEAST_TTL_S, min(_MOST_TTL_S, *lifetimes))
    return Located(place=place, targets=tuple(dict.fromkeys(targets))[:_MOST_TARGETS], ttl_s=ttl)


def exchange(server: tuple[str, int], name: str, kind: int, *, timeout_s: float = _TIMEOUT_S) -> dns.Reply:
    """Ask a name server and wait for its answer, over TCP where UDP holds too little (RFC 1035 §4.2).

    Raises OSError when it does not answer, ValueError for what is no answer to this question.
    """
    number = secrets.randbelow(65536)
    question = dns.query(number, name, kind)
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout_s)
        udp.connect(server)
        udp.send(question)
        reply = dns.parse(udp.recv(4096))
    if reply.number != number:
        raise ValueError("answers another question")
    if not reply.truncated:
        return reply
    with socket.create_connection(server, timeout=timeout_s) as tcp:
        tcp.sendall(len(question).to_bytes(2, "big") + question)
        length = int.from_bytes(_read(tcp, 2), "big")
        return dns.parse(_read(tcp, length))


def _read(stream: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise OSError("connection closed")
        data += part
    return data
