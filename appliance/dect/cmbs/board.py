"""What the office wants of a module and what is known of it, in one place for all threads."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.dect.cmbs.memory import HandsetMemory
from appliance.dect.cmbs.view import Known, view
from appliance.dect.sip_system import utc_now
from appliance.dect.window import Window
from appliance.model import dect_air as air
from appliance.model.dect import DectHandset
from appliance.model.dect_air import DectStatus
from appliance.model.ids import DeviceId


class Board:
    """Written by the driver's thread (``setup`` by any), read by all."""

    def __init__(self, setup: air.DectSetup, memory: HandsetMemory) -> None:
        self._setup = setup
        self._memory = memory
        self._known = Known()
        self._lock = threading.RLock()
        self.window = Window(utc_now)

    @property
    def setup(self) -> air.DectSetup:
        """What the office wants."""
        with self._lock:
            return self._setup

    @setup.setter
    def setup(self, setup: air.DectSetup) -> None:
        with self._lock:
            self._setup = setup

    @property
    def known(self) -> Known:
        """What is known."""
        with self._lock:
            return self._known

    @property
    def ready(self) -> bool:
        """Whether the module can be used."""
        return self.known.status is DectStatus.READY

    @property
    def why_not(self) -> str:
        """Why it cannot be."""
        return self.known.detail or "the module is not there"

    def learn(self, **fields: Any) -> None:
        """Fields of :class:`Known` that are another now."""
        with self._lock:
            self._known = replace(self._known, **fields)

    def state(self, *, calls: int, sound_trouble: str) -> air.DectState:
        """As others see it."""
        with self._lock:
            known = replace(self._known, calls=calls, sound_trouble=sound_trouble)
            return view(self._setup, known, self.window.enrolment)

    # --- handsets

    def recall(self, rfpi: str) -> None:
        """It is this module: who its handsets were."""
        self.learn(rfpi=rfpi, ipeis=self._memory.read(rfpi), away=frozenset())

    def list_handsets(self, listed: Mapping[int, str]) -> None:
        """Number → name, as the module has them.

        One whose identity was lost here (a new disk) is known by the name that the module keeps, if there is
        just one of that name on either side.
        """
        self.learn(listed=listed)
        ipeis = dict(self.known.ipeis)
        for number, name in listed.items():
            alike = [
                one.document.identity
                for one in self.setup.handsets
                if one.display == name and one.document.identity not in ("", *ipeis.values())
            ]
            if number not in ipeis and len(alike) == 1 and list(listed.values()).count(name) == 1:
                ipeis[number] = alike[0]
        if ipeis != self.known.ipeis:
            self._keep(ipeis)

    def came(self, number: int, ipei: str) -> tuple[int, ...]:
        """A handset has enrolled; the numbers that it had before."""
        known = self.known
        old = tuple(key for key, value in known.ipeis.items() if ipei and value == ipei and key != number)
        self.learn(listed={**known.listed, number: known.listed.get(number, "")}, away=known.away - {number})
        self._keep({**known.ipeis, number: ipei})
        return old

    def gone(self, number: int) -> None:
        """It is enrolled no longer."""
        known = self.known
        self.learn(listed={key: value for key, value in known.listed.items() if key != number})
        self._keep({key: value for key, value in known.ipeis.items() if key != number})

    def found(self, number: int, *, there: bool) -> bool:
        """It was there, or was searched in vain; whether that is news."""
        away = self.known.away
        now = away - {number} if there else away | {number}
        self.learn(away=now)
        return now != away

    def names(self) -> Mapping[int, str]:
        """Number → how it is to be called."""
        wanted = {one.document.identity: one.display for one in self.setup.handsets}
        known = self.known
        return {
            number: wanted[ipei]
            for number, ipei in known.ipeis.items()
            if ipei in wanted and number in known.listed
        }

    def who(self, number: int) -> DeviceId | None:
        """Whose handset may call."""
        ipei = self.known.ipeis.get(number, "")
        for one in self.setup.handsets:
            if ipei and one.document.identity == ipei and not one.document.blocked:
                return one.document.id
        return None

    def number_of(self, handset: DeviceId) -> int | None:
        """Of an enrolled handset."""
        document, known = self.document(handset), self.known
        for number, ipei in known.ipeis.items():
            if document is not None and ipei and ipei == document.identity and number in known.listed:
                return number
        return None

    def document(self, handset: DeviceId | None) -> DectHandset | None:
        """Of a handset of this system."""
        return next((one.document for one in self.setup.handsets if one.document.id == handset), None)

    def _keep(self, ipeis: Mapping[int, str]) -> None:
        self.learn(ipeis=ipeis)
        self._memory.write(self.known.rfpi, ipeis)
