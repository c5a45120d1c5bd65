"""DAHDI's requests, structures and events as bytes and back. No I/O.

Numbers and layouts are those of ``include/dahdi/user.h`` of dahdi-linux 3 (code 0xDA), the same on x86-64 and
ARM: native byte order, ``int`` of 32 bits.
"""

import struct
from dataclasses import dataclass, replace
from enum import IntEnum

from appliance.model.analog_line import RingCadence

CHANNEL_PATH = "/dev/dahdi/channel"
BLOCK_SAMPLES = 160
BLOCK_BYTES = 320
"""20 ms in linear mode: 16 bit, native."""
ELAST = 500
"""errno of read and write while an event waits; Linux has no such number of its own."""


class Request(IntEnum):
    """ioctl numbers."""

    SET_BLOCKSIZE = 0x4004DA01
    FLUSH = 0x4004DA03
    GET_PARAMS = 0xC088DA05
    SET_PARAMS = 0x4088DA05
    HOOK = 0x4004DA07
    GETEVENT = 0x8004DA08
    SET_BUFINFO = 0x4018DA1B
    ECHOCANCEL = 0x4004DA21
    SPECIFY = 0x4004DA26
    SETLINEAR = 0x4004DA28
    SETCADENCE = 0x4040DA2A
    ONHOOKTRANSFER = 0x4004DA33
    SET_HWGAIN = 0x4008DA56
    SETPOLARITY = 0x4004DA5C
    VMWI = 0xC004DA5E
    ECHOCANCEL_FAX_MODE = 0x4004DA66


class HookState(IntEnum):
    """Argument of HOOK."""

    ONHOOK = 0
    OFFHOOK = 1
    RING = 5
    RINGOFF = 6


class EventCode(IntEnum):
    """What GETEVENT gives; others exist and are passed over."""

    NONE = 0
    ONHOOK = 1
    RINGOFFHOOK = 2
    WINKFLASH = 3
    ALARM = 4
    NOALARM = 5
    RINGERON = 10
    RINGEROFF = 11
    HOOKCOMPLETE = 12
    PULSE_START = 14
    POLARITY = 17
    REMOVED = 20


PULSE_DIGIT = 1 << 16
"""With the digit's character."""
SIG_FXO = 1 << 12
"""In ``sigtype``: the port feeds a telephone (signalling is named after the other end)."""
FLUSH_ALL = 7
MOST_CADENCE = 16

_INT = struct.Struct("=i")
_BUFFERS = struct.Struct("=6i")
_CADENCE = struct.Struct(f"={MOST_CADENCE}i")
_GAIN = struct.Struct("=iI")
_PARAMS = struct.Struct("=12i40s11iI")


def integer(value: int = 0) -> bytearray:
    """An ``int`` argument."""
    return bytearray(_INT.pack(value))


def read_integer(buffer: bytes | bytearray) -> int:
    """What came back in an ``int`` argument."""
    return int(_INT.unpack(buffer)[0])


def buffers(*, count: int, size: int = BLOCK_SAMPLES) -> bytearray:
    """``struct dahdi_bufferinfo``: what is written is played at once (policy 0)."""
    return bytearray(_BUFFERS.pack(0, 0, count, size, 0, 0))


def hardware_gain(decibels: float, *, transmit: bool) -> bytearray:
    """``struct dahdi_hwgain``: tenths of a dB; transmit is towards the telephone."""
    return bytearray(_GAIN.pack(round(decibels * 10), int(transmit)))


def cadence(wanted: RingCadence) -> bytearray:
    """``struct dahdi_ring_cadence``: on and off in turn; the burst to come back to is negative."""
    values: list[int] = []
    for burst in wanted.first:
        values += (burst.on_ms, burst.off_ms)
    for at, burst in enumerate(wanted.repeated):
        values += (-burst.on_ms if at == 0 and wanted.first else burst.on_ms, burst.off_ms)
    if len(values) > MOST_CADENCE:
        raise ValueError(f"{len(values) // 2} bursts: at most {MOST_CADENCE // 2}")
    return bytearray(_CADENCE.pack(*values, *(0,) * (MOST_CADENCE - len(values))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """``struct dahdi_params``, as far as we look at it; the rest goes back as it came."""

    raw: bytes
    channel: int
    signalling: int
    off_hook: bool
    name: str
    flash_ms: int
    debounce_ms: int
    alarms: int

    def changed(self, *, flash_ms: int, debounce_ms: int) -> "Parameters":
        """Other limits for what is a flash, and for how long edges are not looked at after lifting."""
        fields = list(_PARAMS.unpack(self.raw))
        fields[_RX_FLASH], fields[_DEBOUNCE] = flash_ms, debounce_ms
        return replace(self, raw=_PARAMS.pack(*fields), flash_ms=flash_ms, debounce_ms=debounce_ms)


_CHANNEL, _SIGTYPE, _OFF_HOOK, _NAME, _RX_FLASH, _DEBOUNCE, _ALARMS = 0, 3, 5, 12, 19, 20, 24
PARAMS_BYTES = _PARAMS.size


def parameters(buffer: bytes | bytearray) -> Parameters:
    """Read ``struct dahdi_params``."""
    fields = _PARAMS.unpack(bytes(buffer))
    return Parameters(
        raw=bytes(buffer),
        channel=fields[_CHANNEL],
        signalling=fields[_SIGTYPE],
        off_hook=bool(fields[_OFF_HOOK]),
        name=fields[_NAME].split(b"\0", 1)[0].decode("ascii", "replace"),
        flash_ms=fields[_RX_FLASH],
        debounce_ms=fields[_DEBOUNCE],
        alarms=fields[_ALARMS],
    )


def pack_parameters(
    *,
    channel: int,
    signalling: int,
    off_hook: bool,
    name: str,
    flash_ms: int,
    debounce_ms: int,
    alarms: int = 0,
) -> bytes:
    """The card's side: what GET_PARAMS gives."""
    fields: list[int | bytes] = [0] * 25
    fields[_NAME] = name.encode("ascii")
    fields[_CHANNEL], fields[_SIGTYPE], fields[_OFF_HOOK] = channel, signalling, int(off_hook)
    fields[_RX_FLASH], fields[_DEBOUNCE], fields[_ALARMS] = flash_ms, debounce_ms, alarms
    return _PARAMS.pack(*fields)


def unpack_cadence(buffer: bytes | bytearray) -> tuple[int, ...]:
    """The card's side of SETCADENCE."""
    return tuple(_CADENCE.unpack(bytes(buffer)))


def pulse_digit(event: int) -> str:
    """The digit of a pulse event; empty when it is none."""
    return chr(event & 0xFF) if event & PULSE_DIGIT else ""
