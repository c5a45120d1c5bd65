"""A fax machine as a party out there: a terminal whose sound is G.711 packets."""

import array
import asyncio
import tempfile
import threading
from pathlib import Path

from appliance.fax.terminal import FRAME_BYTES, FaxTerminal, TerminalSettings
from appliance.media.priority import hurry
from appliance.model.fax import FaxResult
from appliance.provider import g711

IDENT = "+49 30 555098"
_AFTERMATH = 50
"""Frames until the last word of the protocol is surely through."""


class FaxParty:
    """Sends ``path``, or receives into a new file. Raises DeviceUnavailable without the fax library."""

    def __init__(self, path: Path | None = None) -> None:
        hurry([threading.get_native_id()])  # late packets are what kills faxes
        self.sends = path is not None
        self.path = path or Path(tempfile.mkdtemp(prefix="provider-fax-")) / "received.tif"
        self._terminal = FaxTerminal(self.path, sends=self.sends, settings=TerminalSettings(ident=IDENT))
        self._rest = b""
        self._left = _AFTERMATH
        self.done = asyncio.Event()
        """It is time to hang up."""

    def say(self, payload: int) -> bytes:
        """The next 20 ms, in this codec."""
        samples: array.array[int] = array.array("h")
        samples.frombytes(self._terminal.say())
        if self._terminal.over.is_set() and self._left:
            self._left -= 1
            if not self._left:
                self.done.set()
        return g711.encode(payload, samples)

    def hear(self, payload: int, body: bytes) -> None:
        """Take a packet's sound, whatever its length."""
        self._rest += g711.decode(payload, body)
        while len(self._rest) >= FRAME_BYTES:
            self._terminal.hear(self._rest[:FRAME_BYTES])
            self._rest = self._rest[FRAME_BYTES:]

    def close(self) -> FaxResult:
        """End it; says what became of it."""
        self._terminal.close()
        return self._terminal.result()
