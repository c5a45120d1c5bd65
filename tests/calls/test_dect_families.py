"""Bases of every maker that fetch files, in one box: from the file to calls, hand-over, group, emergency."""

import base64
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from appliance.fxs.tones import PortTone, tone_sound
from tests.calls.test_analog import Telephone
from tests.calls.test_baresip import Baresip
from tests.support.box import Box, office, ring, tone_of
from tests.support.dect import Air
from tests.support.processes import Process, ortsamt
from tests.support.provider import Provider
from tests.support.web import Web

PIN = "4711"
NUMBER, STORE = "+492215550100", "+492215550177"
FAMILIES = {"gigaset": "51", "yealink": "52", "snom": "53", "grandstream": "54"}
"""Family → the extension that gets a handset there."""
MACS = {
    "gigaset": "7C2F80A00001",
    "yealink": "805EC0A00001",
    "snom": "000413A00001",
    "grandstream": "C074ADA00001",
}
TONE = 400
"""Of the first handset of each emulator."""
PORT = """
[[fxs]]
id = "fxs1"
family = "dahdi"
channel = 1
emulated = true
"""


def second(family: str) -> str:
    """The MAC of a system's other base."""
    return f"{int(MACS[family], 16) + 1:012X}"


def documents(provider: Provider) -> Any:
    systems = {
        family: {
            "family": family,
            "secret": "pages-secret",
            "token": f"{family}0token0of0the0bases",
            "pin": PIN,
            "bases": [
                {"mac": MACS[family], "name": "Office", "manager": True},
                {
                    "mac": second(family),
                    "name": "Store",
                    "location": "Hall 2, gate 4",
                    "emergency_number": STORE,
                },
            ],
        }
        for family in FAMILIES
    }
    people: Any = {number: {"number": number, "name": f"Cordless {number}"} for number in FAMILIES.values()}
    people["51"]["forwardings"] = [{"on": "unreachable", "to": {"kind": "extension", "ref": "21"}}]
    people["41"] = {"number": "41", "name": "Analog"}
    account = {"host": "127.0.0.1", "port": provider.port, "username": "demo", "secret": "secret-of-demo"}
    return office(
        "21",
        "22",
        extension=people,
        analog={"a41": {"extension": "41", "port": "fxs1"}},
        dect_system=systems,
        trunk={"provider": {**account, "no_screening": True}},
        number={"group": {"number": NUMBER, "steps": [ring("51", "52", "53", "54", "41", "21")]}},
    )


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=(f"demo:secret-of-demo:{NUMBER},{STORE}",)) as running:
        yield running


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Web]:
    """A box with its pages, and two bases of each maker plugged in."""
    made = Box(tmp_path_factory.mktemp("box"), documents(provider))
    made.settings.write_text(made.settings.read_text(encoding="utf-8") + PORT, encoding="utf-8")
    web = Web(made)
    with made, web, ExitStack() as emulators:
        started = []
        for family in FAMILIES:
            url = f"https://127.0.0.1:{web.port}/prov/{family}0token0of0the0bases/"
            words = ["--name", family, "--mac", MACS[family], "--handsets", "1", "--url", url]
            command = ortsamt("dect-emulator", "--box", str(made.settings), "--family", family, *words)
            started.append(Process(family, command, log=made.folder / f"{family}.log"))
            emulators.callback(started[-1].stop)
        for one in started:
            one.wait_line("is there", timeout=60)
        provider.wait("registered")
        yield web


@pytest.fixture(scope="module")
def box(web: Web) -> Box:
    return web.box


@pytest.fixture(scope="module")
def echo(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baresip]:
    """A phone that is none of ours, and says what it hears."""
    folder = tmp_path_factory.mktemp("echo") / "baresip"
    with (
        box.watching("registration") as watcher,
        Baresip(box, folder, "22", transport="udp", srtp=False, echo=True) as phone,
    ):
        watcher.wait("registration", registered=True, aor="22")
        yield phone


def system(box: Box, family: str) -> dict[str, Any]:
    """How the box sees it."""
    found: dict[str, Any] = next(one for one in box.control("dect.list") if one["system"] == family)
    return found


def enrolled(box: Box, family: str) -> Air:
    """The handset of a family, enrolled as an installer does it; once."""
    air = Air(box, family)
    if air.show("H1")["registered"]:
        return air
    box.eventually(
        lambda: bool(system(box, family)["bases"][0]["status"] == "ready"), "the manager's file", 40
    )
    box.control("dect.enrol", system=family, extension=FAMILIES[family])
    # Nothing is registered yet, so nobody can be told to fetch: the base is switched off and on.
    air.do("power", base="base1", on=False)
    air.do("power", base="base1", on=True)
    box.eventually(lambda: bool(system(box, family)["enrolment"]["status"] == "open"), "the window")
    if system(box, family)["enrolment"]["detail"]:  # it says that somebody must hold the key
        air.do("press", base="base1")
    # Until the base has the file with a place for the handset it shows something else.
    box.eventually(lambda: bool(air.do("enrol", "H1", pin="0815")["display"] == "wrong PIN"), "the PIN's use")
    box.eventually(lambda: bool(air.do("enrol", "H1", pin=PIN)["display"] == "enrolled"), "the place")
    air.until("H1", "registered", registered=True)
    box.eventually(lambda: bool(system(box, family)["enrolment"]["status"] == "done"), "the enrolment")
    return air


def hears(air: Air, hz: int) -> bool:
    """Whether the handset hears that tone now."""
    words = air.show("H1")["hears"].split()
    return bool(words) and words[0].isdigit() and abs(int(words[0]) - hz) < 12


