"""A provider found by name: SRV order, servers that are dead or busy, name servers that are odd."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import Trunk, TrunkKind
from appliance.model.effects import EndLeg
from appliance.model.events import LegAnswered, LegEnded, LegTrying
from appliance.model.ids import TrunkId
from appliance.model.plan import Presentation
from appliance.ports import TrunkStatus
from tests.contract.sip.rig import Rig, offer
from tests.contract.sip.test_trunks import SDP, Provider, apply, dial, wait_state
from tests.support.processes import free_port

Zone = dict[tuple[str, int], list[bytes]]
A, SRV = 1, 33
PRESENT = Presentation(number="+492214710")


def wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def srv(priority: int, port: int, target: str) -> bytes:
    return struct.pack("!HHH", priority, 10, port) + wire(target)


class NameServer:
    """Answers from a zone; ``odd`` is sent instead when it is set."""

    def __init__(self) -> None:
        self.zone: Zone = {}
        self.odd: bytes | None = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port: int = self.socket.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="name server")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        self.socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                data, source = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            self.socket.sendto(self.odd if self.odd is not None else self._answer(data), source)

    def _answer(self, data: bytes) -> bytes:
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
        kind = struct.unpack_from("!H", data, at + 1)[0]
        records = self.zone.get((".".join(labels), kind), [])
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(one)) + one for one in records)
        head = data[:2] + struct.pack("!HHHHH", 0x8180 if records else 0x8183, 1, len(records), 0, 0)
        return head + data[12 : at + 5] + body


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    server = NameServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def rig(prompts: Path, names: NameServer) -> Iterator[Rig]:
    rig = Rig(
        prompts,
        name_servers=("127.0.0.1",),
        name_server_port=names.port,
        no_response_seconds=1,
    )
    rig.start()
    yield rig
    rig.stop()


@pytest.fixture
def servers(rig: Rig, names: NameServer) -> Iterator[tuple[Provider, Provider]]:
    """Two servers of one provider, the first preferred."""
    names.odd = None
    with (
        Provider(server=("127.0.0.1", rig.settings.trunk_port), user="one", user_agent="") as first,
        Provider(server=("127.0.0.1", rig.settings.trunk_port), user="two", user_agent="") as second,
    ):
        names.zone = {
            ("_sip._udp.prov.example", SRV): [
                srv(20, second.address[1], "two.prov.example"),
                srv(10, first.address[1], "one.prov.example"),
            ],
            ("one.prov.example", A): [bytes([127, 0, 0, 1])],
            ("two.prov.example", A): [bytes([127, 0, 0, 1])],
        }
        yield first, second
        apply(rig)
        rig.wait_idle()
        rig.seen.clear()


def named(first: Provider, **changes: object) -> Trunk:
    return first.trunk(host="prov.example", port=0, **changes)


def test_register_and_invite_go_to_the_preferred_server(rig: Rig, servers: tuple[Provider, Provider]) -> None:
    first, _ = servers
    apply(rig, named(first))
    request = first.accept_registration()
    assert request.uri == "sip:prov.example"
    assert request.get("route") == ""
    wait_state(rig, TrunkStatus.REGISTERED)
    leg, call = dial("+4930", PRESENT)
    rig.do(call)
    invite = first.wait_request("INVITE")
    assert invite.uri == "sip:+4930@prov.example"
    first.respond(invite, 486, tag="a")
    assert rig.wait(LegEnded, leg).cause is Cause.BUSY


def test_a_dead_server_is_left_for_the_next(
    rig: Rig, names: NameServer, servers: tuple[Provider, Provider]
) -> None:
    first, second = servers
    apply(rig, named(first))
    first.accept_registration()
    wait_state(rig, TrunkStatus.REGISTERED)
    leg, call = dial("+4930", PRESENT)
    start = time.monotonic()
    rig.do(call)  # the first server says nothing
    invite = second.wait(lambda one: one.method == "INVITE", 5)
    assert time.monotonic() - start < 4
    second.respond(invite, 100)
    rig.wait(LegTrying, leg)
    second.respond(invite, 200, tag="b", headers=SDP, body=offer(rig.nowhere))
    second.wait(lambda one: one.method == "ACK")
    rig.wait(LegAnswered, leg)
    assert rig.count(LegEnded, leg) == 0
    rig.do(EndLeg(leg=leg, cause=Cause.NORMAL))
    second.respond(second.wait_request("BYE"), 200)
    rig.wait(LegEnded, leg)
    second.accept_registration()
    wait_state(rig, TrunkStatus.REGISTERED)


def test_a_busy_server_is_left_for_the_next(rig: Rig, servers: tuple[Provider, Provider]) -> None:
    first, second = servers
    apply(rig, named(first))
    first.accept_registration()
    wait_state(rig, TrunkStatus.REGISTERED)
    leg, call = dial("+4930", PRESENT)
    rig.do(call)
    first.respond(first.wait_request("INVITE"), 503, tag="a")
    second.respond(second.wait_request("INVITE"), 503, tag="a")
    first.respond(first.wait_request("INVITE"), 503, tag="a")
    second.respond(second.wait_request("INVITE"), 503, tag="a")
    ended = rig.wait(LegEnded, leg)
    assert (ended.cause, ended.sip_status) == (Cause.CONGESTION, 503)


def test_a_refused_registration_goes_to_the_next(rig: Rig, servers: tuple[Provider, Provider]) -> None:
    first, second = servers
    apply(rig, named(first))
    first.respond(first.wait_request("REGISTER"), 503)
    second.accept_registration()
    wait_state(rig, TrunkStatus.REGISTERED)


def test_without_srv_the_address_counts(
    rig: Rig, names: NameServer, servers: tuple[Provider, Provider]
) -> None:
    first, _ = servers
    names.zone = {("plain.example", A): [bytes([127, 0, 0, 1])]}
    apply(rig, first.trunk(host="plain.example"))
    first.accept_registration()
    wait_state(rig, TrunkStatus.REGISTERED)


def test_a_static_peer_with_a_name_is_known_by_its_addresses(
    rig: Rig, names: NameServer, servers: tuple[Provider, Provider]
) -> None:
    first, _ = servers
    apply(rig, named(first, kind=TrunkKind.STATIC, username="", secret=""))
    first.respond(first.wait_request("OPTIONS"), 200)
    request = first.request("INVITE", f"sip:1@127.0.0.1:{rig.settings.trunk_port}")
    first.send(request)
    from appliance.model.events import LegIncoming

    leg = rig.wait(LegIncoming).leg
    rig.do(EndLeg(leg=leg, cause=Cause.BUSY))
    first.ack(request, first.wait_response(request))
    rig.wait(LegEnded, leg)


@pytest.mark.parametrize("odd", [b"", b"x", b"\xc0" * 300, bytes(12), b"\0\1\x81\x80" + b"\xff" * 200])
def test_odd_name_servers_leave_the_trunk_failed(
    rig: Rig, names: NameServer, servers: tuple[Provider, Provider], odd: bytes
) -> None:
    first, _ = servers
    names.odd = odd
    apply(rig, named(first, id=TrunkId("odd")))
    assert "name server 127.0.0.1" in wait_state(rig, TrunkStatus.FAILED, 10).detail
    leg, call = dial("1", PRESENT, TrunkId("odd"))
    rig.do(call)
    assert rig.wait(LegEnded, leg).cause is Cause.NO_ROUTE


def test_a_server_that_never_answers_is_told(rig: Rig, servers: tuple[Provider, Provider]) -> None:
    first, _ = servers
    apply(rig, first.trunk(kind=TrunkKind.STATIC, port=free_port(), username="", secret=""))
    leg, call = dial("1", PRESENT)
    rig.do(call)
    ended = rig.wait(LegEnded, leg)
    assert (ended.cause, ended.by_remote) == (Cause.TIMEOUT, False)
