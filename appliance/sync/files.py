"""Small secret files: written beside, fsynced, renamed, for their owner and perhaps the group."""

import os
from pathlib import Path

import msgspec


def write_json(path: Path, value: object, mode: int = 0o600) -> None:
    """Replace the file by the value as JSON. Raises OSError."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
