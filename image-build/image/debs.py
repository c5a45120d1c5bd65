"""Debian packages of the project: the Python world with pjsua2, and the product itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HOME = Path("usr/lib/ortsamt")
PYTHON = "3.13"
"""Of Debian 13."""
SITE = HOME / "lib" / f"python{PYTHON}" / "site-packages"
MAINTAINER = "Ortsamt <ortsamt@localhost>"
COMMAND = """\
#!/usr/lib/ortsamt/bin/python3 -P
import sys

from appliance.cli import main

sys.exit(main())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What stands in a package's control file."""

    name: str
    version: str
    architecture: str
    depends: tuple[str, ...]
    description: str

    @property
    def file_name(self) -> str:
        """How Debian names it."""
        return f"{self.name}_{self.version}_{self.architecture}.deb"

    def control(self) -> str:
        """The control file."""
        depends = f"Depends: {', '.join(self.depends)}\n" if self.depends else ""
        return (
            f"Package: {self.name}\nVersion: {self.version}\nArchitecture: {self.architecture}\n"
            f"Maintainer: {MAINTAINER}\nSection: comm\nPriority: optional\n{depends}"
            f"Description: {self.description}\n"
        )


def lay_python(tree: Path) -> None:
    """An environment of its own that is not bound to where it was made (PEP 405)."""
    (tree / HOME / "bin").mkdir(parents=True)
    (tree / HOME / "bin" / "python3").symlink_to(f"/usr/bin/python{PYTHON}")
    (tree / HOME / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n", encoding="utf-8"
    )
    (tree / SITE).mkdir(parents=True)


def lay_product(root: Path, prompts: Path, tree: Path, release: str = "0") -> None:
    """Everything of ours that is not compiled: code, units, files of rootfs/, prompts."""
    for name in ("appliance", "webui"):
        shutil.copytree(
            root / name, tree / SITE / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    about = tree / SITE / f"ortsamt-{release}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: ortsamt\nVersion: {release}\nLicense: GPL-2.0-or-later\n",
        encoding="utf-8",
    )
    shutil.copytree(root / "rootfs", tree, dirs_exist_ok=True)
    units = tree / "usr/lib/systemd/system"
    units.mkdir(parents=True, exist_ok=True)
    for unit in sorted((root / "systemd").iterdir()):
        if unit.name == "ortsamt.sysusers":
            target = tree / "usr/lib/sysusers.d/ortsamt.conf"
        elif unit.name.endswith(".tmpfiles"):
            target = tree / "usr/lib/tmpfiles.d/ortsamt.conf"
        elif unit.is_dir():
            shutil.copytree(unit, units / unit.name, dirs_exist_ok=True)
            continue
        else:
            target = units / unit.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(unit, target)
    shutil.copytree(prompts, tree / "usr/share/ortsamt/prompts")
    licence = tree / "usr/share/doc/ortsamt/copyright"
    licence.parent.mkdir(parents=True)
    shutil.copyfile(root / "LICENSE", licence)
    command = tree / "usr/bin/ortsamt"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(COMMAND, encoding="utf-8")
    command.chmod(0o755)


def settle(tree: Path, epoch: int) -> None:
    """Give every file plain rights and one date, so that the same content is the same package."""
    for path in sorted(tree.rglob("*"), reverse=True):
        if not path.is_symlink():
            executable = path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100)
            path.chmod(0o755 if executable else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def write_control(tree: Path, package: Package) -> None:
    """Make the tree one that dpkg-deb packs."""
    folder = tree / "DEBIAN"
    folder.mkdir(exist_ok=True)
    (folder / "control").write_text(package.control(), encoding="utf-8")


def packing(tree: str, output: str) -> Sequence[str]:
    """The command that packs a tree."""
    return ("dpkg-deb", "--root-owner-group", "-Zzstd", "--build", tree, output)
