"""Settings by dialling, with real phones: forwarding, status, switches, wake-up calls, desks, PINs."""

import subprocess
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.box import Box, office, tone_of
from tests.support.phone import Phone
from tests.support.processes import ortsamt
from tests.support.provider import Provider

HEARD_S = 8
PROVIDER_TONE = 1000
PUBLIC_22 = "+492215550122"
MOBILE = "+4915112345678"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The network."""
    with Provider(accounts=("demo:secret-of-demo",)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """An office with a switch on 60, a PIN before national calls, and a trunk."""
    documents = office(
        "21",
        "22",
        "23",
        switch={"night": {"number": "60", "name": "Night"}},
        class_of_service={
            "careful": {
                "rules": [{"permission": "pin", "destinations": ["national"]}],
                "pin": "4711",
            }
        },
        extension={
            "22": {"number": "22", "name": "Phone 22", "pin": "2222", "caller_number": PUBLIC_22},
            "23": {"number": "23", "name": "Phone 23", "class_of_service": "careful"},
        },
    )
    trunk = {
        "host": "127.0.0.1",
        "port": provider.port,
        "username": "demo",
        "secret": "secret-of-demo",
    }
    with Box(tmp_path_factory.mktemp("box"), {**documents, "trunk": {"out": trunk}}) as box:
        yield box


def dial_code(phone: Phone, code: str) -> None:
    """Dial a code and listen to what it says."""
    call = phone.call(code)
    phone.wait("answered", call=call)
    phone.hears_sound(call=call, within=HEARD_S)
    phone.ended(call, timeout=15)


def test_forwarding_is_set_used_and_taken_back(box: Box) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        dial_code(ben, "*2123")
        assert box.control("config.get", kind="extension", id="22")["forwardings"][0]["on"] == "always"
        call = anna.call("22")
        theirs = clara.incoming()["call"]
        clara.answer(theirs)
        anna.hears(tone_of("23"), call=call, within=HEARD_S)
        anna.hangup(call)
        clara.ended(theirs)
        assert ben.count("incoming") == 0
        dial_code(ben, "#21")
        call = anna.call("22")
        ben.incoming()
        ben.reject(486)
        anna.ended(call)


def test_a_call_forwarded_outside_says_who_sent_it_on(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        dial_code(ben, "*21*030123456#")
        call = anna.call("22")
        anna.wait("answered", call=call, timeout=15)
        offered = provider.wait("incoming", called="+4930123456")
        assert "reason=unconditional" in offered["headers"]["Diversion"]
        anna.hears(PROVIDER_TONE, call=call, within=HEARD_S)
        anna.hangup(call)
        dial_code(ben, "#21")


def test_do_not_disturb_keeps_the_phone_quiet(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        dial_code(ben, "*26")
        call = anna.call("22")
        anna.ended(call, timeout=15)
        assert ben.count("incoming") == 0
        dial_code(ben, "#26")
        call = anna.call("22")
        ben.incoming()
        ben.reject(486)
        anna.ended(call)


def test_a_switch_is_turned_by_its_number(box: Box) -> None:
    with box.phones("21") as (anna,):
        dial_code(anna, "60")
        assert box.control("config.get", kind="switch", id="night")["on"] is True
        dial_code(anna, "*2860")
        assert box.control("config.get", kind="switch", id="night")["on"] is False


def test_a_code_that_makes_no_sense_is_not_taken(box: Box) -> None:
    with box.phones("22") as (ben,):
        call = ben.call("*2199#")
        ben.hears_sound(call=call, within=HEARD_S)
        ben.ended(call, timeout=15)
        assert box.control("config.get", kind="extension", id="22").get("forwardings", []) == []


def test_a_barred_call_goes_out_after_the_pin(box: Box) -> None:
    with box.phones("23") as (clara,):
        call = clara.call("030123456")
        clara.hears_sound(call=call, within=HEARD_S)
        clara.digits("1234#", call=call)
        clara.digits("4711#", call=call)
        clara.wait("answered", call=call, timeout=15)
        clara.hears(PROVIDER_TONE, call=call, within=HEARD_S)
        clara.hangup(call)


def test_a_wrong_pin_three_times_ends_the_attempt(box: Box) -> None:
    with box.phones("23") as (clara,):
        call = clara.call("030123456")
        clara.hears_sound(call=call, within=HEARD_S)
        clara.digits("1#2#3#", call=call)
        assert clara.ended(call, timeout=20)["status"] == 403
        assert clara.count("answered") == 0


def test_logging_in_at_another_desk_and_out_again(box: Box) -> None:
    with box.phones("21", "23") as (anna, clara):
        dial_code(anna, "*11*22*2222#")
        call = clara.call("22")
        offer = anna.incoming()
        assert offer["number"] == "23"
        anna.answer(offer["call"])
        clara.hears(tone_of("21"), call=call, within=HEARD_S)
        clara.hangup(call)
        anna.ended(offer["call"])
        dial_code(anna, "#11")
        call = clara.call("21")
        anna.incoming()
        anna.reject(486)
        clara.ended(call)


def test_a_wake_up_call_rings_and_is_gone_when_answered(box: Box) -> None:
    """At 22 it takes a key as well."""
    with box.phones("21", "22") as (anna, ben):
        now = datetime.now(ZoneInfo("Europe/Berlin"))
        minute = (now.hour * 60 + now.minute + (1 if now.second < 50 else 2)) % 1440
        dial_code(anna, f"*55{minute // 60:02d}{minute % 60:02d}")
        time = f"{minute // 60:02d}:{minute % 60:02d}"
        fields = {"extension": "22", "time": time, "confirm": True}
        box.control("config.set", kind="wake_up", id="22", fields=fields)
        offer = anna.incoming(timeout=140)
        anna.answer(offer["call"])
        anna.hears_sound(call=offer["call"], within=HEARD_S)
        anna.hangup(offer["call"])
        offer = ben.incoming()
        ben.answer(offer["call"])
        ben.hears_sound(call=offer["call"], within=HEARD_S)
        assert box.control("config.get", kind="wake_up", id="22")["confirm"]
        ben.digits("1", call=offer["call"])
        ben.ended(offer["call"])
        box.eventually(
            lambda: box.control("config.list", kind="wake_up") == [], "the wake-up call to be gone"
        )


def test_the_command_line_does_what_a_code_does(box: Box) -> None:
    told = ctl(box, "do", "22", "*26")
    assert "dnd_on" in told
    assert box.control("config.get", kind="extension", id="22")["status"] == "dnd"
    ctl(box, "do", "22", "#26")
    assert box.control("config.get", kind="extension", id="22")["status"] == "online"
    with pytest.raises(subprocess.CalledProcessError) as refused:
        ctl(box, "do", "22", "21")
    assert "changes no setting of extension 22" in refused.value.stderr


def test_a_click_dials_for_an_extension(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        ctl(box, "call", "21", "22")
        ring = anna.incoming()
        assert ring["number"] == "22"
        anna.answer(ring["call"])
        theirs = ben.incoming()
        assert theirs["number"] == "21"
        ben.answer(theirs["call"])
        anna.hears(tone_of("22"), call=ring["call"], within=HEARD_S)
        ben.hears(tone_of("21"), call=theirs["call"], within=HEARD_S)
        anna.hangup(ring["call"])
        ben.ended(theirs["call"])


def test_a_profile_lets_a_click_ring_the_mobile_first(box: Box, provider: Provider) -> None:
    profile = {"name": "Mobil", "dial_out": {"number": MOBILE}}
    box.control("config.set", kind="extension", id="22", fields={"profiles": [profile]})
    with box.phones("21", "22") as (anna, ben):
        dial_code(ben, "*271")
        ctl(box, "call", "22", "21")
        outside = provider.wait("incoming", called=MOBILE)["call"]
        theirs = anna.incoming()
        assert theirs["number"] == "22"
        anna.answer(theirs["call"])
        provider.hears(tone_of("21"), call=outside)
        assert ben.count("incoming") == 0
        anna.hangup(theirs["call"])
        dial_code(ben, "*270")
        ctl(box, "call", "22", "21")
        ring = ben.incoming()["call"]
        ben.reject(486, call=ring)


def ctl(box: Box, *words: str) -> str:
    """What ``ortsamt ctl`` prints."""
    return subprocess.run(
        ortsamt("ctl", "--socket", str(box.socket), *words), capture_output=True, text=True, check=True
    ).stdout
