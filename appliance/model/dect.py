"""DECT as the office configures it: systems of bases, and handsets as devices of extensions.

What happens on the air (states, orders, events) is in ``model.dect_air``.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import E164, DectSystemId, DeviceId, ExtensionId
from appliance.model.validation import check_count, check_id, check_name, check_public, has_control, require

_MAC = re.compile(r"([0-9A-F]{12})?\Z")
_HOST = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]+\]?)?\Z")
_USERNAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})?\Z")
MAX_BASES = 256
_IPUI_N = re.compile(r"0([0-9A-Fa-f]{4})([0-9A-Fa-f]{5})\Z")


class DectFamily(StrEnum):
    """Who made the system, and so how it is spoken to."""

    MITEL = "mitel"
    """SIP-DECT: the manager (OMM) is controlled over AXI."""
    GIGASET = "gigaset"
    """N670/N870 IP PRO: bases fetch their files."""
    YEALINK = "yealink"
    SNOM = "snom"
    GRANDSTREAM = "grandstream"
    CMBS = "cmbs"
    """A DSP Group module in this box; ``box.toml`` says where."""


class DectMedia(StrEnum):
    """How the sound of a handset comes to the box."""

    SIP = "sip"
    """The system registers each handset at the edge as a SIP phone."""
    LOCAL = "local"
    """As frames through this program."""


MEDIA = dict.fromkeys(DectFamily, DectMedia.SIP) | {DectFamily.CMBS: DectMedia.LOCAL}
PROVISIONED = frozenset({DectFamily.GIGASET, DectFamily.YEALINK, DectFamily.SNOM, DectFamily.GRANDSTREAM})
"""Families whose bases fetch files and cannot be asked anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DectBase:
    """One base of a system, known by its network address (MAC)."""

    mac: str
    """12 hex digits, upper case, nothing between."""
    name: str = ""
    location: str = ""
    """Where it hangs, for the rescue service: ``Warehouse, 2nd floor``."""
    emergency_number: E164 | None = None
    """Shown on emergency calls of handsets at this base; None: as on other calls."""
    model: str = ""
    """What the vendor prints on it: ``N870``, ``W80B``; empty: found out from its requests."""
    manager: bool = False
    """It manages the others (all-in-one role); without one in the list the first does."""
    sync_level: int = 0
    """1: the source of the clock, 2 takes it from 1 and so on; 0: by its place in the list."""

    def __post_init__(self) -> None:
        require(
            self.mac and _MAC.match(self.mac),
            f"bases.mac: '{self.mac}' is not a MAC: 12 hex digits, A to F large",
        )
        check_name(self.name, "bases.name")
        check_name(self.location, "bases.location")
        check_name(self.model, "bases.model")
        if self.emergency_number is not None:
            check_public("bases.emergency_number", self.emergency_number)
        require(0 <= self.sync_level <= 20, "bases.sync_level: out of range: 0 (by place) to 20")


