"""What the set-up scripts say and how they run commands: plain standard library, Python 3.11 or newer."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TAIL_LINES = 15
POLL_S = 0.1
HEARTBEAT_S = 20.0


class Failure(Exception):
    """A step that cannot go on: what failed, and a hint of what the user can do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a step; its output goes to `log`."""

    argv: Sequence[str]
    log: Path
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)


def say(text: str) -> None:
    """Print one line of progress on standard error, so that standard output stays the command's own."""
    print(text, file=sys.stderr, flush=True)


def report(failure: Failure) -> None:
    """Print a failure and its hint."""
    say(f"error: {failure}")
    if failure.hint:
        for line in failure.hint.splitlines():
            say(f"  {line}")


def tail(log: Path, lines: int = TAIL_LINES) -> list[str]:
    """Return the last lines of a log; empty when there is none."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def clock(seconds: float) -> str:
    """Format a duration as m:ss."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


class _Ticker:
    """Shows that a step is alive: one rewritten line on a terminal, a line now and then elsewhere."""

    def __init__(self, title: str, usual_s: float) -> None:
        self._title = title
        self._usual = f" of about {clock(usual_s)}" if usual_s >= 5.0 else ""
        self._tty = sys.stderr.isatty()
        self._start = time.monotonic()
        self._next = 0.0 if self._tty else HEARTBEAT_S
        if not self._tty:
            say(f"· {title}{' (about ' + clock(usual_s) + ')' if self._usual else ''}")

    def tick(self, log: Path) -> None:
        elapsed = time.monotonic() - self._start
        if elapsed < self._next:
            return
        self._next = elapsed + (0.5 if self._tty else HEARTBEAT_S)
        last = next((line for line in reversed(tail(log, 3)) if line.strip()), "")
        text = f"· {self._title} {clock(elapsed)}{self._usual}"
        if self._tty:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{text + '  ' + last.strip():.{width}}", end="", file=sys.stderr, flush=True)
        else:
            say(text)

    def done(self) -> None:
        elapsed = time.monotonic() - self._start
        if self._tty:
            print("\r\033[K", end="", file=sys.stderr)
        say(f"✓ {self._title} ({elapsed:.1f} s)")

    def failed(self) -> None:
        if self._tty:
            print("\r\033[K", end="", file=sys.stderr)
        say(f"✗ {self._title}")


def run_step(title: str, commands: Sequence[Command], *, usual_s: float = 0.0, hint: str = "") -> None:
    """Run commands side by side until all have ended; raise `Failure` when one fails.

    `usual_s` is what the step usually takes (seconds), only for the display.
    """
    ticker = _Ticker(title, usual_s)
    running: list[tuple[Command, subprocess.Popen[bytes]]] = []
    try:
        for command in commands:
            command.log.parent.mkdir(parents=True, exist_ok=True)
            with command.log.open("wb") as output:
                output.write(f"$ {shlex.join(command.argv)}\n".encode())
                output.flush()
                running.append((command, _start(command, output.fileno())))
        while any(process.poll() is None for _, process in running):
            if any(process.poll() for _, process in running):
                break
            ticker.tick(next(command.log for command, process in running if process.poll() is None))
            time.sleep(POLL_S)
        for command, process in running:
            if process.poll():
                ticker.failed()
                raise _failure(title, command, process.returncode, hint)
    finally:
        for _, process in running:
            if process.poll() is None:
                process.terminate()
                process.wait()
    ticker.done()


def _start(command: Command, output: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**os.environ, **command.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise Failure(f"cannot start {command.argv[0]}: {error.strerror or error}") from error


def _failure(title: str, command: Command, status: int, hint: str) -> Failure:
    for line in tail(command.log):
        say(f"    {line}")
    more = f"whole output: {command.log}"
    return Failure(f"{title} failed (exit {status})", f"{hint}\n{more}" if hint else more)
