"""A fax machine as a party out there: a terminal whose sound is G.711 packets, until it changes to T.38."""

import array
import asyncio
import tempfile
import threading
from pathlib import Path

from appliance.fax.t30 import Machine, TerminalSettings
from appliance.fax.t38 import SendPacket, T38Terminal
from appliance.fax.terminal import FRAME_BYTES, FaxTerminal
from appliance.media.priority import hurry
from appliance.model.fax import FaxResult
from appliance.provider import g711

IDENT = "+49 30 555098"
AFTERMATH = 50
"""Frames until the last word of the protocol is surely through."""


class FaxParty:
    """Sends ``path``, or receives into a new file. Raises DeviceUnavailable without the fax library."""

    def __init__(self, path: Path | None = None) -> None:
        hurry([threading.get_native_id()])  # late packets are what kills faxes
        self.sends = path is not None
        self.path = path or Path(tempfile.mkdtemp(prefix="provider-fax-")) / "received.tif"
        self._settings = TerminalSettings(ident=IDENT)
        self._audio: FaxTerminal | None = FaxTerminal(self.path, sends=self.sends, settings=self._settings)
        self._machine: Machine = self._audio
        self._rest = b""
        self._left = AFTERMATH
        self.done = asyncio.Event()
        """It is time to hang up."""

    def to_packets(self, send: SendPacket) -> T38Terminal:
        """The same machine with packets in place of sound, from its beginning on."""
        self._machine.close()
        self._audio = None
        self._machine = made = T38Terminal(
            self.path, sends=self.sends, send_packet=send, settings=self._settings
        )
        return made

    def say(self, payload: int) -> bytes:
        """The next 20 ms, in this codec; silence once it speaks in packets."""
        if self._audio is None:
            return g711.encode(payload, array.array("h", bytes(FRAME_BYTES)))
        samples: array.array[int] = array.array("h")
        samples.frombytes(self._audio.say())
        if self._audio.over.is_set() and self._left:
            self._left -= 1
            if not self._left:
                self.done.set()
        return g711.encode(payload, samples)

    def hear(self, payload: int, body: bytes) -> None:
        """Take a packet's sound, whatever its length."""
        self._rest += g711.decode(payload, body)
        while len(self._rest) >= FRAME_BYTES:
            if self._audio is not None:
                self._audio.hear(self._rest[:FRAME_BYTES])
            self._rest = self._rest[FRAME_BYTES:]

    def close(self) -> FaxResult:
        """End it; says what became of it."""
        self._machine.close()
        return self._machine.result()
