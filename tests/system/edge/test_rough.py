"""Broken and hostile input on every port: dropped or answered, and the edge goes on."""

import random
import socket

import pytest

from tests.support.edge import Edge
from tests.support.sip import serialise

TORTURE = [
    b"",
    b"\0" * 200,
    b"INVITE sip:20@ortsamt SIP/2.0\r\n\r\n",
    b"INVITE sip:20@ortsamt SIP/7.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n\r\n",
    b"REGISTER sip:o SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nFrom: <sip:20@o>\r\nTo: <sip:20@o>\r\n\r\n",
    b"REGISTER sip:o SIP/2.0\r\nCSeq: 99999999999999 REGISTER\r\nContact: *\r\nContent-Length: -5\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKnone\r\nCSeq: 1 INVITE\r\n\r\n",
    b"INVITE sip:" + b"a" * 3000 + b"@ortsamt SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n",
    b"\xff\xfe" * 700,
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b'NOTIFY sip:20@ortsamt SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK\r\nFrom: "\r\nTo: <\r\n\r\n',
]


@pytest.mark.parametrize(
    "password", ["", "'; DROP TABLE location; --", '"', "\r\nX-Edge-User: boss", "%s%n", "🦊"]
)
def test_odd_user_names_get_a_plain_refusal(shared_edge: Edge, password: str) -> None:
    with shared_edge.phone("20") as phone:
        request = phone.request("REGISTER", "sip:ortsamt", to="<sip:20@ortsamt>")
        challenge = phone.exchange(request)
        name, value = phone.credentials(request, challenge)
        forged = value.replace('username="20"', f'username="{password}"')
        answer = phone.exchange(
            phone.request("REGISTER", "sip:ortsamt", to="<sip:20@ortsamt>", headers=[(name, forged)])
        )
        assert answer.status in (400, 401, 403)


def test_garbage_on_every_port_is_survived(shared_edge: Edge) -> None:
    settings = shared_edge.settings
    core_port = int(settings.core_listen.rpartition(":")[2])
    rng = random.Random(20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        with shared_edge.phone("20") as phone:
            whole = serialise(phone.request("INVITE", "sip:21@ortsamt", body=b"v=0\r\n"))
        for _ in range(300):
            broken = bytearray(whole)
            for _ in range(rng.randint(1, 12)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            data = bytes(broken[: rng.randint(1, len(broken))])
            sender.sendto(data, ("127.0.0.1", settings.sip_port))
            sender.sendto(data, ("127.0.0.1", core_port))
        for data in TORTURE:
            sender.sendto(data, ("127.0.0.1", settings.sip_port))
            sender.sendto(data, ("127.0.0.1", core_port))
    for port in (settings.sip_port, settings.tls_port, settings.evapi_port):
        for data in (
            *TORTURE,
            bytes(rng.randrange(256) for _ in range(4000)),
            b"9999999999999999:",
            b"x" * 200_000,
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                try:
                    connection.sendall(data)
                except OSError:
                    continue
    assert shared_edge.process is not None
    assert shared_edge.process.alive
    assert shared_edge.link is not None
    assert shared_edge.link.stats().result(5).memory_free > 0
    for transport in ("udp", "tcp", "tls"):
        with shared_edge.phone("21", transport=transport) as phone:
            assert phone.register().status == 200


def test_message_beyond_the_limit_is_refused(shared_edge: Edge) -> None:
    with shared_edge.phone("22") as phone:
        request = phone.request("INVITE", "sip:20@ortsamt", body=b"x" * 20_000)
        assert phone.exchange(request).status == 513


def test_expiry_is_kept_within_its_bounds(shared_edge: Edge) -> None:
    with shared_edge.phone("24") as phone:
        assert "expires=60" in phone.register(expires_s=1).get("contact")
        assert "expires=3600" in phone.register(expires_s=999_999).get("contact")
