"""WAV files that were being written when something happened: right headers, silence cut, safe on disk.

Files are as PJSIP writes them: 44 bytes of header, then 16-bit mono samples, little-endian.
"""

import array
import os
import struct
import sys
import time
from pathlib import Path

HEADER = 44
QUIET = 328
"""-40 dBFS: below this nobody speaks."""
BLOCK_MS = 20
REST_MS = 300
"""Of silence left at the end: words fade out."""
_SETTLE_POLL_S = 0.005


def settle(path: Path, timeout_s: float = 2.0) -> int:
    """Wait until the writer has put the header right, else do it; returns the length in milliseconds.

    Raises OSError; a file that is no recording at all counts as empty.
    """
    deadline = time.monotonic() + timeout_s
    while not _is_right(path):
        if time.monotonic() >= deadline:
            return repair(path)
        time.sleep(_SETTLE_POLL_S)
    return length_ms(path)


def repair(path: Path) -> int:
    """Make the header say what is there; returns the length in milliseconds."""
    with path.open("r+b") as file:
        header = file.read(HEADER)
        if len(header) < HEADER or header[:4] != b"RIFF" or header[36:40] != b"data":
            return 0
        size = (os.fstat(file.fileno()).st_size - HEADER) // 2 * 2
        _write_sizes(file.fileno(), size)
        os.ftruncate(file.fileno(), HEADER + size)
        return _milliseconds(size, header)


def length_ms(path: Path) -> int:
    """How long it is, by its size; 0 for what is no recording."""
    with path.open("rb") as file:
        header = file.read(HEADER)
        if len(header) < HEADER or header[:4] != b"RIFF" or header[12:16] != b"fmt ":
            return 0
        return _milliseconds(os.fstat(file.fileno()).st_size - HEADER, header)


def cut_silence(path: Path) -> int:
    """Cut the silence off the end; returns the length in milliseconds, 0 when nobody spoke at all."""
    with path.open("r+b") as file:
        header = file.read(HEADER)
        if len(header) < HEADER or header[:4] != b"RIFF":
            return 0
        (rate,) = struct.unpack_from("<I", header, 24)
        size = (os.fstat(file.fileno()).st_size - HEADER) // 2 * 2
        block = max(1, rate * BLOCK_MS // 1000) * 2
        end = size
        while end > 0:
            start = max(0, end - block)
            file.seek(HEADER + start)
            if _loud(file.read(end - start)):
                break
            end = start
        kept = min(size, end + rate * REST_MS // 1000 * 2) if end else 0
        if kept < size:
            _write_sizes(file.fileno(), kept)
            os.ftruncate(file.fileno(), HEADER + kept)
        return _milliseconds(kept, header)


def sync(path: Path) -> None:
    """Have the file and its name on disk."""
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_right(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(HEADER)
        size = os.fstat(file.fileno()).st_size - HEADER
    if len(header) < HEADER:
        return False
    (said,) = struct.unpack_from("<I", header, 40)
    return bool(said == size and size > 0)


def _write_sizes(descriptor: int, size: int) -> None:
    os.pwrite(descriptor, struct.pack("<I", size + HEADER - 8), 4)
    os.pwrite(descriptor, struct.pack("<I", size), 40)


def _milliseconds(size: int, header: bytes) -> int:
    (rate,) = struct.unpack_from("<I", header, 28)
    return max(0, size) * 1000 // rate if rate else 0


def _loud(data: bytes) -> bool:
    samples = array.array("h")
    samples.frombytes(data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return bool(samples) and (max(samples) >= QUIET or min(samples) <= -QUIET)
