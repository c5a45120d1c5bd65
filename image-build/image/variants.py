"""Bundles for the trial: a good one, three that must not stay, three that must not be let in."""

from __future__ import annotations

import io
import random
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import bundle
from assembly import Builder
from boards import BOARDS
from disk import SLOT

ORTSAMT = "./usr/bin/ortsamt"
RELEASE = "./usr/lib/os-release"
INIT = "./usr/lib/systemd/systemd"
QUICK = "-comp gzip -Xcompression-level 1 -root-mode 0755 -processors 2 -quiet -no-progress"
"""As large as it likes: these live for an hour."""
FILLING = b"hsqs" + random.Random(1).randbytes(1 << 20)
"""RAUC makes no bundle of what shrinks to nothing."""


class Variants:
    """Makes them of the root that was built, on demand."""

    GOOD = "9.0.0+trial"

    def __init__(self, builder: Builder, folder: Path) -> None:
        self._builder, self._folder = builder, folder

    def good(self) -> Path:
        """Another version, otherwise the same."""
        return self._variant("good", self.GOOD, {})

    def broken(self) -> Path:
        """The core does not start."""
        script = (
            b'#!/bin/sh\n[ "$1" = run ] && exit 1\nexec /usr/lib/ortsamt/bin/python3 -Pm appliance "$@"\n'
        )
        return self._variant("broken", "9.0.1+trial", {ORTSAMT: script})

    def headless(self) -> Path:
        """There is no init."""
        return self._variant("headless", "9.0.2+trial", {INIT: b""})

    def hanging(self) -> Path:
        """Its init does nothing, for ever."""
        return self._variant("hanging", "9.0.5+trial", {INIT: b"#!/bin/sh\nexec /usr/bin/sleep infinity\n"})

    def foreign(self) -> Path:
        """Signed by somebody else."""
        signer = bundle.developer_signer(self._folder / "foreign-key", self._builder.log("foreign-key"))
        return self._bundle("foreign", "9.0.3+trial", self._small(), signer=signer)

    def other_board(self) -> Path:
        """For another board."""
        return self._bundle("other-board", "9.0.4+trial", self._small(), board="rpi4")

    def too_large(self) -> Path:
        """More than a slot holds, though little to fetch."""
        path = self._folder / "large.img"
        with path.open("wb") as file:
            file.write(FILLING)
            file.truncate(SLOT + (1 << 20))
        return self._bundle("too-large", "9.0.6+trial", path)

    def _small(self) -> Path:
        path = self._folder / "small.img"
        path.write_bytes(FILLING)
        return path

    def _variant(self, name: str, version: str, files: Mapping[str, bytes]) -> Path:
        """The root with some files replaced, as a bundle; made once."""
        made = self._folder / f"{name}.raucb"
        return made if made.exists() else self._bundle(name, version, self._changed(name, version, files))

    def _changed(self, name: str, version: str, files: Mapping[str, bytes]) -> Path:
        source = self._builder.made / "root.tar"
        tar, root = self._folder / f"{name}.tar", self._folder / f"{name}.img"
        with tarfile.open(source) as archive:
            member = archive.extractfile(RELEASE)
            text = member.read().decode() if member is not None else ""
        lines = [line for line in text.splitlines() if not line.startswith("IMAGE_VERSION=")]
        release = "\n".join([*lines, f"IMAGE_VERSION={version}"]) + "\n"
        wanted = {**files, RELEASE: release.encode()}
        with tarfile.open(source) as archive, tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as changed:
            for one in archive:
                content = wanted.get(one.name if one.name.startswith("./") else f"./{one.name}")
                if content is not None:
                    one.size = len(content)
                    changed.addfile(one, io.BytesIO(content))
                else:
                    changed.addfile(one, archive.extractfile(one) if one.isfile() else None)
        script = f"sqfstar {QUICK} {self._builder.seen(root)} <{self._builder.seen(tar)}"
        self._builder.inside(f"packing the {name} root", ["sh", "-c", script])
        tar.unlink()
        return root

    def _bundle(
        self, name: str, version: str, root: Path, *, board: str = "", signer: bundle.Signer | None = None
    ) -> Path:
        order = self._builder.order
        content = self._folder / "content"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        root.rename(content / "rootfs.img")
        target = BOARDS[board] if board else order.board
        (content / "manifest.raucm").write_text(
            bundle.manifest(target, version, content / "rootfs.img"), encoding="utf-8"
        )
        output = self._folder / f"{name}.raucb"
        self._builder.sign(content, output, signer)
        shutil.rmtree(content)
        return output
