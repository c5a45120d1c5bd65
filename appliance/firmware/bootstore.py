"""Where the boot loader keeps its choice: GRUB's environment block, or files of the Raspberry Pi's loader."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from appliance.errors import DeviceUnavailable
from appliance.firmware.slots import BootChoice, Slot, choice_of, text_of
from appliance.store.migrations import settle

SIZE = 1024
HEAD = b"# GRUB Environment Block\n"
TRYBOOT_PARTITIONS = {Slot.A: 2, Slot.B: 3}
SYSFS = Path("/sys/class/block")
NOTES = Path("/run/ortsamt-start")
"""What the first steps of the start left: ``disk``, ``fault``, ``mended``, ``was-reset``."""


class BootStore(Protocol):
    """Keeps a choice over power cuts."""

    def read(self) -> BootChoice:
        """The choice; raises DeviceUnavailable."""

    def write(self, choice: BootChoice) -> None:
        """Replace it, durable when this returns; raises DeviceUnavailable."""


def parse_block(block: bytes) -> dict[str, str]:
    """The variables in a GRUB environment block; empty when it is none."""
    if len(block) != SIZE or not block.startswith(HEAD):
        return {}
    lines = block[len(HEAD) :].rstrip(b"#").decode("ascii", "replace").splitlines()
    return dict(line.partition("=")[::2] for line in lines if "=" in line)


def render_block(values: dict[str, str]) -> bytes:
    """The block with these variables; all of them lie in its first sector, which a disk writes whole."""
    content = HEAD + "".join(f"{name}={value}\n" for name, value in values.items()).encode("ascii")
    if len(content) > SIZE // 2:
        raise ValueError("too many variables for one sector")
    return content.ljust(SIZE, b"#")


class GrubStore:
    """``grubenv`` in a folder, overwritten in place as GRUB itself does it: GRUB knows its blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> BootChoice:
        """What stands there; a block that cannot be read counts as a new box's."""
        try:
            return choice_of(parse_block(self._path.read_bytes()))
        except OSError as error:
            raise _unavailable(self._path, error) from error

    def write(self, choice: BootChoice) -> None:
        """In place, then flushed."""
        try:
            old = parse_block(self._path.read_bytes())
            block = render_block({**old, **text_of(choice)})
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.pwrite(descriptor, block, 0)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unavailable(self._path, error) from error


class TrybootStore:
    """The Raspberry Pi's partition ``start``: ``autoboot.txt`` says which one starts, and which on trial.

    The trial itself is asked for with the restart (``reboot "0 tryboot"``), so that the loader forgets it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> BootChoice:
        """What stands there."""
        try:
            return choice_of(_pairs(self._folder / "ortsamt.txt"))
        except FileNotFoundError:
            return BootChoice()
        except OSError as error:
            raise _unavailable(self._folder, error) from error

    def write(self, choice: BootChoice) -> None:
        """Written beside and renamed; autoboot.txt is what counts and comes last."""
        first, other = TRYBOOT_PARTITIONS[choice.confirmed], TRYBOOT_PARTITIONS[choice.confirmed.other]
        lines = "".join(f"{name}={value}\n" for name, value in text_of(choice).items())
        auto = f"[all]\ntryboot_a_b=1\nboot_partition={first}\n[tryboot]\nboot_partition={other}\n"
        try:
            _replace(self._folder / "ortsamt.txt", lines)
            path = self._folder / "autoboot.txt"
            if not path.exists() or path.read_text(encoding="ascii", errors="replace") != auto:
                _replace(path, auto)
        except OSError as error:
            raise _unavailable(self._folder, error) from error


def _pairs(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return dict(line.partition("=")[::2] for line in lines if "=" in line)


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="ascii")
    settle(beside, path)


def _unavailable(path: Path, error: OSError) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"the boot loader's choice in {path} cannot be used: {error.strerror or error}",
        error_id="update.boot_store",
        hint="the box starts its confirmed slot; look at the disk",
    )


def partition_named(label: str, disk: str, sysfs: Path = SYSFS) -> str | None:
    """The kernel's name of the partition with this label on ``disk``."""
    for description in sorted((sysfs / disk).glob("*/uevent")):
        if f"PARTNAME={label}" in description.read_text(encoding="utf-8").splitlines():
            return description.parent.name
    return None


@contextmanager
def boot_store(notes: Path = NOTES) -> Iterator[BootStore]:
    """The box's own store, mounted as long as it is needed; raises DeviceUnavailable."""
    try:
        disk = (notes / "disk").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DeviceUnavailable(
            "no image of Ortsamt runs here",
            error_id="update.no_image",
            hint="updates of this kind are for boxes; here the software is updated with its packages",
        ) from error
    for label, store in (("esp", lambda at: GrubStore(at / "grub" / "grubenv")), ("start", TrybootStore)):
        name = partition_named(label, disk)
        if name is not None:
            with _mounted(f"/dev/{name}", notes / "boot") as folder:
                yield store(folder)
            return
    raise DeviceUnavailable(f"the disk {disk} has no boot partition", error_id="update.boot_store")


@contextmanager
def _mounted(device: str, folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "vfat", "-o", "rw,noatime,flush,nodev,nosuid,noexec", device, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeviceUnavailable(
            f"{device} cannot be mounted: {done.stderr.strip()[:200]}", error_id="update.boot_store"
        )
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], capture_output=True, check=False)
