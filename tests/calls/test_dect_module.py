"""Handsets of a DECT module in the box: their sound goes through our engine. The module is a process."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.calls.test_analog import Telephone
from tests.support.box import Box, office, ring, tone_of
from tests.support.dect import Air
from tests.support.processes import Process, ortsamt

PIN = "4711"
ANNA, BEN = tone_of("21"), tone_of("22")
H1, H2, H3 = 400, 460, 520
HIGH = 5200
"""Wide-band alone carries it."""
"""H1 and H3 are wide-band, H2 is narrow and dials key by key."""
SETTINGS = """
[[fxs]]
id = "fxs1"
family = "dahdi"
channel = 1
emulated = true

[[dect]]
id = "dect1"
port = "{folder}/module"
audio = "{folder}/module-sound"
emulated = true
"""


def documents() -> Any:
    cordless: dict[str, Any] = {
        number: {"number": number, "name": f"Cordless {number}"} for number in ("31", "32", "33")
    }
    cordless["31"]["forwardings"] = [{"on": "unreachable", "to": {"kind": "extension", "ref": "21"}}]
    cordless["41"] = {"number": "41", "name": "Analog"}
    system = {"family": "cmbs", "name": "Workshop", "pin": PIN, "module": "dect1"}
    voicemail = {"32": {"number": "832", "owners": ["32"], "min_seconds": 1}}
    return office(
        "21",
        "22",
        site={"main": {"area_code": "221", "outside_prefix": "0"}},
        extension=cordless,
        analog={"a41": {"extension": "41", "port": "fxs1"}},
        dect_system={"shop": system},
        voicemail_box=voicemail,
        number={"group": {"number": "+492215550100", "steps": [ring("31", "32", "33")]}},
    )


class Module:
    """The emulated module's process."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._running: Process | None = None

    def plug(self) -> None:
        """Be there."""
        folder = self._box.folder
        self._running = Process(
            "dect-emulator",
            ortsamt(
                "dect-emulator", "--box", str(self._box.settings), "--family", "cmbs", "--bases", "1",
                "--handsets", "3", "--device", str(folder / "module"), "--state", str(folder / "air"),
            ),
            log=folder / "dect.log",
        )  # fmt: skip
        self._running.wait_line("is there", timeout=40)

    def kill(self) -> None:
        """Without a word."""
        assert self._running is not None
        for name in ("module", "module-sound"):
            # Else they would lead to whoever gets the pty next.
            (self._box.folder / name).unlink()
        os.kill(self._running.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Be gone."""
        if self._running is not None:
            self._running.stop()


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with a module that is plugged in."""
    made = Box(tmp_path_factory.mktemp("box"), documents())
    settings = made.settings.read_text(encoding="utf-8") + SETTINGS.format(folder=made.folder)
    made.settings.write_text(settings, encoding="utf-8")
    with made as box:
        yield box


@pytest.fixture(scope="module")
def module(shared_box: Box) -> Iterator[Module]:
    """The module itself."""
    made = Module(shared_box)
    made.plug()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def air(shared_box: Box, module: Module) -> Air:
    """All three handsets enrolled: 31 has H1, 32 has H2, 33 has H3."""
    ready(shared_box)
    made = Air(shared_box)
    started = time.monotonic()
    for extension, handset in (("31", "H1"), ("32", "H2"), ("33", "H3")):
        shared_box.control("dect.enrol", extension=extension)
        shared_box.eventually(lambda: system(shared_box)["enrolment"]["status"] == "open", "the window")
        assert made.do("enrol", handset, pin="0815")["display"] == "wrong PIN"
        assert made.do("enrol", handset, pin=PIN)["display"] == "enrolled"
        name = f"dect{extension}"
        shared_box.eventually(lambda: bool(listed(shared_box, name)["status"] == "ready"), "the handset")  # noqa: B023
        if extension == "31":
            made.do("dial", handset, digits="*43")
            made.until(handset, "the echo", state="talks")
            assert time.monotonic() - started < 15
            made.do("hang_up", handset)
    return made


@pytest.fixture(autouse=True)
def rest(box: Box, air: Air) -> Iterator[None]:
    """Everybody hangs up."""
    yield
    for handset in ("H1", "H2", "H3"):
        air.do("hang_up", handset)
        air.until(handset, "rest", state="idle")
    box.idle()


def system(box: Box) -> dict[str, Any]:
    """How the box sees it."""
    found: dict[str, Any] = box.control("dect.list")[0]
    return found


def ready(box: Box, patience_s: float = 40) -> None:
    """The module is there."""
    box.eventually(
        lambda: bool(system(box)["status"] == "ready" and not system(box)["detail"]), "it", patience_s
    )


def near(heard: str, hertz: int) -> bool:
    """Whether it is that tone; between clocks samples are added or left out at times."""
    word = heard.split(maxsplit=1)[0]
    return word.isdigit() and abs(int(word) - hertz) < 12


def listed(box: Box, handset: str) -> dict[str, Any]:
    """How the box sees a handset."""
    found: dict[str, Any] = next((one for one in system(box)["handsets"] if one["handset"] == handset), {})
    return found


def test_a_handset_dials_key_by_key_after_the_dial_tone_and_calls_an_analog_telephone(
    box: Box, air: Air
) -> None:
    analog = Telephone(box, "fxs1")
    air.do("dial", "H2", digits="41")
    analog.until("a ring", rings=True)
    air.until("H2", "the ringing tone", state="calls", hears="425 Hz")
    analog.do("lift")
    air.until("H2", "a talk", state="talks")
    box.eventually(lambda: near(analog.show()["hears"], H2), "the handset's tone at the telephone")
    analog.do("hang_up")
    air.until("H2", "the end", state="idle")
    air.do("dial", "H2", digits="31")
    air.until("H1", "a ring", state="rings", display="32 Cordless 32")
    air.do("hang_up", "H2")
    air.until("H1", "the end", state="idle")


def test_two_handsets_of_wide_band_speak_so(box: Box, air: Air) -> None:
    air.do("dial", "H1", digits="33")
    air.until("H3", "a ring", state="rings", display="31 Cordless 31")
    air.do("lift", "H3")
    air.hears("H3", H1)
    air.do("speak", "H3", hz=HIGH)
    air.hears("H1", HIGH)
    air.do("hang_up", "H1")
    air.until("H3", "the end", state="idle")
    air.do("speak", "H3", hz=H3)
    legs = box.records(1)[0]["legs"]
    assert [one["quality"]["codec"] for one in legs] == ["G722", "G722"]


def test_hold_consultation_three_parties_and_transfer_by_the_r_key(box: Box, air: Air) -> None:
    with box.phones("21", "22") as (anna, ben):
        air.do("dial", "H1", digits="21")
        anna.incoming()
        anna.answer()
        air.hears("H1", ANNA)
        air.do("hold", "H1")
        air.do("dial", "H1", digits="22")
        ben.incoming()
        ben.answer()
        ben.hears(H1)
        air.hears("H1", BEN)
        air.do("hold", "H1")
        air.do("dial", "H1", digits="3")
        anna.hears(H1, BEN)
        ben.hears(H1, ANNA)
        air.do("hang_up", "H1")
        anna.wait("ended")
        ben.wait("ended")


def test_a_waiting_caller_is_shown_and_taken_and_joined_with_the_other(box: Box, air: Air) -> None:
    with box.phones("21", "22") as (anna, ben):
        air.do("dial", "H1", digits="21")
        anna.incoming()
        anna.answer()
        air.hears("H1", ANNA)
        call = ben.call("31")
        air.until("H1", "the waiting caller", display="22 Phone 22")
        air.do("hold", "H1")
        air.do("dial", "H1", digits="2")
        ben.wait("answered", call=call)
        air.hears("H1", BEN)
        air.do("hold", "H1")
        air.do("dial", "H1", digits="4")
        anna.hears(BEN)
        ben.hears(ANNA)
        air.until("H1", "the end of its part", state="idle")
        anna.hangup()
        ben.wait("ended")


def test_lamps_missed_calls_pickup_and_rejection(box: Box, air: Air) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = ben.call("832")
        ben.wait("answered", call=call)
        recordings = box.folder / "state" / "voice" / "messages" / "32"
        box.eventually(
            lambda: any(one.stat().st_size > 40_000 for one in recordings.glob("*.wav")), "a message"
        )
        ben.hangup(call)
        air.until("H2", "the lamp", messages=1)
        call = anna.call("33")
        air.until("H3", "a ring", state="rings")
        air.do("dial", "H1", digits="**33")
        anna.wait("answered", call=call)
        air.hears("H1", ANNA)
        anna.hangup(call)
        air.until("H1", "rest", state="idle")
        air.until("H3", "rest", state="idle")
        call = anna.call("33")
        air.until("H3", "a ring", state="rings")
        air.do("hang_up", "H3")
        assert anna.wait("ended", call=call)["status"] in (486, 603)


def test_a_lost_handset_is_searched_alone_and_a_group_rings_together(box: Box, air: Air) -> None:
    box.control("dect.page", handset="dect31")
    air.until("H1", "a ring", state="rings")
    assert air.show("H3")["state"] == "idle"
    air.do("hang_up", "H1")
    with box.phones("22") as (ben,):
        call = ben.call("002215550100")
        for handset in ("H1", "H2", "H3"):
            air.until(handset, "a ring", state="rings")
        air.do("lift", "H2")
        ben.wait("answered", call=call)
        for handset in ("H1", "H3"):
            air.until(handset, "no ring", state="idle")
        ben.hangup(call)


def test_out_of_range_is_unreachable_and_the_call_is_forwarded(box: Box, air: Air) -> None:
    air.do("walk", "H1", to="away")
    with box.phones("21", "22") as (anna, ben):
        ben.call("31")
        anna.incoming()
        ben.hangup()
    box.eventually(lambda: listed(box, "dect31")["status"] == "away", "the handset to be missed")
    air.do("walk", "H1", to="base1")
    box.eventually(lambda: listed(box, "dect31")["status"] == "ready", "the handset to be back")


def test_a_phone_calls_a_handset_both_hear_each_other_and_the_module_restarts(box: Box, air: Air) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("31")
        assert air.until("H1", "a ring", state="rings")["display"] == "21 Phone 21"
        air.do("lift", "H1")
        anna.wait("answered", call=call)
        air.hears("H1", ANNA)
        box.control("dect.restart")
        anna.wait("ended", call=call)
        air.until("H1", "rest", state="idle")
        ready(box)
        call = anna.call("31")
        air.until("H1", "a ring", state="rings")
        air.do("lift", "H1")
        anna.hears(H1)
        anna.hangup(call)


def test_a_restart_of_the_core_loses_no_enrolment(box: Box, air: Air) -> None:
    box.restart_core()
    ready(box)
    box.eventually(lambda: listed(box, "dect31")["status"] == "ready", "the handset")
    air.do("dial", "H1", digits="*43")
    air.until("H1", "the echo", state="talks")
    air.hears("H1", H1)


def test_a_module_that_dies_is_an_alarm_its_handsets_unreachable_and_comes_back(
    box: Box, air: Air, module: Module
) -> None:
    module.kill()
    box.eventually(lambda: system(box)["status"] == "away", "the module to be missed", 30)
    assert listed(box, "dect31")["unreachable"] is True
    with box.phones("21", "22") as (anna, ben):
        started = time.monotonic()
        ben.call("31")
        anna.incoming()
        assert time.monotonic() - started < 3
        ben.hangup()

    def alarms() -> list[Any]:
        return [one for one in box.control("alarms.list")["active"] if one["id"] == "dect.system"]

    box.eventually(lambda: bool(alarms()), "the alarm", 30)
    assert "Workshop" in alarms()[0]["text"]
    module.plug()
    ready(box)
    box.eventually(lambda: listed(box, "dect31")["status"] == "ready", "the handset")
    box.eventually(lambda: not alarms(), "the end of the alarm")
    air.until("H1", "the handset", state="idle")
