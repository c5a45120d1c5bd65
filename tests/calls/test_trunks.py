"""Calls to and from the public network over trunks, and providers that fail."""

import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calls.raw import accept
from tests.support.box import PUBLIC, Box, office, ring, tone_of
from tests.support.processes import free_port, ortsamt
from tests.support.provider import Provider
from tests.support.sip import SipClient

ANNA = tone_of("21")
OUTSIDE, SPARE = 1000, 1900


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=("trunk:secret-of-trunk:+49221555",), tone=OUTSIDE) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """One registering trunk; 22 has a public number of its own."""
    documents: dict[str, Any] = dict(
        office(
            "21",
            "22",
            "23",
            number={"main": {"number": PUBLIC, "steps": [ring("21")]}},
            trunk={"main": trunk(provider.port)},
        )
    )
    documents["extension"]["22"]["caller_number"] = "+492215550122"
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        provider.wait("registered", account="trunk")
        yield box


@pytest.fixture
def box(box: Box, provider: Provider) -> Iterator[Box]:
    """The shared box with a provider in good order before and after."""
    provider.forget()
    yield box
    provider.behave("normal")


def trunk(port: int, **more: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "username": "trunk",
        "secret": "secret-of-trunk",
        "default_number": PUBLIC,
        **more,
    }


