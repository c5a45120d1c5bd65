"""Encrypted signalling and audio, and codecs that differ: the box translates."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.calls.raw import SDP_TYPE, accept, established, invite, raw_phone, sdp
from tests.support.box import Box, office, tone_of

ANNA, BEN = tone_of("21"), tone_of("22")


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """24 must encrypt its audio."""
    documents: dict[str, Any] = dict(office("21", "22", "24"))
    documents["device"]["24"]["srtp"] = "mandatory"
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


def test_a_phone_on_tls_with_srtp_talks_to_one_on_udp_without(box: Box) -> None:
    with (
        box.phones("21", transport="tls", srtp="mandatory") as (anna,),
        box.phones("22") as (ben,),
    ):
        mine = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        anna.hears(BEN, call=mine)
        ben.hears(ANNA, call=theirs)
        assert anna.media(mine)["secure"] is True
        assert ben.media(theirs)["secure"] is False
        ben.hangup(theirs)
        anna.ended(mine)
        (record,) = box.records(1)
        secure = {leg["endpoint"]: leg["quality"]["secure"] for leg in record["legs"]}
        assert secure == {"device:21": True, "device:22": False}


def test_two_phones_with_srtp_over_tcp_and_tls(box: Box) -> None:
    with (
        box.phones("21", transport="tcp", srtp="mandatory") as (anna,),
        box.phones("22", transport="tls", srtp="mandatory") as (ben,),
    ):
        mine = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        anna.hears(BEN, call=mine)
        ben.hears(ANNA, call=theirs)
        ben.hold(theirs)
        anna.hears_sound(call=mine)
        ben.resume(theirs)
        anna.hears(BEN, call=mine)
        assert ben.media(theirs)["secure"] is True


def test_an_account_that_must_encrypt_is_called_encrypted(box: Box) -> None:
    with box.phones("21") as (anna,), box.phones("24", srtp="optional") as (dora,):
        mine = anna.call("24")
        theirs = dora.answer(dora.incoming()["call"])
        anna.hears(tone_of("24"), call=mine)
        assert dora.media(theirs)["secure"] is True


def test_an_account_that_must_encrypt_cannot_call_in_the_clear(box: Box) -> None:
    with box.phones("24", srtp="off") as (dora,):
        assert dora.ended(dora.call("*43"))["status"] == 488


def test_a_plain_phone_that_should_encrypt_cannot_be_called(box: Box) -> None:
    with box.phones("21") as (anna,), box.phones("24", srtp="off"):
        mine = anna.call("24")
        assert anna.ended(mine, timeout=40)["status"] == 480
        (record,) = box.records(1)
        legs = {leg["endpoint"]: leg for leg in record["legs"]}
        assert (legs["device:24"]["cause"], legs["device:24"]["sip_status"]) == ("not_acceptable", 488)


@pytest.mark.parametrize(
    ("one", "other"), [("PCMA", "opus"), ("G722", "PCMU"), ("opus", "G722"), ("PCMU", "PCMA")]
)
def test_phones_with_different_codecs_hear_each_other(box: Box, one: str, other: str) -> None:
    with box.phones("21", codecs=(one,)) as (anna,), box.phones("22", codecs=(other,)) as (ben,):
        mine = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        anna.hears(BEN, call=mine)
        ben.hears(ANNA, call=theirs)
        assert anna.media(mine)["codec"].lower() == one.lower()
        assert ben.media(theirs)["codec"].lower() == other.lower()


def test_a_call_with_codecs_we_do_not_speak_is_refused(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        offer = sdp(payloads=((18, "G729/8000"), (4, "G723/8000")))
        request = invite(anna, "*43", body=offer)
        answer = anna.wait_response(request)
        anna.ack(request, answer)
        assert answer.status == 488


def test_a_called_phone_without_a_common_codec_cannot_be_reached(box: Box) -> None:
    with box.phones("21") as (anna,), box.phones("22", codecs=("GSM",)):
        mine = anna.call("22")
        assert anna.ended(mine, timeout=40)["status"] == 480
        (record,) = box.records(1)
        assert {leg["endpoint"]: leg["sip_status"] for leg in record["legs"]}["device:22"] == 488


def test_a_re_invite_with_nothing_in_common_is_refused_and_the_call_goes_on(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True) as (ben,):
        dialog = established(anna, invite(anna, "22"))
        theirs = ben.wait("answered")["call"]
        offer = sdp(payloads=((18, "G729/8000"),), version=2)
        assert dialog.ask("INVITE", headers=[SDP_TYPE], body=offer).status == 488
        ben.digits("4", theirs)
        dialog.bye()
        ben.ended(theirs)


def test_a_call_that_offers_nothing_gets_our_offer(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22") as (ben,):
        request = invite(anna, "22", body=b"")
        theirs = ben.answer(ben.incoming()["call"])
        answer = anna.wait_response(request)
        assert answer.status == 200
        for name in (b"opus", b"G722", b"PCMA", b"PCMU", b"telephone-event"):
            assert name in answer.body
        ack = anna.in_dialog(
            "ACK", request, answer, cseq=int(request.get("cseq").split()[0]), headers=[SDP_TYPE], body=sdp()
        )
        anna.send(ack)
        ben.digits("1", theirs)
        box.eventually(lambda: codec_of(box, "device:21") == "PCMA", "the leg to speak PCMA")
        ben.hangup(theirs)
        anna.wait_request("BYE")


def test_a_phone_that_answers_without_a_description_is_hung_up(box: Box) -> None:
    with raw_phone(box, "22", register=True) as ben, box.phones("21") as (anna,):
        mine = anna.call("22")
        offered = ben.wait_request("INVITE")
        ben.respond(offered, 200, "OK", tag="b")
        ben.wait_request("ACK")
        ben.respond(ben.wait_request("BYE"), 200, "OK")
        anna.ended(mine, timeout=40)
        assert ben.register(expires_s=0).status == 200


def test_a_phone_that_chooses_one_of_our_codecs_is_obeyed(box: Box) -> None:
    with raw_phone(box, "22", register=True) as ben, box.phones("21") as (anna,):
        mine = anna.call("22")
        dialog = accept(ben, body=sdp(payloads=((0, "PCMU/8000"),)))
        anna.wait("answered", call=mine)
        box.eventually(lambda: codec_of(box, "device:22") == "PCMU", "the leg to speak PCMU")
        dialog.bye()
        anna.ended(mine)
        assert ben.register(expires_s=0).status == 200


def codec_of(box: Box, endpoint: str) -> str:
    """What a leg in progress speaks."""
    legs = [leg for call in box.calls() for leg in call["legs"] if leg["endpoint"] == endpoint]
    return str((legs[0]["media"] or {}).get("codec", "")) if legs else ""
