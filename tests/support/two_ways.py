"""An office with two ways out: a provider on an internet that can be cut off, and a GSM module.

with TwoWays(folder) as office, office.box.phones("21") as (anna,):
    office.internet.swallow()
    anna.call(office.OUTSIDE)
    office.module.wait(lambda one: one.network.dialled)
"""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.drivers.gsm.emulated_network import Answering
from appliance.drivers.gsm.emulator import EmulatedModule
from tests.support.box import PUBLIC, Box, office, ring
from tests.support.network import OFFICE, Internet
from tests.support.phone import Phone
from tests.support.provider import Provider

PROVIDER = "203.0.113.10"


class TwoWays:
    """Everything runs when it is entered; the box has the settings it is shipped with."""

    OUTSIDE = "030123456"
    internet: Internet
    provider: Provider
    module: EmulatedModule
    box: Box

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.internet = stack.enter_context(Internet(PROVIDER))
            accounts = ("trunk:secret-of-trunk:+49221555",)
            self.provider = stack.enter_context(
                Provider(accounts=accounts, options=("--listen", PROVIDER), inside=self.internet.world)
            )
            usb = self._folder / "usb"
            self.module = stack.enter_context(EmulatedModule(usb, answering=Answering.ANSWERS, tone_hz=500))
            trunk = {
                "host": PROVIDER,
                "port": self.provider.port,
                "username": "trunk",
                "secret": "secret-of-trunk",
                "kind": "registering",
                "default_number": PUBLIC,
                "priority": 1,
            }
            documents = office(
                "21",
                "22",
                number={"main": {"number": PUBLIC, "steps": [ring("21")]}},
                gsm_module={"mobile": {"number": "+491761112233"}},
                trunk={"main": trunk, "mobile": {"kind": "gsm", "module": "mobile", "priority": 20}},
            )
            settings = {"gsm": {"sysfs": str(usb / "sys"), "devices": str(usb / "dev")}}
            self.box = stack.enter_context(
                Box(self._folder, documents, settings=settings, address=OFFICE, inside=self.internet.office)
            )
            self.provider.wait("registered", account="trunk")
            self.box.eventually(self._both, "both ways out to be there")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _both(self) -> bool:
        trunks = {one["id"]: one["status"] for one in self.box.control("trunks.list")}
        probes = {one["name"]: one["known"] for one in self.box.control("survival.show")["probes"]}
        return trunks["mobile"] == "registered" and probes.get("trunk main") is True

    def by_module(self, caller: Phone) -> None:
        """A call to the outside, which must leave by the module; comes back when it is answered."""
        before = len(self.module.network.dialled)
        call = caller.call(self.OUTSIDE)
        self.module.wait(lambda one: len(one.network.dialled) > before)
        caller.wait("answered", call=call)
        caller.hangup(call)
        self.module.wait(lambda one: one.stage is None)
