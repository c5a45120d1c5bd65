"""A Debian 13 of the builder's own: all programs that make an image run in it, whatever this machine runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import aptpackages
from console import Command, Failure, run_step
from foreign import Foreign

SUITE = "trixie"
LISTS = ("build", "image-tools")
_ENTER = """
set -eu
root=$1 binds=$2; shift 2
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
while [ "$binds" -gt 0 ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    shift 2; binds=$((binds - 1))
done
exec chroot "$root" "$@"
"""
"""Mounts live in a namespace of their own and vanish with the command, however it ends."""


def entering(root: Path, binds: Mapping[Path, str], argv: Sequence[str]) -> list[str]:
    """The command that runs ``argv`` in the tree ``root`` with folders of this machine mounted in it."""
    pairs = [word for source, target in binds.items() for word in (str(source), target)]
    return [
        *("unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "sh"),
        *(str(root), str(len(binds)), *pairs, *argv),
    ]


def sources(mirror: str, security: str, components: Sequence[str] = ("main",)) -> list[str]:
    """Lines of sources.list for the image."""
    parts = " ".join(components)
    return [
        f"deb {mirror} {SUITE} {parts}",
        f"deb {mirror} {SUITE}-updates {parts}",
        f"deb {security} {SUITE}-security {parts}",
    ]


class ToolsRoot:
    """The tree under ``build/image/tools``; for a foreign processor one of its own, ``tools-arm64``."""

    def __init__(
        self, folder: Path, log: Path, mirror: str, security: str, foreign: Foreign | None = None
    ) -> None:
        self.name = f"tools-{foreign.architecture}" if foreign else "tools"
        self.root = folder / self.name
        self._log, self._foreign = log, foreign
        self._mirror, self._security = mirror, security

    def make(self) -> None:
        """Make it anew; raises Failure."""
        if os.geteuid():
            raise Failure("an image is made as root", "Run ./dev image as root or with sudo.")
        shutil.rmtree(self.root, ignore_errors=True)
        run_step(
            "unpacking a Debian 13 for the builder",
            [
                Command(
                    argv=["debootstrap", "--variant=minbase", SUITE, str(self.root), self._mirror],
                    log=self._log / "image-debootstrap.log",
                )
            ],
            usual_s=25,
            hint=aptpackages.HINT,
        )
        lines = sources(self._mirror, self._security)
        (self.root / "etc/apt/sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        shutil.copyfile("/etc/resolv.conf", self.root / "etc/resolv.conf")
        wanted = self.packages()
        if self._foreign:
            self.run("adding an architecture", ["dpkg", "--add-architecture", self._foreign.architecture])
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *aptpackages.APT]
        self.run("reading the package lists", [*apt, "update"])
        self.run(
            "installing the builder's programs",
            [*apt, "install", "-y", "--no-install-recommends", *wanted],
            usual_s=60,
        )
        if self._foreign:
            self.run("fetching foreign programs", ["sh", "-c", self._foreign.furnishing()])

    def packages(self) -> list[str]:
        """What is installed in it."""
        return self._foreign.packages() if self._foreign else aptpackages.listed(LISTS)

    def run(
        self,
        title: str,
        argv: Sequence[str],
        *,
        binds: Mapping[Path, str] | None = None,
        env: Mapping[str, str] | None = None,
        usual_s: float = 0.0,
    ) -> Path:
        """Run one command there; returns its log. Raises Failure."""
        log = self._log / f"image-{title.replace(' ', '-')[:40]}.log"
        run_step(
            title,
            [Command(argv=entering(self.root, binds or {}, argv), log=log, env=env or {})],
            usual_s=usual_s,
        )
        return log
