"""A fax machine without sound: T.38 packets (UDPTL) in and out, 20 ms of time at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from appliance.errors import PeerProtocolError
from appliance.fax.t30 import PLAIN, Machine, PageDone, TerminalSettings
from appliance.fax.udptl import Packer, Unpacker
from appliance.media.spandsp.library import RATE, ffi

_log = structlog.get_logger(__name__)
FRAME_MS = 20
_FRAME = RATE * FRAME_MS // 1000

SendPacket = Callable[[bytes], None]
"""Called on the thread that feeds the machine."""


class T38Terminal(Machine):
    """A machine that takes and sends packets."""

    def __init__(
        self,
        path: Path,
        *,
        sends: bool,
        send_packet: SendPacket,
        settings: TerminalSettings = PLAIN,
        page_done: PageDone | None = None,
    ) -> None:
        """Raises DeviceUnavailable without the library. ``path`` exists (sender) or not (receiver)."""
        self._send_packet = send_packet
        self._packer, self._unpacker = Packer(), Unpacker()
        super().__init__(path, sends=sends, settings=settings, page_done=page_done)

    def hear(self, packet: bytes) -> None:
        """Take a packet from the far end, whatever is in it."""
        try:
            messages = self._unpacker.unpack(packet)
        except PeerProtocolError as error:
            _log.debug("t38.packet", error=str(error))
            return
        with self._guard:
            if self._state is not None:
                for sequence, message in messages:
                    self._lib.t38_core_rx_ifp_packet(self._core, message, len(message), sequence)

    def tick(self) -> None:
        """20 ms have gone by."""
        with self._guard:
            if self._state is not None:
                self._lib.t38_terminal_send_timeout(self._state, _FRAME)

    def packet(self, ifp: bytes, count: int) -> None:
        """The library wants a message sent, so many times: without a repetition the last one may be lost."""
        packet = self._packer.pack(ifp)
        for _ in range(max(1, min(count, 10))):
            self._send_packet(packet)

    def _make(self) -> tuple[Any, Any]:
        state = self._lib.t38_terminal_init(ffi.NULL, int(self.sends), _on_packet, self._handle)
        if state == ffi.NULL:
            raise MemoryError
        self._core = self._lib.t38_terminal_get_t38_core_state(state)
        return state, self._lib.t38_terminal_get_t30_state(state)

    def _free(self, state: Any) -> None:
        self._lib.t38_terminal_free(state)


@ffi.callback("int(t38_core_state_t *, void *, const uint8_t *, int, int)")  # type: ignore[untyped-decorator]
def _on_packet(_core: Any, user: Any, body: Any, length: int, count: int) -> int:
    try:
        ffi.from_handle(user).packet(bytes(ffi.buffer(body, length)), count)
    except Exception:  # noqa: BLE001 - nothing may be raised into the library
        _log.exception("t38.send")
    return 0
