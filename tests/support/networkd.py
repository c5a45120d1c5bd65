"""A box's network with the real systemd-networkd, in namespaces of its own; this machine's is not touched.

``office`` has the wire ``wan0`` to ``router``, another (``lan0``) that ends in the router, too, and a private
``/run`` and ``/etc/systemd/network``. Needs root.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.control.client import ControlClient, NotRunning
from tests.support.processes import ROOT

_numbers = itertools.count(1)
PATIENCE_S = 60.0
_INSIDE = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/systemd/network
mount -o remount,ro /sys
mkdir -p /run/dbus /run/systemd /run/ortsamt-network
dbus-daemon --system --nofork --nopidfile 2>/dev/null &
echo $! >"$1/dbus.pid"
while [ ! -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
exec /lib/systemd/systemd-networkd
"""


class NetworkdBox:
    """See the module. ``default``: how wires are set up that no settings name."""

    def __init__(
        self, folder: Path, default: str = "[Match]\nName=wan0 lan0\n[Network]\nDHCP=ipv4\n"
    ) -> None:
        tag = f"n{os.getpid():x}{next(_numbers)}"
        self.office, self.router = f"{tag}-office", f"{tag}-router"
        self._folder, self._default = folder, default
        self._stack = ExitStack()
        self._networkd: subprocess.Popen[bytes] | None = None
        self.helper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        for name in (self.office, self.router):
            _run("ip", "netns", "add", name)
            self._stack.callback(_quiet, "ip", "netns", "del", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        for wire, there in (("wan0", "wan1"), ("lan0", "lan1")):
            _run(
                "ip", "link", "add", wire, "netns", self.office, "type", "veth",
                "peer", "name", there, "netns", self.router,
            )  # fmt: skip
            _run("ip", "-n", self.router, "link", "set", there, "up")
        command = ["unshare", "-m", "ip", "netns", "exec", self.office, "sh", "-c", _INSIDE, "sh"]
        log = (self._folder / "networkd.log").open("wb")
        self._stack.callback(log.close)
        self._networkd = subprocess.Popen([*command, str(self._folder)], stdout=log, stderr=log)
        self._stack.callback(self._end)
        self.until(lambda: "wan0" in self.inside("networkctl", "list"), "networkd")
        self.write("/etc/systemd/network/80-ortsamt.network", self._default)
        self.inside("networkctl", "reload")

    def _end(self) -> None:
        _end(self.helper)
        _end(self._networkd)
        pid = self._folder / "dbus.pid"
        if pid.exists():
            _quiet("kill", pid.read_text().strip())

    def serve_dhcp(self, *options: str, device: str = "wan1", network: str = "192.0.2") -> None:
        """Let the router hand out addresses (dnsmasq), from .100 on."""
        _run("ip", "-n", self.router, "addr", "replace", f"{network}.1/24", "dev", device)
        process = subprocess.Popen(
            [
                "ip", "netns", "exec", self.router, "dnsmasq", "--no-daemon", "--conf-file=/dev/null",
                "--port=0", f"--interface={device}", "--bind-interfaces", "--dhcp-authoritative", "--no-ping",
                f"--dhcp-range={network}.100,{network}.110,255.255.255.0,10m", "--user=root",
                f"--dhcp-leasefile={self._folder / 'leases'}", "--pid-file=", *options,
            ],
            stdout=subprocess.DEVNULL, stderr=(self._folder / "dnsmasq.log").open("wb"),
        )  # fmt: skip
        self._stack.callback(_end, process)

    def enter(self, command: Sequence[str]) -> list[str]:
        """A command as it runs in the box's namespaces."""
        assert self._networkd is not None
        return ["nsenter", f"--target={self._networkd.pid}", "--mount", "--net", "--", *command]

    def inside(self, *command: str) -> str:
        """What a program says in there."""
        done = subprocess.run(self.enter(command), capture_output=True, text=True, timeout=30, check=False)
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file in there."""
        subprocess.run(self.enter(["sh", "-c", f"cat >{path}"]), input=text.encode(), timeout=30, check=True)

    def start_helper(self, dhcp_seconds: int = 30) -> None:
        """Start the network service as systemd does."""
        command = [sys.executable, "-m", "appliance", "network-helper", "--kept", str(self._folder / "etc")]
        command += ["--dhcp-seconds", str(dhcp_seconds)]
        log = (self._folder / "helper.log").open("ab")
        self._stack.callback(log.close)
        self.helper = subprocess.Popen(self.enter(command), cwd=ROOT, stdout=log, stderr=log)
        self.until(self._answers, "the network service")

    def _answers(self) -> bool:
        try:
            return bool(self.call("network.show")["managed"])
        except NotRunning:
            return False

    def kill_helper(self) -> None:
        """As the kernel kills: without a word."""
        assert self.helper is not None
        self.helper.kill()
        self.helper.wait(10)

    def chromium(self) -> str:
        """A program that is Chromium at the router's end of the wire."""
        program = self._folder / "chromium"
        program.write_text(f'#!/bin/sh\nexec ip netns exec {self.router} /usr/bin/chromium "$@"\n')
        program.chmod(0o755)
        return str(program)

    @property
    def socket(self) -> Path:
        """The service's socket, seen from out here."""
        assert self._networkd is not None
        return Path(f"/proc/{self._networkd.pid}/root/run/ortsamt-network/control.sock")

    def call(self, method: str, **params: Any) -> Any:
        """Ask the service."""
        with ControlClient(self.socket, timeout=30) as client:
            return client.call(method, params)

    def addresses(self, device: str) -> list[str]:
        """IPv4 and IPv6 addresses of a wire."""
        rows = json.loads(self.inside("ip", "-j", "addr", "show", "dev", device) or "[]")
        return [f"{one['local']}/{one['prefixlen']}" for row in rows for one in row.get("addr_info", [])]

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for it."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"{what}: {self._logs()}"
            assert self._networkd is None or self._networkd.poll() is None, self._logs()
            time.sleep(0.1)

    def _logs(self) -> str:
        return "\n".join(
            path.read_text(errors="replace")[-3000:] for path in sorted(self._folder.glob("*.log"))
        )


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _quiet(*words: str) -> None:
    subprocess.run(words, check=False, capture_output=True)
