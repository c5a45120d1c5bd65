"""The configuration an office changes: one typed document per entity, keyed by (kind, id).

Every field is a unit of change and of replication (last writer wins per field), so a field holds what
a person edits in one go. Times are seconds as people say them; the plan uses milliseconds.
Documents of one purpose have a file of their own (``distributions``, ``selection``, ``dialplan``); they are
all to be had here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.accounts import Account, PermissionGroup
from appliance.model.analog import AnalogDevice
from appliance.model.audio import Audio, AudioUse
from appliance.model.backups import BackupPlan
from appliance.model.conferences import ConferenceRoom
from appliance.model.dect import DectHandset, DectNet
from appliance.model.dialplan import ClassOfService, Destination, DialRule, Permission, Rewriting
from appliance.model.distributions import (
    OTHERWISE,
    Block,
    Number,
    Period,
    Rotation,
    Scenario,
    Substitute,
    Switch,
)
from appliance.model.fax import FaxBox
from appliance.model.features import (
    Announcement,
    FeatureCode,
    PagingGroup,
    ParkLot,
    PickupGroup,
    SpeedDial,
    WakeUp,
)
from appliance.model.gsm import GsmModule
from appliance.model.ids import E164, ClassId, DeviceId, ExtensionId, ModuleId, ServiceId, TrunkId
from appliance.model.instances import Instance
from appliance.model.journal import JournalSettings
from appliance.model.languages import Language
from appliance.model.limits import Limit
from appliance.model.mail import Mail, Notification, check_address
from appliance.model.menus import Menu, MenuAction, MenuOption
from appliance.model.mobiles import Callthrough, Mobile
from appliance.model.phones import Firmware, IpPhone, KeyKind, PhoneKey, PhoneTemplate, Provisioning
from appliance.model.recordings import RecordingRule, RecordingSettings
from appliance.model.routes import Rate, Route
from appliance.model.schedules import Holidays, Weekday, When
from appliance.model.selection import (
    ALL_DEVICES,
    EVERY_CALL,
    MAX_RULES,
    Callers,
    CallRule,
    Calls,
    DialOut,
    Forwarding,
    ForwardOn,
    Profile,
    Ringing,
    RuleAction,
    Shown,
    Status,
)
from appliance.model.targets import RingStep, Target, TargetKind
from appliance.model.validation import (
    MAX_RING_SECONDS,
    check_count,
    check_id,
    check_name,
    check_prompt,
    check_public,
    check_seconds,
    has_control,
    require,
)
from appliance.model.voicemail import Greeting, VoicemailBox

__all__ = [
    "ALL_DEVICES",
    "EVERY_CALL",
    "KINDS",
    "MAX_RING_SECONDS",
    "OTHERWISE",
    "SECRET_FIELDS",
    "TRUNK_PROFILES",
    "Account",
    "AnalogDevice",
    "Application",
    "Audio",
    "AudioUse",
    "BackupPlan",
    "Block",
    "CallRule",
    "Callers",
    "Calls",
    "Callthrough",
    "ClassOfService",
    "ConferenceRoom",
    "DectHandset",
    "DectNet",
    "Destination",
    "Device",
    "DialOut",
    "DialRule",
    "Document",
    "Extension",
    "FaxBox",
    "Firmware",
    "ForwardOn",
    "Forwarding",
    "Greeting",
    "GsmModule",
    "Holidays",
    "Instance",
    "IpPhone",
    "JournalSettings",
    "KeyKind",
    "Language",
    "Limit",
    "Menu",
    "MenuAction",
    "MenuOption",
    "Mobile",
    "Number",
    "Period",
    "Permission",
    "PermissionGroup",
    "PhoneKey",
    "PhoneTemplate",
    "Profile",
    "Provisioning",
    "Rate",
    "RecordingRule",
    "RecordingSettings",
    "Rewriting",
    "RingStep",
    "Ringing",
    "Rotation",
    "Route",
    "RuleAction",
    "Scenario",
    "Service",
    "Shown",
    "Site",
    "Srtp",
    "Status",
    "Substitute",
    "Switch",
    "Target",
    "TargetKind",
    "Transport",
    "Trunk",
    "TrunkKind",
    "VoicemailBox",
    "Weekday",
    "When",
]

_INTERNAL = re.compile(r"[0-9*#]{1,15}\Z")
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z|\[[0-9A-Fa-f:.]+\]\Z")

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
    """Whether we register with the provider, are known by address, or it is a GSM module of the box."""

    REGISTERING = "registering"
    STATIC = "static"
    GSM = "gsm"


class Application(StrEnum):
    """What answers a caller."""

    ECHO = "echo"
    ANNOUNCEMENT = "announcement"
    CLOCK = "clock"
    """The speaking clock."""
    LINE_TEST = "line_test"
    """The caller's number, keys, a tone and an echo."""
    VOICEMAIL = "voicemail"
    """Leave a message; ``Run.argument``: the box."""
    MAILBOX = "mailbox"
    """Hear messages; ``Run.argument``: the box, empty to be asked for."""
    CONFERENCE = "conference"
    """A room; it has a number of its own."""
    CONSENT = "consent"
    """Ask whether the call may be recorded; ``Run.argument``: the rule."""
    MENU = "menu"
    """Choose by key; ``Run.argument``: the menu."""
    WAKE_UP = "wake_up"
    """Be woken until a key is pressed; ``Run.argument``: the wake-up call."""
    CALLTHROUGH = "callthrough"
    """Dial on with the office's number; ``Run.argument``: the callthrough."""
    CALL_BACK = "call_back"
    """Not answered, but called back; ``Run.argument``: the callthrough."""
    PAGE = "page"
    """Hear what a whole group hears; ``Run.argument``: when it begins for all (ISO 8601)."""


