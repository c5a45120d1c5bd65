"""What is tried with the root of an image in a container: quick, and with this machine's kernel."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Protocol

from console import Failure, say
from container import Container
from power import PowerCuts, last_noted, write_on
from workshop import entering

HERE = Path(__file__).resolve().parent
PULLS = 10
SERVICES = ("core", "edge", "fax", "web", "sync", "update", "network", "firewall", "capture.socket")
HARMLESS = "libata|regulatory.db|rcu: |watchdog did not stop"
"""Errors in the journal that every machine of this kind has; rcu: an emulated processor that stood still; the
watchdog is left running by the initramfs on purpose."""
FILL = (
    "cd /var/lib/ortsamt && fallocate -l $(df --output=avail -B1 . | tail -n 1) filler; "
    "cat /dev/zero >>filler; sync; df -k . | tail -n 1"
)
PAGE = (
    "/usr/lib/ortsamt/bin/python3 -c 'import ssl,urllib.request as r; "
    'r.urlopen("https://127.0.0.1/", context=ssl._create_unverified_context(), timeout=30)\''
)
PSS = "sleep 15; cat /proc/[0-9]*/smaps_rollup | awk '/^Pss:/ {sum += $2} END {print int(sum / 1024)}'"
DISK_MB = 256
LEAST_COMPONENTS = 200


class Shell(Protocol):
    """A box that can be asked."""

    def sh(self, line: str, seconds: float = 120.0) -> str:
        """Run one line of shell; raises Failure on exit ≠ 0."""


def no_failures(box: Shell) -> None:
    """No service has failed, none was started more than once; raises Failure."""
    failed = box.sh("systemctl --failed --no-legend --plain").strip()
    if failed:
        units = " ".join(f"-u {line.split()[0]}" for line in failed.splitlines())
        raise Failure("services failed", failed + "\n" + box.sh(f"journalctl -b {units} | tail -n 40"))
    again = box.sh(
        "systemctl show -p Id -p NRestarts 'ortsamt-*.service' | paste -d ' ' - - - | "
        "grep -E 'NRestarts=[1-9]' || :"
    ).strip()
    if again:
        raise Failure("services were started again", again)
    said = box.sh(f"journalctl -b -p err --no-pager -o cat | grep -vE '{HARMLESS}' || :").strip()
    if said:
        raise Failure("the journal has errors", said)


class Contained:
    """These parts of the trial; ``archive``: the root, ``folder``: a new one."""

    def __init__(self, archive: Path, folder: Path, tools: Path) -> None:
        self._archive, self._folder, self._tools = archive, folder, tools
        self.figures: dict[str, float | str] = {}

    def _box(self) -> Container:
        box = Container(self._archive, self._folder, self._tools)
        box.unpack()
        return box

    def _inside(self, *argv: str) -> str:
        done = subprocess.run(
            entering(self._tools, {self._folder: "/work"}, argv), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failure(f"{argv[0]} failed", done.stderr[-1000:])
        return done.stdout

    def content(self) -> None:
        """No key, no password, no machine id is in the root; what it consists of is told."""
        root = self._box().root
        keys = [
            path
            for suffix in ("pem", "key", "p12", "crt")
            for path in root.rglob(f"*.{suffix}")
            if path.is_file() and not path.is_symlink() and b"PRIVATE KEY" in path.read_bytes()
        ]
        if keys or (root / "etc/machine-id").read_bytes():
            raise Failure("the root has secrets", "\n".join(str(path) for path in keys))
        shadow = (root / "etc/shadow").read_text(encoding="utf-8").splitlines()
        opened = [line for line in shadow if line.split(":")[1][:1] not in ("*", "!")]
        if opened:
            raise Failure("the root has passwords", "\n".join(opened))
        inventory = json.loads((root / "usr/share/ortsamt/sbom.cdx.json").read_text(encoding="utf-8"))
        licences = (root / "usr/share/ortsamt/licences.txt").read_text(encoding="utf-8").splitlines()
        count = len(inventory["components"])
        if count != len(licences) or count < LEAST_COMPONENTS:
            raise Failure(
                f"{count} packages in the bill of materials, {len(licences)} in the list of licences"
            )
        self.figures["packages in the bill of materials"] = count

    def services(self) -> None:
        """Every service is up; capture and the T.38 gateway run in their sandboxes."""
        box = self._box()
        try:
            box.start()
            self.figures["seconds to a call in a container"] = round(box.ready())
            for name in SERVICES:
                box.sh(f"systemctl is-active ortsamt-{name}")
            self.figures["MB of all processes (Pss), idle"] = int(box.sh(PSS).split()[-1])
            for script in ("inside_capture.py", "inside_gateway.py"):
                shutil.copyfile(HERE / script, box.shared / script)
                done = box.sh(f"/usr/lib/ortsamt/bin/python3 -P /opt/shared/{script}", 600)
                say("  " + done.strip().splitlines()[-1])
            no_failures(box)
        finally:
            box.end()

    def full(self) -> None:
        """No room on the data partition: the box telephones, also after a start, and says what is wrong."""
        box = self._box()
        disk = box.new_disk(self._inside, DISK_MB)
        try:
            box.start(disk)
            box.ready()
            box.sh("ortsamt ctl set service echo number=*43 application=echo")
            say("  " + box.sh(FILL).strip())
            code, said = box.try_sh(
                "for i in $(seq 200); do ortsamt ctl set service echo name=full-$i || exit; done", 300
            )
            say("  " + (said.strip().splitlines() or [""])[-1][:200])
            if not code or "no space left" not in said:
                raise Failure("a full disk is not told", said[-500:])
            box.ready()
            box.end()
            box.start(disk)
            box.ready()
            box.until("the page", PAGE)
            box.sh("rm /var/lib/ortsamt/filler && sync")
            box.until("changes are taken again", "ortsamt ctl set service echo name=room")
        finally:
            box.end()

    def unplugged(self) -> None:
        """Ten times the disk goes away while it is written; nothing acknowledged is lost."""
        box = self._box()
        disk = box.new_disk(self._inside, DISK_MB)
        try:
            box.start(disk)
            box.until("the core", "ortsamt ctl status")
            box.sh("ortsamt ctl set service echo number=*43 application=echo")
            for run in range(1, PULLS + 1):
                noted = write_on(box, str(run))
                least, most = time.monotonic() + 5 + run / 3, time.monotonic() + 120
                while time.monotonic() < (most if not last_noted(noted) else least):
                    time.sleep(0.05)
                box.end()
                last = last_noted(noted)
                self._inside("sh", "-c", f"e2fsck -p /work/{disk.name}; [ $? -lt 4 ]")
                box.start(disk)
                box.until("the core", "ortsamt ctl status")
                found = json.loads(box.sh("ortsamt ctl --json get service echo"))["name"]
                say(f"  {run}: {last} was acknowledged, {found} is there")
                number = int(found.split("-")[1]) if found.startswith(f"{run}-") else 0
                if not last or number < last:
                    raise Failure(f"{run}-{last} was acknowledged, {found} is there")
            box.ready()
        finally:
            box.end()
        self.figures["disks taken away"] = PULLS

    def crashes(self) -> None:
        """A hundred power cuts, replayed from one record of the disk's writes."""
        box = self._box()
        try:
            self.figures["crash points replayed"] = PowerCuts(self._folder, self._inside).run(box)
        finally:
            box.end()
