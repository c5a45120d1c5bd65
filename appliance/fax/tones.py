"""Hearing that a fax machine calls (CNG, T.30 §4.1.2: 1100 Hz for half a second, every three seconds)."""

from typing import Any

from appliance.media.spandsp.library import TONE_CNG, ffi, spandsp

_FRAME = 160


class CngDetector:
    """Fed with 20 ms of 16-bit samples at 8 kHz. One thread only."""

    def __init__(self) -> None:
        """Raises DeviceUnavailable without the library."""
        self._lib = spandsp()
        self._samples = ffi.new("int16_t[]", _FRAME)
        self.found = False
        self._handle = ffi.new_handle(self)
        self._state = ffi.gc(
            self._lib.modem_connect_tones_rx_init(ffi.NULL, TONE_CNG, _on_tone, self._handle),
            self._lib.modem_connect_tones_rx_free,
        )

    def hear(self, frame: bytes) -> bool:
        """Take 20 ms; True from the moment the tone was recognised on."""
        data = frame[: 2 * _FRAME]
        ffi.memmove(self._samples, data, len(data))
        self._lib.modem_connect_tones_rx(self._state, self._samples, len(data) // 2)
        return self.found


@ffi.callback("void(void *, int, int, int)")  # type: ignore[untyped-decorator]
def _on_tone(user: Any, code: int, _level: int, _delay: int) -> None:
    if code == TONE_CNG:
        ffi.from_handle(user).found = True
