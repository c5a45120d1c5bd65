"""Power cuts without a guest: what a disk was told is recorded once, then cut off at any point and looked at.

The record is what QEMU's blklogwrites and Linux' dm-log-writes write. A write counts as on the disk when a
flush came after it; of those after the last flush, any may be missing.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from console import Failure

MAGIC = 0x6A736677736872
_SUPER = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
SECTOR = 512
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing the disk was told; in bytes; ``data``: where it stands in the record."""

    offset: int
    length: int
    flags: int
    data: int


def entries(log: Path) -> Iterator[Entry]:
    """Read a record; raises Failure when it is none."""
    with log.open("rb") as file:
        head = file.read(_SUPER.size)
        if len(head) < _SUPER.size:
            raise Failure(f"{log.name} is no record of writes")
        magic, version, count, sector = _SUPER.unpack(head)
        if magic != MAGIC or version != 1:
            raise Failure(f"{log.name} is no record of writes")
        position = sector
        for _ in range(count):
            file.seek(position)
            raw = file.read(_ENTRY.size)
            if len(raw) < _ENTRY.size:
                return
            start, sectors, flags, _length = _ENTRY.unpack(raw)
            data = position + sector
            length = sectors * SECTOR
            yield Entry(offset=start * SECTOR, length=length, flags=flags, data=data)
            position = data + (0 if flags & DISCARD else -(-length // sector) * sector)


def count_of(log: Path) -> int:
    """How many entries are in a record that is still being written."""
    with log.open("rb") as file:
        head = file.read(_SUPER.size)
    return int(_SUPER.unpack(head)[2]) if len(head) == _SUPER.size else 0


def survivors(told: Sequence[Entry], end: int, chance: random.Random) -> tuple[int, list[int]]:
    """What is on the disk after a cut behind entry ``end``: all before a number, and further ones."""
    safe = max((at + 1 for at in range(end) if told[at].flags & FLUSH), default=0)
    return safe, [at for at in range(safe, end) if told[at].flags & FUA or chance.random() < 0.5]


class Disk:
    """A copy of one partition that writes are laid upon, in order."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self._path, self._start, self._size = path, start, size

    def apply(self, record: Path, told: Sequence[Entry]) -> None:
        """Lay these writes upon it; what is outside of the partition is left out."""
        with record.open("rb") as source, self._path.open("r+b") as target:
            for one in told:
                first = max(one.offset, self._start)
                last = min(one.offset + one.length, self._start + self._size)
                if first >= last or one.flags & MARK:
                    continue
                target.seek(first - self._start)
                if one.flags & DISCARD:
                    target.write(bytes(last - first))
                else:
                    source.seek(one.data + first - one.offset)
                    target.write(source.read(last - first))
