"""What processes cost: processor time and memory of whole process trees, read from /proc."""

import contextlib
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of one process tree: seconds of processor time since its start, bytes of memory.

    ``rss`` counts shared pages once per process, ``pss`` shares them out, so only ``pss`` adds up.
    """

    cpu_s: float
    rss: int
    pss: int
    processes: int


def tree(root: int) -> tuple[int, ...]:
    """A process and all its descendants that live now; empty when it is gone."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    if not (_PROC / str(root)).exists():
        return ()
    found = [root]
    for pid in found:  # grows while it is walked
        found += children.get(pid, [])
    return tuple(found)


def usage_of(root: int) -> Usage:
    """The figures of the tree under ``root``."""
    pids = tree(root)
    return Usage(cpu_s=cpu_s(pids), rss=sum(map(_rss, pids)), pss=sum(map(_pss, pids)), processes=len(pids))


def usages(roots: Mapping[str, int]) -> dict[str, Usage]:
    """The figures of several trees by name."""
    return {name: usage_of(pid) for name, pid in roots.items()}


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of processor time of these processes. Exact for those of one thread, in ticks for others.

    The exact figure leaves out threads that have ended, so it serves only where there is one.
    """
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = _stat(pid)
            if int(fields[17]) == 1:
                total += int((_PROC / str(pid) / "schedstat").read_text().split()[0]) / 1e9
            else:
                total += (int(fields[11]) + int(fields[12])) * _TICK_S
    return total


def thread_cpu_s(pid: int, names: Collection[str]) -> float:
    """Seconds of processor time of the live threads of one process with these names."""
    total = 0
    for task in (_PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError, IndexError, ValueError):
            if (task / "comm").read_text().strip() in names:
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def udp_drops(first: int, last: int) -> int:
    """Datagrams dropped for want of room by the open sockets on these local ports (/proc/net/udp)."""
    total = 0
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if first <= int(fields[1].rpartition(":")[2], 16) <= last:
            total += int(fields[-1])
    return total


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may hold anything: state, parent, …"""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _rss(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    return 0


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
