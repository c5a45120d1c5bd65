"""What nobody should send and what happens on a bad day: the engine goes on."""

import random
import socket

import pytest

from appliance.model.causes import Cause
from appliance.model.effects import EndLeg
from appliance.model.events import LegEnded
from appliance.sip.engine import new_leg_id
from tests.contract.sip.rig import Edge, Rig, offer, originate
from tests.support.sip import SipClient, serialise

GARBAGE = [
    b"",
    b"\0",
    b"\r\n\r\n",
    b"\xff" * 1200,
    b"INVITE",
    b"INVITE sip:x SIP/2.0\r\n\r\n",
    b"INVITE sip:x@y SIP/2.0\r\nVia: \r\nFrom: \r\nTo: \r\nCall-ID: \r\nCSeq: \r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"A" * 9000,
]


def test_garbage_and_broken_messages(rig: Rig, edge: Edge) -> None:
    whole = serialise(
        edge.request(
            "INVITE",
            "sip:21@127.0.0.1",
            headers=[("X-Edge-User", "20"), ("Content-Type", "application/sdp")],
            body=offer(rig.nowhere),
        )
    )
    random.seed(7)
    broken = []
    for _ in range(300):
        copy = bytearray(whole)
        for _ in range(random.randint(1, 12)):
            copy[random.randrange(len(copy))] = random.randrange(256)
        broken.append(bytes(copy[: random.randint(20, len(copy))]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for data in GARBAGE + broken:
            stranger.sendto(data, ("127.0.0.1", rig.settings.core_port))
            stranger.sendto(data, ("127.0.0.1", rig.settings.trunk_port))
    for data in (*GARBAGE, whole[:100], whole.replace(b"v=0", b"v=9"), whole[:-40]):
        edge.send_raw(data)
    with socket.create_connection(("127.0.0.1", rig.settings.trunk_port)) as stream:
        for data in GARBAGE:
            stream.sendall(data)
    while rig.legs():  # some of the edge's broken ones were good enough to become calls
        legs = rig.call(lambda engine: list(engine._legs))
        rig.do(*(EndLeg(leg=leg, cause=Cause.REJECTED) for leg in legs))
    edge.seen.clear()
    edge.answered().hang_up()


def test_a_stranger_gets_403_and_no_state(rig: Rig, edge: Edge) -> None:
    for port in (rig.settings.core_port, rig.settings.trunk_port):
        with SipClient(server=("127.0.0.1", port)) as stranger:
            request = stranger.request(
                "INVITE",
                f"sip:21@127.0.0.1:{port}",
                headers=[("X-Edge-User", "20"), ("Content-Type", "application/sdp")],
                body=offer(rig.nowhere),
            )
            stranger.send(request)
            assert stranger.wait_response(request).status == 403
    assert rig.legs() == 0
    assert not rig.seen


@pytest.mark.parametrize("event", ["presence", "refer", "message-summary"])
def test_a_stranger_makes_no_state_by_subscribing(rig: Rig, edge: Edge, event: str) -> None:
    with SipClient(server=("127.0.0.1", rig.settings.trunk_port)) as stranger:
        headers = [("Expires", "3600"), ("Event", event)]
        answer = stranger.exchange(stranger.request("SUBSCRIBE", "sip:ortsamt@127.0.0.1", headers=headers))
        assert answer.status >= 400


def test_two_thousand_calls_leave_nothing(rig: Rig, edge: Edge) -> None:
    def objects() -> int:
        import gc

        return sum(type(one).__module__ == "pjsua2" for one in gc.get_objects())

    def short_call() -> None:
        request, event = edge.incoming()
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        edge.respond(invite, 486, tag="a")
        edge.wait(lambda one: one.method == "ACK")
        rig.wait(LegEnded, leg)
        rig.do(EndLeg(leg=event.leg, cause=Cause.BUSY))
        edge.ack(request, edge.wait_response(request))
        rig.wait(LegEnded, event.leg)
        edge.seen.clear()

    for _ in range(50):
        short_call()
    before = rig.call(lambda _: objects())
    for _ in range(975):
        short_call()
    for _ in range(25):
        edge.answered().hang_up()
    assert rig.call(lambda _: objects()) <= before + 5
    engine_tables = rig.call(
        lambda engine: (len(engine._legs), len(engine._dialogs), len(engine._bridge._listeners))
    )
    assert engine_tables == (0, 0, 0)
