"""Room kept back on the state disk, so that the box starts, and telephones, also when the disk is full."""

import contextlib
import os
from pathlib import Path

NAME = "reserve"
SIZE_BYTES = 4 * 1024 * 1024
"""Enough for the journals that SQLite makes at the start, and for some days of records."""
_ROOM_FACTOR = 4
_LEAST_BYTES = 64 * 1024


def keep_reserve(folder: Path) -> bool:
    """See to it that the reserve is there, unless the disk is short of room; whether it is."""
    path = folder / NAME
    try:
        if path.exists() and path.stat().st_size == SIZE_BYTES:
            return True
        if free_bytes(folder) < _ROOM_FACTOR * SIZE_BYTES:
            return False
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, SIZE_BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return False
    return True


def give_up_reserve(folder: Path) -> bool:
    """Make room on a full disk; False when there is nothing left to give up."""
    try:
        (folder / NAME).unlink()
    except OSError:
        return False
    return True


def is_full(folder: Path) -> bool:
    """Whether the folder's disk has no room left that would do for anything."""
    try:
        return free_bytes(folder) < _LEAST_BYTES
    except OSError:
        return False


def free_bytes(folder: Path) -> int:
    """Room on the folder's disk for us; raises OSError."""
    figures = os.statvfs(folder)
    return figures.f_bavail * figures.f_frsize
