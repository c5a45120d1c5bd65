"""What starts the box: GRUB on the EFI partition, or the files that the Raspberry Pi's own loader reads."""

from __future__ import annotations

from pathlib import Path

from boards import Board
from console import Failure
from disk import Partition, partition_id

HERE = Path(__file__).resolve().parent
MODULES = (
    *("part_gpt", "fat", "squash4", "normal", "linux", "loadenv", "test", "echo", "regexp", "configfile"),
    *("reboot", "sleep", "serial", "terminal", "gzio", "all_video"),
)
ENV_SIZE = 1024
_ENV_HEAD = "# GRUB Environment Block\n"
PI_NEEDED = (
    *("start4.elf", "fixup4.dat", "config.txt", "cmdline-a.txt", "cmdline-b.txt", "vmlinuz", "initrd.img"),
    *(f"bcm2711-rpi-{one}.dtb" for one in ("4-b", "400", "cm4-io")),
)
"""Without one of these a Raspberry Pi 4, 400 or CM4 does not start."""
EARLY = "configfile ($root)/grub/grub.cfg\n"


def grub_configuration(board: Board, partitions: tuple[Partition, ...]) -> str:
    """grub.cfg for this board."""
    first = next(one.number for one in partitions if one.label == "root-a")
    values = {
        "PART_A": str(first),
        "PART_B": str(first + 1),
        "ID_A": partition_id("root-a").lower(),
        "ID_B": partition_id("root-b").lower(),
        "CONSOLES": " ".join(f"console={one}" for one in board.consoles),
    }
    text = (HERE / "grub.cfg.in").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def environment_block(values: dict[str, str]) -> bytes:
    """A file as GRUB's load_env and save_env want it: 1024 bytes, whatever is in it."""
    text = _ENV_HEAD + "".join(f"{name}={value}\n" for name, value in values.items())
    return text.encode("ascii").ljust(ENV_SIZE, b"#")


def fresh_environment() -> bytes:
    """That of a new box."""
    return environment_block({"boot": "a", "try": "-", "reset": "no"})


def core_image(board: Board, output: str, early: str) -> list[str]:
    """The command that makes the EFI program."""
    return [
        *("grub-mkimage", "--format", board.grub, "--prefix", "/grub", "--config", early, "--output", output),
        *MODULES,
    ]


def tryboot_files(partitions: tuple[Partition, ...]) -> dict[str, str]:
    """Files of the Raspberry Pi's partition ``start``: which partition starts, and which on trial."""
    number = {one.label: one.number for one in partitions}
    return {
        "autoboot.txt": f"[all]\ntryboot_a_b=1\nboot_partition={number['boot-a']}\n"
        f"[tryboot]\nboot_partition={number['boot-b']}\n"
    }


def check_pi_boot(folder: Path) -> None:
    """Raise Failure when a boot partition lacks what starts the board."""
    missing = [name for name in PI_NEEDED if not (folder / name).is_file()]
    if missing:
        raise Failure(
            f"the boot partition has no {', '.join(missing)}",
            "Have the packages of the kernel or raspi-firmware changed? See PI_FILES in assembly.py.",
        )


def pi_boot_files(partitions: tuple[Partition, ...], consoles: tuple[str, ...]) -> dict[str, str]:
    """Text files of the Raspberry Pi's partitions ``boot-a`` and ``boot-b``, beside kernel and device trees.

    Both are the same, so that an update may bring either; the loader says which one it has read
    (config.txt of the Raspberry Pi, *conditional filters*).
    """
    number = {one.label: one.number for one in partitions}
    console = " ".join(f"console={one}" for one in consoles)
    choice = "".join(
        f"[boot_partition={number[f'boot-{slot}']}]\ncmdline=cmdline-{slot}.txt\n" for slot in "ab"
    )
    files = {
        f"cmdline-{slot}.txt": (
            f"root=PARTUUID={partition_id(f'root-{slot}').lower()} rootfstype=squashfs ro rootwait panic=10 "
            f"quiet transparent_hugepage=never {console} ortsamt.slot={slot} ortsamt.loader=tryboot\n"
        )
        for slot in "ab"
    }
    return {
        "config.txt": (
            # Debian's device trees have Linux's own names, the maker's kernel has others.
            "arm_64bit=1\nupstream_kernel=1\nkernel=vmlinuz\ninitramfs initrd.img followkernel\n"
            f"enable_uart=1\ndtparam=watchdog=on\n{choice}[all]\n"
        ),
        **files,
    }
