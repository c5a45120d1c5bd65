"""Figures of this process, read from /proc: cheap enough for every status request."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_SELF = Path("/proc/self")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """``cpu_s`` is user and system time since the start; ``uptime_s`` the age of the process."""

    rss_bytes: int
    cpu_s: float
    open_fds: int
    threads: int
    uptime_s: float


def process_figures() -> ProcessFigures:
    """Read the figures now (proc(5))."""
    # The name in parentheses may hold anything, so fields are counted from behind it.
    fields = (_SELF / "stat").read_text().rpartition(")")[2].split()
    user, system, threads, started = (int(fields[i]) for i in (11, 12, 17, 19))
    machine_uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    return ProcessFigures(
        rss_bytes=int((_SELF / "statm").read_text().split()[1]) * _PAGE,
        cpu_s=(user + system) / _TICKS,
        open_fds=sum(1 for _ in os.scandir(_SELF / "fd")) - 1,  # without the one that lists them
        threads=threads,
        uptime_s=max(0.0, round(machine_uptime - started / _TICKS, 2)),
    )
