"""Features by code, between real phones through the whole box; who hears whom is checked."""

from collections.abc import Iterator

import pytest

from tests.support.box import Box, office, tone_of

HEARD_S = 8


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An office with park slots, a pickup and a paging group; 23 has two phones."""
    members = ["21", "22", "23"]
    documents = office(
        *members,
        device={"23b": {"extension": "23", "username": "23b", "secret": "secret-of-23b"}},
        park_lot={"lot": {"first": "701", "count": 2, "recall_seconds": 10}},
        pickup_group={"all": {"members": members}},
        paging_group={"all": {"number": "1", "members": members}},
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


@pytest.mark.parametrize("code", ["**22", "*8"])
def test_a_colleague_takes_a_ringing_call(box: Box, code: str) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        call = anna.call("22")
        ringing = ben.incoming()["call"]
        taken = clara.call(code)
        clara.wait("answered", call=taken)
        anna.wait("answered", call=call)
        ben.ended(ringing)
        anna.hears(tone_of("23"), call=call, within=HEARD_S)
        clara.hears(tone_of("21"), call=taken, within=HEARD_S)
        clara.hangup(taken)
        anna.ended(call)


def test_a_call_is_parked_by_transfer_and_fetched_from_another_phone(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        call = anna.call("22")
        theirs = ben.incoming()["call"]
        ben.answer(theirs)
        anna.wait("answered", call=call)
        ben.transfer("*70", call=theirs)
        ben.ended(theirs)
        anna.hears_sound(call=call, within=HEARD_S)  # music
        fetched = clara.call("701")
        clara.wait("answered", call=fetched)
        anna.hears(tone_of("23"), call=call, within=HEARD_S)
        clara.hears(tone_of("21"), call=fetched, within=HEARD_S)
        anna.hangup(call)
        clara.ended(fetched)


def test_a_parked_call_that_is_forgotten_rings_back(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        theirs = ben.incoming()["call"]
        ben.answer(theirs)
        anna.wait("answered", call=call)
        ben.transfer("*70", call=theirs)
        ben.ended(theirs)
        recall = ben.incoming(timeout=20)
        assert recall["number"] == "21"
        ben.answer(recall["call"])
        anna.hears(tone_of("22"), call=call, within=HEARD_S)
        anna.hangup(call)
        ben.ended(recall["call"])


def test_an_empty_slot_is_announced(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("702")
        anna.hears_sound(call=call)
        anna.ended(call)


def test_two_held_calls_become_a_conference(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        first = anna.call("22")
        bens = ben.incoming()["call"]
        ben.answer(bens)
        anna.wait("answered", call=first)
        anna.hold(first)
        second = anna.call("23")
        claras = clara.incoming()["call"]
        clara.answer(claras)
        anna.wait("answered", call=second)
        anna.hold(second)
        room = anna.call("*3")
        anna.wait("answered", call=room)
        anna.hears(tone_of("22"), tone_of("23"), call=room, within=HEARD_S)
        ben.hears(tone_of("21"), tone_of("23"), call=bens, within=HEARD_S)
        clara.hears(tone_of("21"), tone_of("22"), call=claras, within=HEARD_S)
        anna.hangup(room)
        ben.hears(tone_of("23"), call=bens, within=HEARD_S)
        ben.hangup(bens)
        clara.ended(claras)


def test_a_conversation_moves_to_the_other_phone_of_the_extension(box: Box) -> None:
    with box.phones("21", "23") as (anna, desk), box.phone("23b", tone=1500) as mobile:
        mobile.register()
        call = anna.call("23")
        at_desk = desk.incoming()["call"]
        mobile.incoming()
        desk.answer(at_desk)
        anna.hears(tone_of("23"), call=call, within=HEARD_S)
        moved = mobile.call("*71")
        mobile.wait("answered", call=moved)
        desk.ended(at_desk)
        anna.hears(1500, call=call, within=HEARD_S)
        mobile.hears(tone_of("21"), call=moved, within=HEARD_S)
        anna.hangup(call)
        mobile.ended(moved)


def test_redial(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        ben.incoming()
        ben.reject(486)
        anna.ended(call)
        again = anna.call("*66")
        ben.incoming()
        ben.reject(486)
        anna.ended(again)


def test_callback_when_the_colleague_is_free_again(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        talk = clara.call("22")
        bens = ben.incoming()["call"]
        ben.answer(bens)
        clara.wait("answered", call=talk)
        call = anna.call("22")
        second = ben.incoming()["call"]
        ben.reject(486, call=second)
        anna.ended(call)
        wish = anna.call("*37")
        anna.hears_sound(call=wish)
        anna.ended(wish)
        clara.hangup(talk)
        ben.ended(bens)
        back = anna.incoming(timeout=15)
        assert back["number"] == "22"
        anna.answer(back["call"])
        offered = ben.incoming()["call"]
        ben.answer(offered)
        anna.hears(tone_of("22"), call=back["call"], within=HEARD_S)
        ben.hears(tone_of("21"), call=offered, within=HEARD_S)
        anna.hangup(back["call"])
        ben.ended(offered)


def test_intercom_asks_the_phone_to_answer_by_itself(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("*8022")
        offer = ben.incoming()
        assert "answer-after=0" in offer["headers"]["Call-Info"]
        ben.answer(offer["call"])
        anna.hears(tone_of("22"), call=call, within=HEARD_S)
        anna.hangup(call)
        ben.ended(offer["call"])


def test_paging_is_heard_by_all_and_answers_nobody(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        page = anna.call("*811")
        anna.wait("answered", call=page)
        calls = []
        for phone in (ben, clara):
            offer = phone.incoming()
            phone.answer(offer["call"])
            calls.append(offer["call"])
        for phone, call in zip((ben, clara), calls, strict=True):
            phone.hears(tone_of("21"), call=call, within=HEARD_S)
        anna.silence(call=page)
        anna.hangup(page)
        ben.ended(calls[0])
        clara.ended(calls[1])


def test_a_caller_waits_with_music_until_the_colleague_is_free(box: Box) -> None:
    settings = {"call_waiting": False, "waiting_seats": 1}
    box.control("config.set", kind="extension", id="22", fields=settings)
    with box.phones("21", "22", "23") as (anna, ben, clara):
        talk = clara.call("22")
        bens = ben.incoming()["call"]
        ben.answer(bens)
        clara.wait("answered", call=talk)
        call = anna.call("22")
        anna.wait("answered", call=call)
        anna.hears_sound(call=call, within=HEARD_S)
        clara.hangup(talk)
        ben.ended(bens)
        second = ben.incoming()["call"]
        ben.answer(second)
        anna.hears(tone_of("22"), call=call, within=HEARD_S)
        ben.hears(tone_of("21"), call=second, within=HEARD_S)
        anna.hangup(call)
        ben.ended(second)
    box.control("config.set", kind="extension", id="22", fields={}, unset=["call_waiting", "waiting_seats"])
