"""Start several processes in order, start again what dies, stop them in reverse order.

Theory of operation: what systemd does for the installed box, for one that runs from a folder. A process that
dies is started again, at once the first time, then after a pause that doubles up to ten seconds while it
keeps dying; one that ran for a minute counts as healthy. Children die with us, however we die: each is the
child of a thread that lives as long as it is kept, and leads a process group that is cleared after its end.
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
LOG_BYTES = 4 * 1024 * 1024
"""A log that has grown beyond is put aside (``.old``) when its program is started."""
_TAIL_BYTES = 4096
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
        """``notice`` is told in one line what happens, on any thread; what it raises is ignored."""
        self._notice = notice
        self._kept: list[_Kept] = []

    def start(self, program: Program) -> None:
        """Start a program and keep it running; raises DeviceUnavailable when it cannot even be started."""
        kept = _Kept(program, self._notice)
        kept.begin()
        self._kept.append(kept)

    def running(self, name: str) -> bool:
        """Whether the program runs now."""
        return any(kept.program.name == name and kept.alive for kept in self._kept)

    def refusals(self, name: str) -> int:
        """How often in a row the program has ended with an error of its own soon after its start."""
        return sum(kept.refusals for kept in self._kept if kept.program.name == name)

    def stop(self) -> None:
        """Stop everything, last started first: SIGTERM, then SIGKILL after ten seconds."""
        for kept in reversed(self._kept):
            kept.end()
        self._kept.clear()


class _Kept:
    def __init__(self, program: Program, notice: Notice) -> None:
        self.program = program
        self.alive = False
        self.refusals = 0
        self._notice = notice
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._began = threading.Event()
        self._refused: DeviceUnavailable | None = None
        self._thread = threading.Thread(target=self._keep, name=f"keep-{program.name}", daemon=True)

    def begin(self) -> None:
        self._thread.start()
        self._began.wait()
        if self._refused is not None:
            raise self._refused

    def end(self) -> None:
        self._stopping.set()
        self._signal(signal.SIGTERM)
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            self._say(f"{self.program.name} does not stop by itself and is killed")
            self._signal(signal.SIGKILL)
            self._thread.join(STOP_S)

    def _signal(self, number: signal.Signals) -> None:
        """Signal the process if it lives; SIGKILL goes to its whole group."""
        with self._guard:
            if self._process is not None and self.alive:
                with contextlib.suppress(ProcessLookupError):
                    if number is signal.SIGKILL:
                        os.killpg(self._process.pid, number)
                    else:
                        os.kill(self._process.pid, number)

    def _keep(self) -> None:
        process: subprocess.Popen[bytes] | None
        try:
            process = self._spawn()
        except DeviceUnavailable as error:
            self._refused = error
            return
        finally:
            self._began.set()
        pause_s = 0.0
        while True:
            began = time.monotonic()
            if process is not None:
                status = self._await_end(process)
                if self._stopping.is_set():
                    return
                healthy = time.monotonic() - began >= HEALTHY_S
                pause_s = 0.0 if healthy else pause_s
                self.refusals = self.refusals + 1 if status > 0 and not healthy else 0
                self._say(self._obituary(status))
            if self._stopping.wait(pause_s):
                return
            pause_s = min(max(FIRST_PAUSE_S, pause_s * 2), LAST_PAUSE_S)
            try:
                process = self._spawn()
            except DeviceUnavailable as error:
                process = None
                self._say(str(error))

    def _spawn(self) -> "subprocess.Popen[bytes]":
        program = self.program
        parent = os.getpid()

        def die_with_parent() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)  # it died before we could ask to be told

        try:
            program.log.parent.mkdir(parents=True, exist_ok=True)
            if program.log.exists() and program.log.stat().st_size > LOG_BYTES:
                program.log.replace(program.log.with_name(f"{program.log.name}.old"))
            with program.log.open("ab") as log:
                process = subprocess.Popen(
                    program.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **program.environment},
                    process_group=0,  # Ctrl-C is ours to handle, in the right order
                    preexec_fn=die_with_parent,  # noqa: PLW1509 - two system calls, no lock is taken
                )
        except OSError as error:
            raise DeviceUnavailable(
                f"{program.name} cannot be started: {error}", error_id="supervisor.start"
            ) from error
        with self._guard:
            self._process, self.alive = process, True
        if self._stopping.is_set():
            self._signal(signal.SIGTERM)
        return process

    def _await_end(self, process: "subprocess.Popen[bytes]") -> int:
        """Wait for its end, then end whoever of its group is left; the exit status, negative for a signal."""
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        # It is not yet reaped: its number, which is also that of its group, belongs to nobody else.
        with self._guard:
            self.alive = False
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            return process.wait()

    def _obituary(self, status: int) -> str:
        program = self.program
        said = last_line(program.log) if status > 0 else ""
        reason = f"{_words(status)}: {said}" if said else _words(status)
        return f"{program.name} ended ({reason}) and is started again; its log is {program.log}"

    def _say(self, text: str) -> None:
        with contextlib.suppress(Exception):  # a closed terminal must not end the supervision
            self._notice(text)


def last_line(log: Path) -> str:
    """The last line of a log that says something; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""


def _words(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"
