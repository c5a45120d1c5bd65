"""The supervisor with real children: restart, pauses, order of the end, nobody left behind."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.app import supervisor as module
from appliance.app.supervisor import Program, Supervisor, last_line
from appliance.errors import DeviceUnavailable
from tests.support.processes import ROOT, Process


class Notices:
    """What the supervisor has said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._news = threading.Condition()

    def __call__(self, text: str) -> None:
        with self._news:
            self.said.append(text)
            self._news.notify_all()

    def wait(self, count: int, timeout: float = 15) -> None:
        """Wait until so many lines were said."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.said) >= count, timeout), self.said


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def supervisor(notices: Notices) -> Iterator[Supervisor]:
    running = Supervisor(notices)
    yield running
    running.stop()
    assert not [one.name for one in threading.enumerate() if one.name.startswith("keep-")]


def shell(folder: Path, name: str, script: str) -> Program:
    return Program(name=name, command=["/bin/sh", "-c", script], log=folder / "log" / f"{name}.log")


def until(holds: Callable[[], bool], what: str, timeout: float = 10) -> None:
    """Files and processes tell nobody when they change."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, what
        pause.wait(0.01)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def pids(path: Path) -> list[int]:
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def test_what_dies_is_started_again_at_once_and_its_end_is_told(
    supervisor: Supervisor, notices: Notices, tmp_path: Path
) -> None:
    seen = tmp_path / "pids"
    supervisor.start(shell(tmp_path, "one", f"echo $$ >> {seen}; exec sleep 60"))
    until(lambda: len(pids(seen)) == 1, "a first start")
    assert supervisor.running("one")
    (first,) = pids(seen)
    os.kill(first, signal.SIGKILL)
    until(lambda: len(pids(seen)) == 2, "a second start", 2)
    notices.wait(1)
    assert "one ended (SIGKILL) and is started again" in notices.said[0]
    assert supervisor.refusals("one") == 0


def test_what_keeps_dying_is_started_at_growing_distances_with_its_last_words(
    supervisor: Supervisor, notices: Notices, tmp_path: Path
) -> None:
    seen = tmp_path / "times"
    supervisor.start(shell(tmp_path, "sick", f"date +%s.%N >> {seen}; echo; echo no way; exit 3"))
    notices.wait(5)
    times = [float(line) for line in seen.read_text().split()][:5]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[1] >= 0.1
    assert pauses[2] >= 0.2
    assert pauses[3] >= 0.4
    assert "sick ended (status 3: no way)" in notices.said[0]
    assert supervisor.refusals("sick") >= 5
    assert last_line(tmp_path / "log" / "sick.log") == "no way"


def test_the_end_comes_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name in ("edge", "core", "provider"):
        trap = f"trap 'echo {name} >> {order}; exit 0' TERM; echo up > {tmp_path}/{name}; "
        supervisor.start(shell(tmp_path, name, trap + "while :; do sleep 0.05; done"))
    until(lambda: all((tmp_path / name).exists() for name in ("edge", "core", "provider")), "all to be up")
    supervisor.stop()
    assert order.read_text().split() == ["provider", "core", "edge"]
    assert not supervisor.running("edge")


def test_a_stubborn_child_is_killed_with_its_children(
    supervisor: Supervisor, notices: Notices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.5)
    seen = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $! >> {seen}; echo $$ >> {seen}; while :; do wait; done"
    supervisor.start(shell(tmp_path, "mule", script))
    until(lambda: len(pids(seen)) == 2, "the child and its child")
    supervisor.stop()
    until(lambda: not any(lives(pid) for pid in pids(seen)), "both to be gone")
    assert notices.said == ["mule does not stop by itself and is killed"]


def test_children_of_a_dead_child_do_not_stay(supervisor: Supervisor, tmp_path: Path) -> None:
    seen = tmp_path / "pids"
    supervisor.start(shell(tmp_path, "main", f"sleep 60 & echo $! >> {seen}; echo $$ >> {seen}; wait"))
    until(lambda: len(pids(seen)) >= 2, "main and worker")
    worker, main = pids(seen)[:2]
    os.kill(main, signal.SIGKILL)
    until(lambda: not lives(worker), "the worker to be gone")
    until(lambda: len(pids(seen)) >= 4, "a new main and worker")


def test_stop_while_a_dead_child_waits_to_be_started_again_is_quick(
    supervisor: Supervisor, notices: Notices, tmp_path: Path
) -> None:
    supervisor.start(shell(tmp_path, "sick", "exit 1"))
    notices.wait(4)
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 2


def test_a_program_that_is_not_there_is_refused(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable) as caught:
        supervisor.start(Program(name="ghost", command=["/nowhere/ghost"], log=tmp_path / "ghost.log"))
    assert "ghost cannot be started" in str(caught.value)
    assert not supervisor.running("ghost")


def test_a_log_is_put_aside_when_it_has_grown(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOG_BYTES", 100)
    log = tmp_path / "log" / "one.log"
    log.parent.mkdir()
    log.write_text("old" * 100)
    supervisor.start(shell(tmp_path, "one", "echo new; exec sleep 60"))
    until(lambda: log.exists() and "new" in log.read_text(), "a new log")
    assert "old" not in log.read_text()
    assert "old" in log.with_name("one.log.old").read_text()


def test_a_notice_that_cannot_be_given_does_not_end_the_supervision(tmp_path: Path) -> None:
    def broken(_: str) -> None:
        raise BrokenPipeError

    seen = tmp_path / "pids"
    running = Supervisor(broken)
    running.start(shell(tmp_path, "one", f"echo $$ >> {seen}; sleep 0.05"))
    until(lambda: len(pids(seen)) >= 3, "three starts")
    running.stop()


FAMILY = """
import sys, threading
from pathlib import Path
from appliance.app.supervisor import Program, Supervisor
folder = Path(sys.argv[1])
running = Supervisor(print)
script = f"echo $$ >> {folder}/pids; exec sleep 60"
for name in ("a", "b"):
    running.start(Program(name=name, command=["/bin/sh", "-c", script], log=folder / name))
print("up", flush=True)
threading.Event().wait()
"""


def test_children_die_with_a_supervisor_that_is_killed_also_those_started_again(tmp_path: Path) -> None:
    with Process("family", [sys.executable, "-c", FAMILY, str(tmp_path)], cwd=ROOT) as family:
        family.wait_line("up")
        until(lambda: len(pids(tmp_path / "pids")) == 2, "two children")
        os.kill(pids(tmp_path / "pids")[0], signal.SIGKILL)
        until(lambda: len(pids(tmp_path / "pids")) == 3, "a third")
        assert sum(lives(pid) for pid in pids(tmp_path / "pids")) == 2
        os.kill(family.pid, signal.SIGKILL)
        until(lambda: not any(lives(pid) for pid in pids(tmp_path / "pids")), "all to be gone")


def test_children_do_not_hear_ctrl_c(supervisor: Supervisor, tmp_path: Path) -> None:
    seen = tmp_path / "pids"
    supervisor.start(shell(tmp_path, "one", f"echo $$ >> {seen}; exec sleep 60"))
    until(lambda: len(pids(seen)) == 1, "a start")
    listing = subprocess.run(["ps", "-o", "pgid=", "-p", str(pids(seen)[0])], capture_output=True, check=True)
    assert int(listing.stdout) == pids(seen)[0] != os.getpgrp()
