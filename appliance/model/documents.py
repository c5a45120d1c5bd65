"""The configuration an office changes: one typed document per entity, keyed by (kind, id).

Every field is a unit of change and of replication (last writer wins per field), so a field holds what
a person edits in one go. Times are seconds as people say them; the plan uses milliseconds.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.features import FeatureCode, PagingGroup, ParkLot, PickupGroup
from appliance.model.ids import E164, DeviceId, ExtensionId, NumberId, ServiceId, TrunkId
from appliance.model.languages import Language as Language  # noqa: PLC0414 - had from here by all
from appliance.model.mail import Mail, Notification

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+*-]{0,63}\Z")
_INTERNAL = re.compile(r"[0-9*#]{1,15}\Z")
_PUBLIC = re.compile(r"\+[1-9][0-9]{3,14}\Z")
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z|\[[0-9A-Fa-f:.]+\]\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MAX_RING_SECONDS = 600

TRUNK_PROFILES = ("generic", "national", "international", "sipgate", "telekom", "nfon", "dts")
"""Known values of ``Trunk.profile``; ``routing.profiles`` has what they mean for numbers, ``sip`` for SIP."""


class Srtp(StrEnum):
    """SDES-SRTP on a leg (RFC 4568): never, when the peer offers it, always."""

    OFF = "off"
    OPTIONAL = "optional"
    MANDATORY = "mandatory"


class Transport(StrEnum):
    """The SIP transport towards a provider."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class TrunkKind(StrEnum):
    """Whether we register with the provider or are known by address."""

    REGISTERING = "registering"
    STATIC = "static"


class Application(StrEnum):
    """What a service number does."""

    ECHO = "echo"
    ANNOUNCEMENT = "announcement"


class TargetKind(StrEnum):
    """What a number rings."""

    EXTENSION = "extension"
    EXTERNAL = "external"
    SERVICE = "service"


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _check_id(value: str) -> None:
    _require(_ID.match(value), f"id: '{value}' is not an id: letters, digits and . _ + * - , at most 64")


