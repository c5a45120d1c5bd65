"""Power cuts on one box: its disk's writes are recorded while it works, and cut off at a hundred points.

The box runs in a container, so that a hundred changes take seconds and not the hour of an emulated processor.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from console import Failure, say
from container import Container, Inside
from crashes import Disk, Entry, count_of, entries, survivors

CRASHES = 100
RECORD_S = 60.0
WRITER = (
    "i=0; while :; do i=$((i+1)); ortsamt ctl set service echo name=$RUN-$i >/dev/null && "
    "echo $RUN-$i >>/run/acknowledged; done"
)


DISK_MB = 512


def write_on(box: Container, run: str) -> Path:
    """Let the box change a name again and again; returns the file that tells what was acknowledged."""
    noted = box.shared / "acknowledged"
    noted.unlink(missing_ok=True)
    box.sh(f"(RUN={run}; {WRITER.replace('/run/', '/opt/shared/')}) >/dev/null 2>&1 &")
    return noted


def last_noted(noted: Path) -> int:
    """The number of the last change that was acknowledged; 0: none yet."""
    lines = noted.read_text(encoding="ascii").split() if noted.exists() else []
    return int(lines[-1].split("-")[1] or 0) if lines and "-" in lines[-1] else 0


class PowerCuts:
    """Works in ``folder``, which ``inside`` sees; the box runs in a container."""

    def __init__(self, folder: Path, inside: Inside) -> None:
        self._folder, self._inside = folder, inside

    def run(self, box: Container) -> int:
        """Record, cut, look; returns how many cuts there were. Raises Failure."""
        disk, record = box.new_disk(self._inside, DISK_MB), self._folder / "writes.log"
        safe = self._folder / "safe.img"
        subprocess.run(["cp", "--sparse=always", str(disk), str(safe)], check=True)
        box.start(disk, record)
        box.ready()
        box.sh("ortsamt ctl set service echo number=*43 application=echo")
        noted = write_on(box, "c")
        acknowledged: list[tuple[int, int]] = []
        deadline = time.monotonic() + RECORD_S
        while time.monotonic() < deadline:
            time.sleep(0.05)
            number = last_noted(noted)
            if number:
                acknowledged.append((count_of(record), number))
        box.end()
        told = list(entries(record))
        if not acknowledged:
            raise Failure("nothing was acknowledged while writes were recorded")
        first = acknowledged[0][0]
        if len(told) - first < CRASHES:
            raise Failure(f"{len(told) - first} writes were recorded, {CRASHES} at least are needed")
        points = sorted(random.Random(1).sample(range(first, len(told)), CRASHES))
        say(f"  {len(told)} writes and flushes, {acknowledged[-1][1]} changes acknowledged")
        self._replay(record, told, points, acknowledged, 0, disk.stat().st_size)
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
