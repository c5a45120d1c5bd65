"""DECT handsets in calls: the whole box, an emulated OMM as a process, handsets that are SIP phones."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from appliance.errors import OrtsamtError
from appliance.model.dect import ipei_from
from tests.calls.test_analog import Telephone
from tests.support.box import Box, office, tone_of
from tests.support.dect import Air
from tests.support.processes import Process, free_port, ortsamt

PIN = "4711"
ANNA = tone_of("21")
H1, H2 = 460, 520
PORT = """
[[fxs]]
id = "fxs1"
family = "dahdi"
channel = 1
emulated = true
"""
BASE1, BASE2 = "003042E00001", "003042E00002"


def documents(port: int) -> Any:
    system = {
        "family": "mitel",
        "host": "127.0.0.1",
        "port": port,
        "username": "omm",
        "secret": "demo-omm-secret",
        "pin": PIN,
        "bases": [{"mac": BASE2, "name": "Store", "location": "Hall 2, gate 4", "emergency_number": None}],
    }
    cordless = {number: {"number": number, "name": f"Cordless {number}"} for number in ("31", "32")}
    forward = [{"on": "unreachable", "to": {"kind": "extension", "ref": "21"}}]
    cordless["31"]["forwardings"] = forward  # type: ignore[assignment]
    cordless["41"] = {"number": "41", "name": "Analog"}
    analog = {"a41": {"extension": "41", "port": "fxs1"}}
    voicemail = {"32": {"number": "832", "owners": ["32"], "min_seconds": 1}}
    return office(
        "21", "22", extension=cordless, analog=analog, dect_system={"halls": system}, voicemail_box=voicemail
    )


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with an OMM; nothing is enrolled."""
    port = free_port()
    made = Box(tmp_path_factory.mktemp("box"), documents(port))
    made.settings.write_text(made.settings.read_text(encoding="utf-8") + PORT, encoding="utf-8")
    with made as box:
        emulator = Process(
            "dect-emulator",
            ortsamt("dect-emulator", "--box", str(box.settings), "--port", str(port)),
            log=box.folder / "dect.log",
        )
        try:
            emulator.wait_line("is there", timeout=40)
            box.eventually(lambda: box.control("dect.list")[0]["status"] == "ready", "the system", 40)
            yield box
        finally:
            emulator.stop()


@pytest.fixture(scope="module")
def air(shared_box: Box) -> Air:
    """What is emulated, both handsets enrolled: 31 has H1, 32 has H2."""
    made = Air(shared_box)
    for extension, handset in (("31", "H1"), ("32", "H2")):
        shared_box.control("dect.enrol", extension=extension)
        shared_box.eventually(
            lambda: shared_box.control("dect.list")[0]["enrolment"]["status"] == "open", "the window"
        )
        assert made.do("enrol", handset, pin=PIN)["display"] == "enrolled"
        made.until(handset, "registered", 30, registered=True)
    return made


def listed(box: Box, handset: str) -> dict[str, Any]:
    """How the box sees a handset."""
    found: dict[str, Any] = next(
        one for one in box.control("dect.list")[0]["handsets"] if one["handset"] == handset
    )
    return found


def test_from_enrolment_to_the_first_call_without_editing_a_file(shared_box: Box) -> None:
    air = Air(shared_box)
    started = time.monotonic()
    assert shared_box.control("dect.enrol", extension="32")["pin"] == PIN
    shared_box.eventually(
        lambda: shared_box.control("dect.list")[0]["enrolment"]["status"] == "open", "the window"
    )
    assert air.do("enrol", "H2", pin="0815")["display"] == "wrong PIN"
    assert air.do("enrol", "H2", pin=PIN)["display"] == "enrolled"
    air.until("H2", "registered", registered=True)
    air.do("dial", "H2", digits="*43")
    air.until("H2", "the echo", state="talks")
    assert time.monotonic() - started < 15
    air.do("hang_up", "H2")
    shared_box.idle()
    row = listed(shared_box, "dect32")
    assert (row["status"], row["registered"], row["extension"]) == ("ready", True, "32")
    air.do("enrol", "H2")  # says that it is enrolled already
    shared_box.control("dect.forget", handset="dect32")
    air.until("H2", "forgotten", state="not enrolled")


def test_a_phone_calls_a_handset_and_both_hear_each_other(box: Box, air: Air) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("31")
        shown = air.until("H1", "a ring", state="rings")
        assert shown["display"].startswith("21 Phone 21")
        air.do("lift", "H1")
        anna.wait("answered", call=call)
        air.hears("H1", ANNA)
        anna.hears(H1 - 60)
        anna.hangup(call)
        air.until("H1", "rest", state="idle")


def test_handset_to_handset_and_hand_over_between_bases(box: Box, air: Air) -> None:
    air.do("dial", "H1", digits="32")
    air.until("H2", "a ring", state="rings", display="31 Cordless 31")
    air.do("lift", "H2")
    air.until("H1", "a talk", state="talks")
    air.do("walk", "H1", to="base2")
    box.eventually(lambda: bool(listed(box, "dect31")["base"] == BASE2), "the hand-over")
    assert air.show("H1")["state"] == "talks"
    air.hears("H1", H2 - 60)
    air.do("hang_up", "H2")
    air.until("H1", "rest", state="idle")
    air.do("walk", "H1", to="base1")