@dataclass(frozen=True, slots=True, kw_only=True)
class DectNet:
    """A DECT system (kind ``dect_system``): one base or many that hand calls over to each other."""

    id: DectSystemId
    family: DectFamily
    name: str = ""
    enabled: bool = True
    node: str = ""
    """The box that drives it; empty: whichever reaches it."""
    module: str = ""
    """CMBS: as ``box.toml`` names it (``[[dect]] id``); empty: its first, or one found on the USB."""
    host: str = ""
    """Mitel: address of the OMM. Provisioned: address of the only base or manager, if it is known."""
    port: int = 0
    """Mitel: 0 is 12622."""
    username: str = ""
    """Mitel: login at the OMM; provisioned: administrator of the bases' pages."""
    secret: str = ""
    fingerprint: str = ""
    """Mitel: SHA-256 of the OMM's certificate, hex; empty: the first one seen is kept."""
    pin: str = "0000"
    """What a person types at the handset to enrol it (authentication code)."""
    enrol_seconds: int = 120
    """How long a window for enrolment stays open if nobody says otherwise."""
    bases: tuple[DectBase, ...] = ()
    """Provisioned: all bases; others: names and places of those that are found."""
    cluster: bool = False
    """Bases form one system although only one is listed yet."""
    firmware: str = ""
    """Provisioned: the version the bases shall run; empty: the one they have."""
    firmware_url: str = ""
    token: str = ""
    """Provisioned: the secret part of the address where its bases fetch; the box makes it."""
    licence: bool = False
    """Mitel: the vendor's licence terms (EULA) are accepted."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            re.fullmatch("([A-Za-z0-9-]{1,32})?", self.node), "node: is not the name of a box: see box.toml"
        )
        require(
            re.fullmatch("([A-Za-z0-9][A-Za-z0-9_-]{0,31})?", self.module),
            f"module: '{self.module}' is not the name of a module: as box.toml has it, [[dect]] id",
        )
        require(
            _HOST.match(self.host), f"host: '{self.host}' is not a host name or address: for example 10.0.0.9"
        )
        require(0 <= self.port <= 65535, "port: out of range: 0 (usual) to 65535")
        for field in ("username", "secret", "firmware", "firmware_url"):
            require(
                not has_control(getattr(self, field)) and len(getattr(self, field)) <= 200,
                f"{field}: is too long or has control characters: shorten it",
            )
        require(
            re.fullmatch("([0-9a-f]{64})?", self.fingerprint),
            "fingerprint: is not a SHA-256: 64 hex digits, small letters",
        )
        require(re.fullmatch("[0-9]{4,8}", self.pin), "pin: is not a PIN for handsets: four to eight digits")
        require(30 <= self.enrol_seconds <= 3600, "enrol_seconds: out of range: 30 to 3600")
        require(
            re.fullmatch("([A-Za-z0-9]{20,64})?", self.token),
            "token: must have 20 to 64 letters and digits: let the box make one",
        )
        check_count("bases", self.bases, MAX_BASES)
        macs = [base.mac for base in self.bases]
        require(len(set(macs)) == len(macs), "bases: the same MAC twice: remove one")

    @property
    def media(self) -> DectMedia:
        """How the sound of its handsets comes."""
        return MEDIA[self.family]


@dataclass(frozen=True, slots=True, kw_only=True)
class DectHandset:
    """A cordless telephone of an extension (kind ``dect_handset``). With SIP systems it is a device, too."""

    id: DeviceId
    system: DectSystemId
    extension: ExtensionId
    home: ExtensionId | None = None
    """Whose handset it is while somebody else is logged in at it; None: nobody else is."""
    name: str = ""
    """Shown in the handset's idle display; empty: the extension's name."""
    ipei: str = ""
    """Its number on the box and in its menu: 13 digits, or 10 hex digits; empty: learnt when it enrols."""
    slot: int = 0
    """Its number in the system; 0: the next free one."""
    blocked: bool = False
    """It stays enrolled but can neither call nor be called (but for emergencies, where the system allows)."""
    username: str = ""
    """SIP account; empty: the id."""
    secret: str = ""
    """SIP password."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        if self.ipei:
            ipei_of(self.ipei)
        require(0 <= self.slot <= 10000, "slot: out of range: 0 (next free) to 10000")
        require(
            _USERNAME.match(self.username),
            f"username: '{self.username}' is not usable in SIP: letters, digits, . _ -",
        )
        require(
            self.username or _USERNAME.match(self.id),
            "username: is missing: the id has characters unfit for SIP",
        )
        require(
            not self.secret or 8 <= len(self.secret) <= 128,
            "secret: must have 8 to 128 characters: let the box make one",
        )
        require(not has_control(self.secret), "secret: has control characters: use printable ones")

    @property
    def account(self) -> str:
        """The SIP user name."""
        return self.username or self.id

    @property
    def identity(self) -> str:
        """The IPEI as :func:`ipei_of` writes it; empty: not known yet."""
        return ipei_of(self.ipei) if self.ipei else ""


def ipei_of(text: str) -> str:
    """An IPEI (``03074 0220259 3``) or IPUI (``00C0235C63``) as 13 characters (ETSI EN 300 175-6 §10).

    Raises ValueError for what is neither, or whose check digit is wrong.
    """
    bare = text.replace(" ", "").replace("-", "")
    found = _IPUI_N.match(bare)
    if found and not re.fullmatch("[0-9]{12}[0-9*]", bare):
        return ipei_from(int(found[1], 16), int(found[2], 16))
    if not re.fullmatch("[0-9]{12}[0-9*]", bare):
        raise ValueError(f"ipei: '{text}' is not an IPEI: 13 digits, *#06# shows it on many handsets")
    emc, psn = int(bare[:5]), int(bare[5:12])
    if emc > 0xFFFF or psn > 0xFFFFF:
        raise ValueError(f"ipei: '{text}' is not an IPEI: its numbers are too large")
    if check_digit(bare[:12]) != bare[12]:
        raise ValueError(f"ipei: '{text}' has a wrong check digit: read it once more")
    return bare


def ipei_from(emc: int, psn: int) -> str:
    """The IPEI of a manufacturer's code (16 bits) and a serial number (20 bits)."""
    digits = f"{emc:05d}{psn:07d}"
    return digits + check_digit(digits)


def ipui_of(ipei: str) -> str:
    """The 10 hex digits of an IPEI as :func:`ipei_of` writes it: type N, EMC, PSN."""
    return f"0{int(ipei[:5]):04X}{int(ipei[5:12]):05X}"


def spaced(ipei: str) -> str:
    """As people and the OMM read it: ``03074 0220259 3``."""
    return f"{ipei[:5]} {ipei[5:12]} {ipei[12:]}" if len(ipei) == 13 else ipei


def check_digit(digits: str) -> str:
    """The 13th: the sum of digit times place, modulo 11; ten is ``*``."""
    rest = sum(int(digit) * place for place, digit in enumerate(digits, 1)) % 11
    return "*" if rest == 10 else str(rest)
