"""The internet goes and comes back: a provider out there, a gateway in the office, and the wire is cut."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import PUBLIC, Box, office, ring
from tests.support.network import OFFICE, Internet
from tests.support.odd_world import READY
from tests.support.processes import Process
from tests.support.provider import Provider

PROVIDER = "203.0.113.10"


@pytest.fixture(scope="module")
def internet() -> Iterator[Internet]:
    with Internet(PROVIDER) as internet:
        yield internet


@pytest.fixture(scope="module")
def provider(internet: Internet) -> Iterator[Provider]:
    options = ("--listen", PROVIDER)
    with Provider(
        accounts=("trunk:secret-of-trunk:+49221555", "slow:secret-of-slow:+49221555"),
        options=options,
        inside=internet.world,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(internet: Internet) -> Iterator[Provider]:
    """Stands where a GSM module is: reached without the internet."""
    with Provider(accounts=("gsm:secret-of-gsm:+49151",), inside=internet.office) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def portal(internet: Internet) -> Iterator[None]:
    """Somebody on the way who answers for everybody else."""
    command = [*internet.world, sys.executable, "-m", "tests.support.odd_world", "portal", PROVIDER]
    with Process("portal", command) as running:
        running.wait_line(READY)
        yield


@pytest.fixture(scope="module")
def slow_port(internet: Internet, provider: Provider) -> Iterator[int]:
    """Where the provider is reached over a path that takes 300 ms each way."""
    words = ["slow", PROVIDER, "5071", str(provider.port), "300"]
    command = [*internet.world, sys.executable, "-m", "tests.support.odd_world", *words]
    with Process("slow path", command) as running:
        running.wait_line(READY)
        yield 5071


@pytest.fixture(scope="module")
def box(
    tmp_path_factory: pytest.TempPathFactory,
    internet: Internet,
    provider: Provider,
    gateway: Provider,
    slow_port: int,
) -> Iterator[Box]:
    account = {"default_number": PUBLIC, "kind": "registering"}
    documents: dict[str, Any] = dict(
        office(
            "21",
            "22",
            number={"main": {"number": PUBLIC, "steps": [ring("21")]}},
            trunk={
                "main": {
                    "host": PROVIDER,
                    "port": provider.port,
                    "username": "trunk",
                    "secret": "secret-of-trunk",
                    "priority": 1,
                    **account,
                },
                "slow": {
                    "host": PROVIDER,
                    "port": slow_port,
                    "username": "slow",
                    "secret": "secret-of-slow",
                    "priority": 50,
                    **account,
                },
                "gsm": {
                    "host": "127.0.0.1",
                    "port": gateway.port,
                    "username": "gsm",
                    "secret": "secret-of-gsm",
                    "priority": 9,
                    "rates": [{"per_minute": 900}],
                    **account,
                },
            },
            route={"slow": {"numbers": ["+4940."], "trunks": ["slow"]}},
        )
    )
    settings: dict[str, dict[str, Any]] = {
        "survival": {"interval_seconds": 1, "servers": ["proof.example"]},
        "network": {"name_servers": [PROVIDER]},
    }
    folder = tmp_path_factory.mktemp("box")
    with Box(folder, documents, settings=settings, address=OFFICE, inside=internet.office) as box:
        provider.wait("registered", account="trunk")
        gateway.wait("registered", account="gsm")
        provider.wait("registered", account="slow")
        box.eventually(lambda: known(box, "trunk main"), "the provider to be probed")
        yield box


def known(box: Box, probe: str) -> bool:
    return any(one["name"] == probe and one["known"] for one in box.control("survival.show")["probes"])


def test_the_internet_goes_and_comes_back(
    box: Box, internet: Internet, provider: Provider, gateway: Provider
) -> None:
    with (
        box.watching("internet", "outage", "outage_report", "alarm") as events,
        box.phones("21", "22") as (anna, ben),
    ):
        call = anna.call("030123456")
        provider.wait("incoming")
        anna.wait("answered", call=call)
        anna.hangup(call)

        proof = box.control("emergency.test", **{"from": "22"})
        assert [one["number"] for one in proof["numbers"]] == ["110", "112"]
        assert all(one["usable"] for one in proof["numbers"][0]["routes"])
        figures = box.control("metrics")
        assert 'ortsamt_internet{state="online"} 1.0' in figures
        assert 'ortsamt_trunk_up{status="registered",trunk="main"} 1.0' in figures

        internet.swallow()
        cut = time.monotonic()
        # a call in the seconds before the box knows still gets through, and so fast that nobody hangs up
        call = anna.call("030123456")
        gateway.wait("incoming", timeout=8)
        assert time.monotonic() - cut < 6
        anna.wait("answered", call=call)
        anna.hangup(call)

        events.wait("internet", state="cut_off")
        assert time.monotonic() - cut < 10
        assert "trunk main" in box.control("survival.show")["why"]
        began = time.monotonic()
        call = anna.call("030123456")
        gateway.wait("incoming")
        assert time.monotonic() - began < 2, "the provider is not even tried"
        anna.wait("answered", call=call)
        anna.hangup(call)
        # inside nothing has changed
        call = anna.call("22")
        ben.incoming()
        ben.answer()
        anna.wait("answered", call=call)
        anna.hangup(call)
        proof = box.control("emergency.test")
        assert proof["usable"]
        ways = {one["trunk"]: one for one in proof["numbers"][0]["routes"]}
        assert (ways["main"]["usable"], ways["gsm"]["usable"]) == (False, True)
        assert 'ortsamt_internet{state="cut_off"} 1.0' in box.control("metrics")
        status = box.control("status")
        assert status["internet"]["state"] == "cut_off"
        assert status["alarms"], status

        internet.restore()
        back = time.monotonic()
        events.wait("internet", timeout=40, state="online")
        assert time.monotonic() - back < 30
        outage = events.wait("outage")
        assert outage["outside"] >= 1
        report = events.wait("outage_report")
        assert (report["internet"], report["exchange"], report["outside"]) == (True, False, outage["outside"])
        assert box.control("outages.list")[0]["ended"] == report["ended"]
        over = events.wait("alarm", id="internet.cut_off", over=True)
        assert "Mobilfunk" in over["text"]
        call = anna.call("030123456")
        provider.wait("incoming", timeout=30)
        anna.wait("answered", call=call)
        anna.hangup(call)


def test_a_provider_that_falls_silent_is_tried_last(box: Box, internet: Internet, provider: Provider) -> None:
    """The other provider still answers, so the internet is there: only this trunk is passed over."""
    with box.watching("internet") as events, box.phones("21") as (anna,):
        provider.behave("dead")
        try:
            events.wait("internet", state="cut_off")  # it is the only one out there
            began = time.monotonic()
            call = anna.call("030123456")
            anna.wait("answered", call=call)
            assert time.monotonic() - began < 2
            anna.hangup(call)
            # somebody on the way who answers for everybody else does not pass for the internet
            box.control("emergency.test")  # asks everybody once more
            shown = box.control("survival.show")
            probes = {one["name"]: one for one in shown["probes"]}
            assert probes["name servers"]["good"], "the portal knows every name"
            assert "somebody else answers" in probes["server proof.example"]["detail"]
            assert shown["internet"] == "cut_off"
        finally:
            provider.behave("normal")
        events.wait("internet", timeout=40, state="online")


def test_a_slow_internet_is_one_all_the_same(box: Box, provider: Provider) -> None:
    with box.watching("internet") as events, box.phones("21") as (anna,):
        began = time.monotonic()
        call = anna.call("040123456")
        provider.wait("incoming", account="slow")
        anna.wait("answered", call=call)
        assert time.monotonic() - began > 0.6, "it took the slow path"
        anna.hangup(call)
        box.eventually(lambda: known(box, "trunk slow"), "the slow path to be probed")
        assert events.seen == []
        assert box.control("survival.show")["internet"] == "online"


def test_a_box_without_a_way_out_knows_at_once(box: Box, internet: Internet) -> None:
    with box.watching("internet") as events:
        internet.unplug()
        try:
            events.wait("internet", timeout=12, state="cut_off")
            box.eventually(
                lambda: "cable, router or DHCP" in box.control("survival.show")["why"],
                "the reason to be named",
            )
        finally:
            internet.plug()
        events.wait("internet", timeout=40, state="online")
