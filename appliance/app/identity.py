"""Which box this is, until it is reset: a random id by which others notice that it began anew."""

import secrets
from pathlib import Path

from appliance.store.writing import write_file


def identity_of(state: Path) -> str:
    """The id in the file ``identity``; made when there is none. Raises ConfigError when it cannot be."""
    path = state / "identity"
    if path.exists():
        return path.read_text(encoding="ascii").strip()[:64]
    made = secrets.token_hex(16)
    write_file(path, made + "\n")
    return made
