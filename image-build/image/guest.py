"""A box in QEMU: its disk, its network (a namespace with nothing else in it), and a root shell for the trial.

The shell is no part of the image: QEMU hands systemd a unit as a credential (systemd.system-credentials(7)),
which on a real box would take a tool at the board.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from boards import Board, Machine
from console import Failure
from workshop import entering

NETWORK = "10.99.0"
HOST, BOX = f"{NETWORK}.1", f"{NETWORK}.2"
MAC = "52:54:00:0a:0b:0c"
SHELL_UNIT = """\
[Unit]
DefaultDependencies=no
After=sysinit.target
[Service]
ExecStart=/bin/sh -c 'stty -echo raw; echo shell; while read -r line; do eval "$line"; done'
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/@TTY@
Restart=always
[Install]
WantedBy=sysinit.target
"""
SHELL_WANTED = "[Unit]\nWants=trial-shell.service\n"
PATIENT = ("core", "edge", "fax", "web", "sync", "update", "network")
PATIENT_UNIT = "[Service]\nTimeoutStartSec=30min\nWatchdogSec=10min\n"
"""A processor that is emulated on a busy machine may stand still for as long as no real one does."""
_MARK = "=done="


class Net:
    """A network namespace with a tap for the guest, and DHCP when wanted."""

    def __init__(self, tools: Path, folder: Path) -> None:
        self.name = f"ortsamt{os.getpid():x}"
        self.inside: Sequence[str] = ("ip", "netns", "exec", self.name)
        self._tools, self._folder = tools, folder
        self._dhcp: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Make it."""
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        for words in (
            ("link", "set", "lo", "up"),
            ("tuntap", "add", "tap0", "mode", "tap"),
            ("addr", "add", f"{HOST}/24", "dev", "tap0"),
            ("addr", "add", "169.254.7.7/16", "dev", "tap0"),
            ("addr", "add", "192.168.181.2/24", "dev", "tap0"),
            ("link", "set", "tap0", "up"),
        ):
            subprocess.run([*self.inside, "ip", *words], check=True)

    def give_addresses(self) -> None:
        """Serve DHCP: the guest is always the same address."""
        argv = [
            *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=tap0"),
            *("--bind-interfaces", f"--dhcp-range={BOX},{BOX},12h", "--dhcp-leasefile=/run/trial.leases"),
            # Whatever box it says it is: a new disk is a new box at the same wire.
            *(f"--dhcp-host={MAC},id:*,{BOX}", "--dhcp-authoritative", "--user=root", "--pid-file="),
            *("--log-dhcp", "--log-facility=-"),
        ]
        log = (self._folder / "dhcp.log").open("wb")
        self._dhcp = subprocess.Popen(
            [*self.inside, *entering(self._tools, {}, argv)], stdout=log, stderr=log, process_group=0
        )

    def take_addresses(self) -> None:
        """Serve DHCP no longer."""
        if self._dhcp is not None:
            _end(self._dhcp)
            self._dhcp = None

    def close(self) -> None:
        """Take everything away."""
        self.take_addresses()
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Guest:
    """One running box. ``disk`` lies in ``folder``; the tools' Debian brings QEMU."""

    def __init__(
        self, tools: Path, folder: Path, disk: str, net: Net, board: Board, *, memory_mb: int = 1024
    ) -> None:
        self._machine = machine_of(board)
        self._tools, self._folder, self._net = tools, folder, net
        self._disk, self._memory = disk, memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: socket.socket | None = None
        self._heard = b""
        self.started = 0.0
        self.starts = 0

    @property
    def console(self) -> Path:
        """What the first serial line said in this run."""
        return self._folder / f"console-{self.starts}.log"

    def start(self, *, clock: str = "", state: str = "") -> None:
        """Switch it on; ``clock`` is what its own clock says, ``state`` one that was saved."""
        self.starts += 1
        machine = self._machine
        for name in ("shell.sock", "monitor.sock"):
            (self._folder / name).unlink(missing_ok=True)
        argv = [
            *(machine.program, "-machine", machine.kind, "-accel", "tcg,thread=multi"),
            *("-cpu", machine.processor),
            *("-smp", "2", "-m", str(self._memory), "-display", "none", "-nodefaults"),
            *("-drive", f"if=pflash,format=raw,readonly=on,file={machine.firmware}"),
            *("-drive", "if=pflash,format=qcow2,file=/work/vars.qcow2"),
            *("-drive", f"file=/work/{self._disk},if=virtio,format=qcow2,cache=writeback"),
            *("-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=n0,mac={MAC}"),
            *("-device", "i6300esb", "-action", "watchdog=reset", "-device", "virtio-rng-pci"),
            *("-chardev", f"file,id=c0,path=/work/{self.console.name}", "-serial", "chardev:c0"),
            *("-chardev", "socket,id=c1,path=/work/shell.sock,server=on,wait=off", "-serial", "chardev:c1"),
            *("-qmp", "unix:/work/monitor.sock,server=on,wait=off"),
            *_credentials(machine),
            *(("-loadvm", state) if state else ()),
            *(("-rtc", f"base={clock}") if clock else ()),
        ]
        log = (self._folder / "qemu.log").open("ab")
        self._process = subprocess.Popen(
            [*self._net.inside, *entering(self._tools, {self._folder: "/work"}, argv)],
            stdout=log,
            stderr=log,
            process_group=0,
        )
        self.started = time.monotonic()

    def pull_the_plug(self) -> None:
        """End QEMU without a word to the guest."""
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        if self._process is not None:
            _end(self._process)
            self._process = None

    def save(self, state: str) -> None:
        """Keep memory and disk as they are, within the disk's files; raises Failure."""
        self.tell(f"savevm {state}")

    def tell(self, line: str) -> None:
        """Tell QEMU's monitor; raises Failure when it has something against it."""
        with socket.socket(socket.AF_UNIX) as monitor, monitor.makefile("rw") as lines:
            monitor.settimeout(300.0)
            monitor.connect(str(self._folder / "monitor.sock"))
            wanted = {"execute": "human-monitor-command", "arguments": {"command-line": line}}
            for order in ({"execute": "qmp_capabilities"}, wanted):
                lines.write(json.dumps(order) + "\n")
                lines.flush()
                said = next(one for one in map(json.loads, lines) if one.keys() & {"return", "error"})
                if said.get("return") or "error" in said:
                    raise Failure(f"QEMU does not: {line}", str(said))

    def until(self, what: str, good: Callable[[], bool], seconds: float) -> float:
        """Wait for something; returns seconds since the start, raises Failure when it takes too long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise Failure(f"QEMU ended while waiting for: {what}", f"see {self._folder / 'qemu.log'}")
            with contextlib.suppress(OSError, Failure):
                if good():
                    return time.monotonic() - self.started
            time.sleep(0.5)
        raise Failure(f"waited {seconds:.0f} s in vain for: {what}", f"console: {self.console}")

    def sh(self, line: str, seconds: float = 120.0) -> str:
        """Run one line of shell as root in the guest; returns what it printed. Raises Failure on exit ≠ 0."""
        code, text = self.try_sh(line, seconds)
        if code:
            raise Failure(f"in the box failed ({code}): {line}", text[-2000:])
        return text

    def python(self, source: str, seconds: float = 120.0) -> str:
        """Run a short program with the product's own Python; returns what it printed. Raises Failure."""
        encoded = base64.b64encode(source.encode()).decode()
        return self.sh(f"echo {encoded} | base64 -d | /usr/lib/ortsamt/bin/python3 -P -", seconds)

    def try_sh(self, line: str, seconds: float = 120.0) -> tuple[int, str]:
        """The same with the exit status; raises Failure when the shell does not answer."""
        if self._shell is None:
            shell = socket.socket(socket.AF_UNIX)
            shell.connect(str(self._folder / "shell.sock"))
            self._shell, self._heard = shell, b""
        self._shell.settimeout(1.0)
        mark = f"{_MARK}{time.monotonic_ns()}"
        quoted = line.replace("'", "'\\''")
        self._shell.sendall(f"sh -c '{quoted}' </dev/null 2>&1; echo {mark} $?\n".encode())
        pattern = re.compile(rb"(?s)(.*)" + mark.encode() + rb" (\d+)\r?\n")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = pattern.search(self._heard)
            if found:
                self._heard = self._heard[found.end() :]
                return int(found[2]), found[1].decode("utf-8", "replace").replace("\r\n", "\n")
            try:
                data = self._shell.recv(65536)
            except TimeoutError:
                continue
            if not data:
                break
            self._heard += data
        self._shell.close()
        self._shell = None
        raise Failure(f"the box's shell does not answer: {line}")


def machine_of(board: Board) -> Machine:
    """What QEMU is to show for a board; raises Failure when it has nothing that starts its image."""
    if board.machine is None:
        raise Failure(f"QEMU cannot start an image for {board.name}", "Try it on a real board.")
    return board.machine


def _credentials(machine: Machine) -> list[str]:
    """What systemd in the guest is given besides: the shell, and patience."""
    units = {
        "systemd.extra-unit.trial-shell.service": SHELL_UNIT.replace("@TTY@", machine.tty),
        "systemd.unit-dropin.sysinit.target": SHELL_WANTED,
        **{f"systemd.unit-dropin.ortsamt-{name}.service": PATIENT_UNIT for name in PATIENT},
    }
    values = (_credential(name, text) for name, text in units.items())
    return [word for value in values for word in ("-smbios", f"type=11,value={value}")]


def _credential(name: str, content: str) -> str:
    return f"io.systemd.credential.binary:{name}={base64.b64encode(content.encode()).decode()}"
