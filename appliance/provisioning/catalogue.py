"""The vendors as data: ``vendors/<vendor>/vendor.toml``, read once and checked.

A setting is one element of a file with the reason it is there; its name, value and index are small templates
over :class:`~appliance.provisioning.facts.PhoneFacts`. ``unsure`` marks what no vendor's document confirmed.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from appliance.model.decode import decode
from appliance.model.phones import VENDORS

_MAC = r"(?P<mac>[0-9a-fA-F]{12})"
_PLACES = {"{mac}": _MAC, "{MAC}": _MAC, "{model}": r"(?P<model>[A-Za-z0-9_.]{1,30})"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model can do: accounts, and keys that can be set."""

    lines: int
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """A file that phones of the vendor ask for. ``common`` ones hold nothing of anybody's."""

    name: str
    """With ``{mac}``, ``{MAC}`` (in upper case), ``{model}``; both cases are taken."""
    template: str
    media_type: str
    common: bool = False
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One element. ``each``: once per ``line`` or ``key``; ``when``: an expression; empty: always."""

    name: str
    value: str
    index: str = ""
    each: str = ""
    when: str = ""
    group: str = ""
    """Where the template puts it; empty: with the others."""
    why: str
    unsure: str = ""
    """Why it is not certain; empty: it is documented."""

    def __post_init__(self) -> None:
        if self.each not in ("", "line", "key"):
            raise ValueError("each: is 'line', 'key' or empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class DhcpHint:
    """What a router may tell phones of the vendor: option, and its text with ``{url}`` or ``{host}``."""

    option: int
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor."""

    name: str
    ouis: tuple[str, ...]
    """First digits of MAC addresses, lower case; never enough to be certain."""
    agents: tuple[str, ...]
    """Patterns of User-Agent with the groups ``model``, ``version``, ``mac``."""
    pnp: str
    """What SIP PnP points to below the provisioning address; ``{mac}``, ``{MAC}``; empty: the folder."""
    check_sync: str
    reboot: str
    sources: tuple[str, ...]
    """Where this comes from."""
    models: Mapping[str, Model]
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dhcp: tuple[DhcpHint, ...] = ()
    files: tuple[FileSpec, ...]
    settings: tuple[Setting, ...]

    def translate(self, word: str, table: str) -> str:
        """The vendor's word for ours; ``*`` in the table is for all others."""
        words = self.maps[table]
        return words[word] if word in words else words["*"]

    def model(self, name: str) -> Model | None:
        """The model of this name, or of the longest one that it begins with; None: not known."""
        fitting = [one for one in self.models if name.upper().startswith(one.upper())]
        return self.models[max(fitting, key=len)] if fitting else None


def pattern_of(name: str) -> re.Pattern[str]:
    """A file's name as a pattern."""
    parts = re.split(r"(\{mac\}|\{MAC\}|\{model\})", name)
    return re.compile("".join(_PLACES.get(one, re.escape(one)) for one in parts) + r"\Z", re.IGNORECASE)


@cache
def vendors() -> Mapping[str, Vendor]:
    """All vendors by id. Raises ConfigError for a defect in the data, which the tests find."""
    return {name: _read(name) for name in VENDORS}


def source(vendor: str, name: str) -> str:
    """The text of a vendor's template."""
    return resources.files(__package__).joinpath("vendors", vendor, name).read_text(encoding="utf-8")


def _read(name: str) -> Vendor:
    raw: dict[str, Any] = tomllib.loads(source(name, "vendor.toml"))
    return decode(Vendor, raw, where=f"vendor {name}")
