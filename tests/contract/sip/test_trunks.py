"""Trunks against a provider that answers what the test wants: registration, calls both ways, bad days."""

import hashlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import Srtp, Transport, Trunk, TrunkKind
from appliance.model.effects import Answer, EndLeg, Originate, ToTrunk
from appliance.model.events import LegAnswered, LegEnded, LegIncoming
from appliance.model.ids import LegId, TrunkId
from appliance.model.plan import Caller, FromTrunk, Presentation
from appliance.ports import TrunkState, TrunkStatus
from appliance.sip.engine import new_leg_id
from tests.contract.sip.rig import Edge, Rig, Talk, offer
from tests.support.processes import free_port
from tests.support.sip import Message, SipClient, ha1, parse, split_stream

SDP = {"Content-Type": "application/sdp"}
TRUNK = TrunkId("provider")


class Provider(SipClient):
    """A provider's registrar and gateway in one, on one port."""

    def trunk(self, **changes: Any) -> Trunk:
        """The account this provider has given us."""
        defaults: dict[str, Any] = {
            "id": TRUNK,
            "host": "127.0.0.1",
            "port": self.address[1],
            "username": "4922100",
            "secret": "provider-secret",
        }
        return Trunk(**{**defaults, **changes})

    def accept_registration(self, *, secret: str = "provider-secret", expires: int = 300) -> Message:
        """Challenge a REGISTER, check its digest, accept it."""
        self.respond(
            self.wait_request("REGISTER"),
            401,
            headers={"WWW-Authenticate": 'Digest realm="prov", nonce="abc", algorithm=MD5'},
        )
        request = self.wait(lambda one: one.method == "REGISTER" and one.get("authorization") != "")
        parts = [part.partition("=") for part in request.get("authorization")[7:].split(",")]
        fields = {name.strip(): value.strip('"') for name, _, value in parts}
        second = hashlib.md5(f"REGISTER:{fields['uri']}".encode()).hexdigest()
        first = ha1(fields["username"], "prov", secret)
        good = hashlib.md5(f"{first}:abc:{second}".encode()).hexdigest() == fields["response"]
        if good:
            self.respond(request, 200, headers={"Contact": f"{request.get('contact')};expires={expires}"})
        else:
            self.respond(request, 403, "Forbidden")
        return request


@pytest.fixture
def provider(rig: Rig, edge: Edge) -> Iterator[Provider]:
    with Provider(server=("127.0.0.1", rig.settings.trunk_port), user="prov", user_agent="") as provider:
        yield provider
        apply(rig)


def apply(rig: Rig, *trunks: Trunk) -> None:
    rig.call(lambda engine: engine.apply_trunks(trunks))


def wait_state(rig: Rig, status: TrunkStatus, timeout_s: float = 5.0) -> TrunkState:
    deadline = time.monotonic() + timeout_s
    while True:
        (state,) = rig.call(lambda engine: engine.trunk_states())
        if state.status is status:
            return state
        assert time.monotonic() < deadline, state


def dial(number: str, present: Presentation, trunk: TrunkId = TRUNK) -> tuple[LegId, Originate]:
    leg = new_leg_id()
    return leg, Originate(leg=leg, endpoint=ToTrunk(trunk=trunk, dial=number), present=present)


