"""Mobiles that reach the office through a GSM module: calling through to a desk, and orders by SMS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.drivers.gsm.emulator import EmulatedModule
from appliance.drivers.gsm.reports import CallStage
from tests.support.box import Box, office, tone_of

SIM = "+491761112233"
MOBILE = "+491701234567"
PIN = "471147"


@pytest.fixture
def module(tmp_path: Path) -> Iterator[EmulatedModule]:
    module = EmulatedModule(tmp_path / "usb", family="simcom", tone_hz=500)
    yield module
    module.unplug()


@pytest.fixture
def box(module: EmulatedModule, tmp_path: Path) -> Iterator[Box]:
    usb = tmp_path / "usb"
    (usb / "dev").mkdir(parents=True)
    module.plug()
    documents = office(
        "21",
        "22",
        extension={"21": {"number": "21", "name": "Anna", "pin": PIN}},
        gsm_module={"mobile": {"number": SIM}},
        trunk={"gsm": {"kind": "gsm", "module": "mobile"}},
        mobile={"anna": {"extension": "21", "number": MOBILE}},
        callthrough={"gate": {}},
        number={
            "sim": {
                "number": SIM,
                "steps": [{"targets": [{"kind": "callthrough", "ref": "gate"}], "seconds": 20}],
            }
        },
    )
    settings = {"gsm": {"sysfs": str(usb / "sys"), "devices": str(usb / "dev")}}
    with Box(tmp_path, documents, settings=settings) as box:
        box.eventually(
            lambda: box.control("trunks.list")[0]["status"] == "registered", "the module to be ready"
        )
        yield box


def presses(module: EmulatedModule, keys: str) -> None:
    for key in keys:
        module.far_presses(key)


def test_callthrough_by_gsm(box: Box, module: EmulatedModule) -> None:
    with box.phones("22") as (ben,):
        module.call(MOBILE)
        module.wait(lambda one: one.stage is CallStage.ACTIVE)
        module.wait(lambda one: one.hears_hz() > 0)  # it asks for the PIN
        presses(module, f"{PIN}#")
        module.wait(lambda one: abs(one.hears_hz() - 425) < 5, 20)  # the dial tone
        presses(module, "22#")
        ben.incoming()
        call = ben.answer()
        ben.hears(500, call=call)
        module.wait(lambda one: abs(one.hears_hz() - tone_of("22")) < 15, 20)
        ben.hangup(call)
        module.wait(lambda one: abs(one.hears_hz() - 425) < 5, 20)
        module.far_hangs_up()
        box.idle()


def test_callback_ordered_by_sms(box: Box, module: EmulatedModule) -> None:
    with box.phones("22") as (ben,), box.watching("sms") as news:
        module.sms("CB 22", MOBILE)  # without the PIN
        news.wait("sms", incoming=True)
        module.sms(f"CB 22 PIN {PIN}", MOBILE)
        module.wait(lambda one: one.stage is CallStage.DIALLING, 20)
        assert PIN not in str(box.control("sms.list"))
        assert module.network.dialled == [MOBILE]
        module.far_answers()
        module.wait(lambda one: one.stage is CallStage.ACTIVE)
        box.eventually(
            lambda: any(leg["answered"] for one in box.calls() for leg in one["legs"]), "the mobile to answer"
        )
        module.wait(lambda one: one.hears_hz() > 0)  # what to press
        presses(module, "1")
        ben.incoming()
        call = ben.answer()
        ben.hears(500, call=call)
        ben.hangup(call)
        box.idle()
