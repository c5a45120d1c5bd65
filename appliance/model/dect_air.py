"""DECT as it is now: bases, handsets, enrolment; what is wanted of a system, and what it tells."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.model.causes import Cause
from appliance.model.dect import DectFamily, DectHandset, DectMedia, DectNet
from appliance.model.ids import DectSystemId, DeviceId, LegId
from appliance.model.languages import Language


class DectStatus(StrEnum):
    """Whether a system can be used, and if not who must do something."""

    DISABLED = "disabled"
    CONNECTING = "connecting"
    READY = "ready"
    AWAY = "away"
    """It does not answer; it is tried again."""
    REFUSED = "refused"
    """It refuses our login."""
    STRANGER = "stranger"
    """Its certificate is not the one it had."""
    TOO_OLD = "too_old"
    """Its firmware cannot do what we need."""
    UNSUITED = "unsuited"
    """It speaks something else than its family does."""
    FAILED = "failed"


class BaseStatus(StrEnum):
    """How a base is."""

    EXPECTED = "expected"
    """Configured, never seen."""
    STARTING = "starting"
    """There, but not on the air yet: it starts or searches for its clock."""
    READY = "ready"
    LOST = "lost"
    STRANGE = "strange"
    """Of a model or with firmware that this family does not know; left alone."""


class HandsetStatus(StrEnum):
    """How a handset is."""

    EXPECTED = "expected"
    """Configured, not enrolled yet."""
    READY = "ready"
    AWAY = "away"
    """Out of range, switched off, or its base is lost."""
    BLOCKED = "blocked"
    STRANGE = "strange"
    """Enrolled, but of no extension."""


class EnrolStatus(StrEnum):
    """How the last window for enrolment went."""

    IDLE = "idle"
    OPENING = "opening"
    OPEN = "open"
    DONE = "done"
    EXPIRED = "expired"
    CLOSED = "closed"
    """Somebody closed it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseState:
    """A base. ``key`` is its MAC where it has one, else the system's own name for it."""

    key: str
    name: str = ""
    mac: str = ""
    address: str = ""
    model: str = ""
    firmware: str = ""
    status: BaseStatus = BaseStatus.EXPECTED
    detail: str = ""
    location: str = ""
    manager: bool = False
    sync_level: int = 0
    """1 is the source of the clock; 0: unknown or alone."""
    sync_to: str = ""
    """The base that it takes its clock from (its key)."""
    quality: int | None = None
    """Of what it hears of that base, 0 to 100."""
    rssi_dbm: int | None = None
    calls: int | None = None
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetState:
    """A handset. ``key`` is the system's own name for it, ``handset`` the document (None: there is none)."""

    key: str
    handset: DeviceId | None = None
    ipei: str = ""
    name: str = ""
    status: HandsetStatus = HandsetStatus.EXPECTED
    unreachable: bool = False
    """It is away for certain: calls to it are not even tried. Else they are, for it may be back unseen."""
    detail: str = ""
    base: str = ""
    """Where it is or was last (the base's key)."""
    quality: int | None = None
    rssi_dbm: int | None = None
    model: str = ""
    firmware: str = ""
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The window for enrolment that is open, or the last one."""

    status: EnrolStatus = EnrolStatus.IDLE
    until: datetime | None = None
    handset: DeviceId | None = None
    """Whose it is to be; None: whoever comes."""
    ipei: str = ""
    """Who enrolled, or alone may."""
    pin: str = ""
    """What a person must type at the handset now."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DectState:
    """All that is known of a system now; ``detail`` is for people."""

    system: DectSystemId
    family: DectFamily
    media: DectMedia
    status: DectStatus = DectStatus.CONNECTING
    detail: str = ""
    name: str = ""
    model: str = ""
    firmware: str = ""
    park: str = ""
    """What the system calls itself on the air (PARK or RFPI)."""
    bases: tuple[BaseState, ...] = ()
    handsets: tuple[HandsetState, ...] = ()
    enrolment: Enrolment = field(default_factory=Enrolment)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedHandset:
    """A handset as its system must know it: the document, and what follows from others."""

    document: DectHandset
    number: str
    """The extension's."""
    display: str
    """For the idle display."""
    language: Language = Language.GERMAN
    voicemail: str = ""
    """What its message key dials; empty: no box."""
    slot: int = 0
    """Never 0: the document's, or the one given to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DectSetup:
    """Everything the office wants of one system; given whole after each change."""

    net: DectNet
    handsets: tuple[WantedHandset, ...] = ()
    country: str = "DE"
    timezone: str = "Europe/Berlin"
    language: Language = Language.GERMAN
    registrar: str = ""
    """Address of the edge, as systems in the LAN reach it."""
    registrar_port: int = 5060
    realm: str = "ortsamt"
    ntp: str = "pool.ntp.org"
    """Where the time comes from."""
    directory: str = ""
    """Address at which the central phone book is searched; empty: there is none."""


# --- what is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEnrolment:
    """Let handsets enrol for so long; Enrolled or EnrolmentOver follows."""

    seconds: int
    handset: DeviceId | None = None
    """Whose the first that enrols will be; None: it stays without extension until it is bound."""
    ipei: str = ""
    """Only this one."""
    pin: str = ""
    """Empty: the system's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseEnrolment:
    """No more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetHandset:
    """End the enrolment of a handset; ``key`` as in its state."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartBase:
    """Restart a base; empty: all."""

    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFirmware:
    """Let bases load the firmware that is configured (or lies ready for them); empty: all."""

    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingHandset:
    """Local media: call a handset; HandsetRings, HandsetAnswers or HandsetEnds follow."""

    leg: LegId
    handset: DeviceId
    number: str
    name: str
    internal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptHandset:
    """Local media: a call that a handset made rings (``answered`` False) or was answered."""

    leg: LegId
    answered: bool
    number: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowParty:
    """Local media: show who is talked with now, or who waits, in a call of a handset."""

    leg: LegId
    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpHandset:
    """Local media: end a call of a handset."""

    leg: LegId
    cause: Cause = Cause.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMessages:
    """Local media: so many messages wait for the handset's user, so many calls were missed."""

    handset: DeviceId
    messages: int
    missed: int = 0


