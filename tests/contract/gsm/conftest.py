"""The driver against emulated modules of every family, found by their USB identity."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from appliance.drivers.gsm.bank import ModuleBank
from appliance.drivers.gsm.emulator import EmulatedModule
from appliance.drivers.gsm.module import SerialModem
from appliance.drivers.gsm.pins import PinFile
from appliance.model import gsm
from appliance.model.gsm import GsmModule, ModuleState, ModuleStatus
from appliance.model.ids import LegId, ModuleId
from appliance.ports import GsmModem

E = TypeVar("E")
MODULE = ModuleId("mobile")


class Rig:
    """A bank that looks into a folder, everything it tells, and the modules plugged in there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[gsm.GsmEvent] = []
        self._changed = threading.Condition()
        self._modules: list[EmulatedModule] = []
        self._legs = 0
        (folder / "dev").mkdir(parents=True)
        self.bank = self._make()

    def _make(self) -> ModuleBank:
        return ModuleBank(
            sysfs=self.folder / "sys", devices=self.folder / "dev", pins=PinFile(self.folder / "pins.json")
        )

    def start(self, *documents: GsmModule) -> None:
        """Look for modules from now on."""
        self.bank.configure(documents)
        self.bank.start(self._take)

    def restart(self, *documents: GsmModule) -> None:
        """The core starts anew."""
        self.bank.stop()
        self.bank = self._make()
        self.start(*documents)

    def plug(self, family: str, **options: Any) -> EmulatedModule:
        """Plug a module in."""
        module = EmulatedModule(self.folder, family=family, **options)
        self._modules.append(module)
        module.plug()
        return module

    def close(self) -> None:
        """Stop all."""
        self.bank.stop()
        for module in self._modules:
            module.unplug()

    def _take(self, _modem: GsmModem, event: gsm.GsmEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def eventually(self, holds: Callable[[], Any], what: str, timeout: float = 15) -> Any:
        """Wait until it holds, looking after every event."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (found := holds()):
                self._changed.wait(0.02)
                if time.monotonic() > deadline:
                    raise AssertionError(f"no {what}: {self.bank.states()} {self.events[-12:]}")
            return found

    def wait(self, kind: type[E], timeout: float = 15, **values: object) -> E:
        """The next event of a kind with these values; those before it are done with."""

        def first() -> E | None:
            for at, event in enumerate(self.events):
                if isinstance(event, kind) and all(getattr(event, k) == v for k, v in values.items()):
                    del self.events[: at + 1]
                    return event
            return None

        found: E = self.eventually(first, f"{kind.__name__} {values}", timeout)
        return found

    def state(self, module: ModuleId = MODULE) -> ModuleState | None:
        """How a module is."""
        return next((one for one in self.bank.states() if one.module == module), None)

    def settled(self, status: ModuleStatus = ModuleStatus.READY, module: ModuleId = MODULE) -> ModuleState:
        """Wait until the module is so."""

        def there() -> ModuleState | None:
            state = self.state(module)
            return state if state is not None and state.status is status else None

        found: ModuleState = self.eventually(there, f"status {status}")
        return found

    @property
    def modem(self) -> SerialModem:
        """The module under test."""
        modem = self.bank.modem(MODULE)
        assert modem is not None
        return modem

    def dial(self, number: str = "+4922155501", *, withhold: bool = False) -> LegId:
        """Dial; the leg's id."""
        self._legs += 1
        leg = LegId(f"leg{self._legs}")
        self.modem.order(gsm.Dial(leg=leg, number=number, withhold=withhold))
        return leg


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Nothing is plugged in yet."""
    rig = Rig(tmp_path)
    yield rig
    rig.close()
    left = [
        one.name for one in threading.enumerate() if one.name.startswith("gsm-") and "emul" not in one.name
    ]
    assert left == []
