"""Broken and hostile input on every port of a whole box, while a call stays up and others get through."""

import contextlib
import json
import random
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from appliance.store.box import load_box
from tests.support.box import Box, office
from tests.support.phone import Phone
from tests.support.sip import NoAnswer, SipClient, serialise
from tests.system.box.tools import new_tones, raw_phone, stream, talking

STRANGER = "127.0.0.5"
"""Where all evil comes from: an address without a phone of ours."""
HUGE = 60_000

Parties = tuple[Phone, Phone, int, int]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    settings = {"security": {"ban_after_failures": 3, "ban_seconds": 60}}
    with Box(tmp_path_factory.mktemp("box"), office("21", "22", "23"), settings=settings) as box:
        yield box


@pytest.fixture(scope="module")
def up(attacked: Box) -> Iterator[Parties]:
    """A call that no test of this file may harm."""
    with talking(attacked) as parties:
        yield parties
        anna, ben, call, theirs = parties
        anna.hangup(call)
        ben.ended(theirs)
    assert {one["call"]["cause"] for one in attacked.records(1)} == {"normal"}


def message(first: str, *lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([first, *lines]).encode() + b"\r\n\r\n" + body


def torture(port: int) -> list[bytes]:
    """Messages in the manner of RFC 4475: legal but odd, and plainly wrong."""
    via = "Via: SIP/2.0/UDP 127.0.0.5:5060;branch=z9hG4bKt"
    rest = (
        "From: <sip:a@b>;tag=1", "To: <sip:21@ortsamt>", "Call-ID: t", "CSeq: 1 INVITE", "Max-Forwards: 70",
    )  # fmt: skip
    uri = f"sip:21@127.0.0.1:{port}"
    sdp = "Content-Type: application/sdp"
    return [
        message(f"INVITE {uri} SIP/2.0", via + "1", *rest, "Content-Length: 99999", body=b"v=0\r\n"),
        message(f"INVITE {uri} SIP/2.0", via + "2", *rest, "Content-Length: -999"),
        message(f"INVITE {uri} SIP/2.0", via + "3", *rest, 'Contact: "unterminated <sip:a@b>'),
        message(f"INVITE  {uri}   SIP/2.0", via + "4", *rest),
        message(f"INVITE <{uri}> SIP/2.0", via + "5", *rest),
        message(f"INVITE {uri}; lr SIP/2.0", via + "6", *rest),
        message(f"INVITE {uri} SIP/7.0", via + "7", *rest),
        message(f"NEWMETHOD {uri} SIP/2.0", via + "8", *rest),
        message(f"INVITE {uri} SIP/2.0", via + "9", "CSeq: 36893488147419103232 INVITE", *rest[:3]),
        message(f"INVITE {uri} SIP/2.0", via + "a", *rest, "Max-Forwards: 300", "Expires: 1" + "0" * 300),
        message(f"INVITE {uri} SIP/2.0", via + "b", *rest, *["Via: SIP/2.0/UDP x;branch=z9hG4bKx"] * 200),
        message(f"INVITE {uri} SIP/2.0", via + "c", *rest, "Route: <sip:127.0.0.1:1;lr>, <<>>"),
        message(f"INVITE sip:21%00%ff@127.0.0.1:{port} SIP/2.0", via + "d", *rest),
        message("INVITE sip: SIP/2.0", via + "e", *rest),
        message("INVITE nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", via + "f", *rest),
        message(f"INVITE {uri}?Route=%3Csip:evil%3E SIP/2.0", via + "g", *rest),
        message(
            f"INVITE {uri} SIP/2.0", via + "h", *rest, sdp, "Content-Length: 9", body=b"v=0\r\nm=\xff\xff"
        ),
        message(f"INVITE {uri} SIP/2.0", via + "i", *rest, "X-Edge-User: 21", "X-Edge-Ext: 21"),
        message(f"REGISTER {uri} SIP/2.0", via + "j", *rest[:3], "CSeq: 1 REGISTER", "Contact: *"),
        message(f"BYE {uri} SIP/2.0", via + "k", *rest[:3], "CSeq: 1 BYE"),
        message(f"ACK {uri} SIP/2.0", via + "l", *rest[:3], "CSeq: 1 ACK"),
        message("SIP/2.0 200 OK", via + "m", *rest),
        message("SIP/2.0 100 Trying", *["Via: SIP/2.0/UDP 127.0.0.5"] * 3, *rest),
        message("SIP/2.0 4294967301 better not break", via + "n", *rest),
        message("SIP/2.0 999 " + "x" * 5000, via + "o", *rest),
        b"\r\n\r\n",
        b"\0" * 1000,
        b"\xff" * 1000,
        b"GET / HTTP/1.0\r\n\r\n",
        b"INVITE",
        b"",
    ]


def udp_ports(box: Box) -> list[int]:
    return [box.ports[name] for name in ("sip_port", "edge_core_port", "core_port", "trunk_port")]


def tcp_ports(box: Box) -> list[int]:
    return [box.ports[name] for name in ("sip_port", "tls_port", "evapi_port", "trunk_port")]


def still_fine(box: Box, up: Parties, hz: int) -> None:
    """The call is alive and somebody else gets through."""
    new_tones(*up, hz)
    with box.phones("23") as (clara,):
        call = clara.call("*43")
        clara.wait("answered", call=call)
        clara.hangup(call)
    assert box.core is not None
    assert box.edge is not None
    assert box.core.alive
    assert box.edge.alive
    assert "Traceback" not in box.core.output


def test_broken_datagrams_on_every_port(attacked: Box, up: Parties) -> None:
    rng = random.Random(4475)
    with raw_phone(attacked, "23") as phone:
        whole = serialise(phone.request("INVITE", "sip:21@ortsamt", body=b"v=0\r\n"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((STRANGER, 0))
        for port in udp_ports(attacked):
            for data in torture(port):
                sender.sendto(data, ("127.0.0.1", port))
            for _ in range(150):
                broken = bytearray(whole)
                for _ in range(rng.randint(1, 10)):
                    broken[rng.randrange(len(broken))] = rng.randrange(256)
                sender.sendto(bytes(broken[: rng.randint(1, len(broken))]), ("127.0.0.1", port))
            for size in (1, 3, 500, 9000, HUGE):
                sender.sendto(rng.randbytes(size), ("127.0.0.1", port))
                sender.sendto((whole + b"x" * size)[:HUGE], ("127.0.0.1", port))
    still_fine(attacked, up, 1050)


def test_broken_streams_on_every_port(attacked: Box, up: Parties) -> None:
    rng = random.Random(5118)
    inputs = [
        *torture(5060),
        rng.randbytes(20_000),
        b"x" * 300_000,
        b"99999999999999999999:",
        b"5:hello,garbage",
        b"INVITE sip:21@ortsamt SIP/2.0\r\nContent-Length: 2000000000\r\n\r\n" + b"y" * 100_000,
    ]
    for port in tcp_ports(attacked):
        for data in inputs:
            with stream(port, source=STRANGER) as connection:
                connection.settimeout(1)
                try:
                    connection.sendall(data)
                except OSError:
                    continue
    still_fine(attacked, up, 1250)


def test_half_open_connections_that_say_nothing_keep_nobody_out(attacked: Box, up: Parties) -> None:
    held = []
    for port in tcp_ports(attacked):
        for number in range(6 if port == attacked.ports["evapi_port"] else 30):
            connection = stream(port, source=STRANGER)
            if number % 2:
                connection.sendall(b"INVITE sip:21@ortsamt SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.5\r\n")
            held.append(connection)
    for transport in ("tcp", "tls"):
        with raw_phone(attacked, "23", transport=transport) as phone:
            assert phone.register().status == 200
    still_fine(attacked, up, 1450)
    for connection in held:  # an end without goodbye: RST
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    still_fine(attacked, up, 1650)


NONSENSE = [
    b"\n\n\n",
    b"not json\n",
    b"[]\n",
    b'{"id": 1}\n',
    b'{"id": 1, "method": "status", "params": []}\n',
    b'{"id": 1, "method": "config.set", "params": {"kind": "extension"}}\n',
    b'{"id": 1, "method": "config.import", "params": {"configuration": {"extension": []}}}\n',
    b'{"id": 1, "method": "explain", "params": {"from": {"a": 1}, "to": ["b"], "at": 7}}\n',
    b'{"id": 1, "method": "explain", "params": {"from": "21", "to": "22", "language": {"x": 1}}}\n',
    b'{"id": 1, "method": "explain", "params": {"from": "21", "to": "22", "language": "xx"}}\n',
    b'{"id": 1, "method": "calls.hangup", "params": {"call": {"x": "y"}}}\n',
    b'{"id": 1, "method": "bans.remove", "params": {"address": "|| x\\r\\n"}}\n',
    b'{"id": 1, "method": "records.calls", "params": {"limit": -1, "since": "yesterday"}}\n',
    b'{"id": 1, "method": "' + b"m" * 100_000 + b'"}\n',
    b'{"a":' * 20_000 + b"\n",
    b'{"id": 1, "method": "status"',
    random.Random(8259).randbytes(50_000) + b"\n",
    b"x" * 5_000_000,
]


def answers(box: Box, line: bytes) -> list[bytes]:
    """Say this over the control socket, and hear all it has to say."""
    answer = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(30)
        client.connect(str(box.socket))
        with contextlib.suppress(OSError):  # it may end the connection in the middle of what is said
            client.sendall(line)
            client.shutdown(socket.SHUT_WR)
            while data := client.recv(65536):
                answer += data
    return answer.splitlines()


def test_nonsense_on_the_control_socket(attacked: Box, up: Parties) -> None:
    for line in NONSENSE:
        for told in answers(attacked, line):
            answer = json.loads(told)
            assert "error" in answer or "result" in answer
            assert (answer.get("error") or {}).get("id") != "internal.error", line[:200]
    with attacked.watching("call"):
        still_fine(attacked, up, 1850)


def test_a_strangers_audio_takes_no_call_away(attacked: Box, up: Parties) -> None:
    network = load_box(attacked.settings).network
    rng = random.Random(3550)
    pause = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((STRANGER, 0))
        for round_ in range(30):
            packets = [rng.randbytes(200)]
            for payload_type in (0, 8, 9, 96):  # RFC 3550 §5.1, in sequence like a real sender's
                header = struct.pack("!BBHII", 0x80, payload_type, round_, 160 * round_, payload_type)
                packets.append(header + bytes(160))
            for port in range(network.rtp_first, network.rtp_last + 1):
                sender.sendto(packets[round_ % len(packets)], ("127.0.0.1", port))
                sender.sendto(packets[2], ("127.0.0.1", port))
            pause.wait(0.02)  # as far apart as audio is
    still_fine(attacked, up, 2850)


def drain(phone: SipClient) -> None:
    """Read away what was answered before the ban."""
    with contextlib.suppress(NoAnswer):
        while True:
            phone.receive(0.3)


def await_ban(box: Box, address: str) -> None:
    box.eventually(
        lambda: address in {one["source_ip"] for one in box.control("bans.list")}, "the flooder to be banned"
    )


def test_a_flood_of_calls_is_banned_and_nobody_else(attacked: Box, up: Parties) -> None:
    with raw_phone(attacked, "23", local="127.0.0.6", timeout_s=0.5) as flooder:
        for number in range(600):
            flooder.send(flooder.request("INVITE", f"sip:{number}@ortsamt"))
        await_ban(attacked, "127.0.0.6")
        drain(flooder)
        with pytest.raises(NoAnswer):
            flooder.exchange(flooder.request("OPTIONS", "sip:ortsamt"))
    still_fine(attacked, up, 2050)
    attacked.eventually(lambda: attacked.control("status")["legs"] == 2, "nothing of the flood to be left")


def test_an_authenticated_phone_that_floods_leaves_room_for_others(attacked: Box, up: Parties) -> None:
    with raw_phone(attacked, "23", local="127.0.0.7", timeout_s=2) as flooder:
        invite = flooder.request("INVITE", "sip:*43@ortsamt")
        challenge = flooder.exchange(invite)
        flooder.ack(invite, challenge)
        credentials = flooder.credentials(invite, challenge)
        for _ in range(300):
            flooder.send(flooder.request("INVITE", "sip:*43@ortsamt", headers=[credentials]))
        await_ban(attacked, "127.0.0.7")
    new_tones(*up, 2250)
    assert attacked.control("status")["legs"] <= 2 + 8  # the limit of its account
    with attacked.phones("22") as (other,):
        call = other.call("*43")
        other.wait("answered", call=call)
        other.hangup(call)
    (kept,) = [one["call"] for one in attacked.calls() if len(one["legs"]) == 2]
    for one in attacked.calls():
        if one["call"] != kept:
            attacked.control("calls.hangup", call=one["call"])
    attacked.eventually(lambda: attacked.control("status")["legs"] == 2, "the flood's calls to be gone")


def test_wrong_passwords_lock_out_the_guilty_alone(attacked: Box, up: Parties) -> None:
    with raw_phone(attacked, "21", password="guess", local="127.0.0.8") as guesser:
        statuses = [guesser.register().status for _ in range(4)]
    assert statuses == [401, 401, 401, 403]
    bans = attacked.control("bans.list")
    assert ("127.0.0.8", "21") in {(one["source_ip"], one["account"]) for one in bans}
    with raw_phone(attacked, "22", local="127.0.0.8") as neighbour, raw_phone(attacked, "21") as owner:
        assert neighbour.register().status == 200
        assert owner.register().status == 200
        for phone in (neighbour, owner):
            assert phone.register(expires_s=0).status == 200
    still_fine(attacked, up, 2450)


def test_headers_only_the_edge_may_write_are_worth_nothing_from_elsewhere(attacked: Box, up: Parties) -> None:
    for port in (attacked.ports["core_port"], attacked.ports["trunk_port"]):
        with raw_phone(attacked, "21") as phone:
            phone.server = ("127.0.0.1", port)
            forged = [("X-Edge-User", "21"), ("X-Edge-Ext", "21")]
            invite = phone.request("INVITE", f"sip:23@127.0.0.1:{port}", headers=forged)
            answer = phone.exchange(invite)
            assert 400 <= answer.status < 700
            phone.ack(invite, answer)
    assert attacked.control("status")["legs"] == 2
    new_tones(*up, 2650)