def test_a_call_out_is_heard_both_ways_and_recorded(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("030123456")
        called = provider.wait("incoming")
        assert called["called"].removeprefix("+") == "4930123456"
        anna.wait("answered", call=mine)
        anna.hears(OUTSIDE, call=mine)
        provider.hears(ANNA, call=called["call"])
        anna.hangup(mine)
        provider.wait("ended", call=called["call"])
        (record,) = box.records(1)
        assert (record["call"]["kind"], record["call"]["called"]) == ("outbound", "+4930123456")
        assert {leg["endpoint"] for leg in record["legs"]} == {"device:21", "trunk:main"}


def test_the_outside_party_hangs_up(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("03012303")
        anna.wait("answered", call=mine)
        anna.ended(mine)


@pytest.mark.parametrize(("user", "shown"), [("21", PUBLIC), ("22", "+492215550122")])
def test_the_callers_number_is_presented(box: Box, provider: Provider, user: str, shown: str) -> None:
    with box.phones(user) as (phone,):
        mine = phone.call("030123456")
        offer = provider.wait("incoming")
        assert f"sip:{shown}@" in offer["headers"]["From"]
        assert f"sip:{shown}@" in offer["headers"]["P-Asserted-Identity"]
        assert "Privacy" not in offer["headers"]
        phone.wait("answered", call=mine)


def test_a_withheld_number_is_told_to_the_provider_alone(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("030123456", "Privacy: id")
        offer = provider.wait("incoming")
        assert "anonymous@anonymous.invalid" in offer["headers"]["From"]
        assert f"sip:{PUBLIC}@" in offer["headers"]["P-Asserted-Identity"]
        assert offer["headers"]["Privacy"] == "id"
        anna.wait("answered", call=mine)
        anna.hangup(mine)
        (record,) = box.records(1)
        assert record["call"]["withheld"] is True


def test_a_profile_with_preferred_identity(box: Box, provider: Provider) -> None:
    box.control("config.set", kind="trunk", id="main", fields={"profile": "sipgate"})
    provider.wait("registered", account="trunk")
    try:
        with box.phones("22") as (ben,):
            mine = ben.call("030123456")
            offer = provider.wait("incoming")
            assert "sip:trunk@" in offer["headers"]["From"]
            assert "492215550122@" in offer["headers"]["P-Preferred-Identity"]
            assert "P-Asserted-Identity" not in offer["headers"]
            ben.wait("answered", call=mine)
    finally:
        box.idle()
        box.control("config.set", kind="trunk", id="main", fields={"profile": "generic"})
        provider.wait("registered", account="trunk")


@pytest.mark.parametrize(
    ("number", "status", "cause"),
    [("03012317", 486, "busy"), ("03012301", 404, "unallocated"), ("03012342", 503, "congestion")],
)
def test_what_the_network_says_reaches_the_caller(
    box: Box, provider: Provider, number: str, status: int, cause: str
) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call(number)
        assert anna.ended(mine, timeout=40)["status"] == status
        (record,) = box.records(1)
        legs = {leg["endpoint"]: leg for leg in record["legs"]}
        assert (legs["trunk:main"]["sip_status"], legs["trunk:main"]["cause"]) == (status, cause)


def test_an_outside_number_that_does_not_answer_is_given_up_by_the_caller(
    box: Box, provider: Provider
) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("03012319")
        outside = provider.wait("incoming")["call"]
        anna.wait("ringing", call=mine)
        anna.hangup(mine)
        assert provider.wait("ended", call=outside)["status"] == 487


def test_early_media_is_heard_before_the_answer(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("03012344")
        anna.wait("early_media", call=mine)
        anna.hears(600, call=mine)
        anna.wait("answered", call=mine)
        anna.hears(OUTSIDE, call=mine)


def test_early_media_of_a_number_that_does_not_exist(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("03012346")
        anna.wait("early_media", call=mine)
        anna.hears(600, call=mine)
        assert anna.ended(mine)["status"] == 404


def test_hold_and_digits_over_a_trunk(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("030123456")
        outside = provider.wait("incoming")["call"]
        anna.hears(OUTSIDE, call=mine)
        anna.digits("7", mine)
        assert provider.wait("digit", call=outside)["digit"] == "7"
        provider.send("digits", digits="8", call=outside)
        assert anna.wait("digit", call=mine)["digit"] == "8"
        anna.hold(mine)
        provider.hears_sound(call=outside)
        anna.resume(mine)
        provider.hears(ANNA, call=outside)
        provider.send("hold", call=outside)
        provider.wait("held", call=outside)
        anna.hears_sound(call=mine)
        provider.send("resume", call=outside)
        provider.wait("resumed", call=outside)
        anna.hears(OUTSIDE, call=mine)


def test_a_blind_transfer_to_an_outside_number(box: Box, provider: Provider) -> None:
    with box.phones("22", "23") as (ben, clara):
        mine = ben.call("23")
        theirs = clara.answer(clara.incoming()["call"])
        ben.wait("answered", call=mine)
        ben.transfer("030123456", mine)
        outside = provider.wait("incoming")
        assert "sip:+492215550122@" in outside["headers"]["From"]
        assert ben.wait("transfer_progress", call=mine, final=True)["status"] == 200
        clara.hears(OUTSIDE, call=theirs)
        provider.hears(tone_of("23"), call=outside["call"])


def test_an_outside_caller_is_transferred_inside(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        outside = provider.call(PUBLIC, "+4930987654")
        offer = anna.incoming()
        assert "info=alert-external" in offer["headers"]["Alert-Info"]
        mine = anna.answer(offer["call"])
        anna.transfer("22", mine)
        offer = ben.incoming()
        assert offer["number"].endswith("30987654")
        theirs = ben.answer(offer["call"])
        provider.hears(tone_of("22"), call=outside)
        ben.hears(OUTSIDE, call=theirs)
        provider.hangup(outside)


def test_a_wrong_password_is_said_by_the_trunks_status(box: Box, provider: Provider) -> None:
    box.control("config.set", kind="trunk", id="wrong", fields=trunk(provider.port, secret="wrong-secret"))
    try:
        box.eventually(lambda: status_of(box, "wrong")[0] == "failed", "the trunk to fail")
        assert status_of(box, "wrong")[1].startswith("403")
        assert status_of(box, "main")[0] == "registered"
    finally:
        box.control("config.delete", kind="trunk", id="wrong")


def test_a_trunk_that_is_taken_away_in_a_call_does_not_end_it(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("030123456")
        anna.hears(OUTSIDE, call=mine)
        box.control("config.set", kind="trunk", id="main", fields={"enabled": False})
        try:
            provider.wait("unregistered")
            assert status_of(box, "main")[0] == "disabled"
            anna.digits("3", mine)
            assert provider.wait("digit")["digit"] == "3"
            anna.hangup(mine)
        finally:
            box.control("config.set", kind="trunk", id="main", fields={"enabled": True})
            provider.wait("registered", account="trunk")


def test_a_dead_provider_slows_no_internal_call_and_the_caller_hears_why(
    box: Box, provider: Provider
) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        provider.behave("dead")
        mine = anna.call("030123456")
        provider.wait("refused", method="INVITE")
        began = time.monotonic()
        inside = clara.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        clara.wait("answered", call=inside)
        assert time.monotonic() - began < 3  # the provider is given up after four
        anna.hears_sound(call=mine, within=15)
        ended = anna.ended(mine, timeout=40)
        assert ended["status"] == 503
        ben.hangup(theirs)


def test_a_provider_that_talks_nonsense_harms_nobody(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        provider.behave("nonsense")
        mine = anna.call("030123456")
        inside = ben.call("*43")
        ben.wait("answered", call=inside)
        assert anna.ended(mine, timeout=40)["status"] == 503


@pytest.mark.parametrize("mode", ["dead", "overloaded"])
def test_the_next_trunk_takes_a_call_that_the_first_does_not(box: Box, provider: Provider, mode: str) -> None:
    with Provider(accounts=("second:secret-of-trunk",), tone=SPARE) as spare, box.phones("21") as (anna,):
        fields = trunk(spare.port, username="second", priority=20)
        box.control("config.set", kind="trunk", id="spare", fields=fields)
        try:
            spare.wait("registered")
            provider.behave(mode)
            mine = anna.call("030123456")
            anna.wait("answered", call=mine)
            anna.hears(SPARE, call=mine)
            anna.hangup(mine)
            (record,) = box.records(1)
            causes = {leg["endpoint"]: leg["cause"] for leg in record["legs"]}
            times = {leg["endpoint"]: datetime.fromisoformat(leg["started"]) for leg in record["legs"]}
            assert times["trunk:spare"] - times["trunk:main"] < timedelta(seconds=5)
            assert causes["trunk:main"] == ("timeout" if mode == "dead" else "congestion")
            assert causes["trunk:spare"] == "normal"
        finally:
            box.idle()
            box.control("config.delete", kind="trunk", id="spare")


def test_a_busy_number_is_not_tried_again_over_the_next_trunk(box: Box, provider: Provider) -> None:
    with Provider(accounts=("second:secret-of-trunk",)) as spare, box.phones("21") as (anna,):
        fields = trunk(spare.port, username="second", priority=20)
        box.control("config.set", kind="trunk", id="spare", fields=fields)
        try:
            spare.wait("registered")
            assert anna.ended(anna.call("03012317"))["status"] == 486
            assert spare.count("incoming") == 0
        finally:
            box.control("config.delete", kind="trunk", id="spare")


def test_a_static_trunk_both_ways(box: Box) -> None:
    port = free_port()
    peer = f"office=127.0.0.1:{box.ports['trunk_port']}:+49221777"
    with Provider(peers=(peer,), port=port, tone=SPARE) as far, box.phones("21") as (anna,):
        fields = {"kind": "static", "host": "127.0.0.1", "port": port, "priority": 1}
        box.control("config.set", kind="trunk", id="static", fields={**fields, "default_number": PUBLIC})
        try:
            mine = anna.call("030123456")
            offer = far.wait("incoming")
            assert f"sip:{PUBLIC}@" in offer["headers"]["P-Asserted-Identity"]
            anna.hears(SPARE, call=mine)
            anna.hangup(mine)
            outside = far.call(PUBLIC, "+4930987654")
            theirs = anna.answer(anna.incoming()["call"])
            far.hears(ANNA, call=outside)
            anna.hears(SPARE, call=theirs)
            far.hangup(outside)
            assert status_of(box, "static")[0] == "reachable"
            (record,) = box.records(1)
            assert {leg["endpoint"] for leg in record["legs"]} == {"trunk:static", "device:21"}
        finally:
            box.idle()
            box.control("config.delete", kind="trunk", id="static")


def test_a_trunk_may_not_transfer_at_our_cost(box: Box) -> None:
    port = free_port()
    far = SipClient(server=("127.0.0.1", box.ports["trunk_port"]), user="far", port=port, timeout_s=10)
    with far, box.phones("21") as (anna,):
        fields = {"kind": "static", "host": "127.0.0.1", "port": port, "priority": 1}
        box.control("config.set", kind="trunk", id="raw", fields=fields)
        try:
            mine = anna.call("030123456")
            dialog = accept(far)
            anna.wait("answered", call=mine)
            refer = dialog.ask("REFER", headers=[("Refer-To", "<sip:0900123456@127.0.0.1>")])
            assert refer.status == 403
            anna.digits("6", mine)
            assert len(box.calls()) == 1
            dialog.bye()
            anna.ended(mine)
        finally:
            box.idle()
            box.control("config.delete", kind="trunk", id="raw")


def test_the_command_line_shows_every_trunk_and_what_ails_it(box: Box) -> None:
    fields = trunk(free_port(), username="nobody", transport="tcp")  # nobody listens there
    box.control("config.set", kind="trunk", id="lost", fields=fields)
    try:
        box.eventually(lambda: status_of(box, "lost")[0] == "failed", "the trunk to fail", timeout=60)
        shown = subprocess.run(
            ortsamt("ctl", "--socket", str(box.socket), "trunks"), capture_output=True, text=True, check=True
        ).stdout
        lines = {line.split()[0]: line for line in shown.splitlines()}
        assert "registered" in lines["main"]
        assert "failed" in lines["lost"]
        assert "no answer" in lines["lost"]
    finally:
        box.control("config.delete", kind="trunk", id="lost")


def test_a_full_trunk_takes_no_further_call(box: Box, provider: Provider) -> None:
    box.control("config.set", kind="trunk", id="main", fields={"max_calls": 1})
    try:
        provider.wait("registered", account="trunk")
        with box.phones("21", "22") as (anna, ben):
            mine = anna.call("030123456")
            anna.wait("answered", call=mine)
            second = ben.call("030123457")
            assert ben.ended(second, timeout=40)["status"] == 503
    finally:
        box.idle()
        box.control("config.set", kind="trunk", id="main", unset=["max_calls"])
        provider.wait("registered", account="trunk")


def status_of(box: Box, name: str) -> tuple[str, str]:
    """Status and detail of a trunk."""
    found = next(one for one in box.control("trunks.list") if one["id"] == name)
    return found["status"], found["detail"]
