"""A fax machine on a line of sound (V.17, V.29 and V.27ter), fed with 20 ms frames."""

from pathlib import Path
from typing import Any

from appliance.fax.t30 import PLAIN, Machine, PageDone, TerminalSettings
from appliance.media.spandsp.library import ffi

FRAME = 160
"""Samples in 20 ms at 8 kHz."""
FRAME_BYTES = 2 * FRAME


class FaxTerminal(Machine):
    """A machine that hears and says 20 ms at a time."""

    def __init__(
        self,
        path: Path,
        *,
        sends: bool,
        settings: TerminalSettings = PLAIN,
        page_done: PageDone | None = None,
    ) -> None:
        """Raises DeviceUnavailable without the library. ``path`` exists (sender) or not (receiver)."""
        self._out = ffi.new("int16_t[]", FRAME)
        self._in = ffi.new("int16_t[]", FRAME)
        super().__init__(path, sends=sends, settings=settings, page_done=page_done)

    def hear(self, frame: bytes) -> None:
        """Take what the line brings: 16-bit samples at 8 kHz, native byte order, at most 20 ms."""
        data = frame[:FRAME_BYTES]
        with self._guard:
            if self._state is not None and data:
                ffi.memmove(self._in, data, len(data))
                self._lib.fax_rx(self._state, self._in, len(data) // 2)

    def say(self) -> bytes:
        """The next 20 ms for the line."""
        with self._guard:
            if self._state is None:
                return bytes(FRAME_BYTES)
            made = self._lib.fax_tx(self._state, self._out, FRAME)
            return bytes(ffi.buffer(self._out, 2 * made)).ljust(FRAME_BYTES, b"\0")

    def _make(self) -> tuple[Any, Any]:
        state = self._lib.fax_init(ffi.NULL, int(self.sends))
        if state == ffi.NULL:
            raise MemoryError
        self._lib.fax_set_transmit_on_idle(state, 1)
        return state, self._lib.fax_get_t30_state(state)

    def _free(self, state: Any) -> None:
        self._lib.fax_free(state)
