"""Admission control, and emergency calls that no limit stops."""

from collections.abc import Iterator

import pytest

from appliance.errors import OrtsamtError
from tests.calls.raw import SDP_TYPE, Dialog, call, established, raw_phone, sdp
from tests.support.box import PUBLIC, Box, office, ring
from tests.support.provider import Provider

DESK = 1400


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=("trunk:secret-of-trunk:+49221555",)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """Room for four legs, a trunk for one call."""
    documents = office(
        "21",
        "22",
        "23",
        number={"main": {"number": PUBLIC, "steps": [ring("22")]}},
        trunk={
            "main": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "trunk",
                "secret": "secret-of-trunk",
                "max_calls": 1,
            }
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents, settings={"engine": {"max_legs": 4}}) as box:
        provider.wait("registered", account="trunk")
        yield box


@pytest.fixture
def full(box: Box) -> Iterator[Box]:
    """The box with all its legs taken by calls to the echo."""
    with raw_phone(box, "23") as client:
        dialogs: list[Dialog] = [call(client, "*43") for _ in range(4)]
        yield box
        for dialog in dialogs:
            dialog.bye()


def test_a_call_beyond_the_limit_is_refused_with_503(full: Box) -> None:
    with full.phones("21") as (anna,):
        assert anna.ended(anna.call("22"))["status"] == 503
        assert full.control("status")["legs"] == 4
        (record,) = full.records(1)
        assert record["call"]["cause"] == "congestion"


def test_a_call_whose_second_leg_has_no_room_is_refused(box: Box) -> None:
    with raw_phone(box, "23") as client, box.phones("21", "22") as (anna, ben):
        dialogs = [call(client, "*43") for _ in range(3)]
        anna.ended(anna.call("22"), timeout=40)
        assert ben.count("incoming") == 0
        for dialog in dialogs:
            dialog.bye()


def test_calls_are_taken_again_as_soon_as_there_is_room(box: Box) -> None:
    with raw_phone(box, "23") as client, box.phones("21") as (anna,):
        dialogs = [call(client, "*43") for _ in range(4)]
        assert anna.ended(anna.call("*43"))["status"] == 503
        dialogs.pop().bye()
        mine = anna.call("*43")
        anna.wait("answered", call=mine)
        for dialog in dialogs:
            dialog.bye()


@pytest.mark.parametrize("number", ["112", "110"])
def test_an_emergency_call_passes_though_the_box_is_full(full: Box, provider: Provider, number: str) -> None:
    provider.forget()
    with full.phones("21") as (anna,):
        mine = anna.call(number)
        desk = provider.wait("incoming")
        assert desk["called"] == number
        assert f"sip:{PUBLIC}@" in desk["headers"]["P-Asserted-Identity"]
        anna.hears(DESK, call=mine)
        anna.hangup(mine)
        provider.wait("ended", call=desk["call"])
        (record,) = full.records(1)
        assert record["call"]["kind"] == "emergency"


def test_an_emergency_call_passes_though_the_trunk_is_full(box: Box, provider: Provider) -> None:
    provider.forget()
    with box.phones("21", "22") as (anna, ben):
        first = ben.call("030123456")
        ben.wait("answered", call=first)
        mine = anna.call("112")
        anna.hears(DESK, call=mine)


def test_an_emergency_call_needs_no_password_where_our_phones_are(box: Box, provider: Provider) -> None:
    provider.forget()
    with box.phones("22"), raw_phone(box, "21") as stranger:
        stranger.password = "forgotten-secret"
        request = stranger.request("INVITE", "sip:112@ortsamt", headers=[SDP_TYPE], body=sdp())
        stranger.send(request)
        dialog = established(stranger, request)
        assert provider.wait("incoming")["called"] == "112"
        dialog.bye()


def test_without_a_password_nothing_but_an_emergency_call_is_possible(box: Box) -> None:
    with box.phones("22"), raw_phone(box, "21") as stranger:
        request = stranger.request(
            "INVITE", "sip:22@ortsamt", headers=[SDP_TYPE, ("X-Edge-User", "21")], body=sdp()
        )
        assert stranger.exchange(request).status == 407


def test_nobody_can_give_an_emergency_number_to_something_else(box: Box) -> None:
    with pytest.raises(OrtsamtError, match="emergency"):
        box.control("config.set", kind="extension", id="112", fields={"number": "112"})
    with pytest.raises(OrtsamtError, match="emergency"):
        box.control(
            "config.set", kind="service", id="police", fields={"number": "110", "application": "echo"}
        )


def test_an_emergency_call_is_not_tried_elsewhere_when_the_desk_is_reached(
    box: Box, provider: Provider
) -> None:
    provider.forget()
    with box.phones("21") as (anna,):
        mine = anna.call("112")
        anna.wait("answered", call=mine)
        anna.hangup(mine)
        assert provider.count("incoming", called="112") >= 1