def test_out_of_range_is_unreachable_at_once_and_the_call_is_forwarded(box: Box, air: Air) -> None:
    air.do("walk", "H1", to="away")
    box.eventually(lambda: listed(box, "dect31")["status"] == "away", "the handset to be missed")
    with box.phones("21", "22") as (anna, ben):
        started = time.monotonic()
        ben.call("31")
        anna.incoming()
        assert time.monotonic() - started < 3
        ben.hangup()
    air.do("walk", "H1", to="base1")
    box.eventually(lambda: listed(box, "dect31")["status"] == "ready", "the handset to be back")


def test_a_base_is_lost_its_handset_is_unreachable_and_somebody_is_told(box: Box, air: Air) -> None:
    air.do("walk", "H1", to="base2")
    box.eventually(lambda: bool(listed(box, "dect31")["base"] == BASE2), "the walk")
    lost = time.monotonic()
    air.do("power", base="base2", on=False)
    box.eventually(lambda: listed(box, "dect31")["status"] == "away", "the handset to be missed", 30)
    with box.phones("21", "22") as (anna, ben):
        ben.call("31")
        anna.incoming()
        assert time.monotonic() - lost < 30
        ben.hangup()

    def alarm() -> Any:
        return [one for one in box.control("alarms.list")["active"] if one["id"] == "dect.base"]

    box.eventually(lambda: bool(alarm()), "the alarm", 40)
    assert "Store" in alarm()[0]["text"]
    air.do("power", base="base2", on=True)
    air.do("walk", "H1", to="base1")
    box.eventually(lambda: not alarm(), "the end of the alarm")


def test_a_lost_handset_is_searched(box: Box, air: Air) -> None:
    with box.phones("22") as (ben,):
        box.control("dect.page", handset="dect31", to="22")
        air.until("H1", "a ring", state="rings")
        air.do("lift", "H1")
        ben.incoming()
        ben.answer()
        air.hears("H1", tone_of("22"))
        air.do("hang_up", "H1")
        ben.wait("ended")
    box.control("dect.page", handset="dect31")
    air.until("H1", "a ring", state="rings")
    air.do("hang_up", "H1")


def test_a_handset_and_an_analog_telephone_hear_each_other(box: Box, air: Air) -> None:
    analog = Telephone(box, "fxs1")
    air.do("dial", "H1", digits="41")
    analog.until("a ring", rings=True)
    analog.do("lift")
    air.until("H1", "a talk", state="talks")
    analog.until("the handset's tone", hears=str(H1 - 60))
    analog.do("hang_up")
    air.until("H1", "the end", state="idle")


def test_a_message_lights_the_lamp_of_a_handset(box: Box, air: Air) -> None:
    with box.phones("22") as (ben,):
        call = ben.call("832")
        ben.wait("answered", call=call)
        recordings = box.folder / "state" / "voice" / "messages" / "32"
        box.eventually(
            lambda: any(one.stat().st_size > 40_000 for one in recordings.glob("*.wav")), "a message"
        )
        ben.hangup(call)
    air.until("H2", "the lamp", messages=1)
    assert air.show("H1")["messages"] == 0


def test_codes_and_pickup_work_at_a_handset(box: Box, air: Air) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("32")
        air.until("H2", "a ring", state="rings")
        air.do("dial", "H1", digits="**32")
        anna.wait("answered", call=call)
        air.hears("H1", ANNA)
        anna.hangup(call)
        air.until("H1", "rest", state="idle")
    shown = air.until("H2", "a missed call", state="idle")
    assert shown["missed"] >= 1


def test_forwarding_and_do_not_disturb_are_set_at_a_handset(box: Box, air: Air) -> None:
    def code(digits: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        air.do("dial", "H2", digits=digits)
        box.eventually(lambda: holds(box.control("config.get", kind="extension", id="32")), digits)
        air.do("hang_up", "H2")
        air.until("H2", "rest", state="idle")

    with box.phones("21", "22") as (anna, ben):
        code("*2122", lambda one: bool(one["forwardings"]))
        anna.call("32")
        ben.incoming(number="21")
        anna.hangup()
        code("#21", lambda one: not one["forwardings"])
        code("*26", lambda one: bool(one["status"] == "dnd"))
        call = anna.call("32")
        anna.ended(call)
        assert air.show("H2")["state"] == "idle"
        code("#26", lambda one: bool(one["status"] == "online"))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"extension": "99"}, "there is no extension '99'"),
        ({"extension": "32", "ipei": "0307402200010"}, "has a wrong check digit"),
        ({"extension": "31", "pin": "12"}, "four to eight digits"),
        ({"extension": "31", "system": "hall"}, "there is no DECT system 'hall'"),
        ({"handset": "dect3"}, "there is no handset 'dect3'"),
    ],
)
def test_what_cannot_be_enrolled_is_refused_with_words(
    box: Box, air: Air, asked: dict[str, str], told: str
) -> None:
    with pytest.raises(OrtsamtError) as refused:
        box.control("dect.enrol", **asked)
    assert told in str(refused.value)


def test_the_ipei_of_one_handset_is_not_given_to_another(box: Box, air: Air) -> None:
    taken, told = ipei_from(3074, 220002), "already belongs to dect_handset dect3"
    with pytest.raises(OrtsamtError, match=told):
        box.control("config.set", kind="dect_handset", id="dect31", fields={"ipei": taken})
    with pytest.raises(OrtsamtError, match=told):
        box.control("dect.enrol", handset="dect31", ipei=taken)


def test_a_restart_of_the_core_loses_no_enrolment(box: Box, air: Air) -> None:
    box.restart_core()
    box.eventually(lambda: listed(box, "dect31")["status"] == "ready", "the handset", 40)
    air.until("H1", "registered", registered=True)
    air.do("dial", "H1", digits="*43")
    air.until("H1", "the echo", state="talks")
    air.do("hang_up", "H1")
