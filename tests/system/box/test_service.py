"""The box as a service: readiness and watchdog, units, an end without leftovers, no leaks."""

import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.control.client import ControlClient
from tests.support.box import Box
from tests.support.processes import Process


class Notified:
    """What a service says to systemd (sd_notify(3)), with the time it was said."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path)}

    def next(self, timeout: float) -> str:
        """The next message; an empty one when none comes."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return ""

    def wait(self, wanted: str, timeout: float = 20) -> None:
        """Read until this message comes."""
        deadline = time.monotonic() + timeout
        while (told := self.next(max(0.01, deadline - time.monotonic()))) != wanted:
            assert told, f"no {wanted}"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[tuple[Box, Process, Notified]]:
    """A core that tells us what it would tell systemd."""
    box = Box(tmp_path)
    for name in ("state", "run"):
        (tmp_path / name).mkdir()
    notified = Notified(tmp_path / "n")
    command = [sys.executable, "-m", "tests.system.box.core_program", str(box.settings)]
    with Process("core", command, env=notified.environment) as process:
        notified.wait("READY=1", 60)
        yield box, process, notified
    notified.socket.close()


def test_ready_is_said_when_calls_are_possible_and_the_watchdog_is_fed(
    core: tuple[Box, Process, Notified],
) -> None:
    box, process, notified = core
    assert box.control("status")["legs"] == 0
    beats = []
    for _ in range(3):
        notified.wait("WATCHDOG=1")
        beats.append(time.monotonic())
    assert beats[-1] - beats[0] < 8  # systemd waits for ten seconds
    process.signal(signal.SIGTERM)
    notified.wait("STOPPING=1")
    assert process.wait() == 0


def test_the_watchdog_starves_when_the_engine_stands_still(core: tuple[Box, Process, Notified]) -> None:
    box, _, notified = core
    notified.wait("WATCHDOG=1")
    blocked = threading.Thread(target=lambda: box.control("test.block", seconds=4))
    blocked.start()
    pulses = 0
    began = time.monotonic()
    while time.monotonic() - began < 3.5:
        pulses += notified.next(0.5) == "WATCHDOG=1"
    assert pulses <= 1  # the one that was due before
    # the control socket itself lives on and says what is wrong
    with ControlClient(box.socket) as client:
        assert client.call("config.list", {"kind": "extension"}) == []
    blocked.join(10)
    notified.wait("WATCHDOG=1")
    assert box.control("status")["legs"] == 0


def test_at_the_end_no_thread_and_no_descriptor_is_left(core: tuple[Box, Process, Notified]) -> None:
    box, process, _ = core
    clients = [ControlClient(box.socket) for _ in range(5)]
    streams = [client.watch() for client in clients]
    assert len(streams) == 5
    process.signal(signal.SIGTERM)
    assert process.wait(20) == 0
    # the last lines are still to be written; that thread ends with the interpreter
    assert "threads left: ['MainThread', 'log']" in process.output
    (left,) = re.findall(r"descriptors left: (-?\d+)", process.output)
    assert int(left) <= 2, process.output  # PJSIP keeps its log and random source until the process ends
    for client in clients:
        client.close()


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_clients_that_come_and_go_leave_nothing_behind(core: tuple[Box, Process, Notified]) -> None:
    box, process, _ = core
    box.control("status")
    before = descriptors(process.pid)
    threads = len(os.listdir(f"/proc/{process.pid}/task"))
    for number in range(50):
        client = ControlClient(box.socket)
        client.call("status", {})
        if number % 2:
            client.watch()
        client.close()
    box.eventually(lambda: descriptors(process.pid) <= before + 1, "connections to be closed")
    assert len(os.listdir(f"/proc/{process.pid}/task")) == threads


def test_memory_is_flat_over_many_changes(core: tuple[Box, Process, Notified]) -> None:
    box, _, _ = core

    def change(rounds: int) -> int:
        with ControlClient(box.socket, timeout=60) as client:
            for number in range(rounds):
                fields = {"number": "21", "name": f"name {number}"}
                client.call("config.set", {"kind": "extension", "id": "21", "fields": fields})
            rss: int = client.call("status", {})["process"]["rss_bytes"]
            return rss

    warm = change(150)
    assert change(500) - warm < 3_000_000
