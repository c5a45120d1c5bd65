"""The first calls through the whole box: edge, core, real phones, audio both ways."""

from tests.support.box import Box, tone_of


def test_two_phones_call_each_other_and_hear_each_other(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        offer = ben.incoming()
        assert (offer["number"], offer["display"]) == ("21", "Phone 21")
        assert "info=alert-internal" in offer["headers"]["Alert-Info"]
        anna.wait("ringing", call=call)
        theirs = ben.answer()
        anna.wait("answered", call=call)
        anna.hears(tone_of("22"), call=call)
        ben.hears(tone_of("21"), call=theirs)
        anna.hangup(call)
        ben.ended(theirs)
        (record,) = box.records(1)
        assert record["call"]["kind"] == "internal"
        assert record["call"]["cause"] == "normal"
        assert record["call"]["answered"] is not None
        assert {leg["endpoint"] for leg in record["legs"]} == {"device:21", "device:22"}


def test_the_called_party_may_hang_up_first(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        ben.incoming()
        theirs = ben.answer()
        anna.wait("answered", call=call)
        ben.hangup(theirs)
        anna.ended(call)


def test_a_caller_who_gives_up_stops_the_ringing(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        theirs = ben.incoming()["call"]
        anna.wait("ringing", call=call)
        anna.hangup(call)
        ben.ended(theirs)
        (record,) = box.records(1)
        assert record["call"]["cause"] == "cancelled"


def test_a_busy_phone_is_busy_for_the_caller(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        ben.incoming()
        ben.reject(486)
        assert anna.ended(call)["status"] == 486


def test_a_number_that_does_not_exist_is_announced(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("29")
        anna.hears_sound(call=call)
        assert anna.ended(call)["status"] == 404


def test_the_echo_service_sends_back_what_it_hears(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("*43")
        anna.wait("answered", call=call)
        anna.hears_sound(call=call)
        anna.hears(tone_of("21"), call=call, within=30)
        anna.hangup(call)
