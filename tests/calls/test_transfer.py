"""Blind and attended transfer, from either side, and what goes wrong with them."""

from urllib.parse import quote

import pytest

from tests.calls.raw import call, established, invite, raw_phone
from tests.support.box import Box, tone_of
from tests.support.phone import Phone

ANNA, BEN, CLARA = tone_of("21"), tone_of("22"), tone_of("23")


def talk(caller: Phone, called: Phone) -> tuple[int, int]:
    """Connect two phones; each side's number of the call."""
    mine = caller.call(called.user)
    theirs: int = called.incoming()["call"]
    called.answer(theirs)
    caller.wait("answered", call=mine)
    return mine, theirs


def final(phone: Phone, call: int) -> int:
    """The status of the last word on a transfer."""
    status: int = phone.wait("transfer_progress", call=call, final=True)["status"]
    return status


def test_the_caller_transfers_to_a_third_phone(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        anna.transfer("23", mine)
        offer = clara.incoming()
        assert (offer["number"], offer["display"]) == ("22", "Phone 22")
        third = clara.answer(offer["call"])
        assert final(anna, mine) == 200
        anna.ended(mine)
        ben.hears(CLARA, call=theirs)
        clara.hears(BEN, call=third)
        ben.hangup(theirs)
        clara.ended(third)
        (record,) = box.records(1)
        causes = {leg["endpoint"]: leg["cause"] for leg in record["legs"]}
        assert causes == {"device:21": "transferred", "device:22": "normal", "device:23": "normal"}


def test_the_called_party_transfers_to_a_third_phone(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        ben.transfer("23", theirs)
        offer = clara.incoming()
        assert offer["number"] == "21"
        third = clara.answer(offer["call"])
        assert final(ben, theirs) == 200
        ben.ended(theirs)
        anna.hears(CLARA, call=mine)
        clara.hears(ANNA, call=third)
        clara.hangup(third)
        anna.ended(mine)


def test_the_transferred_party_hears_music_then_ringing(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        ben.hears(ANNA, call=theirs)
        anna.transfer("23", mine)
        ringing = clara.incoming()["call"]
        ben.hears(425, call=theirs)
        clara.answer(ringing)
        ben.hears(CLARA, call=theirs)


@pytest.mark.parametrize("status", [486, 603])
def test_a_refused_blind_transfer_gives_the_call_back(box: Box, status: int) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        ben.hears(ANNA, call=theirs)
        anna.transfer("23", mine)
        clara.reject(status, clara.incoming()["call"])
        assert final(anna, mine) == status
        ben.hears(ANNA, call=theirs)
        anna.hears(BEN, call=mine)
        assert not anna.count("ended")
        anna.hangup(mine)
        ben.ended(theirs)


def test_a_blind_transfer_to_an_unknown_number_gives_the_call_back(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        anna.transfer("29", mine)
        ben.hears_sound(call=theirs)  # that there is no such number
        assert final(anna, mine) == 404
        anna.hears(BEN, call=mine)


def test_a_transferor_who_hangs_up_at_once_leaves_the_transfer_running(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", "23") as (ben, clara):
        offered = invite(anna, "22")
        theirs = ben.answer(ben.incoming()["call"])
        dialog = established(anna, offered)
        assert dialog.ask("REFER", headers=[("Refer-To", "<sip:23@ortsamt>")]).status == 202
        dialog.bye()
        third = clara.answer(clara.incoming()["call"])
        ben.hears(CLARA, call=theirs)
        clara.hears(BEN, call=third)


def test_after_the_transferor_left_a_busy_target_is_heard_and_the_call_ends(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True) as (ben,), box.phones("23") as (clara,):
        dialog = call(anna, "22")
        theirs = ben.wait("answered")["call"]
        assert dialog.ask("REFER", headers=[("Refer-To", "<sip:23@ortsamt>")]).status == 202
        dialog.bye()
        clara.reject(486, clara.incoming()["call"])
        ben.hears(425, call=theirs)
        ben.ended(theirs)
        (record,) = box.records(1)
        assert record["call"]["cause"] == "busy"


def test_the_transferred_party_may_hang_up_while_the_target_rings(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        anna.transfer("23", mine)
        third = clara.incoming()["call"]
        ben.hangup(theirs)
        clara.ended(third)
        anna.ended(mine)


def test_a_transfer_to_the_echo_service(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine, theirs = talk(anna, ben)
        anna.transfer("*43", mine)
        assert final(anna, mine) == 200
        anna.ended(mine)
        ben.hears_sound(call=theirs)
        ben.hears(BEN, call=theirs, within=30)


def test_an_attended_transfer_of_two_answered_calls(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        asked = anna.consult("23", mine)
        ben.hears_sound(call=theirs)
        third = clara.answer(clara.incoming()["call"])
        anna.wait("answered", call=asked)
        anna.complete(asked, mine)
        anna.ended(mine)
        anna.ended(asked)
        ben.hears(CLARA, call=theirs)
        clara.hears(BEN, call=third)
        clara.hangup(third)
        ben.ended(theirs)
        first, second = box.records(2)
        assert first["call"]["cause"] == "transferred"
        assert first["call"]["merged_into"] == second["call"]["call"]
        assert second["call"]["cause"] == "normal"


def test_an_attended_transfer_by_the_called_party(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        asked = ben.consult("23", theirs)
        third = clara.answer(clara.incoming()["call"])
        ben.wait("answered", call=asked)
        ben.complete(asked, theirs)
        ben.ended(theirs)
        anna.hears(CLARA, call=mine)
        clara.hears(ANNA, call=third)


def test_an_attended_transfer_while_the_asked_phone_rings(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True) as (ben,), box.phones("23") as (clara,):
        dialog = call(anna, "22")
        theirs = ben.wait("answered")["call"]
        consult = invite(anna, "23")
        third = clara.incoming()["call"]
        ringing = anna.wait_response(consult, final=False)
        while ringing.status < 180:
            ringing = anna.wait_response(consult, final=False)
        replaces = quote(
            f"{consult.get('call-id')};to-tag={ringing.to_tag};from-tag={consult.from_tag}", safe=""
        )
        refer = dialog.ask("REFER", headers=[("Refer-To", f"<sip:23@ortsamt?Replaces={replaces}>")])
        assert refer.status == 202
        dialog.ended()
        assert anna.wait_response(consult).status == 487
        ben.hears(425, call=theirs)
        clara.answer(third)
        ben.hears(CLARA, call=theirs)
        clara.hears(BEN, call=third)


def test_a_consultation_that_is_refused_leaves_the_held_call(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        asked = anna.consult("23", mine)
        clara.reject(486, clara.incoming()["call"])
        anna.ended(asked)
        anna.resume(mine)
        ben.hears(ANNA, call=theirs)


def test_a_refer_that_names_a_foreign_dialog_is_refused(box: Box) -> None:
    with raw_phone(box, "21") as anna, box.phones("22", answer=True) as (ben,):
        dialog = call(anna, "22")
        ben.wait("answered")
        refer = dialog.ask(
            "REFER", headers=[("Refer-To", "<sip:23@ortsamt?Replaces=nowhere%3Bto-tag%3D1%3Bfrom-tag%3D2>")]
        )
        assert refer.status == 481
        dialog.bye()


def test_a_phone_takes_the_place_of_another_by_invite_with_replaces(box: Box) -> None:
    with raw_phone(box, "21") as anna, raw_phone(box, "23") as clara, box.phones("22", answer=True) as (ben,):
        dialog = call(anna, "22")
        theirs = ben.wait("answered")["call"]
        replaces = (
            f"{dialog.invite.get('call-id')};to-tag={dialog.answer.to_tag};from-tag={dialog.invite.from_tag}"
        )
        taken = established(clara, invite(clara, "22", headers=[("Replaces", replaces)]))
        dialog.ended()
        assert not ben.count("ended", call=theirs)
        taken.bye()
        ben.ended(theirs)