DectCommand = (
    OpenEnrolment
    | CloseEnrolment
    | ForgetHandset
    | RestartBase
    | UpdateFirmware
    | RingHandset
    | AcceptHandset
    | ShowParty
    | HangUpHandset
    | ShowMessages
)


# --- what a system tells


@dataclass(frozen=True, slots=True, kw_only=True)
class DectChanged:
    """Its state is another now."""

    state: DectState


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A handset has enrolled; ``handset``: for whom the window was, None: for whoever comes."""

    key: str
    ipei: str
    handset: DeviceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentOver:
    """The window is closed and nobody has enrolled, or somebody was refused; ``why`` is for people."""

    status: EnrolStatus
    why: str
    handset: DeviceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused:
    """An order cannot be carried out; ``why`` is for people."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySeen:
    """The system showed its certificate for the first time (SHA-256, hex): to be kept."""

    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetCalls:
    """Local media: a user calls; ``digits``: the number, typed before; none: it comes as HandsetKey."""

    leg: LegId
    handset: DeviceId
    digits: str = ""
    wideband: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetRings:
    """Local media: the handset rings."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetAnswers:
    """Local media: the user has taken the call."""

    leg: LegId
    wideband: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetKey:
    """Local media: a key was pressed: digits, ``*``, ``#``, or ``R``."""

    leg: LegId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetEnds:
    """Local media: the call is over; once for every call."""

    leg: LegId
    cause: Cause
    by_remote: bool = True


DectEvent = (
    DectChanged
    | Enrolled
    | EnrolmentOver
    | OrderRefused
    | IdentitySeen
    | HandsetCalls
    | HandsetRings
    | HandsetAnswers
    | HandsetKey
    | HandsetEnds
)
