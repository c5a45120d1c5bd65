"""What a node needs to reach the hub, in one file of its own (for the sync process and the core)."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.errors import ConfigError
from appliance.sync.files import write_json

FILE = "credentials.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Made by enrolment. Who has them is this node: nothing of it is ever logged."""

    tenant: str
    node: str
    slot: int
    shard: int
    jwt: str
    """What the hub checks; the user key inside belongs to ``seed``."""
    seed: str
    key: str
    """Secret of the tenant for the codes of operations, 64 hex digits."""
    old_keys: tuple[str, ...] = ()
    """Accepted, no longer used."""
    servers: tuple[str, ...]
    """``tls://host:4222``, ``wss://host:443``; tried in turn."""
    authority: str = ""
    """PEM of who signed the hub's certificates; empty: the machine's own."""
    account: str = ""
    """Public key of the tenant's account."""
    signing_seed: str = ""
    """Only at the instance that enrols others: signs users of the account."""

    def __post_init__(self) -> None:
        if len(self.key) != 64:
            raise ValueError("key: must be 64 hex digits")
        if not self.servers:
            raise ValueError("servers: is empty: name at least one")


def read(folder: Path) -> Credentials | None:
    """The credentials kept in ``folder``; None when this node was never enrolled. Raises ConfigError."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be used: {error}",
            error_id="sync.credentials",
            hint="enrol this node again: ortsamt sync enrol",
        ) from error


def write(folder: Path, credentials: Credentials) -> Path:
    """Keep them: beside, fsynced, renamed. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    write_json(path, credentials, 0o640)
    return path
