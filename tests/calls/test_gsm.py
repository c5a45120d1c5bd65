"""Calls and SMS through an emulated GSM module, found on an emulated USB by the box as it is shipped."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.drivers.gsm.emulated_network import Answering
from appliance.drivers.gsm.emulator import EmulatedModule
from appliance.drivers.gsm.reports import CallStage
from tests.support.box import Box, office, ring, tone_of
from tests.support.processes import free_port, ortsamt

SIM = "+491761112233"
MOBILE = "+491701234567"


def offices() -> dict[str, object]:
    return dict(
        office(
            "21",
            "22",
            gsm_module={
                "mobile": {
                    "number": SIM,
                    "pin": "1234",
                    "mail_to": ["boss@example.com"],
                    "sms_per_day": 1,
                }
            },
            mail={"main": {"host": "127.0.0.1", "port": 9, "tls": "none", "sender": "box@example.com"}},
            trunk={"gsm": {"kind": "gsm", "module": "mobile"}},
            number={"sim": {"number": SIM, "steps": [ring("21")]}},
        )
    )


@pytest.fixture
def module(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmulatedModule]:
    """Not plugged in yet."""
    module = EmulatedModule(tmp_path / "usb", family=getattr(request, "param", "simcom"), tone_hz=500)
    module.sim.pin = "1234"
    yield module
    module.unplug()


@pytest.fixture
def box(module: EmulatedModule, tmp_path: Path) -> Iterator[Box]:
    usb = tmp_path / "usb"
    (usb / "dev").mkdir(parents=True)
    module.plug()
    settings = {"gsm": {"sysfs": str(usb / "sys"), "devices": str(usb / "dev")}}
    with Box(tmp_path, offices(), settings=settings) as box:  # type: ignore[arg-type]
        ready(box)
        yield box


def ready(box: Box, status: str = "registered") -> None:
    box.eventually(lambda: box.control("trunks.list")[0]["status"] == status, f"the trunk to be {status}")


@pytest.mark.parametrize("module", ["simcom", "quectel"], indirect=True)
def test_a_call_out_with_sound_both_ways(box: Box, module: EmulatedModule) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("0" + MOBILE[3:])
        module.wait(lambda one: one.stage is CallStage.DIALLING)
        assert module.network.dialled == [MOBILE]
        module.far_rings()
        anna.wait("ringing", call=call)
        module.far_answers()
        anna.wait("answered", call=call)
        anna.hears(500, call=call)
        module.wait(lambda one: abs(one.hears_hz() - tone_of("21")) < 15)
        anna.digits("5")
        module.wait(lambda one: one.network.keys == ["5"])
        module.far_hangs_up()
        anna.ended(call)
    (record,) = box.records(1)
    assert record["call"]["called"] == MOBILE
    assert record["call"]["cause"] == "normal"


def test_a_call_in_rings_a_phone(box: Box, module: EmulatedModule) -> None:
    with box.phones("21") as (anna,):
        module.call(MOBILE)
        offer = anna.incoming()
        assert offer["number"].endswith(MOBILE[3:])
        call = anna.answer()
        module.wait(lambda one: one.stage is CallStage.ACTIVE)
        anna.hears(500, call=call)
        module.wait(lambda one: abs(one.hears_hz() - tone_of("21")) < 15)
        anna.hangup(call)
        module.wait(lambda one: one.stage is None)


def test_pulled_out_in_a_call_and_plugged_in_again(box: Box, module: EmulatedModule) -> None:
    with box.phones("21") as (anna,):
        call = anna.call(MOBILE)
        module.wait(lambda one: one.stage is CallStage.DIALLING)
        module.far_answers()
        anna.wait("answered", call=call)
        module.unplug()
        anna.ended(call)
        box.idle()
        ready(box, "failed")
        module.plug()
        ready(box)
        call = anna.call(MOBILE)
        module.wait(lambda one: one.stage is CallStage.DIALLING)
        module.far_hangs_up("User busy", "BUSY")
        assert anna.ended(call)["status"] == 486


def test_sms_and_modules_on_the_command_line(box: Box, module: EmulatedModule) -> None:
    def ctl(*words: str) -> str:
        command = [*ortsamt("ctl"), *words, "--socket", str(box.socket)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    shown = ctl("modules")
    assert "860000000000017" in shown
    assert "Emulated.de" in shown
    with box.watching("sms") as news:
        module.sms("Grüße vom Handy", MOBILE)
        assert news.wait("sms", incoming=True)["text"] == "Grüße vom Handy"
        box.eventually(
            lambda: (
                [one["recipient"] for one in box.control("mail.queue") if one["event"] == "sms"]
                == ["boss@example.com"]
            ),
            "a mail with the SMS",
        )
        module.wait(lambda one: not one.network.stored)
        ctl("sms-send", MOBILE, "Grüße aus dem Büro")
        sent = news.wait("sms", incoming=False, status="sent")
        module.sms_report(module.network.reference, MOBILE)
        news.wait("sms", id=sent["id"], status="delivered")
        ctl("sms-send", MOBILE, "one more than a day may have")
        refused = subprocess.run(
            [*ortsamt("ctl"), "sms-send", "nobody", "x", "--socket", str(box.socket)],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert (refused.returncode, "is no number" in refused.stderr) == (1, True)
    shown = ctl("sms")
    assert "Grüße vom Handy" in shown
    assert "delivered" in shown
    box.restart_core()
    assert "Grüße vom Handy" in ctl("sms")
    ready(box)
    with box.watching("sms") as news:
        box.control("config.set", kind="gsm_module", id="mobile", fields={"sms_per_day": 9})
        assert news.wait("sms", status="sent", timeout=40)["text"] == "one more than a day may have"
    assert len(module.network.sent) == 2


def test_without_internet_calls_leave_by_the_module_and_emergencies_too(tmp_path: Path) -> None:
    dead = {"kind": "static", "host": "127.0.0.1", "port": free_port(), "priority": 1}
    mobile = {"kind": "gsm", "module": "mobile", "priority": 20}
    documents = office(
        "21", gsm_module={"mobile": {"number": SIM}}, trunk={"internet": dead, "mobile": mobile}
    )
    usb = tmp_path / "usb"
    settings = {"gsm": {"sysfs": str(usb / "sys"), "devices": str(usb / "dev")}}
    with (
        EmulatedModule(usb, answering=Answering.ANSWERS, tone_hz=500) as module,
        Box(tmp_path, documents, settings=settings) as box,
        box.phones("21") as (anna,),
    ):
        box.eventually(
            lambda: (
                [one["status"] for one in box.control("trunks.list") if one["id"] == "mobile"]
                == ["registered"]
            ),
            "the module to be ready",
        )
        for number, dialled in (("030123456", "+4930123456"), ("112", "112")):
            began = time.monotonic()
            call = anna.call(number)
            module.wait(lambda one, wanted=dialled: one.network.dialled[-1:] == [wanted])  # type: ignore[misc]
            assert time.monotonic() - began < 6
            anna.wait("answered", call=call)
            anna.hears(500, call=call)
            anna.hangup(call)
            module.wait(lambda one: one.stage is None)
