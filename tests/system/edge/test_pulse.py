"""systemd hears that the edge is ready when it answers, and that it lives while it does."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from appliance.sip.edge import pulse
from tests.support.edge import Edge
from tests.support.processes import ROOT, free_port


def test_ready_once_then_beats_until_the_edge_is_gone(shared_edge: Edge, tmp_path: Path) -> None:
    settings = shared_edge.settings
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(30)
        edge = subprocess.Popen(["sleep", "600"])  # whose life it watches
        words = [sys.executable, "-m", "appliance.sip.edge.pulse", str(settings.sip_port), str(edge.pid), "0"]
        beside = subprocess.Popen(
            [*words, *settings.listen], env={**os.environ, "NOTIFY_SOCKET": path}, cwd=ROOT
        )
        try:
            assert systemd.recv(100) == b"READY=1"
            assert systemd.recv(100) == b"WATCHDOG=1"
            edge.kill()
            edge.wait()
            assert beside.wait(30) == 0
        finally:
            for process in (edge, beside):
                process.kill()
                process.wait()


def test_an_edge_that_is_not_there_is_not_told_as_ready() -> None:
    assert not pulse.answers("127.0.0.1", free_port(), 0.3)
