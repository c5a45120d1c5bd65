"""Messages in orders no phone of today sends, but some phone of tomorrow will."""

from collections.abc import Iterator

import pytest

from tests.calls.raw import SDP_TYPE, Dialog, accept, call, cancel, established, invite, raw_phone, sdp
from tests.support.box import Box
from tests.support.sip import SipClient, serialise


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box that takes no burst of messages for a flood."""
    settings = {"security": {"never_ban": ["127.0.0.0/8"]}}
    with Box(tmp_path_factory.mktemp("box"), settings=settings) as box:
        yield box


@pytest.fixture
def clara(box: Box) -> Iterator[SipClient]:
    """A raw phone registered as 23; given back unregistered."""
    with raw_phone(box, "23", register=True) as client:
        yield client
        box.idle()
        assert client.register(expires_s=0).status == 200


def test_an_answer_without_any_ringing(box: Box, clara: SipClient) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("23")
        offered = clara.wait_request("INVITE")
        accepted = clara.respond(offered, 200, "OK", tag="c", headers=dict([SDP_TYPE]), body=sdp())
        clara.wait_request("ACK")
        anna.wait("answered", call=mine)
        anna.send("hangup", call=mine)
        Dialog(clara, offered, accepted, called=True).ended()


def test_ringing_after_early_media_after_ringing(box: Box, clara: SipClient) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("23")
        offered = clara.wait_request("INVITE")
        clara.respond(offered, 180, "Ringing", tag="c")
        clara.respond(offered, 183, "Progress", tag="c", headers=dict([SDP_TYPE]), body=sdp())
        clara.respond(offered, 180, "Ringing", tag="c")
        clara.respond(offered, 182, "Queued", tag="c")
        anna.wait("ringing", call=mine)
        anna.wait("early_media", call=mine)
        accepted = clara.respond(offered, 200, "OK", tag="c", headers=dict([SDP_TYPE]), body=sdp())
        clara.wait_request("ACK")
        anna.wait("answered", call=mine)
        Dialog(clara, offered, accepted, called=True).bye()
        anna.ended(mine)


def test_an_answer_that_is_sent_again_is_acknowledged_again(box: Box, clara: SipClient) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("23")
        dialog = accept(clara)
        clara.send(dialog.answer, dialog.invite.source)
        clara.wait_request("ACK")
        anna.wait("answered", call=mine)
        dialog.bye()
        anna.ended(mine)


def test_a_bye_before_the_ack(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        request = invite(anna, "*43")
        answer = anna.wait_response(request)
        assert answer.status == 200
        Dialog(anna, request, answer, called=False).bye()
        box.idle()


def test_byes_that_cross(box: Box, clara: SipClient) -> None:
    with raw_phone(box, "21") as anna:
        offered = invite(anna, "23")
        theirs = accept(clara)
        mine = established(anna, offered)
        first, second = mine.build("BYE"), theirs.build("BYE")
        anna.send(first)
        clara.send(second)
        assert anna.wait_response(first).status in (200, 481)
        assert clara.wait_response(second).status in (200, 481)
        box.idle()


def test_a_bye_that_is_sent_twice(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        dialog = call(anna, "*43")
        bye = dialog.build("BYE")
        anna.send(bye)
        anna.send(bye)
        assert anna.wait_response(bye).status == 200
        box.idle()


def test_an_invite_that_is_sent_again_is_one_call(box: Box, clara: SipClient) -> None:
    with raw_phone(box, "21") as anna:
        request = invite(anna, "23")
        anna.send(request)
        anna.send(request)
        theirs = accept(clara)
        mine = established(anna, request)
        assert len(box.calls()) == 1
        mine.bye()
        theirs.ended()


def test_a_request_for_a_call_that_is_over(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        dialog = call(anna, "*43")
        dialog.bye()
        box.idle()
        assert dialog.ask("BYE").status in (200, 481)
        for method in ("INFO", "UPDATE", "INVITE"):
            assert dialog.ask(method).status >= 400
        box.idle()


def test_a_cancel_for_nothing(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        request = anna.request("INVITE", "sip:23@ortsamt", headers=[SDP_TYPE], body=sdp())
        cancel(anna, request)  # nobody waits for an answer to it
        dialog = call(anna, "*43")
        dialog.bye()


def test_a_call_is_cancelled_and_called_again_at_once(box: Box, clara: SipClient) -> None:
    with raw_phone(box, "21") as anna:
        for _ in range(5):
            request = invite(anna, "23")
            offered = clara.wait_request("INVITE")
            clara.respond(offered, 180, "Ringing", tag="c")
            cancel(anna, request)
            stopped = clara.wait_request("CANCEL")
            clara.respond(stopped, 200, "OK")
            clara.respond(offered, 487, "Request Terminated", tag="c")
            refused = anna.wait_response(request)
            assert refused.status == 487
            anna.ack(request, refused)
        box.idle()


def test_two_phones_answer_at_the_same_moment(box: Box, clara: SipClient) -> None:
    with raw_phone(box, "23", register=True) as other, raw_phone(box, "21") as anna:
        request = invite(anna, "23")
        offers = clara.wait_request("INVITE"), other.wait_request("INVITE")
        answers = [
            client.respond(offer, 200, "OK", tag=tag, headers=dict([SDP_TYPE]), body=sdp())
            for client, offer, tag in zip((clara, other), offers, ("c", "o"), strict=True)
        ]
        mine = established(anna, request)
        dialogs = [
            Dialog(client, offer, answer, called=True)
            for client, offer, answer in zip((clara, other), offers, answers, strict=True)
        ]
        (record,) = box.calls()
        assert record["answered"] is not None
        mine.bye()
        for dialog in dialogs:
            dialog.ended()  # the one too many at once, the other with the caller
        assert other.register(expires_s=0).status == 200


@pytest.mark.parametrize("status", [302, 401, 404, 415, 420, 483, 500, 503, 600, 604, 699])
def test_any_refusal_of_a_phone_ends_the_call_in_good_order(box: Box, clara: SipClient, status: int) -> None:
    with raw_phone(box, "21") as anna:
        request = invite(anna, "23")
        offered = clara.wait_request("INVITE")
        clara.respond(offered, status, "No", tag="c")
        clara.wait_request("ACK")
        heard = anna.wait(lambda message: message.is_response and message.status > 100)
        if heard.status < 200:  # why, in words
            assert heard.status == 183
            cancel(anna, request)
            heard = anna.wait_response(request)
        assert 400 <= heard.status < 700
        anna.ack(request, heard)


def test_a_refer_for_the_dialog_of_a_trunk_style_target_without_user_is_refused(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        dialog = call(anna, "*43")
        assert dialog.ask("REFER", headers=[("Refer-To", "<sip:ortsamt>")]).status in (400, 403)
        dialog.bye()


def test_a_message_full_of_nonsense_in_a_call_harms_nothing(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        dialog = call(anna, "*43")
        whole = serialise(dialog.build("INFO", headers=[("Content-Type", "application/dtmf-relay")]))
        for cut in range(0, len(whole), 37):
            anna.send_raw(whole[:cut])
        anna.send_raw(bytes(range(256)) * 8)
        anna.send_raw(whole.replace(b"INFO", b"INF\xff"))
        digit = dialog.ask("INFO", headers=[("Content-Type", "application/dtmf-relay")], body=b"Signal=5\r\n")
        assert digit.status == 200
        dialog.bye()


def test_a_dead_peer_that_never_acknowledges_our_answer_is_hung_up(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        request = invite(anna, "*43")
        answer = anna.wait_response(request)
        dialog = Dialog(anna, request, answer, called=False)
        dialog.ended(timeout_s=45)
        box.idle()
