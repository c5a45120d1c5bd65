"""Power cuts on one box: its disk's writes are recorded while it works, and cut off at a hundred points."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from console import Failure, say
from crashes import Disk, Entry, count_of, entries, survivors
from guest import Guest

CRASHES = 100
RECORD_S = 60.0
SECTOR = 512
WRITER = (
    "i=0; while :; do i=$((i+1)); ortsamt ctl set service echo name=$RUN-$i >/dev/null && "
    "echo $RUN-$i >>/run/acknowledged; done"
)


class Box(Protocol):
    """The box on trial."""

    @property
    def guest(self) -> Guest:
        """QEMU."""

    def ready(self) -> float:
        """Wait until it telephones."""


class Inside(Protocol):
    """Runs a program of the builder's Debian on the trial's folder, which it sees as /work."""

    def __call__(self, *argv: str) -> str:
        """What it printed; raises Failure."""


class PowerCuts:
    """Works on ``disk.qcow2`` in the trial's folder."""

    def __init__(self, folder: Path, inside: Inside) -> None:
        self._folder, self._inside = folder, inside

    def run(self, box: Box) -> int:
        """Record, cut, look; returns how many cuts there were. Raises Failure."""
        box.guest.pull_the_plug()
        self._inside("qemu-img", "convert", "-O", "raw", "/work/disk.qcow2", "/work/base.raw")
        base_image, run_image = self._folder / "base.raw", self._folder / "run.raw"
        subprocess.run(["cp", "--sparse=always", str(base_image), str(run_image)], check=True)
        record = self._folder / "writes.log"
        record.write_bytes(b"")
        layers = {
            "driver": "blklogwrites",
            "node-name": "logged",
            "log-sector-size": SECTOR,
            "file": {"driver": "raw", "file": {"driver": "file", "filename": "/work/run.raw"}},
            "log": {"driver": "file", "filename": "/work/writes.log"},
        }
        box.guest.start("-blockdev", json.dumps(layers), "-device", "virtio-blk-pci,drive=logged")
        box.ready()
        box.guest.sh(f"RUN=c; rm -f /run/acknowledged; ({WRITER}) >/dev/null 2>&1 &")
        acknowledged: list[tuple[int, int]] = []
        deadline = time.monotonic() + RECORD_S
        while time.monotonic() < deadline:
            code, text = box.guest.try_sh("tail -n 1 /run/acknowledged", 20)
            if code == 0 and "-" in text:
                acknowledged.append((count_of(record), int(text.strip().split("-")[1])))
        box.guest.pull_the_plug()
        told = list(entries(record))
        first = acknowledged[0][0]
        points = sorted(random.Random(1).sample(range(first, len(told)), CRASHES))
        say(f"  {len(told)} writes and flushes, {acknowledged[-1][1]} changes acknowledged")
        start, size = self._data_partition()
        with (self._folder / "base.raw").open("rb") as base, (self._folder / "safe.img").open("wb") as safe:
            base.seek(start)
            for _ in range(size >> 20):
                piece = base.read(1 << 20)
                safe.write(piece) if piece.strip(b"\0") else safe.seek(1 << 20, 1)
            safe.truncate(size)
        (self._folder / "base.raw").unlink()
        (self._folder / "run.raw").unlink()
        self._replay(record, told, points, acknowledged, start, size)
        record.unlink()
        box.guest.start()
        box.ready()
        return CRASHES

    def _replay(
        self,
        record: Path,
        told: Sequence[Entry],
        points: Sequence[int],
        acknowledged: Sequence[tuple[int, int]],
        start: int,
        size: int,
    ) -> None:
        chance, applied = random.Random(2), 0
        safe_image, probe = self._folder / "safe.img", self._folder / "probe.img"
        for point in points:
            safe, further = survivors(told, point, chance)
            Disk(safe_image, start, size).apply(record, told[applied:safe])
            applied = safe
            subprocess.run(["cp", "--sparse=always", str(safe_image), str(probe)], check=True)
            Disk(probe, start, size).apply(record, [told[at] for at in further])
            due = max((number for count, number in acknowledged if count <= point), default=0)
            found = self._last_change(probe)
            if found < due:
                raise Failure(f"cut at {point}: {due} was acknowledged, {found} is there")
        say(f"  {len(points)} cuts, the last had {found} changes of {due} acknowledged")

    def _data_partition(self) -> tuple[int, int]:
        text = self._inside("sgdisk", "--info=4", "/work/base.raw")
        first, last = (int(one) for one in re.findall(r"^(?:First|Last) sector: (\d+)", text, re.MULTILINE))
        return first * SECTOR, (last - first + 1) * SECTOR

    def _last_change(self, partition: Path) -> int:
        """The newest change in a partition after a cut; its file system and database must be whole."""
        folder = self._folder / "found"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        database = "/var/lib/ortsamt/configuration.db"
        dumps = "; ".join(
            f"debugfs -R 'dump {database}{end} /work/found/configuration.db{end}' /work/{partition.name}"
            for end in ("", "-wal")
        )
        script = (
            f"e2fsck -p /work/{partition.name} >/work/found/fsck; [ $? -lt 4 ] && {{ {dumps}; }} 2>/dev/null"
        )
        self._inside("sh", "-c", script)
        with closing(sqlite3.connect(folder / "configuration.db")) as connection:
            (whole,) = connection.execute("PRAGMA integrity_check").fetchone()
            rows = connection.execute(
                "SELECT value FROM operations WHERE kind='service' AND entity='echo' AND field='name'"
            ).fetchall()
        if whole != "ok":
            raise Failure(f"the database is broken: {whole}")
        names = [json.loads(value) for (value,) in rows]
        return max((int(name.split("-")[1]) for name in names if name.startswith("c-")), default=0)
