"""Keys pressed in the sound of a line (DTMF, ITU-T Q.23 and Q.24), found and made."""

from array import array
from typing import Any

from appliance.media.spandsp.library import RATE, ffi, samples_of, spandsp

_LEAST_DB = -36
"""Weaker than this is no key but cross-talk; telephones send -9 to -6 dBm, long lines take 15 dB."""
_TWIST_DB = 8
"""By how much the upper tone may be louder (ETSI ES 201 235-3 asks for 6)."""
_REVERSE_TWIST_DB = 6

_FAINT = array("h", (1, 0, -1, 0) * 40).tobytes()
"""In place of exact silence, upon which the filter against dial tone runs down into denormal numbers, which
take 60 times as long."""


class KeyListener:
    """Finds keys; each is told once, when it has been heard for about 40 ms. One thread only."""

    def __init__(self, *, filter_dial_tone: bool = True) -> None:
        self._keys: list[str] = []
        self._down = False
        # The closure must live as long as the engine that calls it.
        self._report: Any = ffi.callback("tone_report_func_t", self._heard)
        lib = spandsp()
        self._engine = ffi.gc(lib.dtmf_rx_init(ffi.NULL, ffi.NULL, ffi.NULL), lib.dtmf_rx_free)
        lib.dtmf_rx_parms(self._engine, int(filter_dial_tone), _TWIST_DB, _REVERSE_TWIST_DB, _LEAST_DB)
        lib.dtmf_rx_set_realtime_callback(self._engine, self._report, ffi.NULL)
        self._feed = lib.dtmf_rx

    @property
    def down(self) -> bool:
        """True while a key is held down."""
        return self._down

    def hear(self, frame: bytes) -> str:
        """Keys that came to be pressed in this sound (20 ms of 16 bit mono at 8 kHz); usually none."""
        samples = samples_of(frame if any(frame) else _FAINT)
        self._feed(self._engine, samples, len(samples))
        if not self._keys:
            return ""
        found = "".join(self._keys)
        self._keys.clear()
        return found

    def _heard(self, _user: object, code: int, _level: int, _delay: int) -> None:
        self._down = code != 0
        if code:
            self._keys.append(chr(code))


class KeySounder:
    """Makes keys as a telephone does."""

    def __init__(self, *, on_ms: int = 80, off_ms: int = 80, level_dbm0: int = -9, twist_db: int = 2) -> None:
        lib = spandsp()
        self._lib = lib
        self._engine = ffi.gc(lib.dtmf_tx_init(ffi.NULL), lib.dtmf_tx_free)
        lib.dtmf_tx_set_level(self._engine, level_dbm0, twist_db)
        lib.dtmf_tx_set_timing(self._engine, on_ms, off_ms)
        self._block = ffi.new("int16_t[]", RATE // 10)

    def sound(self, keys: str) -> bytes:
        """The keys one after the other, each with its pause; 16 bit mono, 8 kHz."""
        made = bytearray()
        for key in keys:
            self._lib.dtmf_tx_put(self._engine, key.encode("ascii"), 1)
            while (count := self._lib.dtmf_tx(self._engine, self._block, len(self._block))) > 0:
                made += bytes(ffi.buffer(self._block, count * 2))
        return bytes(made)
