"""The root of an image started in a container of this machine: fast, with this machine's kernel.

Its data may lie on a disk whose writes are recorded: QEMU's storage daemon shows the disk as a file (FUSE),
and notes what it is told.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from console import Failure

MOUNT_OPTIONS = "noatime,nodev,nosuid,errors=remount-ro,data=ordered,commit=5"
"""As ``rootfs/usr/lib/ortsamt/prepare`` mounts the data partition."""
NET_UNIT = """\
[Unit]
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target systemd-networkd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip link add office type veth peer name world
ExecStart=ip addr add 192.0.2.2/24 dev office
ExecStart=ip link set office up
ExecStart=ip link set world up
"""
MASKED = ("systemd-networkd-wait-online", "systemd-timesyncd")
AS_A_BOX = "ortsamt.slot=a ortsamt.mode=confirmed"
"""What units of boxes alone look for; systemd in a container looks for it in its own command line."""
SECTOR = 512
_RUN = """
set -eu
record=$1 tools=$2 folder=$3; shift 3
if [ "$record" != none ]; then
    mount --rbind /dev "$tools/dev"
    mkdir -p "$tools/work"
    mount --bind "$folder" "$tools/work"
    chroot "$tools" qemu-storage-daemon --blockdev "$record" \\
        --export type=fuse,id=e,node-name=logged,mountpoint=/work/export.raw,writable=on &
    until [ "$(stat -c %s "$tools/work/export.raw")" != 0 ]; do sleep 0.2; done
    loop=$(losetup --find --show "$tools/work/export.raw")
    mkdir -p "$folder/data"
    mount -t ext4 -o @OPTIONS@ "$loop" "$folder/data"
    losetup --detach "$loop"
    set -- "$@" --bind="$folder/data/var:/var"
fi
exec systemd-nspawn "$@" systemd.show_status=0 systemd.wants=trial-net.service @WORDS@
"""


class Inside(Protocol):
    """Runs a program of the builder's Debian on the trial's folder, which it sees as /work."""

    def __call__(self, *argv: str) -> str:
        """What it printed; raises Failure."""


def _layers(disk: Path, record: Path | None) -> dict[str, object]:
    """The disk as QEMU's storage daemon is told it."""
    file = {"driver": "file", "filename": f"/work/{disk.name}"}
    if record is None:
        return {"driver": "raw", "node-name": "logged", "file": file}
    record.write_bytes(b"")
    return {
        "driver": "blklogwrites",
        "node-name": "logged",
        "log-sector-size": SECTOR,
        "file": {"driver": "raw", "file": file},
        "log": {"driver": "file", "filename": f"/work/{record.name}"},
    }


class Container:
    """One start of a root; ``folder`` is the trial's, for this container alone."""

    def __init__(self, archive: Path, folder: Path, tools: Path) -> None:
        self._archive, self._folder, self._tools = archive, folder, tools
        self.root = folder / "root"
        self.shared = folder / "shared"
        """Seen as ``/opt/shared`` inside."""
        self._process: subprocess.Popen[bytes] | None = None

    def unpack(self) -> None:
        """Lay the root out."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.root.mkdir(parents=True)
        self.shared.mkdir()
        subprocess.run(["tar", "-xf", str(self._archive), "-C", str(self.root)], check=True)
        unit = self.root / "usr/lib/systemd/system/trial-net.service"
        unit.write_text(NET_UNIT, encoding="utf-8")

    def start(self, disk: Path | None = None, record: Path | None = None) -> None:
        """Start it; ``/var`` is in memory, or upon ``disk`` (ext4), whose writes ``record`` may note."""
        layers = "none"
        if disk is not None:
            (self._folder / "export.raw").write_bytes(b"")
            layers = json.dumps(_layers(disk, record))
        words = " ".join([*(f"systemd.mask={name}" for name in MASKED), AS_A_BOX])
        script = _RUN.replace("@OPTIONS@", MOUNT_OPTIONS).replace("@WORDS@", words)
        log = (self._folder / "container.log").open("ab")
        self._process = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"),
                *(layers, str(self._tools), str(self._folder)),
                *("-q", f"--directory={self.root}", "--volatile=overlay", "--boot", "--register=no"),
                *("--keep-unit", "--private-network", f"--machine=ortsamt-{os.getpid():x}"),
                f"--bind={self.shared}:/opt/shared",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def _inside(self) -> int:
        """The number of its first process; raises Failure while there is none."""
        if self._process is None or self._process.poll() is not None:
            raise Failure("the container does not run", f"see {self._folder / 'container.log'}")
        for child in self._children():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == "systemd":
                    return child
        raise Failure("the container has not begun")

    def _children(self) -> list[int]:
        """The shell has become systemd-nspawn; its children are the container's systemd, and the disk."""
        if self._process is None:
            return []
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(one) for one in path.read_text(encoding="ascii").split()]

    def try_sh(self, line: str, seconds: float = 120.0) -> tuple[int, str]:
        """Run one line of shell as root inside; exit status and what it printed. Raises Failure."""
        words = ["nsenter", f"--target={self._inside()}", "--all", "--", "sh", "-c", line]
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"in the container took too long: {line}") from None
        return done.returncode, done.stdout

    def sh(self, line: str, seconds: float = 120.0) -> str:
        """The same; raises Failure on exit ≠ 0."""
        code, text = self.try_sh(line, seconds)
        if code:
            raise Failure(f"in the container failed ({code}): {line}", text[-2000:])
        return text

    def ready(self) -> float:
        """Wait until the box makes a call to itself; returns seconds."""
        return self.until("a call to itself", "ortsamt update check")

    def until(self, what: str, line: str, seconds: float = 300.0) -> float:
        """Wait until this line of shell succeeds; returns seconds."""
        begun, said = time.monotonic(), ""
        while time.monotonic() - begun < seconds:
            with contextlib.suppress(Failure, OSError):
                code, said = self.try_sh(line, 120)
                if code == 0:
                    return time.monotonic() - begun
            time.sleep(0.5)
        raise Failure(f"waited {seconds:.0f} s in vain for {what} in the container", said[-1000:])

    def new_disk(self, inside: Inside, megabytes: int) -> Path:
        """A data partition for it, as the first start makes one; ``inside`` sees the folder as ``/work``."""
        inside(
            *("sh", "-euc"),
            "rm -rf /work/seed && mkdir /work/seed && cp -a /work/root/usr/share/ortsamt/var /work/seed/ && "
            "rm -f /work/run.img && "
            f"mke2fs -q -t ext4 -m 1 -O metadata_csum,64bit -d /work/seed /work/run.img {megabytes}M",
        )
        return self._folder / "run.img"

    def end(self) -> None:
        """Kill it, its disk first, as when the plug is pulled: what was not flushed is lost."""
        if self._process is None:
            return
        for child in self._children():
            with contextlib.suppress(OSError):
                if "qemu-storage" in Path(f"/proc/{child}/comm").read_text(encoding="ascii"):
                    os.kill(child, signal.SIGKILL)
        with contextlib.suppress(Failure, OSError):
            os.kill(self._inside(), signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
