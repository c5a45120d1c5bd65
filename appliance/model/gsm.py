"""GSM modules: the document of a module, its state, and what is said to and by it (calls, SMS, USSD)."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.causes import Cause
from appliance.model.ids import E164, LegId, ModuleId, SmsId
from appliance.model.mail import MAX_ADDRESSES, check_address
from appliance.model.validation import check_count, check_id, check_name, check_public, require

_USB_PATH = re.compile(r"([0-9]{1,3}-[0-9]{1,2}(\.[0-9]{1,2}){0,6})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class GsmModule:
    """A GSM module and its SIM. Without ``imei`` and ``usb_path`` it is the first that nobody else claims."""

    id: ModuleId
    name: str = ""
    imei: str = ""
    """15 digits; the module itself wherever it is plugged in."""
    usb_path: str = ""
    """``1-1.2``: whatever is plugged in there."""
    pin: str = ""
    """Of the SIM; empty: it asks for none."""
    number: E164 | None = None
    """The SIM's own number: what callers of it have dialled."""
    enabled: bool = True
    roaming: bool = False
    """Calls and SMS also in a foreign network."""
    balance_code: str = ""
    """What asks for the balance of a prepaid SIM, for example ``*100#``; empty: it is not asked."""
    mail_to: tuple[str, ...] = ()
    """Mail addresses that get the SMS it receives."""
    sms_per_day: int = 100
    """SMS parts sent in a day at most; 0: none."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(re.fullmatch("([0-9]{15})?", self.imei), "imei: is not an IMEI: 15 digits, *#06# shows it")
        require(_USB_PATH.match(self.usb_path), "usb_path: is not a USB path: for example 1-1.2")
        require(re.fullmatch("([0-9]{4,8})?", self.pin), "pin: is not a SIM's PIN: four to eight digits")
        require(
            re.fullmatch("([*#][0-9*#]{1,30}#)?", self.balance_code),
            "balance_code: is not a code: for example *100#",
        )
        check_count("mail_to", self.mail_to, MAX_ADDRESSES)
        for address in self.mail_to:
            check_address("mail_to", address)
        require(0 <= self.sms_per_day <= 10000, "sms_per_day: out of range: 0 to 10000")
        if self.number is not None:
            check_public("number", self.number)


class ModuleStatus(StrEnum):
    """Whether a module can be used, and if not who must do something."""

    ABSENT = "absent"
    """Configured, but not plugged in."""
    STARTING = "starting"
    READY = "ready"
    NO_NETWORK = "no_network"
    ROAMING_BARRED = "roaming_barred"
    NO_SIM = "no_sim"
    PIN_WANTED = "pin_wanted"
    """The SIM asks for a PIN and none is configured."""
    PIN_WRONG = "pin_wrong"
    """The configured PIN was refused; it is not tried again."""
    PIN_LAST_TRY = "pin_last_try"
    """Only one try is left: a person must enter the PIN in a telephone."""
    PUK_WANTED = "puk_wanted"
    SIM_BROKEN = "sim_broken"
    DUPLICATE = "duplicate"
    """Another module says it is the same; this one is not used."""
    UNCONFIGURED = "unconfigured"
    DISABLED = "disabled"
    FAILED = "failed"
    """It does not answer; it is tried again."""


class Registration(StrEnum):
    """Where the module is registered (3GPP TS 27.007 §7.2)."""

    UNKNOWN = "unknown"
    SEARCHING = "searching"
    DENIED = "denied"
    NONE = "none"
    HOME = "home"
    ROAMING = "roaming"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleState:
    """All that is known of a module now. ``place`` is its USB path; ``detail`` is for people."""

    module: ModuleId | None
    place: str = ""
    status: ModuleStatus = ModuleStatus.STARTING
    detail: str = ""
    family: str = ""
    model: str = ""
    imei: str = ""
    registration: Registration = Registration.UNKNOWN
    operator: str = ""
    technology: str = ""
    signal_dbm: int | None = None
    balance: str = ""
    """What the network said last about the balance, as text."""
    calling: bool = False
    resets: int = 0
    """How often it was recycled since it was plugged in."""
    silent_calls: int = 0
    """So many calls in a row were without sound, the last one included."""


class SmsStatus(StrEnum):
    """How far an SMS has come."""

    RECEIVED = "received"
    WAITING = "waiting"
    SENT = "sent"
    """The network took it."""
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSms:
    """A whole message from the network; ``stored``: its places in the module until it is kept elsewhere."""

    sender: str
    text: str
    sent: datetime | None = None
    parts: int = 1
    stored: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsRecord:
    """An SMS as the box keeps it; ``number`` is the other side's."""

    id: SmsId
    module: ModuleId
    """Empty: whichever module can send it."""
    incoming: bool
    number: str
    text: str
    status: SmsStatus
    at: datetime
    """When it came, or was ordered."""
    changed: datetime
    parts: int = 1
    detail: str = ""


# --- what is wanted of a module


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call this number (digits, ``+`` first if international)."""

    leg: LegId
    number: str
    withhold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCall:
    """Take the incoming call."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpCall:
    """End the call, whatever state it is in."""

    leg: LegId
    cause: Cause = Cause.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKey:
    """Send a key as DTMF through the network."""

    leg: LegId
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSms:
    """Send a text; ``reference`` comes back in SmsSent or SmsFailed."""

    reference: str
    number: str
    text: str
    report: bool = True
    valid_minutes: int = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetSms:
    """A received SMS is kept elsewhere: free its places in the module."""

    stored: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskNetwork:
    """Send a USSD code; the answer comes as UssdAnswer."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """Restart the module as soon as no call is on it."""

    why: str


GsmCommand = Dial | AnswerCall | HangUpCall | SendKey | SendSms | ForgetSms | AskNetwork | Recycle


# --- what a module tells


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleChanged:
    """Its state is another now."""

    state: ModuleState


@dataclass(frozen=True, slots=True, kw_only=True)
class CallComes:
    """Somebody calls the SIM; ``number`` as the network gives it, empty if unknown."""

    leg: LegId
    number: str
    withheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDialling:
    """The network has taken our call."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRings:
    """It rings at the far end."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTalks:
    """The call is answered, by whichever side."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallKey:
    """The far end pressed a key."""

    leg: LegId
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnds:
    """The call is over; once for every call."""

    leg: LegId
    cause: Cause
    by_remote: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsArrived:
    """A message came in; ``ForgetSms`` must follow when it is kept."""

    sms: ReceivedSms


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSent:
    """The network took all parts; ``numbers`` are those under which reports will come."""

    reference: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsReport:
    """What became of a part that was sent (3GPP TS 23.040 §9.2.3.15)."""

    number: int
    recipient: str
    delivered: bool
    final: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsFailed:
    """It could not be sent; ``again``: it may be tried later."""

    reference: str
    why: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UssdAnswer:
    """What the network said to a USSD code; empty and ``why`` when it said nothing."""

    text: str
    why: str = ""


GsmEvent = (
    ModuleChanged
    | CallComes
    | CallDialling
    | CallRings
    | CallTalks
    | CallKey
    | CallEnds
    | SmsArrived
    | SmsSent
    | SmsReport
    | SmsFailed
    | UssdAnswer
)
