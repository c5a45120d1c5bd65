"""What a backup may hold: kinds, and the databases and folders in the state folder that each is."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.errors import ConfigError

CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Places below the state folder."""

    databases: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


PARTS: Mapping[str, Part] = {
    CONFIGURATION: Part(),
    "sounds": Part(folders=("audio",)),
    "contacts": Part(databases=("contacts.db",)),
    "records": Part(databases=("records.db", "sms.db", "outages.db")),
    "voicemail": Part(databases=("voicemail.db",), folders=("voice/messages", "voice/greetings")),
    "recordings": Part(databases=("recordings.db",), folders=("voice/recordings",)),
}
"""Kind → what it is. The configuration travels as documents, not as a database: it is put into the operation
log of the box it comes to, whose name, keys and place among other nodes stay its own."""


def check_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """These kinds in order, none: all. Raises ConfigError for one that there is not."""
    for one in kinds:
        if one not in PARTS:
            raise ConfigError(f"there is no kind '{one[:40]}'", field="kinds", hint=", ".join(PARTS))
    return tuple(one for one in PARTS if not kinds or one in kinds)


def place_of(kind: str, name: str) -> bool:
    """Whether a member's name lies where its kind may lie: nothing else is ever written."""
    steps = name.split("/")
    if any(one in ("", ".", "..") or one.startswith(".") for one in steps) or "\\" in name or "\0" in name:
        return False
    part = PARTS.get(kind)
    if part is None:
        return False
    return name in part.databases or any(name.startswith(f"{folder}/") for folder in part.folders)
