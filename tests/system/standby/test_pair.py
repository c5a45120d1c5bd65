"""Two boxes on one site under real keepalived: who is active, what goes on, what both have afterwards.

The phones know the floating address alone and register once, before anything happens.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.errors import OrtsamtError
from tests.support.box import tone_of
from tests.support.pair import OWN, PUBLIC, OneOf, Pair, seconds_until
from tests.support.phone import Phone

TAKE_OVER_S = 10.0
pytestmark = pytest.mark.timeout(240)


class Site:
    """The pair and two phones."""

    def __init__(self, pair: Pair, anna: Phone, ben: Phone) -> None:
        self.pair, self.anna, self.ben = pair, anna, ben

    def now(self) -> tuple[OneOf, OneOf]:
        """The active box and the other one, which has the registrations, too."""
        first = self.pair.active()
        second = self.pair.other(first)
        second.box.eventually(
            lambda: len(second.box.control("registrations.list")) == 2, "the registrations at the other", 60
        )
        return first, second

    def talk(self) -> int:
        """Anna calls Ben, who answers; her call."""
        call = self.anna.call("22")
        self.ben.incoming(30)
        self.ben.answer()
        self.anna.wait("answered", call=call)
        return call


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        Pair(tmp_path_factory.mktemp("pair")) as pair,
        pair.phone("21") as anna,
        pair.phone("22") as ben,
    ):
        anna.register()
        ben.register()
        yield Site(pair, anna, ben)


def name_of(one: OneOf, extension: str) -> str:
    return str(one.box.control("config.get", kind="extension", id=extension)["name"])


def put(one: OneOf, extension: str, **fields: Any) -> None:
    one.box.control("config.set", kind="extension", id=extension, fields=fields, who="test")


def looked_after(one: OneOf) -> set[str]:
    """The DECT systems that a box drives."""
    return {system["system"] for system in one.box.control("dect.list")}


def known_calls(one: OneOf) -> set[str]:
    return {call["call"] for call in one.box.control("records.calls", limit=100)}


def same_records(one: OneOf, other: OneOf) -> None:
    one.box.eventually(lambda: known_calls(one) == known_calls(other), "the same records at both", 60)


def test_when_the_active_box_dies_the_other_has_phones_trunks_and_records(site: Site) -> None:
    first, second = site.now()
    assert second.box.control("trunks.list")[0]["status"] == "disabled", "one box alone registers"
    provider = site.pair.provider
    assert provider is not None
    provider.wait("registered", account="trunk")
    put(first, "21", name="Anna A.")
    site.talk()
    first.box.eventually(lambda: len(known_calls(first)) == 1, "the call in the records")
    went = time.monotonic()
    first.kill()
    seconds_until(second.has_address)
    for phone in (site.anna, site.ben):
        phone.send("hangup", call=None)
    back = site.ben.call("21")
    site.anna.incoming(30, number="22")
    assert time.monotonic() - went < TAKE_OVER_S, "neither phone registered again"
    site.anna.answer()
    site.ben.wait("answered", call=back)
    site.ben.hangup(back)
    assert name_of(second, "21") == "Anna A."
    second.box.eventually(lambda: second.box.control("trunks.list")[0]["status"] == "registered", "the trunk")
    provider.call(PUBLIC)
    site.anna.incoming(number="030123456")
    site.anna.reject()
    second.box.idle()
    put(second, "22", name="Ben B.")
    assert "standby.took_over" in [one["id"] for one in second.box.control("alarms.list")["past"]]

    first.start()
    site.pair.in_step()
    assert second.has_address(), "who has the address keeps it"
    assert not first.show()["active"]
    assert name_of(first, "22") == "Ben B."
    same_records(first, second)
    assert len(known_calls(first)) == 3
    cut = [one for one in second.box.control("records.calls", limit=10) if one["cause"] == "restart"]
    assert len(cut) == 1, "the call that the power ended is in the records of both"


def test_a_hand_over_ends_no_call(site: Site) -> None:
    first, second = site.now()
    system = {"family": "mitel", "host": "127.0.0.1", "username": "omm", "secret": "secret-of-omm"}
    first.box.control("config.set", kind="dect_system", id="hall", fields=system, who="test")
    site.pair.in_step()
    assert (looked_after(first), looked_after(second)) == ({"hall"}, set())
    call = site.talk()
    second.box.control("standby.hand_over")
    assert site.pair.active() is second
    second.box.eventually(
        lambda: (looked_after(first), looked_after(second)) == (set(), {"hall"}), "that box alone to drive it"
    )
    assert first.box.control("status")["legs"] == 2, "the call goes on where it is"
    site.anna.hears(tone_of("22"))
    site.anna.hangup(call)
    site.ben.ended()
    first.box.idle()
    same_records(first, second)
    record = second.box.records(1)[0]
    assert record["call"]["cause"] == "normal"
    assert {leg["party"] for leg in record["legs"]} == {"21", "22"}
    # What is plugged into the box on stand-by reaches the phones of the office, too.
    first.box.control("calls.place", extension="21", dialled="22")
    site.anna.incoming()
    site.anna.reject()
    first.box.idle()


def test_a_box_without_a_core_gives_way_and_does_not_come_back(site: Site) -> None:
    first, second = site.now()
    assert first.box.core is not None
    first.box.core.kill()
    assert seconds_until(second.has_address) < TAKE_OVER_S
    first.box.restart_core()
    site.pair.in_step()
    assert site.pair.active() is second
    assert first.show()["standing_back"] == ""


def test_two_that_do_not_hear_each_other_lose_nothing(site: Site) -> None:
    apart, other = site.now()
    apart.cut()
    try:
        seconds_until(lambda: apart.has_address() and other.has_address())
        put(apart, "22", name="Ben, changed here", language="en")
        put(other, "22", name="Ben, changed there")
        put(other, "21", name="Anna, changed there")
        with apart.box.phone("21") as phone:
            phone.register()
            for one in (phone, site.anna):
                call = one.call("*43")
                one.wait("answered", call=call)
                one.hangup(call)
        apart.box.idle()
    finally:
        apart.join()
    site.pair.active()
    site.pair.in_step()
    assert name_of(apart, "22") == name_of(other, "22")
    assert name_of(apart, "21") == "Anna, changed there"
    for box in (apart, other):
        assert box.box.control("config.get", kind="extension", id="22")["language"] == "en"
        (conflict,) = box.box.control("sync.conflicts")
        assert {conflict["holds"]["value"], *(lost["value"] for lost in conflict["lost"])} == {
            "Ben, changed here",
            "Ben, changed there",
        }
    same_records(apart, other)


def test_the_pair_takes_in_nobody_without_a_code(site: Site) -> None:
    first, second = (site.pair.boxes[node].box for node in OWN)
    with pytest.raises(OrtsamtError, match="not the box that gave the code"):
        second.control("standby.pair", address=OWN["box-a"], code="AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG")
    code = first.control("standby.code")["code"]
    wrong = "AAAABBBBCCCC" + "".join(one for one in code if one.isalnum())[12:]
    with pytest.raises(OrtsamtError, match="not valid"):
        second.control("standby.pair", address=OWN["box-a"], code=wrong)
    assert first.control("standby.show")["peer"] == "box-b"
