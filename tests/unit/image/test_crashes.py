"""The record of a disk's writes is read and cut off as a power cut would."""

import random
import struct
from pathlib import Path

import pytest
from console import Failure
from crashes import DISCARD, FLUSH, FUA, MAGIC, SECTOR, Disk, Entry, count_of, entries, survivors


def record(path: Path, *told: tuple[int, bytes, int]) -> Path:
    """A record with these writes: sector, data, flags."""
    raw = struct.pack("<QQQI", MAGIC, 1, len(told), SECTOR).ljust(SECTOR, b"\0")
    for sector, data, flags in told:
        raw += struct.pack("<QQQQ", sector, len(data) // SECTOR, flags, 0).ljust(SECTOR, b"\0")
        raw += b"" if flags & DISCARD else data
    path.write_bytes(raw)
    return path


def test_a_record_is_read(tmp_path: Path) -> None:
    log = record(
        tmp_path / "log",
        (2, b"a" * 1024, 0),
        (0, b"", FLUSH),
        (8, b"b" * 512, FUA),
        (2, b"\0" * 512, DISCARD),
    )
    found = list(entries(log))
    assert [(one.offset, one.length, one.flags) for one in found] == [
        (1024, 1024, 0),
        (0, 0, FLUSH),
        (4096, 512, FUA),
        (1024, 512, DISCARD),
    ]
    assert count_of(log) == 4


@pytest.mark.parametrize("content", [b"", b"x" * 600])
def test_other_files_are_no_records(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(Failure):
        list(entries(path))


def test_what_was_flushed_is_there_and_the_rest_may_be() -> None:
    def entry(flags: int = 0) -> Entry:
        return Entry(offset=0, length=0, flags=flags, data=0)

    told = [entry(), entry(FLUSH), entry(), entry(FUA), entry()]
    for seed in range(20):
        safe, further = survivors(told, 5, random.Random(seed))
        assert safe == 2
        assert 3 in further
        assert set(further) <= {2, 3, 4}
    assert survivors(told, 1, random.Random(0))[0] == 0


def test_writes_are_laid_upon_the_partition_they_belong_to(tmp_path: Path) -> None:
    log = record(
        tmp_path / "log",
        (1, b"x" * 1024, 0),
        (3, b"y" * 512, 0),
        (9, b"z" * 512, 0),
        (3, b"\0" * 512, DISCARD),
    )
    disk = tmp_path / "disk"
    disk.write_bytes(b"." * 1024)
    told = list(entries(log))
    partition = Disk(disk, start=2 * SECTOR, size=2 * SECTOR)
    partition.apply(log, told[:3])
    assert disk.read_bytes() == b"x" * 512 + b"y" * 512
    partition.apply(log, told[3:])
    assert disk.read_bytes() == b"x" * 512 + b"\0" * 512
