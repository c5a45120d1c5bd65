"""The little of TIFF-F (RFC 2301 §3) that we read ourselves: which pages a file has, and their dots."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import PeerProtocolError

MAX_PAGES = 2000
_WIDTH, _LENGTH, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 259, 262, 266
_OFFSETS, _COUNTS, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 273, 279, 282, 283, 296
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}
_CENTIMETRES = 3
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a file. ``resolution`` in dots per inch, across and down."""

    width: int
    length: int
    resolution: tuple[int, int]
    compression: int
    """TIFF's number: 1 none, 3 T.4 (G3), 4 T.6 (G4)."""
    tags: dict[int, tuple[int, ...]]


def read_pages(path: Path) -> tuple[Page, ...]:
    """The pages of a TIFF file; raises PeerProtocolError for what is none, OSError."""
    data = path.read_bytes()
    try:
        return tuple(_pages(data))
    except (struct.error, KeyError, IndexError, ZeroDivisionError) as error:
        raise PeerProtocolError(f"{path.name} is no whole TIFF file", error_id="fax.tiff") from error


def bitmaps(path: Path) -> Iterator[bytes]:
    """The dots of each page of an uncompressed bilevel file: rows of whole bytes, 1 is black."""
    data = path.read_bytes()
    for page in _pages(data):
        if page.compression != 1:
            raise PeerProtocolError(f"{path.name} is compressed", error_id="fax.tiff")
        strips = zip(page.tags[_OFFSETS], page.tags[_COUNTS], strict=True)
        dots = b"".join(data[offset : offset + count] for offset, count in strips)
        if page.tags.get(_FILL_ORDER, (1,))[0] == 2:
            dots = dots.translate(_REVERSED)
        if page.tags.get(_PHOTOMETRIC, (0,))[0] == 1:
            dots = bytes(byte ^ 0xFF for byte in dots)
        yield dots


def _pages(data: bytes) -> Iterator[Page]:
    order = {b"II*\0": "<", b"MM\0*": ">"}[data[:4]]
    (offset,) = struct.unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    while offset:
        if offset in seen or len(seen) >= MAX_PAGES:
            raise KeyError(offset)
        seen.add(offset)
        (count,) = struct.unpack_from(f"{order}H", data, offset)
        tags: dict[int, tuple[int, ...]] = {}
        for position in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(f"{order}HHI", data, position)
            if kind in _SIZES:
                tags[tag] = _values(data, order, position + 8, kind, number)
        yield _page(tags)
        (offset,) = struct.unpack_from(f"{order}I", data, offset + 2 + 12 * count)


def _values(data: bytes, order: str, place: int, kind: int, number: int) -> tuple[int, ...]:
    if number > 100_000:
        raise KeyError(number)
    if _SIZES[kind] * number > 4:
        (place,) = struct.unpack_from(f"{order}I", data, place)
    if kind == 5:
        pairs = struct.unpack_from(f"{order}{2 * number}I", data, place)
        return tuple(round(pairs[i] / pairs[i + 1] * 1000) for i in range(0, len(pairs), 2))
    return struct.unpack_from(f"{order}{number}{'BBHI'[kind - 1]}", data, place)


def _page(tags: dict[int, tuple[int, ...]]) -> Page:
    factor = 2.54 if tags.get(_UNIT, (2,))[0] == _CENTIMETRES else 1.0
    across, down = (round(tags.get(tag, (0,))[0] / 1000 * factor) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    return Page(
        width=tags[_WIDTH][0],
        length=tags[_LENGTH][0],
        resolution=(across, down),
        compression=tags.get(_COMPRESSION, (1,))[0],
        tags=tags,
    )
