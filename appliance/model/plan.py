"""What routing decides: a small graph of steps, and the reasons that led to it.

``routing.plan(request, snapshot, now)`` makes a Plan; ``calls`` executes it. Each step says which step
follows which outcome; an outcome that is not listed ends the call with the cause the step found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.model.causes import Cause
from appliance.model.conditions import GOOD_DAY, Conditions
from appliance.model.documents import Application, Language, Srtp
from appliance.model.features import Action
from appliance.model.ids import (
    CallId,
    DectSystemId,
    DeviceId,
    ExtensionId,
    FaxBoxId,
    MenuId,
    Milliseconds,
    NumberId,
    TrunkId,
)
from appliance.model.instances import Task, check_path
from appliance.model.validation import require


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDevice:
    """The call comes from a device of ours, authenticated."""

    device: DeviceId
    extension: ExtensionId


@dataclass(frozen=True, slots=True, kw_only=True)
class FromTrunk:
    """The call comes from the public network over this trunk, or from another instance."""

    trunk: TrunkId
    handed: "Handed | None" = None
    """What the other instance wants; ``trunk`` is its account then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FromFax:
    """A fax box of ours sends; ``extension`` is the one whose rights count, empty for none."""

    box: FaxBoxId
    extension: ExtensionId


Origin = FromDevice | FromTrunk | FromFax


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls. ``number`` is E.164 for public callers, the internal number for ours, empty if unknown."""

    number: str = ""
    name: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """A call to be planned: where it comes from, who calls, what was dialled, exactly as received."""

    origin: Origin
    caller: Caller
    dialled: str
    on_behalf_of: Caller | None = None
    """The transferee: shown to the called party instead of the origin, whose rights still count."""
    returning_to: ExtensionId | None = None
    """Who of ours called this caller last: a returned call."""
    redirect: "Redirect | None" = None
    """A phone that was rung sends the call elsewhere; asked is what rings instead."""
    precedence: bool = False
    """The call breaks through status, rules and forwarding of the extension that is called."""
    helped: tuple[ExtensionId, ...] = ()
    """Who made an emergency call lately: calls to the number they showed ring there too."""
    conditions: Conditions = GOOD_DAY
    """How the world outside is."""
    menu: MenuId | None = None
    """It was dialled inside this menu: what may be dialled there counts, not the origin's rights."""


class CallKind(StrEnum):
    """The nature of a call; journals and statistics group by it."""

    INTERNAL = "internal"
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    EMERGENCY = "emergency"
    SERVICE = "service"
    REFUSED = "refused"


class Outcome(StrEnum):
    """How a step ended when nobody talks yet."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    NO_LINE = "no_line"
    """No way out made progress; where a step does not list it, UNREACHABLE counts."""
    DONE = "done"
    LIMITED = "limited"
    """No more may be called outside today; where a step does not list it, REJECTED counts."""
    GRANTED = "granted"
    """The right PIN was keyed in."""
    DENIED = "denied"
    """It was not, as often as one may try, or nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """The identity shown to the called party, already in the form it must be shown."""

    number: str
    name: str = ""
    withheld: bool = False


