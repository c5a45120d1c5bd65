"""Analog telephones in calls: the real engine, both families of line circuits, SIP phones as the others."""

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.control.client import ControlClient
from appliance.fxs.tones import PortTone, tone_sound
from tests.support.box import Box, office, tone_of
from tests.support.processes import ortsamt

PORTS = """
[[fxs]]
id = "fxs1"
family = "gpio"
pins = { hook = 17, forward = 27, ring = 22 }
audio = "hw:slic1"
emulated = true

[[fxs]]
id = "fxs2"
family = "dahdi"
channel = 2
emulated = true
"""
ANNA = tone_of("21")


class Telephone:
    """An emulated telephone, used as ``ortsamt simulate`` does."""

    def __init__(self, box: Box, port: str) -> None:
        self.port = port
        self._box = box

    def do(self, deed: str, **params: Any) -> None:
        """Lift, hang up, dial, flash, speak."""
        with ControlClient(self._box.folder / "run" / "simulation.sock") as client:
            client.call(f"phones.{deed}", {"phone": self.port, **params})

    def show(self) -> dict[str, Any]:
        """What it does and perceives."""
        with ControlClient(self._box.folder / "run" / "simulation.sock") as client:
            found: dict[str, Any] = next(
                one for one in client.call("phones.show") if one["phone"] == self.port
            )
        return found

    def until(self, what: str, patience_s: float = 20.0, **fields: Any) -> dict[str, Any]:
        """Wait until it shows this; strings need only be the begin."""
        deadline = time.monotonic() + patience_s
        while True:
            shown = self.show()
            if all(str(shown[name]).startswith(str(value)) for name, value in fields.items()):
                return shown
            assert time.monotonic() < deadline, f"{what}: {shown}"
            time.sleep(0.1)

    def rests(self) -> None:
        """Wait until the box knows that it is on the hook, too."""

        def rests() -> bool:
            ports = self._box.control("analog.ports")
            return any(one["port"] == self.port and one["state"] == "idle" for one in ports)

        self.until("rest", handset="on the hook", idle=True)
        self._box.eventually(rests, f"port {self.port} to be idle")

    def dials(self, number: str, **how: Any) -> None:
        """Lift, wait for the dial tone, dial."""
        self.do("lift")
        self.until("dial tone", hears="425 Hz, steady")
        self.do("dial", digits=number, **how)


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An office with SIP phones 21 and 22 and analog ones 23 and 24."""
    documents = office(
        "21",
        "22",
        site={"main": {"area_code": "221", "outside_prefix": "0"}},
        extension={"23": {"number": "23", "name": "Clara Münch"}, "24": {"number": "24", "name": "Dora"}},
        voicemail_box={"dora": {"number": "84", "owners": ["24"], "min_seconds": 1}},
        analog={
            "a23": {"extension": "23", "port": "fxs1"},
            "a24": {"extension": "24", "port": "fxs2"},
        },
    )
    box = Box(tmp_path_factory.mktemp("box"), documents)
    with box.settings.open("a", encoding="utf-8") as file:
        file.write(PORTS)
    with box:
        yield box


@pytest.fixture
def clara(box: Box) -> Iterator[Telephone]:
    """The telephone on pins."""
    yield from _telephone(box, "fxs1")


@pytest.fixture
def dora(box: Box) -> Iterator[Telephone]:
    """The telephone on a DAHDI card."""
    yield from _telephone(box, "fxs2")


def _telephone(box: Box, port: str) -> Iterator[Telephone]:
    made = Telephone(box, port)
    yield made
    made.do("hang_up")
    made.rests()
    box.idle()


def test_an_analog_telephone_calls_a_sip_phone(box: Box, clara: Telephone) -> None:
    with box.phones("21") as (anna,):
        clara.dials("21")
        ringing = anna.incoming()
        assert "23" in str(ringing)
        clara.until("ringback", hears="425 Hz, 1000 ms on")
        anna.answer(ringing["call"])
        clara.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        clara.do("speak", sound=base64.b64encode(tone_sound("DE", PortTone.TEST)[0] * 4).decode())
        anna.hears(1000, call=ringing["call"])
        anna.hangup(ringing["call"])
        clara.until("busy tone", hears="425 Hz, 480 ms on, 480 ms off")
    (record,) = box.records(1)
    assert {leg["endpoint"] for leg in record["legs"]} == {"device:a23", "device:21"}
    assert record["call"]["cause"] == "normal"


@pytest.mark.parametrize("port", ["fxs1", "fxs2"])
def test_a_sip_phone_calls_an_analog_telephone(box: Box, port: str) -> None:
    phone = Telephone(box, port)
    with box.phones("21") as (anna,):
        call = anna.call("23" if port == "fxs1" else "24")
        anna.wait("ringing", call=call)
        phone.until("identity", display="21")
        phone.do("lift")
        anna.wait("answered", call=call)
        phone.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        phone.do("hang_up")
        anna.ended(call)
        phone.rests()


def test_a_caller_gives_up(box: Box, dora: Telephone) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("24")
        anna.wait("ringing", call=call)
        dora.until("bell", rings=True)
        anna.hangup(call)
        box.idle()
        dora.until("silence", rings=False)


def test_two_analog_telephones_talk_one_dials_by_pulses(clara: Telephone, dora: Telephone) -> None:
    clara.dials("24", how="pulses")
    dora.until("identity", display="23 Clara Muench")
    dora.do("lift")
    dora.until("lifted", handset="lifted")
    clara.do("speak", sound=base64.b64encode(tone_sound("DE", PortTone.TEST)[0] * 4).decode())
    dora.until("Clara", hears="1000 Hz")


def test_a_busy_telephone_and_a_number_that_is_none(box: Box, clara: Telephone, dora: Telephone) -> None:
    dora.do("lift")
    dora.until("dial tone", hears="425 Hz, steady")
    clara.dials("24")
    clara.until("busy", hears="425 Hz, 480 ms on")
    clara.do("hang_up")
    clara.rests()
    box.idle()


def test_consulting_swapping_and_transferring_by_the_r_key(box: Box, clara: Telephone) -> None:
    with box.phones("21", "22") as (anna, ben):
        clara.dials("21")
        first = anna.incoming()["call"]
        anna.answer(first)
        clara.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        clara.do("flash")
        anna.hears_sound(call=first)
        clara.do("dial", digits="22")
        second = ben.incoming()["call"]
        ben.answer(second)
        clara.until("Ben", hears=f"{round(tone_of('22') / 5) * 5} Hz, steady")
        clara.do("flash")
        clara.do("dial", digits="2")
        clara.until("Anna again", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        clara.do("flash")
        clara.do("dial", digits="4")
        anna.hears(tone_of("22"), call=first)
        ben.hears(ANNA, call=second)
        clara.do("hang_up")
        clara.rests()
        anna.hangup(first)
        ben.ended(second)


def test_three_talk(box: Box, dora: Telephone) -> None:
    with box.phones("21", "22") as (anna, ben):
        dora.dials("21")
        first = anna.incoming()["call"]
        anna.answer(first)
        dora.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        dora.do("flash")
        dora.do("dial", digits="22")
        second = ben.incoming()["call"]
        ben.answer(second)
        dora.until("Ben", hears=f"{round(tone_of('22') / 5) * 5} Hz, steady")
        dora.do("flash")
        dora.do("dial", digits="3")
        anna.hears(tone_of("22"), call=first)
        ben.hears(ANNA, call=second)
        dora.do("hang_up")
        anna.ended(first)
        ben.ended(second)


def test_a_held_party_comes_back_when_the_user_hangs_up(box: Box, dora: Telephone) -> None:
    with box.phones("21") as (anna,):
        dora.dials("21")
        call = anna.incoming()["call"]
        anna.answer(call)
        dora.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        dora.do("flash")
        anna.hears_sound(call=call)
        dora.do("hang_up")
        dora.until("recall", rings=True)
        dora.do("lift")
        dora.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        dora.do("hang_up")
        anna.ended(call)


def test_a_second_caller_waits_and_is_taken(box: Box, clara: Telephone) -> None:
    with box.phones("21", "22") as (anna, ben):
        clara.dials("21")
        first = anna.incoming()["call"]
        anna.answer(first)
        clara.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        second = ben.call("23")
        ben.wait("ringing", call=second)
        clara.until("identity", display="22")
        clara.do("flash")
        clara.do("dial", digits="2")
        ben.wait("answered", call=second)
        clara.until("Ben", hears=f"{round(tone_of('22') / 5) * 5} Hz, steady")
        anna.hears_sound(call=first)
        clara.do("flash")
        clara.do("dial", digits="1")
        ben.ended(second)
        clara.until("Anna", hears=f"{round(ANNA / 5) * 5} Hz, steady")
        clara.do("hang_up")
        anna.ended(first)


def test_ports_are_told_and_tried(box: Box, clara: Telephone, dora: Telephone) -> None:
    def ctl(*words: str) -> tuple[int, str]:
        command = ortsamt("ctl", "--box", str(box.settings), *words)
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        return done.returncode, done.stdout + done.stderr

    code, said = ctl("analog")
    rows = [line.split() for line in said.splitlines()]
    assert code == 0
    assert [row[:3] for row in rows[1:3]] == [["fxs1", "idle", "a23"], ["fxs2", "idle", "a24"]], said
    code, said = ctl("analog-test", "fxs2")
    assert (code, "dial tone and key heard" in said) == (0, True), said
    code, said = ctl("analog-test", "fxs9")
    assert (code, "did you mean" in said) == (1, True), said
    clara.do("lift")
    clara.until("dial tone", hears="425 Hz, steady")
    code, said = ctl("analog-test", "fxs1")
    assert (code, "could not be tried" in said) == (1, True), said


def test_the_box_tries_its_ports(box: Box, clara: Telephone, dora: Telephone) -> None:
    before = [one["bells"] for one in box.control("analog.ports")]
    command = ortsamt("selftest", "--box", str(box.settings), "--json", "--no-fax")
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    tried = {one["what"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0, tried
    for port in ("fxs1", "fxs2"):
        assert tried[f"analog port {port}"]["result"] == "ok"
        assert tried[f"analog port {port}"]["detail"].endswith("rang")
    assert [one["bells"] for one in box.control("analog.ports")] == [count + 1 for count in before]


def test_a_message_lights_the_lamp_until_it_is_deleted(box: Box, dora: Telephone) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("84")
        anna.wait("answered", call=call)
        anna.digits("#", call=call)

        def spoken() -> bool:
            files = (box.folder / "state" / "voice").glob("messages/*/*.wav")
            return any(file.stat().st_size > 64_000 for file in files)

        box.eventually(spoken, "two seconds of a message")
        anna.hangup(call)
    dora.until("lamp", messages=1)
    (message,) = box.control("voicemail.list")
    box.control("voicemail.delete", message=message["message"])
    dora.until("no lamp", messages=0)
