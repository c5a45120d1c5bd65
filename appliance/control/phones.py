"""Params of the ``phones.*`` methods: IP phones found, adopted, told their settings."""

from dataclasses import dataclass, field
from typing import Any

from appliance.model.phones import PhoneKey
from appliance.model.validation import require

MAX_NAME = 100
MAX_MINUTES = 7 * 1440


def _check_minutes(minutes: int) -> None:
    require(1 <= minutes <= MAX_MINUTES, f"minutes: out of range: 1 to {MAX_MINUTES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMac:
    """A phone by its MAC address, however that is written."""

    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDiscovered:
    """Phones of one vendor; empty: all."""

    vendor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopting:
    """Params of ``phones.adopt``. Without ``device`` the extension gets a new account for the phone."""

    mac: str
    extension: str
    """By its number."""
    device: str = ""
    vendor: str = ""
    """Empty: as it was seen."""
    model: str = ""
    template: str = ""
    name: str = ""
    minutes: int = 60
    """How long the phone may take to fetch its settings."""
    who: str = "control"

    def __post_init__(self) -> None:
        _check_minutes(self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Params of ``phones.open``: for so long whoever comes first gets the file."""

    mac: str
    minutes: int = 30

    def __post_init__(self) -> None:
        _check_minutes(self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewing:
    """Params of ``phones.preview``; without ``file`` the one with the accounts."""

    mac: str
    file: str = ""

    def __post_init__(self) -> None:
        require(len(self.file) <= MAX_NAME, "file: is no file of a phone: leave it out for the main one")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfExtension:
    """Params of ``phones.keys``: whose phones, by the extension's number."""

    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingKeys:
    """Params of ``phones.set_keys``: keys and template of a phone of this extension."""

    extension: str = ""
    mac: str
    keys: tuple[PhoneKey, ...] | None = None
    """All keys it has of its own; None: as they are."""
    template: str | None = None
    """Empty: none; None: as it is."""
    was: tuple[PhoneKey, ...] | None = None
    """The keys as they were read: when they are others by now, nothing is changed."""
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """Params of ``phones.fetch``: what a phone asked the web process for."""

    file: str
    token: str = ""
    """The secret part of the address; empty: there was none."""
    linked: str = ""
    """The MAC for which a one-time link was used up."""
    address: str
    agent: str = ""

    def __post_init__(self) -> None:
        require(0 < len(self.file) <= MAX_NAME, "file: is no file of a phone")
        require(len(self.agent) <= 512, "agent: is too long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Params of ``phones.directory``: the office's directory, for who has the secret address."""

    token: str
    address: str
    words: str = ""
    first: int = 0
    count: int = 200

    def __post_init__(self) -> None:
        require(0 <= self.first <= 100_000, "first: out of range")
        require(1 <= self.count <= 200, "count: out of range: 1 to 200")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The answer of ``phones.fetch``: what the web process has to do."""

    result: str
    """``facts``: render the file of them; ``content``; ``common``; ``unknown``, ``refused``, ``blocked``."""
    file: str = ""
    facts: Any = None
    vendor: str = ""
    base_url: str = ""
    content: str = field(default="", repr=False)
    """Base 64."""
    media_type: str = ""
