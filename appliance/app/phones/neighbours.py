"""Whose network address is this? The kernel's table of neighbours (ARP, proc(5))."""

from pathlib import Path

_TABLE = Path("/proc/self/net/arp")
"""Not ``/proc/net``: of that a sandboxed process sees nothing."""
_COMPLETE = 0x2


def neighbour(address: str, table: Path = _TABLE) -> str:
    """The MAC address behind an address of the own network; empty: not known, or it lies behind a router."""
    try:
        lines = table.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return ""
    for line in lines:
        words = line.split()
        if len(words) >= 4 and words[0] == address:
            try:
                complete = int(words[2], 16) & _COMPLETE
            except ValueError:
                return ""
            return words[3].replace(":", "").lower() if complete else ""
    return ""
