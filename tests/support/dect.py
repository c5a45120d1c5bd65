"""Emulated DECT handsets and bases, used as ``ortsamt simulate dect`` does."""

import time
from typing import Any

from appliance.control.client import ControlClient
from appliance.dect.emulator.desk import desk_path
from tests.support.box import Box


class Air:
    """Emulated handsets and bases, used as ``ortsamt simulate dect`` does."""

    def __init__(self, box: Box, name: str = "") -> None:
        """``name``: of one of several emulators."""
        self._socket = desk_path(box.folder / "run", name)

    def do(self, deed: str, handset: str = "", **params: Any) -> Any:
        """Enrol, lift, dial, walk …"""
        named = {"handset": handset} if handset else {}
        with ControlClient(self._socket, timeout=20) as client:
            return client.call(f"air.{deed}", {**named, **params})

    def show(self, handset: str) -> dict[str, Any]:
        """What a handset does and perceives."""
        found: dict[str, Any] = next(one for one in self.do("show")["handsets"] if one["handset"] == handset)
        return found

    def until(self, handset: str, what: str, patience_s: float = 20.0, **fields: Any) -> dict[str, Any]:
        """Wait until it shows this; of texts the begin is enough."""
        deadline = time.monotonic() + patience_s
        while True:
            shown = self.show(handset)
            if all(str(shown[name]).startswith(str(value)) for name, value in fields.items()):
                return shown
            assert time.monotonic() < deadline, f"{what}: {shown}"
            time.sleep(0.05)

    def hears(self, handset: str, hz: int) -> None:
        """Wait until it hears that tone; between clocks samples are added or left out at times."""
        deadline = time.monotonic() + 20
        while True:
            words = self.show(handset)["hears"].split()
            if words and words[0].isdigit() and abs(int(words[0]) - hz) < max(12, hz / 100):
                return
            assert time.monotonic() < deadline, f"{handset} hears {words}, not {hz}"
            time.sleep(0.05)
