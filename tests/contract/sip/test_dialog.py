"""Inside a call: hold, digits, transfer, replacement, other media, session timers, glare."""

import pytest

from appliance.model.causes import Cause
from appliance.model.effects import Answer, EndLeg, SendDigit, TransferResult
from appliance.model.events import LegAnswered, LegDigit, LegEnded, LegHeld, LegIncoming, LegTransfer
from appliance.model.ids import LegId
from tests.contract.sip.rig import Edge, NoAnswer, Rig, Talk, media_port, offer
from tests.contract.sip.rtp import Audio


class TestHold:
    @pytest.mark.parametrize(
        ("held", "answer"),
        [
            ({"direction": "sendonly"}, b"a=recvonly"),
            ({"direction": "inactive"}, b"a=inactive"),
            ({"address": "0.0.0.0"}, b"m=audio"),
        ],
    )
    @pytest.mark.parametrize("outgoing", [False, True])
    def test_hold_and_resume(
        self, rig: Rig, edge: Edge, held: dict[str, str], answer: bytes, outgoing: bool
    ) -> None:
        talk = edge.called() if outgoing else edge.answered()
        agreed = talk.reinvite(offer(rig.nowhere, version=2, **held))
        assert agreed.status == 200
        assert answer in agreed.body
        assert rig.wait(LegHeld, talk.leg).held
        agreed = talk.reinvite(offer(rig.nowhere, version=3))
        assert b"a=sendrecv" in agreed.body
        assert not rig.wait(LegHeld, talk.leg).held
        talk.hang_up()

    def test_hold_by_update(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        sdp = [("Content-Type", "application/sdp")]
        body = offer(rig.nowhere, version=2, direction="sendonly")
        assert b"a=recvonly" in talk.exchange("UPDATE", headers=sdp, body=body).body
        assert rig.wait(LegHeld, talk.leg).held
        talk.exchange("UPDATE", headers=sdp, body=offer(rig.nowhere, version=3))
        assert not rig.wait(LegHeld, talk.leg).held
        talk.hang_up()

    def test_a_refresh_says_nothing(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        assert talk.reinvite(offer(rig.nowhere)).status == 200
        assert rig.count(LegHeld, talk.leg) == 0
        assert rig.count(LegAnswered, talk.leg) == 0
        talk.hang_up()

    def test_an_impossible_offer_changes_nothing(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        refused = talk.reinvite(offer(rig.nowhere, version=2, formats="18", maps=["18 G729/8000"]))
        assert refused.status == 488
        assert rig.count(LegEnded, talk.leg) == 0
        assert talk.reinvite(offer(rig.nowhere, version=3)).status == 200
        talk.hang_up()

    def test_a_reinvite_without_an_offer_gets_ours(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        request = talk.request("INVITE")
        answer = edge.exchange(request)
        assert answer.status == 200
        assert media_port(answer.body)
        ack = talk.request(
            "ACK",
            cseq=int(request.get("cseq").split()[0]),
            headers=[("Content-Type", "application/sdp")],
            body=offer(rig.nowhere, version=2),
        )
        edge.send(ack)
        talk.hang_up()


class TestAudit:
    def test_options_within_a_call_tell_that_it_lives_and_what_we_can(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        answer = talk.exchange("OPTIONS")
        assert answer.status == 200
        assert {"INVITE", "BYE", "UPDATE"} <= {one.strip() for one in answer.get("allow").split(",")}
        assert "application/sdp" in answer.get("accept")
        talk.hang_up()

    def test_a_body_nobody_reads_is_refused_and_the_call_goes_on(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        odd = talk.exchange("INFO", headers=[("Content-Type", "application/x-oddity")], body=b"1")
        assert odd.status == 415
        assert talk.exchange("OPTIONS").status == 200
        talk.hang_up()


class TestDigits:
    @pytest.mark.parametrize(
        ("kind", "body", "digit"),
        [
            ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
            ("application/dtmf-relay", b"Signal= * \r\nDuration= 100\r\n", "*"),
            ("application/dtmf-relay", b"Signal=11\r\nDuration=160\r\n", "#"),
            ("application/dtmf", b"9", "9"),
            ("application/dtmf", b"a\r\n", "A"),
        ],
    )
    def test_info(self, rig: Rig, edge: Edge, kind: str, body: bytes, digit: str) -> None:
        talk = edge.answered()
        assert talk.exchange("INFO", headers=[("Content-Type", kind)], body=body).status == 200
        assert rig.wait(LegDigit, talk.leg).digit == digit
        talk.hang_up()
        assert rig.count(LegDigit, talk.leg) == 0

    @pytest.mark.parametrize("body", [b"", b"Signal=hello\r\n", b"\xff\xfe", b"Signal="])
    def test_info_that_means_nothing(self, rig: Rig, edge: Edge, body: bytes) -> None:
        talk = edge.answered()
        talk.exchange("INFO", headers=[("Content-Type", "application/dtmf-relay")], body=body)
        talk.hang_up()
        assert rig.count(LegDigit, talk.leg) == 0

    def test_telephone_events_one_digit_each(self, rig: Rig, edge: Edge) -> None:
        with Audio() as audio:
            talk = edge.answered(body=offer(audio.port))
            for digit in "1*#D5":
                audio.press(media_port(talk.answer.body), digit)
                assert rig.wait(LegDigit, talk.leg).digit == digit
            talk.hang_up()
            assert rig.count(LegDigit, talk.leg) == 0

    def test_a_reinvite_in_the_middle_of_an_event_repeats_no_digit(self, rig: Rig, edge: Edge) -> None:
        with Audio() as audio:
            talk = edge.answered(body=offer(audio.port))
            port = media_port(talk.answer.body)
            stamp = audio.press(port, "7", end=False)
            assert rig.wait(LegDigit, talk.leg).digit == "7"
            agreed = talk.reinvite(
                offer(
                    audio.port, version=2, formats="0 101", maps=["0 PCMU/8000", "101 telephone-event/8000"]
                )
            )
            port = media_port(agreed.body)
            for number in (4, 5):
                audio.press_on(port, "7", stamp, number=number, end=False)
            audio.press_on(port, "7", stamp, number=6, end=True)
            audio.press(port, "8")
            assert rig.wait(LegDigit, talk.leg).digit == "8"
            audio.press(port, "8")
            assert rig.wait(LegDigit, talk.leg).digit == "8"
            talk.hang_up()

    def test_digits_are_sent_as_events(self, rig: Rig, edge: Edge) -> None:
        with Audio() as audio:
            talk = edge.answered(body=offer(audio.port))
            rig.do(SendDigit(leg=talk.leg, digit="5"), SendDigit(leg=talk.leg, digit="#"))
            deadline_packets = audio.packets + 200
            while len(audio.events) < 2 and audio.packets < deadline_packets:
                audio.heard(0.1)
            assert [event for event, _ in audio.events] == [5, 11]
            talk.hang_up()

    def test_digits_are_sent_as_info_to_who_knows_no_events(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered(body=offer(rig.nowhere, formats="8", maps=["8 PCMA/8000"]))
        rig.do(SendDigit(leg=talk.leg, digit="4"))
        info = edge.wait_request("INFO")
        assert b"Signal=4" in info.body
        edge.respond(info, 200)
        talk.hang_up()


def refer(talk: Talk, target: str, *, status: int = 202, more: tuple[tuple[str, str], ...] = ()) -> None:
    answer = talk.exchange("REFER", headers=[("Refer-To", target), *more])
    assert answer.status == status


class TestTransfer:
    @pytest.mark.parametrize(
        "target", ["<sip:*22@ortsamt>", "sip:%2A22@198.51.100.7;user=phone", '"X" <sip:*22;a=b@elsewhere:99>']
    )
    def test_blind(self, rig: Rig, edge: Edge, target: str) -> None:
        talk = edge.answered()
        refer(talk, target)
        event = rig.wait(LegTransfer, talk.leg)
        assert (event.target, event.replaces) == ("*22", None)
        with pytest.raises(NoAnswer):
            edge.wait_request("INVITE", 0.1)
        for status, state in ((100, "active"), (180, "active"), (200, "terminated")):
            rig.do(TransferResult(leg=talk.leg, sip_status=status))
            notify = edge.wait_request("NOTIFY")
            assert notify.get("event") == "refer"
            assert notify.get("subscription-state").startswith(state)
            assert notify.get("content-type").startswith("message/sipfrag")
            assert notify.body.startswith(f"SIP/2.0 {status} ".encode())
            edge.respond(notify, 200)
        rig.do(TransferResult(leg=talk.leg, sip_status=486))
        with pytest.raises(NoAnswer):
            edge.wait_request("NOTIFY", 0.1)
        talk.hang_up()

    def test_a_phone_that_wants_no_news(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        refer(talk, "<sip:22@x>", more=(("Refer-Sub", "false"),))
        rig.wait(LegTransfer, talk.leg)
        rig.do(TransferResult(leg=talk.leg, sip_status=200))
        with pytest.raises(NoAnswer):
            edge.wait_request("NOTIFY", 0.1)
        talk.hang_up()

    def test_the_transferor_hangs_up_at_once(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        refer(talk, "<sip:22@x>")
        rig.wait(LegTransfer, talk.leg)
        talk.hang_up()
        rig.do(TransferResult(leg=talk.leg, sip_status=200))

    def test_a_called_phone_transfers_too(self, rig: Rig, edge: Edge) -> None:
        talk = edge.called()
        refer(talk, "<sip:22@x>")
        assert rig.wait(LegTransfer, talk.leg).target == "22"
        rig.do(TransferResult(leg=talk.leg, sip_status=200))
        edge.respond(edge.wait_request("NOTIFY"), 200)
        talk.hang_up()

    @pytest.mark.parametrize("second_outgoing", [False, True])
    def test_attended(self, rig: Rig, edge: Edge, second_outgoing: bool) -> None:
        first = edge.answered()
        second = edge.called() if second_outgoing else edge.answered("22")
        own, other = (
            (second.answer.to_tag, second.invite.from_tag)
            if second_outgoing
            else (second.invite.from_tag, second.answer.to_tag)
        )
        refer(
            first,
            f"<sip:22@ortsamt?Replaces={second.call_id.replace('@', '%40')}"
            f"%3Bto-tag%3D{other}%3Bfrom-tag%3D{own}>",
        )
        event = rig.wait(LegTransfer, first.leg)
        assert (event.target, event.replaces) == ("", second.leg)
        rig.do(TransferResult(leg=first.leg, sip_status=200))
        edge.respond(edge.wait_request("NOTIFY"), 200)
        first.hang_up()
        second.hang_up()

    def test_who_showed_no_password_transfers_nobody(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered("112", user="", headers=[("X-Edge-Ext", "20")])
        refer(talk, "<sip:0900@x>", status=403)
        assert rig.count(LegTransfer, talk.leg) == 0
        talk.hang_up()

    def test_attended_to_a_call_that_is_not_there(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        refer(talk, "<sip:22@x?Replaces=nothing%3Bto-tag%3D1%3Bfrom-tag%3D2>", status=481)
        assert rig.count(LegTransfer, talk.leg) == 0
        talk.hang_up()

    @pytest.mark.parametrize("target", ["", "<>", "<sip:@>", "<tel:>", "\xff"])
    def test_a_target_that_is_none(self, rig: Rig, edge: Edge, target: str) -> None:
        talk = edge.answered()
        assert talk.exchange("REFER", headers=[("Refer-To", target)]).status >= 400
        assert rig.count(LegTransfer, talk.leg) == 0
        talk.hang_up()


class TestReplaces:
    @pytest.mark.parametrize("outgoing", [False, True])
    def test_an_invite_replaces_a_call(self, rig: Rig, edge: Edge, outgoing: bool) -> None:
        old = edge.called() if outgoing else edge.answered()
        theirs, ours = (
            (old.answer.to_tag, old.invite.from_tag) if outgoing else (old.invite.from_tag, old.answer.to_tag)
        )
        request, event = edge.incoming(
            user="21",
            headers=[("Replaces", f"{old.call_id};to-tag={ours};from-tag={theirs}"), ("Require", "replaces")],
        )
        assert event.replaces == old.leg
        assert rig.count(LegEnded, old.leg) == 0
        with pytest.raises(NoAnswer):
            edge.wait_response(request, 0.1)
        rig.do(Answer(leg=event.leg))
        answer = edge.wait_response(request)
        assert answer.status == 200
        edge.ack(request, answer)
        rig.wait(LegAnswered, event.leg)
        assert old.drop(Cause.REPLACED).cause is Cause.REPLACED
        Talk(edge=edge, leg=event.leg, invite=request, answer=answer, outgoing=False).hang_up()

    def test_nothing_to_replace(self, rig: Rig, edge: Edge) -> None:
        request = edge.invite(headers=[("Replaces", "none;to-tag=a;from-tag=b")])
        answer = edge.wait_response(request)
        assert answer.status == 481
        edge.ack(request, answer)
        assert rig.legs() == 0

    def test_a_stranger_replaces_nothing(self, rig: Rig, edge: Edge) -> None:
        old = edge.answered()
        before = rig.call(lambda engine: engine.figures().strangers)
        request = edge.invite(
            user="nobody",
            headers=[
                ("Replaces", f"{old.call_id};to-tag={old.answer.to_tag};from-tag={old.invite.from_tag}")
            ],
        )
        assert edge.wait_response(request).status == 403
        assert rig.call(lambda engine: engine.figures().strangers) == before + 1
        request, event = edge.incoming()
        assert event.replaces is None
        rig.do(EndLeg(leg=event.leg, cause=Cause.BUSY))
        edge.ack(request, edge.wait_response(request))
        old.hang_up()


class TestSessions:
    def test_a_session_timer_is_agreed_and_refreshed(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered(
            headers=[("Supported", "timer"), ("Session-Expires", "120;refresher=uac"), ("Min-SE", "90")]
        )
        assert talk.answer.get("session-expires") == "120;refresher=uac"
        refresh = talk.exchange(
            "UPDATE", headers=[("Supported", "timer"), ("Session-Expires", "120;refresher=uac")]
        )
        assert refresh.status == 200
        assert refresh.get("session-expires") == "120;refresher=uac"
        talk.hang_up()

    def test_too_short_a_session_is_refused(self, rig: Rig, edge: Edge) -> None:
        request = edge.invite(headers=[("Supported", "timer"), ("Session-Expires", "30"), ("Min-SE", "30")])
        answer = edge.wait_response(request)
        assert (answer.status, answer.get("min-se")) == (422, "90")
        edge.ack(request, answer)

    def test_prack_if_asked(self, rig: Rig, edge: Edge) -> None:
        from appliance.model.effects import SendEarlyMedia

        request, event = edge.incoming(headers=[("Require", "100rel")])
        rig.do(SendEarlyMedia(leg=event.leg))
        progress = edge.wait(lambda one: one.status == 183)
        number = progress.get("rseq")
        prack = edge.in_dialog(
            "PRACK", request, progress, headers=[("RAck", f"{number} {request.get('cseq')}")]
        )
        assert edge.exchange(prack).status == 200
        rig.do(Answer(leg=event.leg))
        answer = edge.wait_response(request)
        edge.ack(request, answer)
        rig.wait(LegAnswered, event.leg)
        assert edge.exchange(edge.in_dialog("BYE", request, answer)).status == 200
        rig.wait(LegEnded, event.leg)

    def test_a_bye_for_nothing(self, edge: Edge) -> None:
        request = edge.request(
            "BYE",
            f"sip:x@127.0.0.1:{edge.server[1]}",
            to="<sip:x@y>;tag=none",
            headers=[("X-Edge-User", "20")],
        )
        assert edge.exchange(request).status == 481

    def test_options_are_answered(self, edge: Edge) -> None:
        assert edge.exchange(edge.request("OPTIONS", f"sip:127.0.0.1:{edge.server[1]}")).status == 200

    def test_both_hang_up_at_once(self, rig: Rig, edge: Edge) -> None:
        talk = edge.answered()
        bye = talk.request("BYE")
        rig.do(EndLeg(leg=talk.leg, cause=Cause.NORMAL))
        edge.send(bye)
        edge.wait_response(bye)
        edge.respond(edge.wait_request("BYE"), 481)
        rig.wait(LegEnded, talk.leg)
        assert rig.count(LegEnded, LegId(talk.leg)) == 0
        assert rig.count(LegIncoming, talk.leg) == 0


class TestGlare:
    def test_our_offer_meets_theirs(self, rig: Rig, edge: Edge) -> None:
        """RFC 3261 §14.1: both re-INVITE at once, each answers 491, the later try succeeds."""
        talk = edge.answered()
        reinvite = talk.request(
            "INVITE", headers=[("Content-Type", "application/sdp")], body=offer(rig.nowhere, version=2)
        )
        second = talk.request(
            "INVITE", headers=[("Content-Type", "application/sdp")], body=offer(rig.nowhere, version=3)
        )
        edge.send(reinvite)
        edge.send(second)
        answers = {edge.wait_response(one).status for one in (reinvite, second)}
        assert 200 in answers
        assert answers <= {200, 491, 500}
        assert rig.count(LegEnded, talk.leg) == 0
        talk.hang_up()
