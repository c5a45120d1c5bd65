"""G.711 (ITU-T G.711): A-law and µ-law bytes to 16-bit samples and back. Pure."""

import array
import functools
import math

from appliance.provider.sdp import PCMA

RATE = 8000
_PEAK = 0.25


@functools.cache
def _decoded(payload: int) -> tuple[int, ...]:
    return tuple(_alaw(code) if payload == PCMA else _ulaw(code) for code in range(256))


def _alaw(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if code & 0x80 else -size


def _ulaw(code: int) -> int:
    code = ~code & 0xFF
    size = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -size if code & 0x80 else size


@functools.cache
def _codes(payload: int) -> bytes:
    """For each of 8192 steps of 8 from -32768 up: the code whose value is nearest."""
    ranked = sorted((value, code) for code, value in enumerate(_decoded(payload)))
    out = bytearray()
    at = 0
    for step in range(8192):
        value = step * 8 - 32768 + 4
        while at + 1 < len(ranked) and abs(ranked[at + 1][0] - value) <= abs(ranked[at][0] - value):
            at += 1
        out.append(ranked[at][1])
    return bytes(out)


def decode(payload: int, data: bytes) -> bytes:
    """Codes → native 16-bit samples."""
    table = _decoded(payload)
    return array.array("h", [table[code] for code in data]).tobytes()


def encode(payload: int, samples: "array.array[int]") -> bytes:
    """Samples → codes."""
    table = _codes(payload)
    return bytes(table[(value + 32768) >> 3] for value in samples)


@functools.lru_cache(maxsize=32)
def tone(payload: int, hz: int) -> bytes:
    """One second of a sine at -12 dBFS, to be repeated without a click; 0 Hz is silence."""
    step = 2 * math.pi * hz / RATE
    samples = array.array("h", (round(_PEAK * 32767 * math.sin(step * i)) for i in range(RATE)))
    return encode(payload, samples)
