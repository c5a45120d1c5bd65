"""Drivers of DECT systems against their emulated equipment: one stand for every family."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from appliance.dect.cmbs.emulator import EmulatedModule
from appliance.dect.cmbs.system import CmbsSystem
from appliance.dect.emulator.air import Base, Handset
from appliance.dect.emulator.loop import AirThread
from appliance.dect.emulator.sip import SipPhones
from appliance.dect.mitel.emulator import EmulatedOmm
from appliance.dect.mitel.system import MitelSystem
from appliance.dect.provisioned.emulator import EmulatedBases
from appliance.dect.provisioned.families import FAMILIES
from appliance.dect.provisioned.system import ProvisionedSystem
from appliance.model import dect_air as air
from appliance.model.box import DectModule
from appliance.model.dect import DectBase, DectFamily, DectHandset, DectNet, ipei_from
from appliance.model.dect_air import EnrolStatus, HandsetStatus
from appliance.model.ids import DectSystemId, DeviceId, ExtensionId
from appliance.ports import DectSystem
from tests.contract.dect.registrar import Registrar

E = TypeVar("E")
PIN = "4711"
SYSTEM = DectSystemId("halls")
NORTH, SOUTH = "003042AA0001", "003042AA0002"


def ipei(number: int) -> str:
    """Of the emulated handset H1, H2 …"""
    return ipei_from(3074, 220000 + number)


def handset(number: int, **more: Any) -> DectHandset:
    """The document of a handset: 31 is of extension 31."""
    values = {"system": SYSTEM, "extension": ExtensionId(str(number)), "secret": f"secret-of-{number}"}
    return DectHandset(id=DeviceId(f"dect{number}"), **{**values, **more})


class Stand:
    """A driver, its system in the air, and everything the driver tells."""

    family: DectFamily

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[air.DectEvent] = []
        self._changed = threading.Condition()
        self.thread = AirThread(self._notify)
        self.air = self.thread.air
        self.setup = air.DectSetup(net=self.net(), registrar="127.0.0.1", registrar_port=9)
        self.driver: DectSystem | None = None

    # for families

    def net(self) -> DectNet:
        """The document of the system."""
        raise NotImplementedError

    def make(self, setup: air.DectSetup) -> DectSystem:
        """The driver."""
        raise NotImplementedError

    def power_up(self, bases: list[Base]) -> None:
        """Begin to be there."""
        raise NotImplementedError

    def power_down(self) -> None:
        """No more."""

    # for tests

    def begin(self, *documents: DectHandset, handsets: int = 2, bases: list[Base] | None = None) -> None:
        """Equipment and driver are switched on and have found each other."""
        usual = [
            Base(mac=NORTH, name="north", hears={SOUTH: -71}),
            Base(mac=SOUTH, name="south", hears={NORTH: -69}),
        ]
        for number in range(1, handsets + 1):
            self.air.add_handset(f"H{number}", ipei(number))
        self.power_up(usual if bases is None else bases)
        self.setup = replace(self.setup, handsets=wanted(documents))
        self.start()

    def start(self) -> None:
        """The driver."""
        self.driver = self.make(self.setup)
        self.driver.start(self._take)
        self.until(lambda: self.state.status is air.DectStatus.READY, "the system to be ready")

    def restart(self) -> None:
        """The core starts anew."""
        assert self.driver is not None
        self.driver.stop()
        self.start()

    def configure(self, *documents: DectHandset, **net: Any) -> None:
        """The office changes its documents."""
        self.setup = replace(self.setup, handsets=wanted(documents), net=replace(self.setup.net, **net))
        assert self.driver is not None
        self.driver.configure(self.setup)

    knows_ipei = True
    """The system tells which handset enrolled, and lets one alone in."""
    forgets = True
    several_bases = True

    def whose(self, name: str) -> str:
        """Whose account an emulated handset has."""
        return self.emulated(name).username

    def may_call(self, account: str) -> bool:
        """Whether a handset of this account may."""
        found = (one.phones for one in self.air.handsets.values() if isinstance(one.phones, SipPhones))
        return any(account in [one.username for one in phones.accounts()] for phones in found)

    def refresh(self) -> None:
        """Bases that fetch files do so."""

    def order(self, command: air.DectCommand) -> None:
        """Of a person."""
        assert self.driver is not None
        self.driver.order(command)

    def open(self, *, seconds: int = 60, **more: Any) -> None:
        """A window for enrolment, open: this one, not the one before."""
        before = self.state.enrolment
        self.order(air.OpenEnrolment(seconds=seconds, **more))
        self.until(
            lambda: (now := self.state.enrolment) != before and now.status is air.EnrolStatus.OPEN,
            "the window to be open",
        )

    def type_pin(self, name: str, pin: str = PIN) -> str:
        """A user types the PIN at a handset; what it shows."""
        return self.thread.run(self.air.enrol(name, pin))

    def walk(self, name: str, to: str) -> None:
        """To a base, or ``away``."""
        self.thread.do(lambda: self.air.walk(name, to))

    def power(self, base: str, *, on: bool) -> None:
        """Pull or plug a base."""
        self.thread.do(lambda: self.air.power(base, on=on))

    @property
    def state(self) -> air.DectState:
        """As the driver sees it."""
        assert self.driver is not None
        return self.driver.state

    def handset(self, name: DeviceId | str) -> air.HandsetState:
        """By its document."""
        nobody = air.HandsetState(key="")
        return next((one for one in self.state.handsets if one.handset == name), nobody)

    def of(self, number: int) -> air.HandsetState | None:
        """By the IPEI of H1, H2 …"""
        return next((one for one in self.state.handsets if one.ipei == ipei(number)), None)

    def base(self, mac: str) -> air.BaseState:
        """By its MAC."""
        return next((one for one in self.state.bases if one.mac == mac), air.BaseState(key=""))

    def emulated(self, name: str) -> Handset:
        """The handset itself."""
        return self.air.handset(name)

    def until(self, holds: Callable[[], Any], what: str, timeout: float = 8) -> Any:
        """Wait until it holds, looking after every event."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (found := holds()):
                self._changed.wait(0.05)
                if time.monotonic() > deadline:
                    seen = f"{self.state if self.driver else ''} {self.events[-6:]}"
                    raise AssertionError(f"no {what}: {seen[:3000]}")
            return found

    def wait(self, kind: type[E], timeout: float = 20) -> E:
        """The next event of a kind; those before it are done with."""

        def first() -> E | None:
            for at, event in enumerate(self.events):
                if isinstance(event, kind):
                    del self.events[: at + 1]
                    return event
            return None

        found: E = self.until(first, kind.__name__, timeout)
        return found

    def close(self) -> None:
        """Everything off."""
        if self.driver is not None:
            self.driver.stop()
        self.power_down()
        self.thread.stop()

    def _take(self, event: air.DectEvent) -> None:
        with self._changed:
            if not isinstance(event, air.DectChanged):
                self.events.append(event)
            self._changed.notify_all()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def wanted(documents: tuple[DectHandset, ...]) -> tuple[air.WantedHandset, ...]:
    """As the core makes them."""
    return tuple(
        air.WantedHandset(
            document=one,
            number=one.extension,
            display=one.name or f"Phone {one.extension}",
            slot=one.slot or place,
        )
        for place, one in enumerate(documents, 1)
    )


