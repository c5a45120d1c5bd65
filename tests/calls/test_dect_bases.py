"""Provisioned bases in the whole box: they fetch from the web process, handsets register at the edge."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import Box, office, tone_of
from tests.support.dect import Air
from tests.support.processes import Process, ortsamt
from tests.support.web import Web

ANNA = tone_of("21")
BASE1, BASE2 = "003042E00001", "003042E00002"
TOKEN = "halls0token0of0the0bases"


def documents() -> Any:
    system = {
        "family": "gigaset",
        "secret": "pages-secret",
        "token": TOKEN,
        "pin": "4711",
        "bases": [
            {"mac": BASE1, "name": "Office", "manager": True},
            {"mac": BASE2, "name": "Store", "location": "Hall 2, gate 4"},
        ],
    }
    forward = [{"on": "unreachable", "to": {"kind": "extension", "ref": "21"}}]
    cordless = {"31": {"number": "31", "name": "Cordless 31", "forwardings": forward}}
    return office("21", "22", extension=cordless, dect_system={"halls": system})


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A box with its pages, and two bases plugged in."""
    made = Box(tmp_path_factory.mktemp("box"), documents())
    web = Web(made)
    with made, web:
        emulator = Process(
            "dect-emulator",
            ortsamt(
                "dect-emulator", "--box", str(made.settings), "--family", "gigaset",
                "--url", f"https://127.0.0.1:{web.port}/prov/{TOKEN}/",
            ),
            log=made.folder / "dect.log",
        )  # fmt: skip
        try:
            emulator.wait_line("is there", timeout=40)
            yield web
        finally:
            emulator.stop()


def system(box: Box) -> dict[str, Any]:
    """How the box sees it."""
    found: dict[str, Any] = box.control("dect.list")[0]
    return found


@pytest.fixture(scope="module")
def box(web: Web) -> Box:
    """The box beside the pages."""
    return web.box


def test_bases_fetch_a_handset_enrols_calls_walks_and_is_unreachable_without_its_base(
    web: Web, box: Box
) -> None:
    air = Air(box)
    box.eventually(lambda: bool(system(box)["bases"][0]["status"] == "ready"), "the manager's file")
    box.control("dect.enrol", extension="31")
    # Nothing is registered yet, so nobody can be told to fetch: the base is switched off and on.
    air.do("power", base="base1", on=False)
    air.do("power", base="base1", on=True)
    box.eventually(lambda: bool(system(box)["enrolment"]["status"] == "open"), "the window")
    assert air.do("enrol", "H1", pin="0000")["display"] == "wrong PIN"
    assert air.do("enrol", "H1", pin="4711")["display"] == "enrolled"
    air.until("H1", "registered", registered=True)
    box.eventually(lambda: bool(system(box)["enrolment"]["status"] == "done"), "the enrolment")
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("31")
        air.until("H1", "a ring", state="rings", display="21 Phone 21")
        air.do("lift", "H1")
        air.hears("H1", ANNA)
        anna.hears(400)
        anna.hangup(call)
        air.until("H1", "rest", state="idle")

        air.do("walk", "H1", to="base2")

        def at_store() -> bool:
            return bool(system(box)["handsets"][0]["base"] == BASE2)

        box.eventually(at_store, "the handset at the other base")
        lost = time.monotonic()
        air.do("power", base="base2", on=False)
        box.eventually(lambda: bool(system(box)["bases"][1]["status"] == "lost"), "the base to be lost", 30)
        ben.call("31")
        anna.incoming()
        assert time.monotonic() - lost < 30
        ben.hangup()
    # The core restarts, and knows bases and handsets again.
    air.do("walk", "H1", to="base1")
    air.until("H1", "registered", registered=True)
    box.restart_core()
    box.eventually(lambda: bool(system(box)["handsets"][0]["status"] == "ready"), "the handset", 40)
    air.do("dial", "H1", digits="*43")
    air.until("H1", "the echo", state="talks")
    air.do("hang_up", "H1")
    # A changed name reaches the handset: its base is told to fetch (check-sync).
    air.until("H1", "rest", state="idle")
    box.control("config.set", kind="dect_handset", id="dect31", fields={"name": "Forklift"})
    air.until("H1", "the new name", 15, display="Forklift")
    # The API shows the same, also the tree of clocks; bases look names up where their files come from.
    (shown,) = web.admin().good("GET", "/dect")
    assert [(one["base"], [below["base"] for below in one["below"]]) for one in shown["tree"]] == [
        (BASE1, [BASE2])
    ]
    found = web.client().ask("GET", f"//prov/{TOKEN}/directory")
    assert found.status == 200
    assert b"Phone 21" in found.body
