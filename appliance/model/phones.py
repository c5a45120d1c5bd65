"""IP phones that the box sets up: the phone, its keys, and what all phones have in common."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import DeviceId, PhoneId, PhoneTemplateId
from appliance.model.languages import Language
from appliance.model.validation import check_count, check_id, check_name, require

VENDORS = ("snom", "yealink", "gigaset", "grandstream", "panasonic", "mitel", "poly", "fanvil")
"""Each has a folder in ``appliance/provisioning/vendors``."""
MAX_KEYS = 120
MAX_LINES = 16

_MAC = re.compile(r"[0-9a-f]{12}\Z")
_TOKEN = re.compile(r"[A-Za-z0-9]{20,64}\Z")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z|\[[0-9A-Fa-f:.]+\]\Z")
_NUMBER = re.compile(r"\+?[0-9*#]{1,24}\Z")
_URL = re.compile(r"https?://[!-~]{1,500}\Z")
_PASSWORD = re.compile(r"[!-~]{6,64}\Z")


class PhoneTransport(StrEnum):
    """How a phone reaches the box."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class KeyKind(StrEnum):
    """What a key is for."""

    LINE = "line"
    """Calls by an account of the phone: ``line``."""
    BLF = "blf"
    """Shows a colleague (``number``: an extension's), calls or takes a call."""
    PARK = "park"
    """``number``: a park slot."""
    SPEED_DIAL = "speed_dial"
    """Dials ``number``."""
    SWITCH = "switch"
    """``number``: that of a virtual switch."""
    DND = "dnd"
    """Do not disturb, of the phone's own extension, as the next two."""
    FORWARD = "forward"
    PROFILE = "profile"
    """``number``: the place of a profile, from 1."""


