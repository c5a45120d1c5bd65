"""Ports nobody else takes and processes that never outlive the tests."""

import contextlib
import ctypes
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).resolve().parents[2]
_FIRST_PORT, _LAST_PORT = 10000, 31999
"""Below the range from which the kernel hands out ports by itself."""
_claims: dict[int, socket.socket] = {}
_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def ortsamt(*words: str) -> list[str]:
    """The command line that runs ``ortsamt WORDS`` from this checkout with the interpreter of the tests."""
    return [sys.executable, "-m", "appliance", *words]


def free_port() -> int:
    """Claim a port free for UDP and TCP on loop-back, for as long as this process lives."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Claim so many adjacent ports, free for UDP and TCP.

    A claim is a socket in the abstract Unix name space, so no other test process of this machine gets the
    same port between our looking and the tested program's binding.
    """
    for _ in range(2000):
        first = random.randrange(_FIRST_PORT, _LAST_PORT - count, 2)
        ports = range(first, first + count)
        got = [port for port in ports if _claim(port)]
        if len(got) == count:
            return got
        for port in got:
            release_port(port)
    raise RuntimeError(f"no {count} adjacent free ports")


def release_port(port: int) -> None:
    """Give a claimed port back."""
    claim = _claims.pop(port, None)
    if claim is not None:
        claim.close()


def _claim(port: int) -> bool:
    if port in _claims:
        return False
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0ortsamt-test-port-{port}")
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("0.0.0.0", port))
    except OSError:
        mark.close()
        return False
    _claims[port] = mark
    return True


class Process:
    """A program under test in its own process group: output captured line by line, end guaranteed.

    Lines of stdout and stderr land in ``lines`` (and in ``log``, if given); ``on_line`` sees those of stdout,
    on the reading thread. Must be started on a thread that outlives it (the kernel kills it with its parent).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._on_line = on_line
        self._log = log.open("a", buffering=1) if log is not None else None
        self._open_streams = 2
        self.popen = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            bufsize=1,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call of prctl, no lock is touched
        )
        self._pumps = [
            threading.Thread(target=self._pump, args=(stream, hears), name=f"{name} output", daemon=True)
            for stream, hears in ((self.popen.stdout, on_line is not None), (self.popen.stderr, False))
        ]
        for pump in self._pumps:
            pump.start()

    @property
    def pid(self) -> int:
        """The process id, also that of its group."""
        return self.popen.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    @property
    def output(self) -> str:
        """All it has said so far."""
        with self._changed:
            return "\n".join(self.lines)

    def send(self, line: str) -> None:
        """Write one line to its standard input; raises AssertionError when it is gone."""
        assert self.popen.stdin is not None
        try:
            self.popen.stdin.write(line + "\n")
            self.popen.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise AssertionError(f"{self.name} is gone:\n{self.output[-2000:]}") from error

    def wait_line(self, pattern: str, *, timeout: float = 10, start: int = 0) -> re.Match[str]:
        """Wait for a line (from number ``start`` on) that matches; its end or the time-out fails the test."""
        deadline = time.monotonic() + timeout
        wanted = re.compile(pattern)
        seen = start
        with self._changed:
            while True:
                while seen < len(self.lines):
                    found = wanted.search(self.lines[seen])
                    seen += 1
                    if found:
                        return found
                left = deadline - time.monotonic()
                if self._open_streams == 0 or left <= 0:
                    why = "ended" if self._open_streams == 0 else f"did not within {timeout} s"
                    tail = "\n".join(self.lines[-40:])
                    raise AssertionError(f"{self.name} {why}: wanted a line with {pattern!r}, said:\n{tail}")
                self._changed.wait(left)

    def wait(self, timeout: float = 10) -> int:
        """Wait for its end and for the last of its output; returns the exit code."""
        try:
            code = self.popen.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name} runs on:\n{self.output[-2000:]}") from error
        for pump in self._pumps:
            pump.join(2)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself."""
        self.popen.send_signal(number)

    def stop(self, timeout: float = 5) -> int:
        """Ask it to end (SIGTERM), kill its whole group when it does not or leaves someone behind."""
        if self.alive:
            self.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to the whole group; the exit code."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        code = self.popen.wait(5)
        for pump in self._pumps:
            pump.join(2)
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        if self._log is not None:
            self._log.close()
            self._log = None
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _pump(self, stream: IO[str], hears: bool) -> None:
        try:
            for line in stream:
                text = line.rstrip("\n")
                with self._changed:
                    self.lines.append(text)
                    if self._log is not None:
                        self._log.write(text + "\n")
                    self._changed.notify_all()
                if hears and self._on_line is not None:
                    self._on_line(text)
        except ValueError:
            pass  # closed while reading
        finally:
            with self._changed:
                self._open_streams -= 1
                self._changed.notify_all()


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
