"""Multicast DNS: the box answers to its name, phones are known by theirs, anything else does no harm."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import PeerProtocolError
from appliance.provisioning import mdns
from appliance.provisioning.mdns import Heard, NamedPhone, Question


def _name(text: str) -> bytes:
    return b"".join(bytes([len(one)]) + one.encode() for one in text.split(".")) + b"\0"


def _ask(name: str, kind: int) -> bytes:
    return struct.pack("!6H", 0, 0, 1, 0, 0, 0) + _name(name) + struct.pack("!2H", kind, 1)


def test_the_box_answers_to_its_name() -> None:
    said = mdns.answer(mdns.read(_ask("Ortsamt.local", 1)), "192.168.1.10", 443)
    assert said is not None
    assert said.endswith(b"\x00\x04\xc0\xa8\x01\x0a")
    assert mdns.read(said).names == ("ortsamt.local",)
    assert mdns.answer(mdns.read(_ask("printer.local", 1)), "192.168.1.10", 443) is None


def test_the_box_offers_its_pages() -> None:
    said = mdns.answer(mdns.read(_ask("_https._tcp.local", 12)), "192.168.1.10", 8443)
    assert said is not None
    names = mdns.read(said).names
    assert "Ortsamt._https._tcp.local" in names
    assert struct.pack("!3H", 0, 0, 8443) in said


def test_its_own_question_is_one() -> None:
    asked = [one.name for one in mdns.read(mdns.question()).questions]
    assert asked == ["_sip._udp.local", "_http._tcp.local"]


def test_names_are_followed_where_they_are_compressed() -> None:
    service = _name("_http._tcp.local")
    instance = bytes([12]) + b"snomD785-abc" + b"\xc0\x0c"  # the rest is the service, at byte 12
    data = (
        struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0)
        + service
        + struct.pack("!HHIH", 12, 1, 120, len(instance))
        + instance
    )
    assert mdns.read(data).names == ("_http._tcp.local", "snomD785-abc._http._tcp.local")


@pytest.mark.parametrize(
    ("name", "phone"),
    [
        (
            "snomD785-000413ABCDEF._http._tcp.local",
            NamedPhone(vendor="snom", model="D785", mac="000413abcdef"),
        ),
        ("GRP2614_c074ad0b63ee.local", NamedPhone(vendor="grandstream", model="GRP2614", mac="c074ad0b63ee")),
        ("Yealink SIP-T54W._sip._udp.local", NamedPhone(vendor="yealink", model="T54W", mac="")),
        ("Fanvil X5U._http._tcp.local", NamedPhone(vendor="fanvil", model="X5U", mac="")),
        ("mitel-phone.local", NamedPhone(vendor="mitel", model="", mac="")),
    ],
)
def test_phones_are_known_by_their_names(name: str, phone: NamedPhone) -> None:
    assert mdns.phone_of((name,)) == phone


@pytest.mark.parametrize("name", ["Brother HL-L2350DW._http._tcp.local", "", "laptop.local"])
def test_other_devices_are_none(name: str) -> None:
    assert mdns.phone_of((name,)) is None


def test_a_name_that_leads_in_a_circle_ends() -> None:
    data = struct.pack("!6H", 0, 0, 1, 0, 0, 0) + b"\xc0\x0c" + struct.pack("!2H", 1, 1)
    with pytest.raises(PeerProtocolError):
        mdns.read(data)


@given(data=st.binary(max_size=300), head=st.booleans())
def test_nothing_that_arrives_does_harm(data: bytes, head: bool) -> None:
    try:
        heard = mdns.read(struct.pack("!6H", 0, 0x8400, 3, 9, 9, 9) + data if head else data)
    except PeerProtocolError:
        return
    mdns.answer(heard, "10.0.0.1", 443)
    mdns.phone_of(heard.names)


def test_one_answer_for_one_thing_asked_twice() -> None:
    twice = Heard(questions=(Question(name="ortsamt.local", kind=1),) * 2, names=())
    assert mdns.answer(twice, "10.0.0.1", 443) == mdns.answer(
        Heard(questions=twice.questions[:1], names=()), "10.0.0.1", 443
    )
