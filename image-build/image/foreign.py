"""Building for another processor: its programs run under QEMU's user emulation, its compilers at full speed.

A recipe that is run by the foreign Python in the builder's Debian finds a machine of that kind: Python tells
the names and tags of modules, ``uname`` agrees, and plain names of compilers stand for cross compilers.
So no recipe knows that anything is foreign.
"""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import aptpackages
from boards import Board
from console import Failure
from debs import PYTHON

NATIVE = "amd64"
BINFMT = Path("/proc/sys/fs/binfmt_misc")
COMPILERS = "/usr/lib/ortsamt-foreign"
"""Folder of the builder's Debian that goes ahead in PATH."""
_ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00"
_MASK = b"\xff" * 7 + b"\x00" + b"\xff" * 8 + b"\xfe\xff\xff\xff"
"""Of the head of a program (elf(5)): any ABI, plain and position-independent ones."""
_CODES = {"aarch64": 183}
"""ELF's numbers of machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A processor that this machine does not have."""

    architecture: str
    """Debian's name."""
    multiarch: str

    @property
    def machine(self) -> str:
        """As the kernel calls it."""
        return self.multiarch.partition("-")[0]

    @property
    def python(self) -> str:
        """Its Python in the builder's Debian."""
        return f"/usr/bin/{self.multiarch}-python3"

    @property
    def path(self) -> str:
        """PATH of a recipe that is to build for it."""
        return f"{COMPILERS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def packages(self) -> list[str]:
        """What the builder's Debian has for it: programs of this machine, libraries of that one."""
        build = aptpackages.listed(["build"])
        headers = {"python3-dev": "libpython3-dev"}
        libraries = [headers.get(name, name) for name in build if name.endswith("-dev")]
        return [
            *aptpackages.listed(["image-tools", f"image-tools-{self.architecture}"]),
            *(name for name in build if not name.endswith("-dev")),
            f"g++-{self.multiarch.replace('_', '-')}",
            *(f"{name}:{self.architecture}" for name in [*libraries, "libstdc++6"]),
        ]

    def furnishing(self) -> str:
        """A script for the builder's Debian: compilers under plain names, the foreign Python, its GRUB.

        The latter two are unpacked: apt would install them in place of the machine's own.
        """
        here, there = platform.machine(), self.architecture
        return f"""\
set -eu
folder=$(mktemp -d)
cd "$folder"
apt-get -q download python{PYTHON}-minimal:{there} grub-efi-{there}-bin:{there}
dpkg-deb --fsys-tarfile python*.deb | tar -xO ./usr/bin/python{PYTHON} >{self.python}
chmod 0755 {self.python}
dpkg-deb --fsys-tarfile grub*.deb | tar -x -C / ./usr/lib/grub
rm -r "$folder"
mkdir -p {COMPILERS}
for program in /usr/bin/{self.multiarch}-*; do
    name=${{program#/usr/bin/{self.multiarch}-}}
    case $name in python*) ;; *) ln -s "$program" "{COMPILERS}/$name" ;; esac
done
printf '#!/bin/sh\\n/usr/bin/uname "$@" | sed s/{here}/{self.machine}/\\n' >{COMPILERS}/uname
chmod 0755 {COMPILERS}/uname
"""

    def registration(self, interpreter: Path) -> bytes:
        """The line that makes the kernel run such programs by ``interpreter`` (binfmt_misc, *register*)."""
        code = _CODES[self.machine].to_bytes(2, "little")
        # F: opened now, so that it is there in every root; P, C: as Debian's qemu-user-binfmt has it.
        parts = (
            *(f"ortsamt-{self.machine}".encode(), b"M", b"", _ELF + code, _MASK),
            *(str(interpreter).encode(), b"POCF"),
        )
        return b":" + b":".join(part.replace(b"\0", b"\\x00") for part in parts)


def foreign_of(board: Board) -> Foreign | None:
    """The processor to build for when it is another one; raises Failure on a machine that cannot."""
    if platform.machine() != "x86_64":
        raise Failure(f"images are made on a PC (x86_64), this is {platform.machine()}")
    if board.architecture == NATIVE:
        return None
    return Foreign(architecture=board.architecture, multiarch=board.multiarch)


def teach(foreign: Foreign, tools: Path, runs: list[str]) -> None:
    """Make the kernel run such programs, until it is started anew; ``runs``: a command that shows it does.

    Raises Failure.
    """
    if _works(runs):
        return
    hint = (
        "A machine of its own is needed for this, not a container without rights. Load the module\n"
        "binfmt_misc, or install and start Debian's qemu-user-binfmt (qemu-user-static on Debian 12)."
    )
    if not (BINFMT / "register").exists():
        mount = ["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            raise Failure(f"this machine cannot learn to run programs for {foreign.machine}", hint)
    try:
        with (BINFMT / "register").open("wb", buffering=0) as file:
            file.write(foreign.registration((tools / f"usr/bin/qemu-{foreign.machine}").resolve()))
    except OSError as error:
        raise Failure(
            f"the kernel was not to be taught programs for {foreign.machine}: {error.strerror}", hint
        ) from error
    if not _works(runs):
        raise Failure(f"this machine does not run programs for {foreign.machine}", hint)


def _works(runs: list[str]) -> bool:
    return subprocess.run(runs, check=False, capture_output=True).returncode == 0