@pytest.mark.parametrize("family", FAMILIES)
def test_a_base_fetches_a_handset_enrols_and_talks_with_every_kind_of_telephone(
    box: Box, echo: Baresip, family: str
) -> None:
    air = enrolled(box, family)
    number = FAMILIES[family]
    shown = system(box, family)
    assert all(shown["bases"][0][fact] for fact in ("firmware", "model", "last_seen"))
    assert (shown["handsets"][0]["status"], shown["handsets"][0]["base"]) == ("ready", MACS[family])
    air.do("dial", "H1", digits="22")
    air.until("H1", "a talk", state="talks")
    air.hears("H1", TONE)  # its own tone, there and back
    air.do("hang_up", "H1")
    analog = Telephone(box, "fxs1")
    analog.rests()
    air.do("dial", "H1", digits="41")
    analog.until("a ring", rings=True)
    analog.do("lift")
    air.until("H1", "a talk", state="talks")
    analog.until("the handset's tone", hears=str(TONE))
    analog.do("speak", sound=base64.b64encode(tone_sound("DE", PortTone.TEST)[0] * 4).decode())
    air.hears("H1", 1000)
    air.do("hang_up", "H1")
    analog.do("hang_up")
    with box.phones("21") as (anna,):
        call = anna.call(number)
        air.until("H1", "a ring", state="rings", display="21 Phone 21")
        air.do("lift", "H1")
        air.hears("H1", tone_of("21"))
        anna.hears(TONE, call=call)
        if family != "grandstream":  # their bases hand nothing over
            air.do("walk", "H1", to="base2")
            # The call lives on: it can be held and taken back, and both hear each other again.
            anna.hold(call)
            box.eventually(lambda: not hears(air, tone_of("21")), "the hold")
            anna.resume(call)
            box.eventually(lambda: hears(air, tone_of("21")), "the call again")
            anna.hears(TONE, call=call)
            assert air.show("H1")["state"] == "talks"
        anna.hangup(call)
        air.until("H1", "rest", state="idle")
    if family != "grandstream":
        at = second(family)
        box.eventually(lambda: bool(system(box, family)["handsets"][0]["base"] == at), "the other base")
    box.idle()
    # The central phone book, as handsets of this maker search it.
    assert {"name": "Cordless 53", "number": "53"} in air.do("look_up", "H1", words="Cordless")
    assert all(one["number"] == "41" for one in air.do("look_up", "H1", words="Analog"))


def test_a_group_rings_handsets_of_all_makers_and_one_answer_ends_it(box: Box, provider: Provider) -> None:
    everybody = {family: enrolled(box, family) for family in FAMILIES}
    call = provider.call(NUMBER)
    for air in everybody.values():
        air.until("H1", "a ring", state="rings")
    missed = {family: air.show("H1")["missed"] for family, air in everybody.items()}
    everybody["snom"].do("lift", "H1")
    provider.wait("answered", call=call)
    everybody["snom"].hears("H1", 1000)
    provider.hears(TONE)
    for family, air in everybody.items():
        if family != "snom":
            assert air.until("H1", "rest", state="idle")["missed"] == missed[family] + 1
    provider.hangup(call)
    everybody["snom"].until("H1", "rest", state="idle")
    box.idle()


def test_an_emergency_call_shows_where_the_handset_is(box: Box, provider: Provider) -> None:
    air = enrolled(box, "gigaset")
    air.do("walk", "H1", to="base2")
    at = second("gigaset")
    box.eventually(lambda: bool(system(box, "gigaset")["handsets"][0]["base"] == at), "the store")
    air.do("dial", "H1", digits="112")
    out = provider.wait("incoming", called="112")
    assert STORE in str(out["headers"])
    air.do("hang_up", "H1")
    provider.wait("ended", call=out["call"])
    assert "Hall 2, gate 4" in str(box.control("alarms.list"))


def test_a_lost_base_a_restart_and_a_new_name(web: Web, box: Box) -> None:
    air = enrolled(box, "gigaset")

    def state() -> str:
        return str(system(box, "gigaset")["handsets"][0]["status"])

    with box.phones("21", "22") as (anna, ben):
        air.do("walk", "H1", to="away")  # its base keeps it registered, and finds out when it is called
        ben.call("51")
        anna.incoming()
        ben.hangup()
        air.do("walk", "H1", to="base2")
        at = second("gigaset")
        box.eventually(lambda: bool(system(box, "gigaset")["handsets"][0]["base"] == at), "the store")
        lost = time.monotonic()
        air.do("power", base="base2", on=False)
        box.eventually(lambda: bool(system(box, "gigaset")["bases"][1]["status"] == "lost"), "the loss", 30)
        ben.call("51")
        anna.incoming()
        assert time.monotonic() - lost < 30
        ben.hangup()
    # The core restarts, and knows bases and handsets again.
    air.do("walk", "H1", to="base1")
    air.until("H1", "registered", registered=True)
    box.restart_core()
    box.eventually(lambda: state() == "ready", "the handset", 40)
    air.do("dial", "H1", digits="*43")
    air.until("H1", "the echo", state="talks")
    air.do("hang_up", "H1")
    air.until("H1", "rest", state="idle")
    # A changed name reaches the handset: its base is told to fetch (check-sync).
    box.control("config.set", kind="dect_handset", id="dect51", fields={"name": "Forklift"})
    air.until("H1", "the new name", 15, display="Forklift")
    # The API shows the same, also the tree of clocks and where bases fetch.
    shown = next(one for one in web.admin().good("GET", "/dect") if one["system"] == "gigaset")
    assert [(one["base"], [below["base"] for below in one["below"]]) for one in shown["tree"]] == [
        (MACS["gigaset"], [second("gigaset")])
    ]
    assert shown["address"].endswith("/prov/gigaset0token0of0the0bases/")