class TestRegistration:
    def test_registers_and_unregisters(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk())
        wait_state(rig, TrunkStatus.TRYING)
        request = provider.accept_registration()
        assert request.get("from").startswith("<sip:4922100@127.0.0.1>")
        assert wait_state(rig, TrunkStatus.REGISTERED).detail == ""
        apply(rig)
        bye = provider.wait(lambda one: one.method == "REGISTER" and one.get("expires") == "0")
        provider.respond(bye, 200)
        assert rig.call(lambda engine: engine.trunk_states()) == ()

    def test_a_wrong_password_is_told_and_not_hammered(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk(secret="wrong"))
        provider.accept_registration()
        assert wait_state(rig, TrunkStatus.FAILED).detail == "403 Forbidden"
        leg, call = dial("110", Presentation(number=""))
        rig.do(call)  # a trunk that did not register may still take a call
        provider.respond(provider.wait_request("INVITE"), 403, tag="a")
        assert rig.wait(LegEnded, leg).cause is Cause.FORBIDDEN

    def test_an_auth_name_of_its_own(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk(auth_username="other"))
        request = provider.accept_registration()
        assert 'username="other"' in request.get("authorization")
        wait_state(rig, TrunkStatus.REGISTERED)

    def test_a_provider_that_is_not_there_blocks_nobody(
        self, rig: Rig, edge: Edge, provider: Provider
    ) -> None:
        nobody = free_port()
        apply(
            rig,
            provider.trunk(id=TrunkId("dead"), port=nobody),
            provider.trunk(id=TrunkId("nameless"), host="no.such.host.invalid", port=0),
        )
        leg, call = dial("0221", Presentation(number="+49"), TrunkId("nameless"))
        rig.do(call)
        start = time.monotonic()
        edge.answered().hang_up()
        assert time.monotonic() - start < 1
        rig.do(EndLeg(leg=leg, cause=Cause.CANCELLED))
        rig.wait(LegEnded, leg)

    @pytest.mark.parametrize("nonsense", [b"what?", b"SIP/2.0 999 \r\n\r\n", b"\0" * 40])
    def test_a_provider_that_answers_nonsense(
        self, rig: Rig, edge: Edge, provider: Provider, nonsense: bytes
    ) -> None:
        apply(rig, provider.trunk())
        request = provider.wait_request("REGISTER")
        provider.send_raw(nonsense, request.source)
        edge.answered().hang_up()
        provider.respond(request, 200)  # RFC 3261 §10.3 asks for a Contact; some forget it
        wait_state(rig, TrunkStatus.REGISTERED)

    def test_a_change_registers_anew_and_drops_no_call(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk())
        contact = provider.accept_registration()
        wait_state(rig, TrunkStatus.REGISTERED)
        talk = inbound(rig, provider, contact.contact_uri)
        apply(rig, provider.trunk(secret="new-secret", name="changed"))
        provider.respond(
            provider.wait(lambda one: one.method == "REGISTER" and one.get("expires") == "0"), 200
        )
        provider.accept_registration(secret="new-secret")
        wait_state(rig, TrunkStatus.REGISTERED)
        assert rig.count(LegEnded, talk.leg) == 0
        assert talk.exchange("BYE").status == 200
        assert rig.wait(LegEnded, talk.leg).cause is Cause.NORMAL

    def test_off_is_off(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk(enabled=False))
        wait_state(rig, TrunkStatus.DISABLED)
        leg, call = dial("0221", Presentation(number="+49"))
        rig.do(call)
        assert rig.wait(LegEnded, leg).cause is Cause.NO_ROUTE


def inbound(rig: Rig, provider: Provider, uri: str) -> Talk:
    request = provider.request(
        "INVITE", uri, from_="<sip:+4930123@prov>;tag=p", headers=list(SDP.items()), body=offer(rig.nowhere)
    )
    provider.send(request)
    event = rig.wait(LegIncoming)
    rig.do(Answer(leg=event.leg))
    answer = provider.wait_response(request)
    provider.ack(request, answer)
    rig.wait(LegAnswered, event.leg)
    return Talk(edge=provider, leg=event.leg, invite=request, answer=answer, outgoing=False)  # type: ignore[arg-type]


class TestInbound:
    def test_a_call_to_the_account_names_the_number_in_to(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk())
        contact = provider.accept_registration()
        wait_state(rig, TrunkStatus.REGISTERED)
        request = provider.request(
            "INVITE",
            contact.contact_uri,
            to="<sip:+492214710@prov>",
            from_='"Ignored" <sip:trunk@prov>;tag=p',
            headers=[("P-Asserted-Identity", '"Max" <sip:+4930123@prov>'), *SDP.items()],
            body=offer(rig.nowhere),
        )
        provider.send(request)
        event = rig.wait(LegIncoming)
        assert event.origin == FromTrunk(trunk=TRUNK)
        assert event.dialled == "+492214710"
        assert event.caller == Caller(number="+4930123", name="Max")
        rig.do(EndLeg(leg=event.leg, cause=Cause.BUSY))
        answer = provider.wait_response(request)
        assert answer.status == 486
        provider.ack(request, answer)
        rig.wait(LegEnded, event.leg)

    def test_a_static_peer_is_known_by_its_address(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk(kind=TrunkKind.STATIC, username="", secret=""))
        request = provider.request(
            "INVITE",
            f"sip:+492214710@127.0.0.1:{rig.settings.trunk_port};user=phone",
            from_='"Anonymous" <sip:anonymous@anonymous.invalid>;tag=p',
            headers=[("P-Asserted-Identity", "<tel:+49-30-123>"), ("Privacy", "id"), *SDP.items()],
            body=offer(rig.nowhere),
        )
        provider.send(request)
        event = rig.wait(LegIncoming)
        assert event.dialled == "+492214710"
        assert event.caller == Caller(number="+4930123", withheld=True)
        rig.do(EndLeg(leg=event.leg, cause=Cause.UNALLOCATED))
        answer = provider.wait_response(request)
        assert answer.status == 404
        provider.ack(request, answer)
        rig.wait(LegEnded, event.leg)

    def test_peers_limit_who_may_call(self, rig: Rig, provider: Provider) -> None:
        apply(
            rig,
            provider.trunk(
                kind=TrunkKind.STATIC, host="192.0.2.1", username="", secret="", peers=("198.51.100.0/24",)
            ),
        )
        request = provider.request("INVITE", f"sip:1@127.0.0.1:{rig.settings.trunk_port}")
        provider.send(request)
        assert provider.wait_response(request).status == 403

    def test_transfers_are_for_phones(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk())
        contact = provider.accept_registration()
        wait_state(rig, TrunkStatus.REGISTERED)
        talk = inbound(rig, provider, contact.contact_uri)
        assert talk.exchange("REFER", headers=[("Refer-To", "<sip:0900@x>")]).status == 403
        talk.exchange("BYE")
        rig.wait(LegEnded, talk.leg)