class DivertedOn(StrEnum):
    """Why a call was diverted, in the words of RFC 5806 §4.3."""

    ALWAYS = "unconditional"
    BUSY = "user-busy"
    NO_ANSWER = "no-answer"
    UNREACHABLE = "unavailable"
    TIME = "time-of-day"
    DND = "do-not-disturb"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversion:
    """Who sent a call on, and why. ``number`` is E.164 if the party has a public number, else internal."""

    number: str
    name: str = ""
    on: DivertedOn


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What one instance asks of another with a call that it hands over."""

    task: Task
    to: str
    """The id of an extension, number or room; a public or emergency number."""
    node: str
    """The instance that is meant; one on the way passes the call on."""
    path: tuple[str, ...]
    """The instances where the call was, the first one first: it never comes back to one of them."""
    call: CallId | None = None
    """The call's id where it began."""
    kind: "CallKind"
    caller: Caller = field(default_factory=Caller)
    by: ExtensionId | None = None
    """Who of ours calls."""
    trunk: TrunkId | None = None
    dial: str = ""
    """Over ``trunk``, as its provider wants it."""
    present: "Presentation | None" = None
    diverted: tuple["Diversion", ...] = ()
    auto_answer: bool = False
    precedence: bool = False

    def __post_init__(self) -> None:
        check_path(self.path, self.node)
        require(len(self.to) <= 64 and len(self.dial) <= 64, "to: is too long")
        require(len(self.diverted) <= 20, "diverted: too many")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """A phone answered 302: the call is to go to ``to``, as one would dial it at that phone."""

    by: ExtensionId
    to: str
    on: DivertedOn
    diverted: tuple[Diversion, ...] = ()
    """Who sent the call on before."""
    turned: frozenset[ExtensionId] = frozenset()
    """Extensions whose phones did so: none has a second turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTarget:
    """One SIP account to ring (the edge forks to its contacts), or a telephone at an analog port."""

    device: DeviceId
    username: str
    srtp: Srtp
    port: str = ""
    """Of an analog telephone; it has no account."""
    system: DectSystemId | None = None
    """Of a handset at a DECT module of the box; it has no account either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionTarget:
    """An extension: all its devices ring; the first to answer wins."""

    extension: ExtensionId
    number: str
    devices: tuple[DeviceTarget, ...]
    call_waiting: bool
    present: Presentation
    auto_answer: bool = False
    """The phones are asked to answer by themselves (intercom, paging)."""
    diverted: tuple[Diversion, ...] = ()
    """Who sent the call here, the first first."""
    elsewhere: tuple[Handed, ...] = ()
    """Its telephones at other instances: they ring, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkRoute:
    """One way out: the trunk, the digits as the provider wants them, the identity shown."""

    trunk: TrunkId
    dial: str
    present: Presentation
    handed: Handed | None = None
    """Another instance has it; ``trunk`` is that instance's account then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTarget:
    """A public number; routes are tried in order until one makes progress."""

    number: str
    routes: tuple[TrunkRoute, ...]
    diverted: tuple[Diversion, ...] = ()
    """Who sent the call here, the first first: for History-Info (RFC 7044) and Diversion (RFC 5806)."""
    charged: ExtensionId | None = None
    """Who pays: whoever called, or forwarded; None: the office."""
    confirms: ExtensionId | None = None
    """A mobile of this extension: who answers must press a key, and is the extension from then on."""
    calls_in: ExtensionId | None = None
    """A mobile of this extension that is only rung: it calls in while the caller hears music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxTarget:
    """A virtual fax box: the fax engine answers at once and receives."""

    box: FaxBoxId
    number: str
    """Internal; may be empty."""
    name: str
    present: Presentation
    diverted: tuple[Diversion, ...] = ()
    relay: str = ""
    """What is received is sent on to this number; empty: it is for the box."""


RingTarget = ExtensionTarget | ExternalTarget | FaxTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Ring all targets at once. ``next`` by outcome: the worst-case order is in ``calls``."""

    targets: tuple[RingTarget, ...]
    timeout_ms: Milliseconds
    next: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play a prompt to the caller, answered or as early media, then go on (outcome DONE)."""

    prompt: str
    language: Language
    answer: bool
    next: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Answer the caller with an application (echo, voicemail, …).

    ``argument``: the box, menu or room it is about. ``branches``: where the application may send the caller,
    by a label of its own; DONE follows when it is over and the caller is still there.
    """

    application: Application
    prompt: str
    language: Language
    argument: str = ""
    branches: Mapping[str, int] = field(default_factory=dict)
    next: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPin:
    """Ask the caller for a PIN, as early media if it may be; GRANTED when right, else DENIED."""

    pin: str = field(repr=False)
    language: Language
    prompt: str = "enter_pin"
    attempts: int = 3
    next: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Let the caller wait with music until the extension is free (DONE); without a seat or in vain: busy."""

    extension: ExtensionId
    number: str
    seats: int
    timeout_ms: Milliseconds
    next: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """End the call with this cause."""

    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of one document: fields to their new values, as JSON has them; ``delete``: away with it."""

    kind: str
    id: str
    fields: Mapping[str, object] = field(default_factory=dict)
    delete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Do something to calls in progress (outcome DONE; a failure ends the call with its cause).

    ``argument``: the extension, slot or group behind the code, empty for none. ``language``: of what is said.
    """

    action: Action
    argument: str
    language: Language
    targets: tuple[ExtensionTarget, ...] = ()
    """Whom intercom and paging call, their phones answering by themselves."""
    edits: tuple[Edit, ...] = ()
    """What is to be changed in the configuration."""
    confirm: tuple[str, ...] = ()
    """The prompts that say it is done."""
    next: Mapping[Outcome, int] = field(default_factory=dict)


Step = Ring | Play | Run | AskPin | Wait | Feature | Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One step of the thinking: a stable code and the values to fill its sentence (see routing.explain)."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with a call. Execution starts at step 0; there is always at least one."""

    kind: CallKind
    steps: tuple[Step, ...]
    reasons: tuple[Reason, ...] = ()
    called: str = ""
    """The destination as understood: E.164, internal number, or what was dialled."""
    number: NumberId | None = None
    """The distribution that decided, for inbound calls."""
    caller: Caller = field(default_factory=Caller)
    """The caller as understood: normalised number and the name we know."""
    fax: FaxTarget | None = None
    """Where the call goes once its caller turns out to be a fax machine."""
    rerouted: str = ""
    """The instance that should have served the call and is cut off."""
    part: bool = False
    """A piece of a call that another instance has in its journal."""
    scenario: str = ""
    """The scenario of ``number`` that held; empty: none."""
    notify: tuple[str, ...] = ()
    """E-mail addresses to tell if the call is missed."""

    @property
    def emergency(self) -> bool:
        """True for calls that no limit may refuse."""
        return self.kind is CallKind.EMERGENCY
