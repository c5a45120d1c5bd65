"""The boards an image can be made for; plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from console import Failure


class Loader(Enum):
    """Who chooses the slot to boot."""

    GRUB = "grub"
    TRYBOOT = "tryboot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What QEMU shows in place of a board; files are those of the builder's Debian."""

    program: str
    kind: str
    processor: str
    firmware: str
    variables: str
    """The firmware's own settings, new."""
    tty: str
    """Device of the second serial line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One kind of machine. ``compatible`` is what an update's bundle must say to be let in."""

    name: str
    architecture: str
    """Debian's name."""
    kernel: str
    loader: Loader
    grub: str = ""
    """GRUB's platform."""
    efi_file: str = ""
    multiarch: str
    platforms: tuple[str, ...]
    """Tags of Python wheels that run there."""
    packages: tuple[str, ...] = ()
    components: tuple[str, ...] = ("main",)
    """Of Debian's archive."""
    consoles: tuple[str, ...]
    machine: Machine | None = None
    """None: QEMU has none that starts its image."""

    @property
    def compatible(self) -> str:
        """The board as bundles and boxes name it."""
        return f"ortsamt-{self.name}"


def _manylinux(machine: str) -> tuple[str, ...]:
    return tuple(f"{tag}_{machine}" for tag in ("manylinux_2_28", "manylinux2014", "manylinux_2_17"))


BOARDS = {
    board.name: board
    for board in (
        Board(
            name="uefi-amd64",
            architecture="amd64",
            kernel="linux-image-amd64",
            loader=Loader.GRUB,
            grub="x86_64-efi",
            efi_file="BOOTX64.EFI",
            multiarch="x86_64-linux-gnu",
            platforms=_manylinux("x86_64"),
            consoles=("ttyS0,115200", "tty0"),
            machine=Machine(
                program="qemu-system-x86_64",
                kind="q35",
                # Has what Debian's programs make use of; what newer ones have is slower when it is emulated.
                processor="Nehalem",
                firmware="/usr/share/OVMF/OVMF_CODE_4M.fd",
                variables="/usr/share/OVMF/OVMF_VARS_4M.fd",
                tty="ttyS1",
            ),
        ),
        Board(
            name="uefi-arm64",
            architecture="arm64",
            kernel="linux-image-arm64",
            loader=Loader.GRUB,
            grub="arm64-efi",
            efi_file="BOOTAA64.EFI",
            multiarch="aarch64-linux-gnu",
            platforms=_manylinux("aarch64"),
            consoles=("ttyAMA0,115200", "tty0"),
            machine=Machine(
                program="qemu-system-aarch64",
                kind="virt",
                # That of a Raspberry Pi 4.
                processor="cortex-a72",
                firmware="/usr/share/AAVMF/AAVMF_CODE.fd",
                variables="/usr/share/AAVMF/AAVMF_VARS.fd",
                tty="ttyAMA1",
            ),
        ),
        Board(
            name="rpi4",
            architecture="arm64",
            kernel="linux-image-arm64",
            loader=Loader.TRYBOOT,
            multiarch="aarch64-linux-gnu",
            platforms=_manylinux("aarch64"),
            packages=("raspi-firmware",),
            components=("main", "non-free-firmware"),
            consoles=("ttyS1,115200", "tty0"),
        ),
    )
}


def board_of(architecture: str | None, name: str | None) -> Board:
    """The board asked for; an architecture alone means generic UEFI. Raises Failure for an unknown one."""
    wanted = name or f"uefi-{architecture or 'amd64'}"
    board = BOARDS.get(wanted)
    if board is None:
        raise Failure(f"there is no board {wanted}", f"There are: {', '.join(BOARDS)}")
    if architecture not in (None, board.architecture):
        raise Failure(f"{board.name} is {board.architecture}, not {architecture}")
    return board
