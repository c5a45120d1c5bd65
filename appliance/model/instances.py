"""Instances of one office and calls that one hands to another: the documents, what is known, what travels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.model.ids import ExtensionId
from appliance.model.validation import check_name, require

ACCOUNT_PREFIX = "~"
"""Of the SIP accounts of instances, and of the trunks that their calls seem to come from."""
MAX_PATH = 6
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}\Z")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z|\[[0-9A-Fa-f:.]+\]\Z")
_SALT = re.compile(r"[0-9a-f]{16,64}\Z")


class Role(StrEnum):
    """What an instance is."""

    BOX = "box"
    CLOUD = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as it introduces itself to the others; written by itself, deleted to shut it out."""

    id: str
    """``node`` of its box.toml."""
    role: Role = Role.BOX
    address: str = ""
    """Where others and phones outside reach it; of a box, where phones of the office do."""
    floating: str = ""
    """The address that it shares with a second box on the same site: either is at home for both."""
    sip_port: int = 5060
    tls_port: int = 0
    link_port: int = 0
    """Where it takes calls of other instances (TLS); 0: it calls out."""
    certificate: str = ""
    """PEM: what it shows on ``link_port``; nothing else is accepted."""
    salt: str = ""
    """What the secret of its account is made with, beside the tenant's key; a new one makes a new secret."""

    def __post_init__(self) -> None:
        require(_NAME.match(self.id), "id: not the name of an instance: letters, digits and dashes")
        require(
            not self.address or _HOST.match(self.address) or ":" in self.address,
            "address: is not a host name or address",
        )
        for name in ("sip_port", "tls_port", "link_port"):
            require(0 <= getattr(self, name) <= 65535, f"{name}: out of range: 0 to 65535")
        require(not self.salt or _SALT.match(self.salt), "salt: 16 to 64 hex digits")
        require(len(self.certificate) <= 8000, "certificate: is too long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What is known of the other instances at this moment."""

    here: str = ""
    """The own name; empty: there are no others."""
    cloud: bool = False
    """Whether this is the one in the cloud."""
    up: frozenset[str] = frozenset()
    """Instances that calls can be handed to now, directly or through the cloud."""
    extensions: Mapping[ExtensionId, tuple[str, ...]] = field(default_factory=dict)
    """Extension → instances, not this one, where telephones of it are."""
    busy: frozenset[ExtensionId] = frozenset()
    """Extensions in a call at one of them."""


ALONE = Elsewhere()
"""The only instance."""


class Task(StrEnum):
    """What one instance wants of another."""

    RING = "ring"
    """Ring the telephones of an extension that are there; whoever asks has decided that they ring."""
    NUMBER = "number"
    """Take over a call to a public number that lives there."""
    TRUNK = "trunk"
    """Call a public number over a trunk that is there; whoever asks has decided that it may be called."""
    EMERGENCY = "emergency"
    """Call an emergency number over whatever is there."""
    ROOM = "room"
    """Take a caller into a conference room."""


def account_of(node: str) -> str:
    """The SIP account, and the trunk, of an instance."""
    return ACCOUNT_PREFIX + node


def check_path(path: tuple[str, ...], *names: str) -> None:
    """Raise ValueError for a way through instances that cannot be."""
    require(1 <= len(path) <= MAX_PATH, "path: too long: it goes round")
    for name in (*path, *names):
        check_name(name)
        require(_NAME.match(name), "path: not the name of an instance")
