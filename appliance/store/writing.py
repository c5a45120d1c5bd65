"""Writing a file whole or not at all; apart, because small processes need no more of the store."""

import os
from pathlib import Path

from appliance.errors import ConfigError, Problem
from appliance.store.migrations import settle


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file for its owner alone: beside, fsynced, renamed. Raises ConfigError."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        settle(beside, path)
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise ConfigError.of(
            [Problem(where=str(path), field="", message=message, remedy="check the folder")]
        ) from None