class TestOutbound:
    @pytest.mark.parametrize(
        ("profile", "present", "sender", "headers"),
        [
            (
                "generic",
                Presentation(number="+492214710", name="Amt"),
                '"Amt" <sip:+492214710@127.0.0.1>',
                {"p-asserted-identity": "<sip:+492214710@127.0.0.1>", "privacy": ""},
            ),
            (
                "generic",
                Presentation(number="+492214710", name="Amt", withheld=True),
                '"Anonymous" <sip:anonymous@anonymous.invalid>',
                {"p-asserted-identity": "<sip:+492214710@127.0.0.1>", "privacy": "id"},
            ),
            (
                "sipgate",
                Presentation(number="492214710"),
                "<sip:4922100@127.0.0.1>",
                {"p-preferred-identity": "<sip:492214710@127.0.0.1>", "p-asserted-identity": ""},
            ),
            (
                "dts",
                Presentation(number="+492214710", name="Amt"),
                '"Amt" <sip:4922100@127.0.0.1>',
                {"p-preferred-identity": "<sip:+492214710@127.0.0.1>"},
            ),
        ],
    )
    def test_who_calls(
        self,
        rig: Rig,
        provider: Provider,
        profile: str,
        present: Presentation,
        sender: str,
        headers: dict[str, str],
    ) -> None:
        apply(rig, provider.trunk(profile=profile))
        provider.accept_registration()
        wait_state(rig, TrunkStatus.REGISTERED)
        leg, call = dial("+4930123#", present)
        rig.do(call)
        invite = provider.wait_request("INVITE")
        assert invite.uri == f"sip:+4930123%23@127.0.0.1:{provider.address[1]}"
        assert invite.get("from").startswith(sender)
        for name, value in headers.items():
            assert invite.get(name) == value
        provider.respond(
            invite,
            407,
            tag="a",
            headers={"Proxy-Authenticate": 'Digest realm="prov", nonce="n", algorithm=MD5'},
        )
        provider.wait_request("ACK")
        invite = provider.wait_request("INVITE")
        assert 'username="4922100"' in invite.get("proxy-authorization")
        provider.respond(invite, 200, tag="b", headers=SDP, body=offer(rig.nowhere))
        provider.wait_request("ACK")
        rig.wait(LegAnswered, leg)
        rig.do(EndLeg(leg=leg, cause=Cause.NORMAL))
        provider.respond(provider.wait_request("BYE"), 200)
        rig.wait(LegEnded, leg)

    def test_a_static_peer_lives_as_long_as_it_answers(self, rig: Rig, provider: Provider) -> None:
        apply(rig, provider.trunk(kind=TrunkKind.STATIC, username="", secret="", srtp=Srtp.OFF))
        wait_state(rig, TrunkStatus.REACHABLE)
        options = provider.wait_request("OPTIONS")
        provider.respond(options, 404, "Not Found")
        assert wait_state(rig, TrunkStatus.REACHABLE).detail == ""

    def test_over_tcp(self, rig: Rig, provider: Provider) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(5)
            apply(rig, provider.trunk(port=server.getsockname()[1], transport=Transport.TCP))
            stream, _ = server.accept()
            with stream:
                stream.settimeout(5)
                buffer = bytearray()
                while (data := split_stream(buffer)) is None:
                    buffer += stream.recv(4096)
                request = parse(data)
                assert request.method == "REGISTER"
                assert ";transport=tcp" in request.contact_uri.lower()
        apply(rig)
