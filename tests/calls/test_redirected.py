"""Phones that forward by themselves: they answer 302 and name where the call is to go."""

from collections.abc import Iterator

import pytest

from tests.calls.raw import raw_phone
from tests.support.box import PUBLIC, Box, office, ring, tone_of
from tests.support.provider import Provider
from tests.support.sip import SipClient

HEARD_S = 10
MOBILE = "+4915112345678"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The network."""
    with Provider(accounts=(f"demo:secret-of-demo:{PUBLIC}",)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """The public number rings 22 and 23; 22 may not dial abroad, and has a second phone."""
    documents = office(
        "21",
        "22",
        "23",
        device={"22m": {"extension": "22", "username": "22m", "secret": "secret-of-22m"}},
        class_of_service={"home": {"rules": [{"permission": "bar", "destinations": ["international"]}]}},
        extension={
            "22": {
                "number": "22",
                "name": "Phone 22",
                "class_of_service": "home",
                "caller_number": "+492215550122",
            }
        },
        number={"main": {"number": PUBLIC, "steps": [ring("22", "23")]}},
        trunk={
            "out": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "demo",
                "secret": "secret-of-demo",
                "no_screening": True,
            }
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        provider.wait("registered")
        yield box


def send_on(phone: SipClient, contact: str) -> str:
    """Answer the next INVITE with 302; what it said of diversions before."""
    offered = phone.wait_request("INVITE")
    phone.respond(offered, 302, "Moved Temporarily", tag="m", headers={"contact": contact})
    return offered.get("diversion")


def test_a_colleague_rings_instead_and_sees_by_whom(box: Box) -> None:
    with raw_phone(box, "22", register=True) as desk, box.phones("21", "23") as (anna, clara):
        call = anna.call("22")
        send_on(desk, "<sip:23@192.0.2.7>")
        offered = clara.incoming()
        assert offered["number"] == "21"
        assert "22" in offered["headers"].get("Diversion", "")
        clara.answer(offered["call"])
        anna.hears(tone_of("23"), call=call, within=HEARD_S)
        anna.hangup(call)
        (record,) = box.records(1)
        assert [leg["cause"] for leg in record["legs"] if leg["endpoint"] == "device:22"] == ["transferred"]
        said = "\n".join(box.control("explain", call=record["call"]["call"], language="en")["reasons"])
        assert "The phone of 22 (Phone 22) itself forwards to '23'" in said
        assert desk.register(expires_s=0).status == 200


def test_a_telephone_outside_rings_instead_over_the_line_of_the_extension(
    box: Box, provider: Provider
) -> None:
    with raw_phone(box, "22", register=True) as desk, box.phones("21") as (anna,):
        call = anna.call("22")
        send_on(desk, '"Mobil" <sip:0151%2012345678@ortsamt;user=phone>;q=0.7')
        outside = provider.wait("incoming", called=MOBILE)
        assert "reason=unconditional" in outside["headers"].get("Diversion", "")
        anna.wait("answered", call=call)
        provider.hears(tone_of("21"), call=outside["call"])
        anna.hangup(call)
        provider.wait("ended", call=outside["call"])
        assert desk.register(expires_s=0).status == 200


def test_in_a_group_it_rings_in_the_phones_place_and_the_others_ring_on(box: Box, provider: Provider) -> None:
    with (
        raw_phone(box, "22", register=True) as desk,
        box.phones("21", "23") as (anna, clara),
        box.phone("22m", tone=tone_of("22")) as mobile,
    ):
        mobile.register()
        outside = provider.call(PUBLIC)
        send_on(desk, "<sip:21@ortsamt>")
        rung = [phone.incoming()["call"] for phone in (anna, clara, mobile)]
        anna.answer(rung[0])
        provider.hears(tone_of("21"), call=outside)
        clara.ended(rung[1])
        mobile.ended(rung[2])
        anna.hangup(rung[0])
        provider.wait("ended", call=outside)
        assert desk.register(expires_s=0).status == 200


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:0043123456789@ortsamt>",  # 22 may not dial there
        "<tel:99>",
        "<sip:ortsamt>",
    ],
)
def test_where_it_cannot_go_the_caller_hears_that_nobody_is_there(box: Box, contact: str) -> None:
    with raw_phone(box, "22", register=True) as desk, box.phones("21") as (anna,):
        call = anna.call("22")
        send_on(desk, contact)
        assert anna.ended(call, timeout=20)["status"] == 480
        assert desk.register(expires_s=0).status == 200
        (record,) = box.records(1)
        assert record["call"]["cause"] == "unreachable"


def test_two_phones_that_send_calls_to_each_other_end_it(box: Box) -> None:
    with (
        raw_phone(box, "22", register=True) as desk,
        raw_phone(box, "23", register=True) as other,
        box.phones("21") as (anna,),
    ):
        call = anna.call("22")
        send_on(desk, "<sip:23@ortsamt>")
        assert "22" in send_on(other, "<sip:22@ortsamt>")
        assert anna.ended(call, timeout=20)["status"] == 480
        for phone in (desk, other):
            assert phone.register(expires_s=0).status == 200
