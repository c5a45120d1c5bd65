"""Calls from and to phones: every way in which they begin and end."""

import pytest

from appliance.model.causes import Cause
from appliance.model.effects import Answer, EndLeg, HearsLegs, SendEarlyMedia, SendRinging, SetAudio
from appliance.model.events import (
    LegAnswered,
    LegEarlyMedia,
    LegEnded,
    LegIncoming,
    LegRinging,
    LegTrying,
)
from appliance.model.plan import Caller, FromDevice, Presentation
from appliance.sip.engine import new_leg_id
from tests.contract.sip.rig import Edge, NoAnswer, Rig, media_port, offer, originate


class TestFromPhone:
    def test_what_the_edge_says_is_what_call_control_hears(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming("*21%23+49;phone-context=x", name="Zoë")
        assert event.origin == FromDevice(device="phone-20", extension="ext-20")  # type: ignore[arg-type]
        assert event.dialled == "*21#+49"
        assert event.caller == Caller(name="Zoë")
        assert event.source == "udp:192.0.2.7:5060"
        assert event.replaces is None
        rig.do(EndLeg(leg=event.leg, cause=Cause.UNALLOCATED))
        answer = edge.wait_response(request)
        assert answer.status == 404
        assert answer.get("reason") == "Q.850;cause=1"
        edge.ack(request, answer)
        ended = rig.wait(LegEnded, event.leg)
        assert (ended.cause, ended.by_remote) == (Cause.UNALLOCATED, False)

    def test_a_caller_may_stay_unknown(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming(headers=[("Privacy", "id")])
        assert event.caller.withheld
        rig.do(EndLeg(leg=event.leg, cause=Cause.BUSY))
        edge.ack(request, edge.wait_response(request))

    def test_ringing_then_answer_then_the_phone_hangs_up(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming()
        rig.do(SendRinging(leg=event.leg), SendRinging(leg=event.leg))
        ringing = edge.wait(lambda one: one.status == 180)
        assert ringing.body == b""
        assert rig.count(LegAnswered, event.leg) == 0
        rig.do(Answer(leg=event.leg))
        answer = edge.wait_response(request)
        assert answer.status == 200
        assert b"m=audio" in answer.body
        edge.ack(request, answer)
        rig.wait(LegAnswered, event.leg)
        bye = edge.in_dialog("BYE", request, answer)
        assert edge.exchange(bye).status == 200
        ended = rig.wait(LegEnded, event.leg)
        assert (ended.cause, ended.by_remote) == (Cause.NORMAL, True)

    def test_early_media_is_heard_before_the_answer(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming()
        rig.do(SendEarlyMedia(leg=event.leg))
        progress = edge.wait(lambda one: one.status == 183)
        assert media_port(progress.body) >= rig.settings.rtp_first
        rig.do(Answer(leg=event.leg))
        answer = edge.wait_response(request)
        assert media_port(answer.body) == media_port(progress.body)
        edge.ack(request, answer)
        rig.wait(LegAnswered, event.leg)
        rig.do(EndLeg(leg=event.leg, cause=Cause.NORMAL))
        edge.respond(edge.wait_request("BYE"), 200)
        rig.wait(LegEnded, event.leg)

    @pytest.mark.parametrize("stage", ["at once", "ringing", "early media"])
    def test_the_phone_cancels(self, rig: Rig, edge: Edge, stage: str) -> None:
        request, event = edge.incoming()
        if stage == "ringing":
            rig.do(SendRinging(leg=event.leg))
            edge.wait(lambda one: one.status == 180)
        elif stage == "early media":
            rig.do(SendEarlyMedia(leg=event.leg))
            edge.wait(lambda one: one.status == 183)
        cancel_of(edge, request)
        ended = rig.wait(LegEnded, event.leg)
        assert (ended.cause, ended.by_remote, ended.sip_status) == (Cause.CANCELLED, True, 487)
        answer = edge.wait(lambda one: one.status == 487)
        edge.ack(request, answer)
        rig.do(Answer(leg=event.leg), EndLeg(leg=event.leg, cause=Cause.BUSY))
        assert rig.count(LegEnded, event.leg) == 0

    def test_a_caller_that_was_answered_elsewhere(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming()
        cancel_of(edge, request, reason='SIP;cause=200;text="Call completed elsewhere"')
        assert rig.wait(LegEnded, event.leg).cause is Cause.ANSWERED_ELSEWHERE
        edge.ack(request, edge.wait(lambda one: one.status == 487))

    def test_cancel_and_answer_cross(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming()
        rig.do(Answer(leg=event.leg))
        cancel_of(edge, request)
        answer = edge.wait(lambda one: one.status == 200 and one.method == "INVITE")
        edge.ack(request, answer)
        rig.wait(LegAnswered, event.leg)
        assert edge.exchange(edge.in_dialog("BYE", request, answer)).status == 200
        rig.wait(LegEnded, event.leg)

    @pytest.mark.parametrize(
        ("cause", "status", "q850"),
        [
            (Cause.BUSY, 486, 17),
            (Cause.REJECTED, 603, 21),
            (Cause.CONGESTION, 503, 42),
            (Cause.NO_ANSWER, 480, 19),
            (Cause.INVALID_NUMBER, 484, 28),
        ],
    )
    def test_refusals(self, rig: Rig, edge: Edge, cause: Cause, status: int, q850: int) -> None:
        request, event = edge.incoming()
        rig.do(SendRinging(leg=event.leg), EndLeg(leg=event.leg, cause=cause))
        answer = edge.wait_response(request)
        assert (answer.status, answer.get("reason")) == (status, f"Q.850;cause={q850}")
        edge.ack(request, answer)
        assert rig.wait(LegEnded, event.leg).cause is cause

    def test_an_offer_without_a_codec_of_ours(self, rig: Rig, edge: Edge) -> None:
        request = edge.invite(body=offer(rig.nowhere, formats="18", maps=["18 G729/8000"]))
        answer = edge.wait_response(request)
        assert answer.status == 488
        edge.ack(request, answer)
        assert rig.legs() == 0

    def test_a_late_offer(self, rig: Rig, edge: Edge) -> None:
        request, event = edge.incoming(body=b"")
        rig.do(Answer(leg=event.leg))
        answer = edge.wait_response(request)
        assert b"m=audio" in answer.body
        ack = edge.in_dialog(
            "ACK",
            request,
            answer,
            cseq=int(request.get("cseq").split()[0]),
            headers=[("Content-Type", "application/sdp")],
            body=offer(rig.nowhere),
        )
        edge.send(ack)
        rig.wait(LegAnswered, event.leg)
        rig.do(EndLeg(leg=event.leg, cause=Cause.NORMAL))
        edge.respond(edge.wait_request("BYE"), 200)
        rig.wait(LegEnded, event.leg)

    def test_a_text_and_a_video_stream_are_declined(self, rig: Rig, edge: Edge) -> None:
        body = offer(rig.nowhere) + b"m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n"
        body += b"m=video 4004 RTP/AVP 31\r\n"
        talk = edge.answered(body=body)
        assert b"m=text 0 " in talk.answer.body
        assert b"m=video 0 " in talk.answer.body
        talk.hang_up()

    def test_an_unknown_phone_is_refused_without_state(self, rig: Rig, edge: Edge) -> None:
        answer = edge.wait_response(edge.invite(user="nobody"))
        assert answer.status == 403
        assert rig.count(LegIncoming, new_leg_id()) == 0
        assert rig.legs() == 0


class TestToPhone:
    def test_a_phone_rings_and_answers(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg, "20", present=Presentation(number="*30", name='O"tto')))
        invite = edge.invite_for(leg)
        assert invite.uri == f"sip:20@127.0.0.1:{rig.settings.edge_core_port}"
        assert invite.get("from").startswith('"O\\"tto" <sip:*30@127.0.0.1>;tag=')
        assert invite.get("p-asserted-identity") == '"O\\"tto" <sip:*30@127.0.0.1>'
        edge.respond(invite, 100)
        rig.wait(LegTrying, leg)
        edge.respond(invite, 180, tag="a")
        edge.respond(invite, 180, tag="a")
        rig.wait(LegRinging, leg)
        edge.respond(
            invite, 200, tag="a", headers={"Content-Type": "application/sdp"}, body=offer(rig.nowhere)
        )
        edge.wait_request("ACK")
        rig.wait(LegAnswered, leg)
        assert rig.count(LegRinging, leg) == 0
        rig.do(EndLeg(leg=leg, cause=Cause.NORMAL))
        bye = edge.wait_request("BYE")
        assert bye.get("reason") == "Q.850;cause=16"
        edge.respond(bye, 200)
        assert rig.wait(LegEnded, leg).by_remote is False

    def test_an_unknown_caller_is_shown_as_such(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg, present=Presentation(number="30", name="Otto", withheld=True)))
        invite = edge.invite_for(leg)
        assert invite.get("from").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
        assert invite.get("p-asserted-identity") == ""
        edge.respond(invite, 486, tag="a")
        assert rig.wait(LegEnded, leg).cause is Cause.BUSY

    def test_early_media_comes_once(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        for _ in range(2):
            edge.respond(
                invite, 183, tag="a", headers={"Content-Type": "application/sdp"}, body=offer(rig.nowhere)
            )
        rig.wait(LegEarlyMedia, leg)
        edge.respond(invite, 480, tag="a")
        rig.wait(LegEnded, leg)
        assert rig.count(LegEarlyMedia, leg) == 0

    @pytest.mark.parametrize(
        ("status", "headers", "cause"),
        [
            (486, {}, Cause.BUSY),
            (480, {}, Cause.UNREACHABLE),
            (480, {"Reason": "Q.850;cause=19"}, Cause.NO_ANSWER),
            (603, {}, Cause.REJECTED),
            (404, {}, Cause.UNALLOCATED),
            (500, {}, Cause.CONGESTION),
            (302, {"Contact": "<sip:127.0.0.1>"}, Cause.FAILURE),
            (305, {"Contact": "<sip:99@127.0.0.1>"}, Cause.FAILURE),
        ],
    )
    def test_a_phone_refuses(
        self, rig: Rig, edge: Edge, status: int, headers: dict[str, str], cause: Cause
    ) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        edge.respond(edge.invite_for(leg), status, tag="a", headers=headers)
        ended = rig.wait(LegEnded, leg)
        assert (ended.cause, ended.sip_status, ended.by_remote) == (cause, status, True)

    def test_a_phone_sends_the_call_elsewhere(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        contact = '"Mobil" <sip:%2A21@192.0.2.7;user=phone>;q=0.9, <sip:22@ortsamt>'
        edge.respond(edge.invite_for(leg), 302, tag="a", headers={"Contact": contact})
        ended = rig.wait(LegEnded, leg)
        assert (ended.cause, ended.sip_status, ended.redirect) == (Cause.TRANSFERRED, 302, "*21")

    def test_cancelled_while_it_rings(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        edge.respond(invite, 180, tag="a")
        rig.wait(LegRinging, leg)
        rig.do(EndLeg(leg=leg, cause=Cause.ANSWERED_ELSEWHERE))
        assert rig.wait(LegEnded, leg).cause is Cause.ANSWERED_ELSEWHERE
        cancel = edge.wait_request("CANCEL")
        assert 'text="Call completed elsewhere"' in cancel.get("reason")
        edge.respond(cancel, 200)
        edge.respond(invite, 487, tag="a")
        edge.wait_request("ACK")

    def test_cancelled_before_anything_came_back(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        rig.do(EndLeg(leg=leg, cause=Cause.CANCELLED))
        rig.wait(LegEnded, leg)
        edge.respond(invite, 100)
        cancel = edge.wait_request("CANCEL")
        edge.respond(cancel, 200)
        edge.respond(invite, 487, tag="a")
        edge.wait_request("ACK")

    def test_cancel_and_200_cross(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        edge.respond(invite, 180, tag="a")
        rig.wait(LegRinging, leg)
        rig.do(EndLeg(leg=leg, cause=Cause.CANCELLED))
        edge.wait_request("CANCEL")
        edge.respond(
            invite, 200, tag="a", headers={"Content-Type": "application/sdp"}, body=offer(rig.nowhere)
        )
        edge.wait_request("ACK")
        edge.respond(edge.wait_request("BYE"), 200)
        rig.wait(LegEnded, leg)
        assert rig.count(LegAnswered, leg) == 0

    def test_a_leg_that_cannot_be_made_ends(self, rig: Rig) -> None:
        leg = new_leg_id()
        rig.do(originate(leg, ""))
        ended = rig.wait(LegEnded, leg)
        assert ended.by_remote is False

    def test_effects_on_legs_that_are_gone_are_ignored(self, rig: Rig) -> None:
        gone = new_leg_id()
        rig.do(
            SendRinging(leg=gone),
            Answer(leg=gone),
            EndLeg(leg=gone, cause=Cause.NORMAL),
            SetAudio(leg=gone, hears=HearsLegs(legs=frozenset({gone}))),
        )
        assert rig.count(LegEnded, gone) == 0

    def test_an_answer_without_a_usable_codec(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        edge.respond(
            invite,
            200,
            tag="a",
            headers={"Content-Type": "application/sdp"},
            body=offer(rig.nowhere, formats="18", maps=["18 G729/8000"]),
        )
        edge.wait_request("ACK")
        edge.respond(edge.wait_request("BYE"), 200)
        assert rig.wait(LegEnded, leg).by_remote is False
        with pytest.raises(NoAnswer):
            edge.wait_request("INVITE", 0.05)


def cancel_of(edge: Edge, request: object, *, reason: str = "") -> None:
    """CANCEL an INVITE of this edge."""
    from tests.support.sip import Message

    assert isinstance(request, Message)
    number = request.get("cseq").split()[0]
    kept = [pair for pair in request.headers if pair[0] in {"via", "from", "to", "call-id", "max-forwards"}]
    extra = [("Reason", reason)] if reason else []
    edge.send(
        Message(start=f"CANCEL {request.uri} SIP/2.0", headers=[*kept, ("cseq", f"{number} CANCEL"), *extra])
    )
