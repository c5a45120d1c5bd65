"""Puts a recorded call together: pairs of mono files of 16 bit become one WAV file, stereo or mixed.

Work is done a second at a time, so that other threads get their turn.
"""

import array
import functools
import hashlib
import operator
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from appliance.media.wav import HEADER
from appliance.model.recordings import Coding, Sides

_PCM, _ALAW = 1, 6
_USUAL_RATE = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was written."""

    length_ms: int
    size: int
    sha256: str


def put_together(pairs: list[tuple[Path, Path]], target: Path, sides: Sides, coding: Coding) -> Made:
    """Write one file of all stretches (what the party says, what it hears); safe on disk. Raises OSError.

    Files that are missing count as silence. Headers must be right (:func:`appliance.media.wav.settle`).
    """
    rate = next((found for pair in pairs for one in pair if (found := _rate(one))), _USUAL_RATE)
    channels = 2 if sides is Sides.STEREO else 1
    width = 1 if coding is Coding.ALAW else 2
    frames = sum(max(_samples(one) for one in pair) for pair in pairs)
    data_bytes = frames * channels * width
    digest = hashlib.sha256()
    with target.open("wb") as file:

        def write(data: bytes) -> None:
            file.write(data)
            digest.update(data)

        write(_header(rate, channels, coding, data_bytes))
        for pair in pairs:
            for left, right in _seconds(pair, rate):
                write(_encoded(_woven(left, right) if channels == 2 else _mixed(left, right), coding))
        if data_bytes % 2:
            write(b"\0")
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    return Made(length_ms=frames * 1000 // rate, size=size, sha256=digest.hexdigest())


def sha256_of(path: Path) -> str:
    """The hash of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header(rate: int, channels: int, coding: Coding, size: int) -> bytes:
    width = 1 if coding is Coding.ALAW else 2
    kind = _ALAW if coding is Coding.ALAW else _PCM
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * width, channels * width, 8 * width)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RIFF", 36 + size + size % 2, b"WAVE"),
            struct.pack("<4sI", b"fmt ", len(form)),
            form,
            struct.pack("<4sI", b"data", size),
        )
    )


def _rate(path: Path) -> int:
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
    except OSError:
        return 0
    return int(struct.unpack_from("<I", header, 24)[0]) if len(header) == HEADER else 0


def _samples(path: Path) -> int:
    try:
        return max(0, path.stat().st_size - HEADER) // 2
    except OSError:
        return 0


def _seconds(pair: tuple[Path, Path], rate: int) -> Iterator[tuple["array.array[int]", "array.array[int]"]]:
    """Both sides a second at a time, the shorter one filled up with silence."""
    left, right = (_opened(one) for one in pair)
    try:
        while True:
            a, b = _read(left, rate), _read(right, rate)
            if not a and not b:
                return
            longer = max(len(a), len(b))
            yield _filled(a, longer), _filled(b, longer)
    finally:
        for one in (left, right):
            if one is not None:
                one.close()


def _opened(path: Path) -> BinaryIO | None:
    try:
        file = path.open("rb")
    except OSError:
        return None
    file.seek(HEADER)
    return file


def _read(file: BinaryIO | None, count: int) -> "array.array[int]":
    samples = array.array("h")
    data = file.read(2 * count) if file is not None else b""
    samples.frombytes(data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _filled(samples: "array.array[int]", count: int) -> "array.array[int]":
    samples.frombytes(bytes(2 * (count - len(samples))))
    return samples


def _woven(left: "array.array[int]", right: "array.array[int]") -> "array.array[int]":
    woven = array.array("h", bytes(4 * len(left)))
    woven[0::2] = left
    woven[1::2] = right
    return woven


def _mixed(left: "array.array[int]", right: "array.array[int]") -> "array.array[int]":
    return array.array("h", map(_clipped().__getitem__, map(operator.add, left, right)))


def _encoded(samples: "array.array[int]", coding: Coding) -> bytes:
    if coding is Coding.ALAW:
        unsigned = array.array("H", samples.tobytes())
        return bytes(map(_alaw().__getitem__, unsigned))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


@functools.cache
def _clipped() -> "array.array[int]":
    """Every sum of two samples, cut to 16 bit; a negative sum is an index from the end."""
    table = array.array("h", bytes(2 * 131_072))
    for value in range(-65_536, 65_536):
        table[value] = max(-32_768, min(32_767, value))
    return table


@functools.cache
def _alaw() -> bytes:
    """G.711 A-law of every 16-bit sample, by its unsigned value (ITU-T G.711, table 1a)."""
    return bytes(_alaw_of(value - 65_536 if value > 32_767 else value) for value in range(65_536))


def _alaw_of(sample: int) -> int:
    value = (~sample if sample < 0 else sample) >> 4
    if value > 15:
        exponent = 1
        while value > 31:
            value >>= 1
            exponent += 1
        value = value - 16 + (exponent << 4)
    return (value if sample < 0 else value | 0x80) ^ 0x55
