"""Who is enrolled at an emulated module: in its own memory, in a file if it shall outlive the process."""

import json
from pathlib import Path

from appliance.dect.cmbs import numbers as no
from appliance.dect.emulator.air import Air, Handset


class ModuleList:
    """Numbers, identities and names of handsets."""

    def __init__(self, air: Air, file: Path | None) -> None:
        self.ipeis: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self._air = air
        self._file = file
        if file is not None and file.exists():
            found = json.loads(file.read_text(encoding="utf-8"))
            self.ipeis = {int(key): value for key, value in found["handsets"].items()}
            self.names = {int(key): value for key, value in found["names"].items()}

    def number(self, handset: Handset) -> int:
        """Of a handset; 0: it is not enrolled."""
        return next((key for key, ipei in self.ipeis.items() if ipei == handset.ipei), 0)

    def handset(self, number: int) -> Handset | None:
        """Of that number."""
        ipei = self.ipeis.get(number)
        return next((one for one in self._air.handsets.values() if one.ipei == ipei), None)

    def take(self, handset: Handset) -> int:
        """Enrol it under its old number or the lowest free one; 0: there is none."""
        free = (one for one in range(1, no.MOST_HANDSETS + 1) if one not in self.ipeis)
        number = self.number(handset) or next(free, 0)
        if number:
            self.ipeis[number] = handset.ipei
            self.write()
        return number

    def drop(self, number: int) -> None:
        """It is enrolled no longer."""
        self.ipeis.pop(number, None)
        self.names.pop(number, None)
        self.write()

    def name(self, number: int, name: str) -> None:
        """It is called so."""
        self.names[number] = name
        self.write()

    def write(self) -> None:
        """Keep it."""
        if self._file is not None:
            kept = {"handsets": self.ipeis, "names": self.names}
            self._file.write_text(json.dumps(kept), encoding="utf-8")
