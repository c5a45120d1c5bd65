"""Hold, music, resume, and what else changes a call in its middle: re-INVITE, UPDATE, digits."""

import pytest

from tests.calls.raw import SDP_TYPE, call, invite, raw_phone, sdp
from tests.support.box import Box, tone_of
from tests.support.phone import Phone

ANNA, BEN = tone_of("21"), tone_of("22")


def talk(anna: Phone, ben: Phone) -> tuple[int, int]:
    """Connect two phones; each side's number of the call."""
    mine = anna.call("22")
    theirs: int = ben.incoming()["call"]
    ben.answer(theirs)
    anna.wait("answered", call=mine)
    return mine, theirs


def test_the_caller_holds_with_music_and_resumes(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        ben.hears(ANNA, call=theirs)
        anna.hold(mine)
        ben.hears_sound(call=theirs)
        anna.resume(mine)
        ben.hears(ANNA, call=theirs)
        anna.hears(BEN, call=mine)


def test_the_called_party_holds_with_music_and_resumes(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        anna.hears(BEN, call=mine)
        ben.hold(theirs)
        anna.hears_sound(call=mine)
        ben.resume(theirs)
        anna.hears(BEN, call=mine)
        ben.hears(ANNA, call=theirs)


def test_both_hold_and_one_after_the_other_resumes(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        anna.hold(mine)
        ben.hold(theirs)
        anna.resume(mine)
        anna.hears_sound(call=mine)
        ben.resume(theirs)
        anna.hears(BEN, call=mine)
        ben.hears(ANNA, call=theirs)


def test_a_held_party_may_hang_up(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        anna.hold(mine)
        ben.hangup(theirs)
        anna.ended(mine)


@pytest.mark.parametrize("update", [False, True], ids=["re-INVITE", "UPDATE"])
def test_a_refresh_changes_nothing(box: Box, update: bool) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        anna.hears(BEN, call=mine)
        anna.send("refresh", update=update, call=mine)
        anna.digits("5", mine)
        ben.wait("digit", digit="5")
        ben.hears(ANNA, call=theirs)
        anna.hears(BEN, call=mine)
        assert not anna.count("failed")


@pytest.mark.parametrize("method", ["rtp", "info"])
def test_digits_are_passed_on_both_ways(box: Box, method: str) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        ben.hears(ANNA, call=theirs)
        for digit in "1*#0":  # one after the other, as people press keys
            anna.digits(digit, mine, method)
            assert ben.wait("digit")["digit"] == digit
        for digit in "D9":
            ben.digits(digit, theirs, method)
            assert anna.wait("digit")["digit"] == digit
        assert (anna.count("digit"), ben.count("digit")) == (2, 4)


def test_session_timers_are_agreed_and_a_refresh_is_answered(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True):
        timers = [("Supported", "timer"), ("Session-Expires", "200;refresher=uac"), ("Min-SE", "90")]
        dialog = call(anna, "22", headers=timers)
        assert dialog.answer.get("session-expires").partition(";")[0] == "200"
        refreshed = dialog.ask("UPDATE", headers=timers)
        assert refreshed.status == 200
        assert refreshed.get("session-expires").partition(";")[0] == "200"
        again = dialog.ask("INVITE", headers=[*timers, SDP_TYPE], body=sdp())
        assert again.status == 200
        dialog.bye()


def test_a_session_interval_that_is_too_small_is_refused(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True):
        request = invite(anna, "22", headers=[("Supported", "timer"), ("Session-Expires", "30")])
        answer = anna.wait_response(request)
        anna.ack(request, answer)
        assert answer.status == 422
        assert answer.get("min-se") == "90"


def test_hold_by_the_old_zero_address_brings_music_too(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True) as (ben,):
        dialog = call(anna, "22")
        theirs = ben.wait("answered")["call"]
        held = sdp(version=2).replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")
        assert dialog.ask("INVITE", headers=[SDP_TYPE], body=held).status == 200
        ben.hears_sound(call=theirs)
        dialog.bye()


def test_an_offer_in_a_re_invite_without_description_is_answered_in_its_ack(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True) as (ben,):
        dialog = call(anna, "22")
        ben.wait("answered")
        request = dialog.build("INVITE")
        anna.send(request)
        answer = anna.wait_response(request)
        assert answer.status == 200
        assert b"m=audio" in answer.body
        ack = dialog.build("ACK", headers=[SDP_TYPE], body=sdp(version=2))
        number = request.get("cseq").split()[0]
        ack.headers = [(name, f"{number} ACK" if name == "cseq" else value) for name, value in ack.headers]
        anna.send(ack)
        dialog.bye()