_WITH_NUMBER = frozenset({KeyKind.BLF, KeyKind.PARK, KeyKind.SPEED_DIAL, KeyKind.SWITCH, KeyKind.PROFILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneKey:
    """One key of a phone, counted from 1 over the phone and its modules."""

    place: int
    kind: KeyKind
    number: str = ""
    label: str = ""
    """Empty: the name of whoever has the number."""
    line: int = 1

    def __post_init__(self) -> None:
        require(1 <= self.place <= MAX_KEYS, f"place: out of range: 1 to {MAX_KEYS}")
        require(1 <= self.line <= MAX_LINES, f"line: out of range: 1 to {MAX_LINES}")
        check_name(self.label, "label")
        if self.kind in _WITH_NUMBER:
            require(self.number, f"number: is missing, but a key of kind {self.kind} has one: write it")
            require(_NUMBER.match(self.number), f"number: '{self.number}' is no number: digits, * and #")
        else:
            require(not self.number, f"number: a key of kind {self.kind} has none: leave it empty")


def _check_keys(keys: tuple[PhoneKey, ...]) -> None:
    check_count("keys", keys, MAX_KEYS)
    places = [one.place for one in keys]
    twice = next((one for one in places if places.count(one) > 1), None)
    require(twice is None, f"keys: place {twice} is given twice: each key has its own")


def _check_password(field: str, value: str) -> None:
    require(
        not value or _PASSWORD.match(value),
        f"{field}: must have 6 to 64 characters without spaces: let the box make one",
    )


def _check_url(field: str, value: str) -> None:
    require(not value or _URL.match(value), f"{field}: is no address: it begins with http:// or https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class IpPhone:
    """A phone that fetches its settings from the box, known by its MAC address."""

    id: PhoneId
    mac: str
    """Twelve lower-case hex digits: ``000413aabbcc``."""
    vendor: str
    model: str = ""
    """As the phone calls itself: ``D785``, ``T54W``; empty until it is seen."""
    name: str = ""
    devices: tuple[DeviceId, ...]
    """Its accounts: the first is line 1."""
    template: PhoneTemplateId | None = None
    """Keys it shares with others; its own stand in their place."""
    keys: tuple[PhoneKey, ...] = ()
    transport: PhoneTransport = PhoneTransport.UDP
    language: Language | None = None
    admin_password: str = ""
    """Of the phone's own pages; empty: that of all phones."""
    token: str = ""
    """The secret part of the address from which it fetches; made when it is adopted."""
    firmware: str = ""
    """An address; empty: that of its vendor and model, if there is one."""
    enabled: bool = True
    """False: it gets no files."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_name(self.model, "model")
        require(_MAC.match(self.mac), f"mac: '{self.mac}' is no MAC address: 12 hex digits, small letters")
        require(self.vendor in VENDORS, f"vendor: '{self.vendor}' is not known: one of {', '.join(VENDORS)}")
        require(self.devices, "devices: is empty: name at least one device")
        check_count("devices", self.devices, MAX_LINES)
        require(len(set(self.devices)) == len(self.devices), "devices: one is named twice: once is enough")
        require(
            not self.token or _TOKEN.match(self.token),
            "token: is no token: 20 to 64 letters and digits; let the box make one",
        )
        _check_password("admin_password", self.admin_password)
        _check_url("firmware", self.firmware)
        _check_keys(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTemplate:
    """Keys that several phones have."""

    id: PhoneTemplateId
    name: str = ""
    keys: tuple[PhoneKey, ...] = ()
    fixed: bool = False
    """A phone's own keys do not take the place of these, and its user does not choose another template."""
    offered: bool = True
    """Whose phone it is may choose this template."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        _check_keys(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """The firmware that phones of a vendor shall have; of one model, or of all."""

    vendor: str
    model: str = ""
    url: str
    version: str = ""

    def __post_init__(self) -> None:
        require(self.vendor in VENDORS, f"vendor: '{self.vendor}' is not known: one of {', '.join(VENDORS)}")
        check_name(self.model, "model")
        check_name(self.version, "version")
        require(self.url, "url: is missing: where phones fetch the firmware")
        _check_url("url", self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """What all phones are told; there is exactly one, with id ``main``."""

    id: str = "main"
    enabled: bool = True
    """False: no phone gets a file, none is looked for."""
    pnp: bool = True
    """Answer phones that look for settings in the network (SIP PnP)."""
    https: bool = False
    """Phones fetch by HTTPS; many refuse the box's own certificate."""
    server: str = ""
    """How phones reach the box; empty: its first address."""
    cloud: str = ""
    """``host`` or ``host:port`` of the same office in the cloud; empty: there is none."""
    cloud_transport: PhoneTransport = PhoneTransport.TLS
    ntp_server: str = "pool.ntp.org"
    admin_password: str = ""
    """Of the phones' own pages; empty: phones that are adopted get one of their own."""
    transport: PhoneTransport = PhoneTransport.UDP
    """Of phones that are adopted from now on."""
    resync_hour: int = 3
    """Phones look for changes in this hour of the night."""
    ring_internal: int = 1
    """Ring tones, counted from 1 as the phone counts them."""
    ring_external: int = 2
    firmware: tuple[Firmware, ...] = ()

    def __post_init__(self) -> None:
        require(self.id == "main", "id: must be 'main': there is one provisioning document")
        for field in ("server", "ntp_server"):
            value = getattr(self, field)
            require(not value or _HOST.match(value), f"{field}: '{value}' is no address: a name or IP")
        host, port = _split(self.cloud)
        require(
            not self.cloud or (_HOST.match(host) and 0 <= port <= 65535),
            f"cloud: '{self.cloud}' is no address: write host or host:port",
        )
        _check_password("admin_password", self.admin_password)
        require(0 <= self.resync_hour <= 23, "resync_hour: out of range: 0 to 23")
        for field in ("ring_internal", "ring_external"):
            require(1 <= getattr(self, field) <= 8, f"{field}: out of range: 1 to 8")
        check_count("firmware", self.firmware, 100)

    @property
    def cloud_address(self) -> tuple[str, int] | None:
        """Host and port of the cloud; port 5060 or 5061 unless given."""
        if not self.cloud:
            return None
        host, port = _split(self.cloud)
        return host.strip("[]"), port or (5061 if self.cloud_transport is PhoneTransport.TLS else 5060)


def _split(address: str) -> tuple[str, int]:
    found = re.fullmatch(r"(.+?):([0-9]{1,5})", address)
    if found is None or (":" in found[1] and not found[1].endswith("]")):
        return address, 0
    return found[1], int(found[2])


USUAL_PROVISIONING = Provisioning()
