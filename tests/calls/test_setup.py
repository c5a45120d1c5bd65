"""How a call comes about or does not: waiting, refusing, giving up at every point, vanishing."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.calls.raw import SDP_TYPE, Dialog, accept, call, cancel, established, invite, raw_phone, sdp
from tests.support.box import Box, office, tone_of

ANNA, BEN, CLARA = tone_of("21"), tone_of("22"), tone_of("23")


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """22 has a second phone of its own, 24 takes one call at a time, 25 rings for five seconds."""
    documents: dict[str, Any] = dict(office("21", "22", "23", "24", "25"))
    documents["extension"]["24"]["call_waiting"] = False
    documents["extension"]["25"]["ring_seconds"] = 5
    documents["device"]["22-mobile"] = {"extension": "22", "username": "22m", "secret": "secret-of-22m"}
    with Box(
        tmp_path_factory.mktemp("box"), documents, settings={"engine": {"media_lost_seconds": 10}}
    ) as box:
        yield box


def test_a_second_call_waits_at_a_talking_phone(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        first = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        second = clara.call("22")
        waiting = ben.incoming()
        assert waiting["number"] == "23"
        clara.wait("ringing", call=second)
        ben.hold(theirs)
        ben.answer(waiting["call"])
        clara.hears(BEN, call=second)
        ben.hears(CLARA, call=waiting["call"])
        anna.hears_sound(call=first)
        ben.hangup(waiting["call"])
        ben.resume(theirs)
        anna.hears(BEN, call=first)


def test_without_call_waiting_a_second_call_finds_the_extension_busy(box: Box) -> None:
    with box.phones("21", "23", "24") as (anna, clara, dora):
        anna.call("24")
        dora.incoming()
        second = clara.call("24")
        assert clara.ended(second)["status"] == 486
        assert dora.count("incoming") == 1


@pytest.mark.parametrize(("status", "cause"), [(486, "busy"), (603, "rejected")])
def test_a_phone_that_refuses(box: Box, status: int, cause: str) -> None:
    with box.phones("21", "23") as (anna, clara):
        mine = anna.call("23")
        clara.reject(status, clara.incoming()["call"])
        assert anna.ended(mine)["status"] == status
        (record,) = box.records(1)
        assert record["call"]["cause"] == cause
        assert {leg["endpoint"]: leg["sip_status"] for leg in record["legs"]}["device:23"] == status


def test_a_call_that_nobody_answers_is_announced_and_ends(box: Box) -> None:
    with box.phones("21", "25") as (anna, emil):
        mine = anna.call("25")
        theirs = emil.incoming()["call"]
        emil.ended(theirs)
        anna.hears_sound(call=mine)
        assert anna.ended(mine, timeout=40)["status"] == 480
        (record,) = box.records(1)
        assert record["call"]["cause"] == "no_answer"
        assert record["call"]["answered"] is None


def test_an_extension_without_a_registered_phone_is_announced(box: Box) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("23")
        anna.hears_sound(call=mine)
        assert anna.ended(mine, timeout=40)["status"] == 480
        (record,) = box.records(1)
        assert record["call"]["cause"] == "unreachable"


def test_a_phone_that_is_switched_off_without_a_word_cannot_be_reached(box: Box) -> None:
    with raw_phone(box, "23", register=True), box.phones("21") as (anna,):
        mine = anna.call("23")  # the phone never answers the INVITE
        anna.hears_sound(call=mine, within=15)
        assert anna.ended(mine, timeout=40)["status"] == 480
    box.control("config.set", kind="device", id="23", fields={"secret": "another-secret"})
    box.control("config.set", kind="device", id="23", fields={"secret": "secret-of-23"})


def test_a_caller_gives_up_before_anything_rings(box: Box) -> None:
    with raw_phone(box, "21") as anna, raw_phone(box, "23", register=True) as clara:
        request = invite(anna, "23")
        offered = clara.wait_request("INVITE")
        cancelled = cancel(anna, request)
        assert anna.wait_response(cancelled).status == 200
        refused = anna.wait_response(request)
        assert refused.status == 487
        anna.ack(request, refused)
        clara.respond(offered, 100, "Trying")  # a CANCEL waits for a provisional answer
        stopped = clara.wait_request("CANCEL")
        clara.respond(stopped, 200, "OK")
        clara.respond(offered, 487, "Request Terminated", tag="c")
        clara.wait_request("ACK")
        box.idle()
        (record,) = box.records(1)
        assert record["call"]["cause"] == "cancelled"
        assert clara.register(expires_s=0).status == 200


def test_an_answer_that_crosses_the_cancel_is_hung_up(box: Box) -> None:
    with raw_phone(box, "21") as anna, raw_phone(box, "23", register=True) as clara:
        request = invite(anna, "23")
        offered = clara.wait_request("INVITE")
        clara.respond(offered, 180, "Ringing", tag="c")
        while anna.wait_response(request, final=False).status < 180:
            pass
        cancel(anna, request)
        stopped = clara.wait_request("CANCEL")
        accepted = clara.respond(offered, 200, "OK", tag="c", headers=dict([SDP_TYPE]), body=sdp())
        clara.respond(stopped, 481, "No Transaction")
        clara.wait_request("ACK")
        Dialog(clara, offered, accepted, called=True).ended()
        refused = anna.wait_response(request)
        assert refused.status == 487
        anna.ack(request, refused)
        box.idle()
        assert clara.register(expires_s=0).status == 200


def test_a_cancel_that_comes_after_the_answer_changes_nothing(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        request = invite(anna, "*43")
        answer = anna.wait_response(request)
        late = cancel(anna, request)
        dialog = Dialog(anna, request, answer, called=False)
        dialog.acknowledge(request, answer)
        assert anna.wait_response(late).status in (200, 481)
        dialog.bye()


def test_re_invites_that_cross_are_both_settled(box: Box) -> None:
    with raw_phone(box, "21") as anna, raw_phone(box, "23", register=True) as clara:
        offered = invite(anna, "23")
        theirs = accept(clara)
        mine = established(anna, offered)
        hers = mine.build("INVITE", headers=[SDP_TYPE], body=sdp(version=2))
        his = theirs.build("INVITE", headers=[SDP_TYPE], body=sdp(version=2))
        anna.send(hers)
        clara.send(his)
        for dialog, request in ((mine, hers), (theirs, his)):
            answer = dialog.client.wait_response(request)
            assert answer.status == 200
            dialog.acknowledge(request, answer)
        mine.bye()
        theirs.ended()
        assert clara.register(expires_s=0).status == 200


def test_a_phone_that_dies_in_a_call_is_noticed_and_the_call_ends(box: Box) -> None:
    with box.phones("21", "23") as (anna, clara):
        mine = anna.call("23")
        theirs = clara.answer(clara.incoming()["call"])
        clara.hears(ANNA, call=theirs)
        clara.process.kill()
        anna.ended(mine, timeout=45)
        (record,) = box.records(1)
        assert {leg["endpoint"]: leg["cause"] for leg in record["legs"]}["device:23"] == "media_lost"


def test_every_device_of_an_extension_rings_and_the_first_to_answer_has_the_call(box: Box) -> None:
    with (
        box.phones("21", "22") as (anna, ben),
        box.phone("22m", tone=1700) as mobile,
    ):
        mobile.register()
        mine = anna.call("22")
        desk = ben.incoming()["call"]
        taken = mobile.answer(mobile.incoming()["call"])
        ben.ended(desk)
        anna.hears(1700, call=mine)
        mobile.hears(ANNA, call=taken)
        anna.hangup(mine)
        (record,) = box.records(1)
        causes = {leg["endpoint"]: leg["cause"] for leg in record["legs"]}
        assert causes["device:22"] == "answered_elsewhere"


def test_one_device_is_busy_and_another_answers(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben), box.phone("22m") as mobile:
        mobile.register()
        mine = anna.call("22")
        ringing = mobile.incoming()["call"]
        ben.reject(486, ben.incoming()["call"])
        mobile.answer(ringing)
        anna.wait("answered", call=mine)


def test_one_device_declines_for_the_whole_extension(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben), box.phone("22m") as mobile:
        mobile.register()
        mine = anna.call("22")
        ringing = mobile.incoming()["call"]
        ben.reject(603, ben.incoming()["call"])
        mobile.ended(ringing)
        assert anna.ended(mine)["status"] == 603


def test_two_phones_with_one_account_both_ring_and_one_talks(box: Box) -> None:
    with (
        box.phones("21") as (anna,),
        box.phone("23", tone=1500) as first,
        box.phone("23", tone=1600) as second,
    ):
        first.register()
        second.register()
        mine = anna.call("23")
        loser = first.incoming()["call"]
        winner = second.answer(second.incoming()["call"])
        first.ended(loser)
        anna.hears(1600, call=mine)
        second.hears(ANNA, call=winner)


@pytest.mark.parametrize("other", ["22", "22m"], ids=["the same account", "another device"])
def test_a_phone_that_lost_the_race_is_told_so_and_lists_no_missed_call(box: Box, other: str) -> None:
    with raw_phone(box, "22", register=True) as desk, box.phones("21") as (anna,), box.phone(other) as quick:
        quick.register()
        mine = anna.call("22")
        offered = desk.wait_request("INVITE")
        desk.respond(offered, 180, "Ringing", tag="d")
        quick.answer(quick.incoming()["call"])
        anna.wait("answered", call=mine)
        stopped = desk.wait_request("CANCEL")
        assert "completed elsewhere" in stopped.get("reason").lower()
        desk.respond(stopped, 200, "OK")
        desk.respond(offered, 487, "Request Terminated", tag="d")
        assert desk.register(expires_s=0).status == 200


def test_a_phone_that_missed_a_call_is_not_told_otherwise(box: Box) -> None:
    with raw_phone(box, "23", register=True) as clara, box.phones("21") as (anna,):
        mine = anna.call("23")
        offered = clara.wait_request("INVITE")
        clara.respond(offered, 180, "Ringing", tag="d")
        anna.wait("ringing", call=mine)
        anna.hangup(mine)
        stopped = clara.wait_request("CANCEL")
        assert "elsewhere" not in stopped.get("reason")
        clara.respond(stopped, 200, "OK")
        clara.respond(offered, 487, "Request Terminated", tag="d")
        assert clara.register(expires_s=0).status == 200


def test_a_call_to_oneself_rings_the_other_devices(box: Box) -> None:
    with box.phones("22") as (ben,), box.phone("22m", answer=True) as mobile:
        mobile.register()
        mine = ben.call("22")
        ben.wait("answered", call=mine)
        assert ben.count("incoming") == 0


def test_a_call_to_oneself_without_another_device_is_busy(box: Box) -> None:
    with box.phones("21") as (anna,):
        assert anna.ended(anna.call("21"))["status"] == 486


def test_a_caller_who_is_not_us_is_asked_for_the_password_and_refused(box: Box) -> None:
    with raw_phone(box, "21") as stranger:
        stranger.password = "wrong-password"
        request = stranger.authenticated(
            lambda more: stranger.request("INVITE", "sip:22@ortsamt", headers=[SDP_TYPE, *more], body=sdp())
        )
        assert request.status == 407


def test_a_call_by_a_service_number_to_a_raw_phone_without_audio_ends_by_its_bye(box: Box) -> None:
    with raw_phone(box, "21") as anna:
        call(anna, "*43").bye()
        (record,) = box.records(1)
        assert (record["call"]["kind"], record["call"]["cause"]) == ("service", "normal")
