"""Start several processes in order, start again what dies, stop them in reverse order.

Theory of operation: what systemd does for the installed box, for one that runs from a folder. A process that
dies is started again, at once the first time, then after a pause that doubles up to ten seconds while it
keeps dying; one that ran for a minute counts as healthy. Children die with us, however we die.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import DeviceUnavailable

FIRST_PAUSE_S = 0.1
LAST_PAUSE_S = 10.0
HEALTHY_S = 60.0
STOP_S = 10.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process to keep running. ``log`` takes what it writes to stdout and stderr."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Keeps programs running. Each has a thread of its own that waits for its end."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice
        self._kept: list[_Kept] = []

    def start(self, program: Program) -> None:
        """Start a program and keep it running; raises DeviceUnavailable when it cannot even be started."""
        kept = _Kept(program, self._notice)
        kept.begin()
        self._kept.append(kept)

    def running(self, name: str) -> bool:
        """Whether the program runs now."""
        return any(kept.program.name == name and kept.alive() for kept in self._kept)

    def stop(self) -> None:
        """Stop everything, last started first: SIGTERM, then SIGKILL after ten seconds."""
        for kept in reversed(self._kept):
            kept.end()
        self._kept.clear()


class _Kept:
    def __init__(self, program: Program, notice: Notice) -> None:
        self.program = program
        self._notice = notice
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"keep-{program.name}", daemon=True)

    def begin(self) -> None:
        self._spawn()
        self._thread.start()

    def alive(self) -> bool:
        process = self._process
        return process is not None and process.poll() is None

    def end(self) -> None:
        self._stopping.set()
        with self._guard:
            process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_S)
        self._thread.join(STOP_S)

    def _spawn(self) -> None:
        program = self.program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with program.log.open("ab") as log:
                process = subprocess.Popen(
                    program.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **program.environment},
                    preexec_fn=_die_with_parent,  # noqa: PLW1509 - prctl only, no locks are taken
                )
        except OSError as error:
            raise DeviceUnavailable(
                f"{program.name} cannot be started: {error}", error_id="supervisor.start"
            ) from error
        with self._guard:
            self._process = process
        if self._stopping.is_set():
            process.terminate()

    def _keep(self) -> None:
        pause_s = 0.0
        while not self._stopping.is_set():
            process = self._process
            if process is not None:
                began = time.monotonic()
                status = process.wait()
                if self._stopping.is_set():
                    return
                if time.monotonic() - began >= HEALTHY_S:
                    pause_s = 0.0
                self._notice(
                    f"{self.program.name} ended ({_words(status)}), starting it again: {self.program.log}"
                )
            if self._stopping.wait(pause_s):
                return
            pause_s = min(max(FIRST_PAUSE_S, pause_s * 2), LAST_PAUSE_S)
            try:
                self._spawn()
            except DeviceUnavailable as error:
                self._notice(str(error))
                self._process = None


def _words(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setpgid(0, 0)  # Ctrl-C is ours to handle, in the right order