class MitelStand(Stand):
    """An OMM."""

    family = DectFamily.MITEL
    omm: EmulatedOmm

    def net(self) -> DectNet:
        return DectNet(
            id=SYSTEM,
            family=self.family,
            host="127.0.0.1",
            username="omm",
            secret="omm-secret",
            pin=PIN,
            bases=(DectBase(mac=NORTH, name="Hall north", location="Hall 1, north door"),),
        )

    def make(self, setup: air.DectSetup) -> DectSystem:
        return MitelSystem(replace(setup, net=replace(setup.net, port=self.omm.port)))

    def power_up(self, bases: list[Base]) -> None:
        async def up() -> None:
            self.omm = EmulatedOmm(self.air, bases, password="omm-secret")
            await self.omm.start()

        self.thread.run(up())
        self.setup = replace(self.setup, net=replace(self.setup.net, port=self.omm.port))

    def power_down(self) -> None:
        self.thread.run(self.omm.stop())


class ProvisionedStand(Stand):
    """Bases that fetch files; the driver hands them out as the core does."""

    equipment: EmulatedBases
    agent = ""

    def net(self) -> DectNet:
        return DectNet(
            id=SYSTEM,
            family=self.family,
            secret="pages-secret",
            pin=PIN,
            bases=(
                DectBase(mac=NORTH, name="Hall north", location="Hall 1, north door", manager=True),
                DectBase(mac=SOUTH, name="Hall south"),
            ),
        )

    def make(self, setup: air.DectSetup) -> DectSystem:
        driver = self.registrar.driver = ProvisionedSystem(setup, poke=self._poke, probe_s=0.1, answer_s=0.4)
        for contact in self.registrar.known.values():
            driver.registered(contact)
        return driver

    def power_up(self, bases: list[Base]) -> None:
        self.registrar = Registrar()
        self.thread.run(self.registrar.open())
        self.setup = replace(self.setup, registrar="127.0.0.1", registrar_port=self.registrar.port)
        self._bases = bases

    def start(self) -> None:
        super().start()
        if not hasattr(self, "equipment"):

            def plug() -> EmulatedBases:
                return EmulatedBases(self.air, self.family, self._bases, self._fetch, agent=self.agent)

            self.equipment = self.thread.do(plug)
            self.thread.run(self.equipment.start())

    def open(self, *, seconds: int = 60, **more: Any) -> None:
        self.order(air.OpenEnrolment(seconds=seconds, **more))
        opened = (EnrolStatus.OPENING, EnrolStatus.OPEN)
        self.until(lambda: self.state.enrolment.status in opened, "the window to be wanted")
        by_hand = not FAMILIES[self.family].opens_by_file
        self.thread.do(lambda: setattr(self.equipment, "key_pressed", by_hand))
        self.refresh()
        self.until(lambda: self.state.enrolment.status is EnrolStatus.OPEN, "the window to be open")

    def refresh(self) -> None:
        if self.state.enrolment.status not in (EnrolStatus.OPENING, EnrolStatus.OPEN):
            self.thread.do(lambda: setattr(self.equipment, "key_pressed", False))
        self.thread.run(self.equipment.fetch_all())

    def configure(self, *documents: DectHandset, **net: Any) -> None:
        super().configure(*documents, **net)
        self.thread.run(self.equipment.fetch_all())

    def power_down(self) -> None:
        if hasattr(self, "equipment"):
            self.thread.run(self.equipment.stop())
        self.thread.run(self.registrar.close())

    def _poke(self, _accounts: tuple[str, ...], _event: str) -> None:
        with contextlib.suppress(Exception):
            self.thread.run(self.equipment.fetch_all())

    async def _fetch(self, mac: str, name: str, agent: str) -> bytes | None:
        driver = self.registrar.driver
        if driver is None:
            return None
        driver.told(mac, agent)
        found = driver.file(mac, name, "http://box.example/files/")
        return None if found is None else found.content


