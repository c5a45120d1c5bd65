"""Calls through the edge: who may send what to the core, and how the core reaches phones."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.sip.edge.events import ContactRegistered
from tests.support.edge import Edge, edge_settings
from tests.support.sip import Message, NoAnswer, SipClient, Transport, serialise

SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


@pytest.fixture
def core(shared_edge: Edge) -> Iterator[SipClient]:
    with shared_edge.core() as running:
        yield running


def registered(edge: Edge, user: str, transport: Transport = "udp", **more: str) -> SipClient:
    phone = edge.phone(user, transport=transport, **more)
    assert phone.register().status == 200
    edge.wait_event(ContactRegistered, lambda event: event.contact.uri == phone.contact)
    return phone


def invite(phone: SipClient, uri: str, headers: list[tuple[str, str]] | None = None) -> Message:
    """Send an INVITE with digest; the authenticated request."""
    call_id = f"{phone.user}-{time.monotonic_ns()}"

    def build(more: list[tuple[str, str]]) -> Message:
        return phone.request("INVITE", uri, call_id=call_id, headers=[*(headers or []), *more], body=SDP)

    first = build([])
    challenge = phone.exchange(first)
    assert challenge.status == 407
    phone.ack(first, challenge)
    request = build([phone.credentials(first, challenge)])
    phone.send(request)
    return request


def settled(phone: SipClient) -> None:
    """The worker of the edge that passed a ringing on has written it down by now: nobody cancels sooner."""
    for _ in range(5):
        assert phone.exchange(phone.request("OPTIONS", "sip:ortsamt")).status == 200


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_call_to_core_is_marked_and_lives_until_either_side_hangs_up(
    shared_edge: Edge, core: SipClient, transport: Transport
) -> None:
    with registered(shared_edge, "31", transport) as phone:
        forged = [
            ("X-Edge-User", "boss"),
            ("X-Edge-Src", "1.2.3.4:5060;udp"),
            ("x-edge-ext", "99"),
            ("X-EDGE-Foo", "1"),
        ]
        request = invite(phone, "sip:20@ortsamt", forged)
        arrived = core.wait_request("INVITE")
        marks = sorted((name, value) for name, value in arrived.headers if name.startswith("x-edge-"))
        host, port = phone.address
        assert marks == [
            ("x-edge-ext", "31"),
            ("x-edge-src", f"{host}:{port};{transport}"),
            ("x-edge-user", "31"),
        ]
        assert arrived.get("proxy-authorization") == ""
        core.respond(arrived, 180, tag="c1")
        accepted = core.respond(arrived, 200, tag="c1", body=SDP)
        answer = phone.wait_response(request)
        assert answer.status == 200
        phone.ack(request, answer)
        assert core.wait_request("ACK").get("call-id") == request.get("call-id")

        again = core.in_dialog_as_callee("INVITE", arrived, accepted, body=SDP)
        core.send(again)
        held = phone.wait_request("INVITE")
        phone.respond(held, 200, body=SDP)
        core.ack(again, core.wait_response(again))
        assert phone.wait_request("ACK").get("call-id") == request.get("call-id")

        goodbye = phone.in_dialog("BYE", request, answer)
        phone.send(goodbye)
        core.respond(core.wait_request("BYE"), 200)
        assert phone.wait_response(goodbye).status == 200


def test_invite_without_password_never_reaches_the_core(shared_edge: Edge, core: SipClient) -> None:
    with shared_edge.phone("32") as phone, shared_edge.phone("32", password="wrong") as guesser:
        request = phone.request("INVITE", "sip:20@ortsamt", body=SDP)
        assert phone.exchange(request).status == 407
        assert guesser.authenticated(
            lambda more: guesser.request("INVITE", "sip:20@ortsamt", call_id="guess", headers=more, body=SDP)
        ).status == 407  # fmt: skip
    with pytest.raises(NoAnswer):
        core.receive(0.1)


@pytest.mark.parametrize("method", ["INVITE", "BYE", "MESSAGE", "INFO"])
def test_forged_in_dialog_request_reaches_the_core_and_nobody_else(
    shared_edge: Edge, core: SipClient, method: str
) -> None:
    with shared_edge.phone("33") as attacker, SipClient(server=shared_edge.phone("33").server) as victim:
        edge_uri = f"sip:127.0.0.1:{shared_edge.settings.sip_port};lr"
        target = f"sip:900@{victim.address[0]}:{victim.address[1]}"
        request = attacker.request(
            method,
            target,
            to=f"<{target}>;tag=forged",
            headers=[("Route", f"<{edge_uri}>"), ("Route", f"<{target};lr>"), ("X-Edge-User", "20")],
            body=SDP,
        )
        attacker.send(request)
        arrived = core.wait_request(method)
        assert arrived.all("route") == []
        assert arrived.get("x-edge-user") == ""
        core.respond(arrived, 481)
        assert attacker.wait_response(request).status == 481
        with pytest.raises(NoAnswer):
            victim.receive(0.1)


def test_request_to_a_foreign_host_is_no_relay(shared_edge: Edge, core: SipClient) -> None:
    with registered(shared_edge, "34") as phone, SipClient(server=phone.server) as victim:
        host, port = victim.address
        invite(phone, f"sip:900@{host}:{port}", [("Route", f"<sip:{host}:{port};lr>")])
        arrived = core.wait_request("INVITE")
        assert arrived.get("x-edge-user") == "34"
        core.respond(arrived, 404, tag="c")
        with pytest.raises(NoAnswer):
            victim.receive(0.1)


def test_core_port_hears_the_core_alone(shared_edge: Edge) -> None:
    with registered(shared_edge, "35") as phone, shared_edge.core() as real:
        with SipClient(server=real.server, user="core") as impostor:
            impostor.send(impostor.request("INVITE", "sip:35@ortsamt"))
            with pytest.raises(NoAnswer):
                impostor.receive(0.2)
        with pytest.raises(NoAnswer):
            phone.receive(0.1)


def test_call_forks_to_every_contact_and_losers_hear_it_was_answered(
    shared_edge: Edge, core: SipClient
) -> None:
    with registered(shared_edge, "36") as desk, registered(shared_edge, "36", "tls") as soft:
        call = core.request("INVITE", "sip:36@ortsamt", headers=[("X-Edge-Secret", "1")], body=SDP)
        core.send(call)
        rings = {phone: phone.wait_request("INVITE") for phone in (desk, soft)}
        assert rings[soft].uri == soft.contact
        for phone, ring in rings.items():
            assert not [name for name, _ in ring.headers if name.startswith("x-edge-")]
            phone.respond(ring, 180, tag=phone.transport, headers={"X-Edge-Reason": "forged"})
        ringing = core.wait_response(call, final=False)
        while ringing.status < 180:
            ringing = core.wait_response(call, final=False)
        assert ringing.get("x-edge-reason") == ""
        soft.respond(rings[soft], 200, tag="tls", body=SDP)
        answer = core.wait_response(call)
        assert (answer.status, answer.to_tag) == (200, "tls")
        core.ack(call, answer)
        assert soft.wait_request("ACK").get("call-id") == call.get("call-id")
        cancel = desk.wait_request("CANCEL")
        assert cancel.get("reason") == 'SIP;cause=200;text="Call completed elsewhere"'
        desk.respond(cancel, 200)
        desk.respond(rings[desk], 487, tag="udp")
        bye = core.in_dialog("BYE", call, answer)
        core.send(bye)
        soft.respond(soft.wait_request("BYE"), 200)
        assert core.wait_response(bye).status == 200


def test_core_may_call_one_contact_alone(shared_edge: Edge, core: SipClient) -> None:
    with registered(shared_edge, "37") as first, registered(shared_edge, "37", "tcp") as second:
        call = core.request(
            "INVITE", "sip:37@ortsamt", headers=[("X-Edge-Contact", second.contact)], body=SDP
        )
        core.send(call)
        second.respond(second.wait_request("INVITE"), 486, tag="b")
        busy = core.wait_response(call)
        assert busy.status == 486
        core.ack(call, busy)
        with pytest.raises(NoAnswer):
            first.receive(0.1)
        gone = core.request("INVITE", "sip:37@ortsamt", headers=[("X-Edge-Contact", "sip:37@127.0.0.1:9")])
        answer = core.exchange(gone)
        assert (answer.status, answer.get("x-edge-reason")) == (480, "unregistered")


def test_unregistered_and_unknown_extensions_are_told_apart(shared_edge: Edge, core: SipClient) -> None:
    silent = core.exchange(core.request("INVITE", "sip:38@ortsamt"))
    assert (silent.status, silent.get("x-edge-reason")) == (480, "unregistered")
    unknown = core.exchange(core.request("INVITE", "sip:777@ortsamt"))
    assert (unknown.status, unknown.get("x-edge-reason")) == (404, "unknown")


def test_caller_hanging_up_cancels_every_phone_with_the_cores_reason(
    shared_edge: Edge, core: SipClient
) -> None:
    with registered(shared_edge, "39") as phone:
        call = core.request("INVITE", "sip:39@ortsamt", body=SDP)
        core.send(call)
        ring = phone.wait_request("INVITE")
        phone.respond(ring, 180, tag="p")
        core.wait_response(call, final=False)
        settled(phone)
        reason = 'SIP;cause=200;text="Call completed elsewhere"'
        cancel = Message(
            start=call.start.replace("INVITE", "CANCEL"),
            headers=[
                *[
                    pair
                    for pair in call.headers
                    if pair[0] in {"via", "from", "to", "call-id", "max-forwards"}
                ],
                ("cseq", call.get("cseq").replace("INVITE", "CANCEL")),
                ("reason", reason),
            ],
        )
        core.send(cancel)
        arrived = phone.wait_request("CANCEL")
        assert arrived.get("reason") == reason
        phone.respond(arrived, 200)
        phone.respond(ring, 487, tag="p")
        assert core.wait_response(call).status == 487


def test_refused_call_is_acknowledged_hop_by_hop(shared_edge: Edge, core: SipClient) -> None:
    with registered(shared_edge, "44") as phone:
        request = invite(phone, "sip:20@ortsamt")
        arrived = core.wait_request("INVITE")
        core.respond(arrived, 486, tag="c")
        answer = phone.wait_response(request)
        assert answer.status == 486
        own = core.wait_request("ACK")
        assert own.get("via").split("branch=")[1] == arrived.get("via").split("branch=")[1]
        phone.ack(request, answer)
        with pytest.raises(NoAnswer):
            core.receive(0.2)


def test_phone_cancels_its_call(shared_edge: Edge, core: SipClient) -> None:
    with registered(shared_edge, "40") as phone:
        request = invite(phone, "sip:20@ortsamt")
        arrived = core.wait_request("INVITE")
        core.respond(arrived, 180, tag="c")
        phone.wait_response(request, final=False)
        settled(phone)
        kept = {"via", "from", "to", "call-id", "max-forwards"}
        cancel = Message(
            start=request.start.replace("INVITE", "CANCEL"),
            headers=[
                *[pair for pair in request.headers if pair[0] in kept],
                ("cseq", request.get("cseq").replace("INVITE", "CANCEL")),
            ],
        )
        phone.send(cancel)
        try:
            cancelled = core.wait_request("CANCEL")
        except NoAnswer:  # a datagram is sent again (RFC 3261 §17.1.2.2)
            phone.send(cancel)
            cancelled = core.wait_request("CANCEL")
        core.respond(cancelled, 200)
        core.respond(arrived, 487, tag="c")
        assert phone.wait_response(request).status == 487


def test_dead_core_is_answered_quickly_with_when_to_try_again(shared_edge: Edge) -> None:
    with registered(shared_edge, "41") as phone:
        started = time.monotonic()
        request = invite(phone, "sip:20@ortsamt")
        answer = phone.wait_response(request)
        assert answer.status == 503
        assert answer.get("retry-after") == "5"
        assert time.monotonic() - started < 3.5


def test_requests_the_exchange_has_no_use_for_are_refused(shared_edge: Edge) -> None:
    with shared_edge.phone("42") as phone:
        assert phone.exchange(phone.request("OPTIONS", "sip:ortsamt")).status == 200
        assert phone.exchange(phone.request("MESSAGE", "sip:20@ortsamt", body=b"hello")).status == 405
        refused = phone.exchange(phone.request("PUBLISH", "sip:42@ortsamt", headers=[("Event", "dialog")]))
        assert refused.status == 405
        assert "INVITE" in refused.get("allow")


def test_phone_behind_nat_is_answered_and_called_where_it_came_from(
    shared_edge: Edge, core: SipClient
) -> None:
    with shared_edge.phone("43") as phone:
        hidden = f"<sip:43@192.168.77.5:{phone.address[1]}>"

        def build(more: list[tuple[str, str]]) -> Message:
            return phone.request(
                "REGISTER", "sip:ortsamt", to="<sip:43@ortsamt>", call_id="nat", contact=hidden,
                via="192.168.77.5:5060", headers=[("Expires", "300"), *more],
            )  # fmt: skip

        assert phone.authenticated(build).status == 200
        event = shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == "43")
        assert (event.contact.source_ip, event.contact.source_port) == phone.address
        call = core.request("INVITE", "sip:43@ortsamt", body=SDP)
        core.send(call)
        ring = phone.wait_request("INVITE")
        assert ring.uri == hidden.strip("<>")
        answer = Message(
            start="SIP/2.0 200 OK",
            headers=[
                *[
                    pair
                    for pair in ring.headers
                    if pair[0] in {"via", "from", "call-id", "cseq", "record-route"}
                ],
                ("to", ring.get("to") + ";tag=n"),
                ("contact", hidden),
            ],
        )
        phone.send_raw(serialise(answer))
        accepted = core.wait_response(call)
        core.ack(call, accepted)
        assert phone.wait_request("ACK").uri == hidden.strip("<>")
        bye = core.in_dialog("BYE", call, accepted)
        core.send(bye)
        phone.respond(phone.wait_request("BYE"), 200)
        assert core.wait_response(bye).status == 200


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_phone_over_ipv6_is_called_and_hangs_up(tmp_path: Path, transport: Transport) -> None:
    with Edge(edge_settings(tmp_path, tls=True, listen=("::1",))) as edge:
        edge.start()
        edge.connect()
        with edge.phone("20", local="::1", transport=transport) as phone, edge.core() as core:
            assert phone.register().status == 200
            event = edge.wait_event(ContactRegistered)
            assert (event.contact.source_ip, event.contact.source_port) == phone.address
            call = core.request("INVITE", "sip:20@ortsamt", body=SDP)
            core.send(call)
            ring = phone.wait_request("INVITE")
            accepted = phone.respond(ring, 200, tag="p", body=SDP)
            answer = core.wait_response(call)
            core.ack(call, answer)
            phone.wait_request("ACK")
            goodbye = phone.in_dialog_as_callee("BYE", ring, accepted)
            phone.send(goodbye)
            core.respond(core.wait_request("BYE"), 200)
            assert phone.wait_response(goodbye).status == 200
            request = invite(phone, "sip:21@ortsamt")
            arrived = core.wait_request("INVITE")
            assert arrived.get("x-edge-src") == f"{phone.sent_by};{transport}"
            core.respond(arrived, 200, tag="c", body=SDP)
            answer = phone.wait_response(request)
            phone.ack(request, answer)
            core.wait_request("ACK")