def _check_name(value: str) -> None:
    _require(
        len(value) <= 80 and not _CONTROL.search(value),
        "name: is too long or has control characters: shorten it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The office itself; there is exactly one, with id ``main``."""

    id: str = "main"
    name: str = "Office"
    country: str = "DE"
    """ISO 3166-1 alpha-2, upper case."""
    area_code: str = ""
    """Without trunk prefix: ``221`` for Köln; completes numbers dialled without one."""
    timezone: str = "Europe/Berlin"
    language: Language = Language.GERMAN
    outside_prefix: str = ""
    """Digits dialled before an outside number (``0``), empty for none."""
    emergency_numbers: tuple[str, ...] = ("110", "112")
    default_caller_number: E164 | None = None
    """Presented by extensions that have no number of their own."""
    music_on_hold: str = "music/default"

    def __post_init__(self) -> None:
        _require(self.id == "main", "id: must be 'main': there is one site document")
        _check_name(self.name)
        _require(
            re.fullmatch("[A-Z]{2}", self.country), "country: must be two capital letters: for example DE"
        )
        _require(re.fullmatch("[0-9]{0,8}", self.area_code), "area_code: digits only: without the leading 0")
        _require(
            re.fullmatch("[0-9]{0,3}", self.outside_prefix),
            "outside_prefix: at most three digits: often 0 or empty",
        )
        _require(
            all(re.fullmatch("[0-9]{2,6}", number) for number in self.emergency_numbers),
            "emergency_numbers: two to six digits each: for example 112",
        )
        _require(
            self.country != "DE" or {"110", "112"} <= set(self.emergency_numbers),
            "emergency_numbers: 110 and 112 cannot be taken away: add them again",
        )
        if self.default_caller_number is not None:
            _check_public("default_caller_number", self.default_caller_number)


def _check_public(field: str, value: str) -> None:
    _require(_PUBLIC.match(value), f"{field}: '{value}' is not an E.164 number: write +49221471…")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An internal subscriber: a number inside the office and the devices that ring for it."""

    id: ExtensionId
    number: str
    name: str = ""
    language: Language | None = None
    caller_number: E164 | None = None
    """Presented on outgoing public calls; None: the site's."""
    call_waiting: bool = True
    """False: a further call finds the extension busy."""
    ring_seconds: int = 120
    """How long an internal call rings before the caller hears that nobody answers."""

    def __post_init__(self) -> None:
        _check_id(self.id)
        _check_name(self.name)
        _require(
            re.fullmatch("[0-9]{1,12}", self.number),
            f"number: '{self.number}' is not an internal number: 1 to 12 digits",
        )
        if self.caller_number is not None:
            _check_public("caller_number", self.caller_number)
        _require(5 <= self.ring_seconds <= MAX_RING_SECONDS, "ring_seconds: out of range: 5 to 600")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A SIP phone: its account at the registrar. Several phones may share one, each is a contact."""

    id: DeviceId
    extension: ExtensionId
    username: str
    """The AOR's user part and digest user name."""
    secret: str
    name: str = ""
    srtp: Srtp = Srtp.OPTIONAL
    max_calls: int = 8

    def __post_init__(self) -> None:
        _check_id(self.id)
        _check_name(self.name)
        _require(
            _USERNAME.match(self.username),
            f"username: '{self.username}' is not usable in SIP: letters, digits, . _ -",
        )
        _require(8 <= len(self.secret) <= 128, "secret: must have 8 to 128 characters: let the box make one")
        _require(not _CONTROL.search(self.secret), "secret: has control characters: use printable ones")
        _require(1 <= self.max_calls <= 64, "max_calls: out of range: 1 to 64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing a distribution rings: an extension by id, an external E.164 number, a service by id."""

    kind: TargetKind
    ref: str

    def __post_init__(self) -> None:
        if self.kind is TargetKind.EXTERNAL:
            _check_public("ref", self.ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingStep:
    """Ring all targets at once for so many seconds, then the next step follows."""

    targets: tuple[Target, ...]
    seconds: int = 20

    def __post_init__(self) -> None:
        _require(self.targets, "targets: is empty: name at least one target")
        _require(len(self.targets) <= 64, "targets: too many: at most 64 at once")
        _require(1 <= self.seconds <= MAX_RING_SECONDS, "seconds: out of range: 1 to 600")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A public number and its distribution: what rings, at once (one step) or one step after another."""

    id: NumberId
    number: E164
    name: str = ""
    steps: tuple[RingStep, ...] = ()
    """Empty: the number is not assigned; callers hear so."""

    def __post_init__(self) -> None:
        _check_id(self.id)
        _check_name(self.name)
        _check_public("number", self.number)
        _require(len(self.steps) <= 20, "steps: too many: at most 20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A provider's account or a SIP peer for calls to and from the public network."""

    id: TrunkId
    name: str = ""
    kind: TrunkKind = TrunkKind.REGISTERING
    host: str
    """Provider's domain or address. A domain without port is found by SRV (RFC 3263)."""
    port: int = 0
    """0: by DNS, else 5060 or 5061."""
    transport: Transport = Transport.UDP
    outbound_proxy: str = ""
    """``host`` or ``host:port`` when it differs from the domain."""
    username: str = ""
    auth_username: str = ""
    """Empty: the same as ``username``."""
    secret: str = ""
    srtp: Srtp = Srtp.OFF
    profile: str = "generic"
    """How the provider wants numbers and headers; a name in the table of trunk profiles."""
    priority: int = 10
    """Lower is tried first."""
    max_calls: int = 30
    register_seconds: int = 300
    default_number: E164 | None = None
    """Presented when the extension's own number does not belong to this trunk."""
    peers: tuple[str, ...] = ()
    """Static trunks: addresses or networks from which calls are accepted; empty: the host's."""
    enabled: bool = True

    def __post_init__(self) -> None:
        _check_id(self.id)
        _check_name(self.name)
        _require(
            _HOST.match(self.host),
            f"host: '{self.host}' is not a host name or address: for example sip.example.net",
        )
        _require(0 <= self.port <= 65535, "port: out of range: 0 (by DNS) to 65535")
        _require(1 <= self.max_calls <= 1000, "max_calls: out of range: 1 to 1000")
        _require(0 <= self.priority <= 1000, "priority: out of range: 0 to 1000")
        _require(30 <= self.register_seconds <= 86400, "register_seconds: out of range: 30 to 86400")
        for field in ("username", "auth_username", "secret", "outbound_proxy"):
            _require(
                not re.search(r"[\x00-\x20\x7f<>\"]", getattr(self, field)),
                f"{field}: has spaces or quotes: remove them",
            )
        if self.kind is TrunkKind.REGISTERING:
            _require(self.username, "username: is missing: a registering trunk needs the account's name")
        if self.default_number is not None:
            _check_public("default_number", self.default_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An internal number behind which an application answers."""

    id: ServiceId
    number: str
    name: str = ""
    application: Application
    prompt: str = ""
    """Announcement: the prompt's name, for example ``welcome``."""
    language: Language | None = None

    def __post_init__(self) -> None:
        _check_id(self.id)
        _check_name(self.name)
        _require(
            _INTERNAL.match(self.number),
            f"number: '{self.number}' is not dialable: digits, * and #, at most 15",
        )
        if self.application is Application.ANNOUNCEMENT:
            _require(self.prompt, "prompt: is missing: name the prompt to play")
        _require(
            re.fullmatch(r"[a-z0-9_/-]{0,64}", self.prompt), "prompt: is not a prompt's name: a-z 0-9 _ - /"
        )


Document = (
    Site
    | Extension
    | Device
    | Number
    | Trunk
    | Service
    | FeatureCode
    | ParkLot
    | PickupGroup
    | PagingGroup
    | Mail
    | Notification
)

KINDS: dict[str, type[Document]] = {
    "site": Site,
    "extension": Extension,
    "device": Device,
    "number": Number,
    "trunk": Trunk,
    "service": Service,
    "feature_code": FeatureCode,
    "park_lot": ParkLot,
    "pickup_group": PickupGroup,
    "paging_group": PagingGroup,
    "mail": Mail,
    "notification": Notification,
}
"""Kind (as commands and the log name it) → document type. Order is the order of import."""

SECRET_FIELDS: dict[str, frozenset[str]] = {
    "device": frozenset({"secret"}),
    "trunk": frozenset({"secret"}),
    "mail": frozenset({"secret"}),
}
"""Fields never shown in logs, events or listings."""