class GigasetStand(ProvisionedStand):
    family = DectFamily.GIGASET


class YealinkStand(ProvisionedStand):
    family = DectFamily.YEALINK
    knows_ipei = forgets = False


class SnomStand(ProvisionedStand):
    family = DectFamily.SNOM


class GrandstreamStand(ProvisionedStand):
    family = DectFamily.GRANDSTREAM
    knows_ipei = forgets = False


class CmbsStand(Stand):
    """A module on a serial line."""

    family = DectFamily.CMBS
    several_bases = False
    module: EmulatedModule

    def net(self) -> DectNet:
        base = DectBase(mac=NORTH, name="Hall north", location="Hall 1, north door")
        return DectNet(id=SYSTEM, family=self.family, pin=PIN, bases=(base,))

    def lone(self, setup: air.DectSetup) -> DectSystem:
        """The driver in a box that has no such module."""
        return CmbsSystem(setup, None, folder=self.folder, new_id=lambda: secrets.token_hex(8))

    def make(self, setup: air.DectSetup) -> DectSystem:
        path = str(self.folder / "module")
        module = DectModule(id="dect1", port=path, audio=f"{path}-sound", emulated=True)
        return CmbsSystem(setup, module, folder=self.folder, new_id=lambda: secrets.token_hex(8))

    def power_up(self, bases: list[Base]) -> None:
        async def up() -> None:
            self.module = EmulatedModule(self.air, bases[0], self.folder / "module")
            await self.module.start()

        self.thread.run(up())

    def power_down(self) -> None:
        self.thread.run(self.module.stop())

    def whose(self, name: str) -> str:
        found = next((one for one in self.state.handsets if one.ipei == self.emulated(name).ipei), None)
        return "" if found is None or found.handset is None else found.handset

    def may_call(self, account: str) -> bool:
        return self.handset(account).status is HandsetStatus.READY

    def go_wrong(self, **mischief: Any) -> None:
        """From now on."""
        for key, value in mischief.items():
            self.thread.do(lambda key=key, value=value: setattr(self.module.mischief, key, value))  # type: ignore[misc]


STANDS: dict[str, type[Stand]] = {
    "mitel": MitelStand,
    "gigaset": GigasetStand,
    "yealink": YealinkStand,
    "snom": SnomStand,
    "grandstream": GrandstreamStand,
    "cmbs": CmbsStand,
}


@pytest.fixture(params=list(STANDS))
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    """Nothing is switched on yet."""
    made = STANDS[request.param](tmp_path)
    yield made
    made.close()
    left = [one.name for one in threading.enumerate() if one.name.startswith("dect-")]
    assert left == []


@pytest.fixture
def cmbs(tmp_path: Path) -> Iterator[CmbsStand]:
    """For what only this family knows."""
    made = CmbsStand(tmp_path)
    yield made
    made.close()


@pytest.fixture
def omm(tmp_path: Path) -> Iterator[MitelStand]:
    """For what only this family knows."""
    made = MitelStand(tmp_path)
    yield made
    made.close()