SERVICES = frozenset(
    {
        Application.ECHO,
        Application.ANNOUNCEMENT,
        Application.CLOCK,
        Application.LINE_TEST,
        Application.MAILBOX,
    }
)
"""Applications that a service document may name; others have documents of their own."""


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
    region: str = ""
    """Where public holidays differ inside the country: ``NW``; empty: those of the whole country."""
    rewriting: tuple[Rewriting, ...] = ()
    """What was dialled here is changed by the first that is for it."""
    class_of_service: ClassId | None = None
    """Of extensions that have none of their own; None: neither abroad nor premium numbers."""
    announce_mobile: bool = False
    """While the internet is cut off, callers to the outside hear that they go by a GSM module."""
    alarm_emails: tuple[str, ...] = ()
    """Who looks after the box and is told when something is wrong or an emergency number was called."""
    alarm_numbers: tuple[E164, ...] = ()
    """Who gets an SMS for critical alarms, as long as a GSM module can send it."""
    emergency_trunks: tuple[TrunkId, ...] = ()
    """Tried first for emergency calls, in this order; all others follow."""

    def __post_init__(self) -> None:
        require(self.id == "main", "id: must be 'main': there is one site document")
        check_name(self.name)
        require(
            re.fullmatch("[A-Z]{2}", self.country), "country: must be two capital letters: for example DE"
        )
        require(re.fullmatch("[0-9]{0,8}", self.area_code), "area_code: digits only: without the leading 0")
        require(
            re.fullmatch("[0-9]{0,3}", self.outside_prefix),
            "outside_prefix: at most three digits: often 0 or empty",
        )
        require(
            all(re.fullmatch("[0-9]{2,6}", number) for number in self.emergency_numbers),
            "emergency_numbers: two to six digits each: for example 112",
        )
        require(
            self.country != "DE" or {"110", "112"} <= set(self.emergency_numbers),
            "emergency_numbers: 110 and 112 cannot be taken away: add them again",
        )
        if self.default_caller_number is not None:
            check_public("default_caller_number", self.default_caller_number)
        check_name(self.region, "region")
        check_prompt("music_on_hold", self.music_on_hold)
        check_count("rewriting", self.rewriting, 100)
        check_count("emergency_trunks", self.emergency_trunks, 50)
        check_count("alarm_emails", self.alarm_emails, 20)
        check_count("alarm_numbers", self.alarm_numbers, 10)
        for number in self.alarm_numbers:
            check_public("alarm_numbers", number)
        for address in self.alarm_emails:
            check_address("alarm_emails", address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An internal subscriber: a number inside the office and the devices that ring for it."""

    id: ExtensionId
    number: str
    name: str = ""
    global_contacts: bool = True
    """Sees the office's address book, and callers by the names in it."""
    language: Language | None = None
    caller_number: E164 | None = None
    """Presented on outgoing public calls; None: the site's."""
    may_show: tuple[E164, ...] = ()
    """Other numbers among which its person may choose ``caller_number``."""
    cost_centre: str = ""
    """To whom its calls are put down in the journal."""
    call_waiting: bool = True
    """False: a further call finds the extension busy."""
    ring_seconds: int = 120
    """How long an internal call rings before the caller hears that nobody answers."""
    withhold: bool = False
    """The number is never shown outside (CLIR); colleagues see it."""
    status: Status = Status.ONLINE
    status_text: str = ""
    rules: tuple[CallRule, ...] = ()
    """In order: the first that is for a call decides."""
    accept_only: bool = False
    """Calls that no rule accepts are rejected."""
    forwardings: tuple[Forwarding, ...] = ()
    ringings: tuple[Ringing, ...] = ()
    """The first that is for a call says what rings; none: the extension's devices."""
    profiles: tuple[Profile, ...] = ()
    profile: str = ""
    """The profile in use; empty: none."""
    dial_out: DialOut = ALL_DEVICES
    """What rings first when a call is set up for the extension."""
    diverting_shows: Shown = Shown.OWN
    """What the target of a diverted call sees, outside."""
    diverting_number: E164 | None = None
    """Shown then as the own number; None: ``caller_number``."""
    class_of_service: ClassId | None = None
    """What may be dialled; None: the site's."""
    pin: str = ""
    """For logging in at another phone; empty: not possible."""
    waiting_seats: int = 0
    """How many callers may wait with music while the extension is busy; 0: none, they hear busy."""
    waiting_seconds: int = 300
    """How long one of them waits at most."""
    voicemail: bool = False
    """Calls that nobody takes go to the extension's voicemail box, which it has without a document."""
    music_on_hold: str = ""
    """What those hear whom this extension holds; empty: the site's music."""
    precedence: bool = False
    """May break through forwarding and do-not-disturb of colleagues (``*77*`` and the number)."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            re.fullmatch("[0-9]{1,12}", self.number),
            f"number: '{self.number}' is not an internal number: 1 to 12 digits",
        )
        if self.caller_number is not None:
            check_public("caller_number", self.caller_number)
        if self.diverting_number is not None:
            check_public("diverting_number", self.diverting_number)
        for number in self.may_show:
            check_public("may_show", number)
        check_count("may_show", self.may_show, 100)
        check_name(self.cost_centre, "cost_centre")
        check_seconds("ring_seconds", self.ring_seconds, 5)
        require(0 <= self.waiting_seats <= 20, "waiting_seats: out of range: 0 to 20")
        require(10 <= self.waiting_seconds <= 3600, "waiting_seconds: out of range: 10 to 3600")
        check_name(self.status_text, "status_text")
        check_prompt("music_on_hold", self.music_on_hold)
        require(re.fullmatch("([0-9]{4,10})?", self.pin), "pin: is not a PIN: four to ten digits")
        for field in ("rules", "forwardings", "ringings", "profiles"):
            check_count(field, getattr(self, field), MAX_RULES)

    @property
    def profile_in_use(self) -> Profile | None:
        """The profile that stands in place of the extension's own settings."""
        if not self.profile:
            return None
        return next((profile for profile in self.profiles if profile.name == self.profile), None)

    @property
    def forwardings_in_use(self) -> tuple[Forwarding, ...]:
        """The extension's forwardings, or those of the profile in use."""
        used = self.profile_in_use
        return self.forwardings if used is None or used.forwardings is None else used.forwardings

    @property
    def status_in_use(self) -> Status:
        """The extension's status, or that of the profile in use."""
        used = self.profile_in_use
        return self.status if used is None or used.status is None else used.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A SIP phone: its account at the registrar. Several phones may share one, each is a contact."""

    id: DeviceId
    extension: ExtensionId
    home: ExtensionId | None = None
    """Whose phone it is while somebody else is logged in at it; None: nobody else is."""
    username: str
    """The AOR's user part and digest user name."""
    secret: str
    name: str = ""
    srtp: Srtp = Srtp.OPTIONAL
    max_calls: int = 8

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            _USERNAME.match(self.username),
            f"username: '{self.username}' is not usable in SIP: letters, digits, . _ -",
        )
        require(8 <= len(self.secret) <= 128, "secret: must have 8 to 128 characters: let the box make one")
        require(not has_control(self.secret), "secret: has control characters: use printable ones")
        require(1 <= self.max_calls <= 64, "max_calls: out of range: 1 to 64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A provider's account or a SIP peer for calls to and from the public network."""

    id: TrunkId
    name: str = ""
    kind: TrunkKind = TrunkKind.REGISTERING
    host: str = ""
    """Provider's domain or address. A domain without port is found by SRV (RFC 3263)."""
    module: ModuleId | None = None
    """The GSM module that is this trunk."""
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
    no_screening: bool = False
    """The provider lets us show numbers that are not its own (CLIP no screening): ours, and a caller's
    whose call we forward."""
    rates: tuple[Rate, ...] = ()
    """What calls cost; the first that is for a call counts, without any a call costs nothing."""
    t38: bool = False
    """Faxes may change to T.38, which bears lost packets; where the provider refuses they go as G.711."""
    nodes: tuple[str, ...] = ()
    """The instances that use it, by ``node`` in their box.toml; empty: boxes do, the cloud does not."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(len(self.nodes) <= 8, "nodes: too many: at most 8")
        for node in self.nodes:
            require(node and len(node) <= 32, "nodes: not the name of an instance: as box.toml says it")
        require(
            not self.t38 or (self.kind is not TrunkKind.GSM and self.srtp is Srtp.OFF),
            "t38: is for trunks over SIP without SRTP: turn one of them off",
        )
        require(
            _HOST.match(self.host) or (self.kind is TrunkKind.GSM and not self.host),
            f"host: '{self.host}' is not a host name or address: for example sip.example.net",
        )
        require(
            bool(self.module) == (self.kind is TrunkKind.GSM),
            "module: is for trunks of kind gsm, which need one: the id of a gsm_module",
        )
        require(0 <= self.port <= 65535, "port: out of range: 0 (by DNS) to 65535")
        require(1 <= self.max_calls <= 1000, "max_calls: out of range: 1 to 1000")
        require(0 <= self.priority <= 1000, "priority: out of range: 0 to 1000")
        require(30 <= self.register_seconds <= 86400, "register_seconds: out of range: 30 to 86400")
        for field in ("username", "auth_username", "secret", "outbound_proxy"):
            require(
                not re.search(r"[\x00-\x20\x7f<>\"]", getattr(self, field)),
                f"{field}: has spaces or quotes: remove them",
            )
        if self.kind is TrunkKind.REGISTERING:
            require(self.username, "username: is missing: a registering trunk needs the account's name")
        if self.default_number is not None:
            check_public("default_number", self.default_number)
        check_count("rates", self.rates, 200)

    @property
    def next_hop(self) -> tuple[str, int]:
        """Host and port that are sent to: the outbound proxy, else the provider; port 0: as usual."""
        host, _, port = self.outbound_proxy.partition(":")
        return (host, int(port) if port.isdigit() else 0) if host else (self.host, self.port)


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
        check_id(self.id)
        check_name(self.name)
        require(
            _INTERNAL.match(self.number),
            f"number: '{self.number}' is not dialable: digits, * and #, at most 15",
        )
        require(
            self.application in SERVICES,
            f"application: '{self.application}' has documents of its own: use them",
        )
        if self.application is Application.ANNOUNCEMENT:
            require(self.prompt, "prompt: is missing: name the prompt to play")
        check_prompt("prompt", self.prompt)


Document = (
    Site
    | Audio
    | ClassOfService
    | Extension
    | Device
    | AnalogDevice
    | DectNet
    | DectHandset
    | Switch
    | Rotation
    | Number
    | Trunk
    | Route
    | GsmModule
    | Limit
    | Block
    | Service
    | FaxBox
    | VoicemailBox
    | ConferenceRoom
    | RecordingRule
    | RecordingSettings
    | JournalSettings
    | BackupPlan
    | Menu
    | Mobile
    | Callthrough
    | FeatureCode
    | ParkLot
    | PickupGroup
    | PagingGroup
    | WakeUp
    | Announcement
    | SpeedDial
    | Mail
    | Notification
    | PermissionGroup
    | Account
    | Provisioning
    | PhoneTemplate
    | IpPhone
    | Instance
)

KINDS: dict[str, type[Document]] = {
    "site": Site,
    "audio": Audio,
    "class_of_service": ClassOfService,
    "extension": Extension,
    "device": Device,
    "analog": AnalogDevice,
    "dect_system": DectNet,
    "dect_handset": DectHandset,
    "switch": Switch,
    "rotation": Rotation,
    "number": Number,
    "trunk": Trunk,
    "route": Route,
    "gsm_module": GsmModule,
    "limit": Limit,
    "block": Block,
    "service": Service,
    "fax_box": FaxBox,
    "voicemail_box": VoicemailBox,
    "conference_room": ConferenceRoom,
    "recording": RecordingSettings,
    "journal": JournalSettings,
    "backup": BackupPlan,
    "recording_rule": RecordingRule,
    "menu": Menu,
    "mobile": Mobile,
    "callthrough": Callthrough,
    "feature_code": FeatureCode,
    "park_lot": ParkLot,
    "pickup_group": PickupGroup,
    "paging_group": PagingGroup,
    "wake_up": WakeUp,
    "announcement": Announcement,
    "speed_dial": SpeedDial,
    "mail": Mail,
    "notification": Notification,
    "permission_group": PermissionGroup,
    "account": Account,
    "provisioning": Provisioning,
    "phone_template": PhoneTemplate,
    "phone": IpPhone,
    "instance": Instance,
}
"""Kind (as commands and the log name it) → document type. Order is the order of import."""

SECRET_FIELDS: dict[str, frozenset[str]] = {
    "instance": frozenset({"salt"}),
    "device": frozenset({"secret"}),
    "backup": frozenset({"passphrase"}),
    "dect_system": frozenset({"secret", "pin", "token"}),
    "dect_handset": frozenset({"secret"}),
    "trunk": frozenset({"secret"}),
    "gsm_module": frozenset({"pin"}),
    "mail": frozenset({"secret"}),
    "class_of_service": frozenset({"pin"}),
    "extension": frozenset({"pin"}),
    "voicemail_box": frozenset({"pin"}),
    "conference_room": frozenset({"pin", "moderator_pin"}),
    "menu": frozenset({"pin"}),
    "account": frozenset({"password", "totp"}),
    "provisioning": frozenset({"admin_password"}),
    "phone": frozenset({"admin_password", "token"}),
}
"""Fields never shown in logs, events or listings."""
