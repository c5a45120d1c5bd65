"""Hearing that a fax machine is there: it calls (CNG), or speaks (the preamble of V.21, T.30 §5.3.1).

CNG is 1100 Hz for half a second, every three seconds (T.30 §4.1.2). The answering tone (CED) tells nothing:
any steady 2100 Hz looks like it, and modems send it too; the preamble that follows is a fax machine's alone.
"""

from typing import Any

from appliance.media.spandsp.library import TONE_CNG, TONE_PREAMBLE, ffi, spandsp

_FRAME = 160


class ToneDetector:
    """Fed with 20 ms of 16-bit samples at 8 kHz. One thread only."""

    def __init__(self, tone: int) -> None:
        """``tone``: TONE_CNG or TONE_PREAMBLE. Raises DeviceUnavailable without the library."""
        self._lib = spandsp()
        self._samples = ffi.new("int16_t[]", _FRAME)
        self.tone = tone
        self.found = False
        self._handle = ffi.new_handle(self)
        self._state = ffi.gc(
            self._lib.modem_connect_tones_rx_init(ffi.NULL, tone, _on_tone, self._handle),
            self._lib.modem_connect_tones_rx_free,
        )

    def hear(self, frame: bytes) -> bool:
        """Take 20 ms; True from the moment the tone was recognised on."""
        data = frame[: 2 * _FRAME]
        ffi.memmove(self._samples, data, len(data))
        self._lib.modem_connect_tones_rx(self._state, self._samples, len(data) // 2)
        return self.found


class CngDetector(ToneDetector):
    """Hears a machine that calls."""

    def __init__(self) -> None:
        """Raises DeviceUnavailable without the library."""
        super().__init__(TONE_CNG)


class PreambleDetector(ToneDetector):
    """Hears a machine that speaks, caller or called."""

    def __init__(self) -> None:
        """Raises DeviceUnavailable without the library."""
        super().__init__(TONE_PREAMBLE)


@ffi.callback("void(void *, int, int, int)")  # type: ignore[untyped-decorator]
def _on_tone(user: Any, code: int, _level: int, _delay: int) -> None:
    detector = ffi.from_handle(user)
    if code == detector.tone:
        detector.found = True
