"""What lies where on the disk: the partition table, rendered for sgdisk, and the image file put together."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boards import Board, Loader
from console import Failure

MIB = 1 << 20
SECTOR = 512
FIRST = 1 * MIB
SLOT = 576 * MIB
"""Room for one root; the box makes its second slot and its data partition itself, at its first start."""
TAIL = 1 * MIB
"""The second copy of the table."""
ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
BASIC_TYPE = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
LINUX_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
DISK_ID = "6F727473-616D-4000-8000-000000000000"


def partition_id(label: str) -> str:
    """The fixed unique id of a partition; the boot loader and the box name partitions by it."""
    number = _LABELS.index(label) + 1
    return f"6F727473-616D-4000-8000-{number:012X}"


_LABELS = ("esp", "root-a", "root-b", "data", "start", "boot-a", "boot-b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition; ``start`` and ``size`` in bytes, whole MiB."""

    number: int
    label: str
    type_id: str
    start: int
    size: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.size


def plan(board: Board) -> tuple[Partition, ...]:
    """The partitions that the image file has."""
    sizes: tuple[tuple[str, str, int], ...]
    if board.loader is Loader.GRUB:
        sizes = (("esp", ESP_TYPE, 64 * MIB), ("root-a", LINUX_TYPE, SLOT))
    else:
        sizes = (
            ("start", BASIC_TYPE, 16 * MIB),
            ("boot-a", BASIC_TYPE, 128 * MIB),
            ("boot-b", BASIC_TYPE, 128 * MIB),
            ("root-a", LINUX_TYPE, SLOT),
        )
    partitions = []
    start = FIRST
    for number, (label, type_id, size) in enumerate(sizes, start=1):
        partitions.append(Partition(number=number, label=label, type_id=type_id, start=start, size=size))
        start += size
    return tuple(partitions)


def image_size(partitions: Sequence[Partition]) -> int:
    """Bytes of the whole image file."""
    return partitions[-1].end + TAIL


def sgdisk_arguments(partitions: Sequence[Partition]) -> list[str]:
    """The words that make sgdisk write this table."""
    words = ["--clear", f"--disk-guid={DISK_ID}"]
    for one in partitions:
        first, last = one.start // SECTOR, one.end // SECTOR - 1
        words += [
            f"--new={one.number}:{first}:{last}",
            f"--typecode={one.number}:{one.type_id}",
            f"--partition-guid={one.number}:{partition_id(one.label)}",
            f"--change-name={one.number}:{one.label}",
        ]
    return words


def repart_files() -> Iterator[tuple[str, str]]:
    """Definitions for systemd-repart (repart.d(5)): what the box makes of its disk at the first start.

    Partitions are told from each other by type and order, so the ones of the image come first.
    """
    for number, label in enumerate(("root-a", "root-b"), start=1):
        yield (
            f"{number}0-{label}.conf",
            (
                f"[Partition]\nType=linux-generic\nLabel={label}\nUUID={partition_id(label).lower()}\n"
                f"SizeMinBytes={SLOT}\nSizeMaxBytes={SLOT}\n"
            ),
        )
    yield (
        "30-data.conf",
        (
            f"[Partition]\nType=linux-generic\nLabel=data\nUUID={partition_id('data').lower()}\n"
            "SizeMinBytes=256M\nFormat=ext4\nFactoryReset=yes\n"
        ),
    )


def assemble(image: Path, partitions: Sequence[Partition], contents: dict[str, Path]) -> None:
    """Lay contents into an image file that has its table; raises Failure when one does not fit."""
    with image.open("r+b") as file:
        for one in partitions:
            content = contents.get(one.label)
            if content is None:
                continue
            size = content.stat().st_size
            if size > one.size:
                raise Failure(
                    f"{content.name} has {size // MIB} MiB, the partition {one.label} {one.size // MIB} MiB",
                    "Leave packages out, or enlarge the slot in image-build/image/disk.py.",
                )
            file.seek(one.start)
            with content.open("rb") as source:
                shutil.copyfileobj(source, file, MIB)
