"""What an extension does with its calls: status, rules for callers, forwarding, ringing, profiles."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import E164, DeviceId
from appliance.model.patterns import check_patterns
from appliance.model.schedules import When
from appliance.model.targets import RingStep, Target, check_steps
from appliance.model.validation import check_count, check_name, check_public, check_seconds, require

MAX_RULES = 100


class Status(StrEnum):
    """What a person says of himself; ``dnd`` and ``unreachable`` keep the phones quiet."""

    ONLINE = "online"
    AWAY = "away"
    DND = "dnd"
    UNREACHABLE = "unreachable"


class Callers(StrEnum):
    """Colleagues, the public network, or both."""

    ANY = "any"
    INTERNAL = "internal"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Which calls something is for: every condition must hold, those left at their defaults always do."""

    callers: Callers = Callers.ANY
    numbers: tuple[str, ...] = ()
    """Patterns (``+4930.``, ``2X``) of the caller's E.164 or internal number; any of them will do."""
    withheld: bool = False
    """Callers whose number is not known, be it beside ``numbers`` or, where those are empty, alone."""
    when: tuple[When, ...] = ()
    """Any of them will do."""
    status: tuple[Status, ...] = ()
    """The extension's status; any of them will do."""

    def __post_init__(self) -> None:
        check_patterns("numbers", self.numbers)
        check_count("when", self.when, 20)

    @property
    def everything(self) -> bool:
        """True if no call is left out at any time."""
        return self is EVERY_CALL or self == EVERY_CALL


EVERY_CALL = Calls()


class RuleAction(StrEnum):
    """What becomes of a call that a rule is for."""

    ACCEPT = "accept"
    REJECT = "reject"
    """The caller hears that nobody can be reached."""
    BUSY = "busy"
    """The block list: the caller hears the busy tone."""
    VIP = "vip"
    """Accepted past status and forwarding of all calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRule:
    """Selective acceptance and rejection; the first rule of a list that is for a call decides."""

    action: RuleAction
    name: str = ""
    calls: Calls = EVERY_CALL
    enabled: bool = True

    def __post_init__(self) -> None:
        check_name(self.name)


class ForwardOn(StrEnum):
    """What must happen before a call is forwarded."""

    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Where calls go instead. Of several for the same event the first that is for the call counts."""

    on: ForwardOn
    to: Target
    seconds: int = 20
    """No answer: how long it rings before."""
    calls: Calls = EVERY_CALL
    enabled: bool = True

    def __post_init__(self) -> None:
        check_seconds("seconds", self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """Personal ringing: own devices (the extension itself as a target) and others, at once and in steps."""

    steps: tuple[RingStep, ...]
    calls: Calls = EVERY_CALL
    enabled: bool = True

    def __post_init__(self) -> None:
        require(self.steps, "steps: is empty: name at least one step")
        check_steps("steps", self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOut:
    """What rings when a call is set up for the extension (click to dial, callback): one of its devices, or
    its person's telephone outside; neither: all its devices.
    """

    device: DeviceId | None = None
    number: E164 | None = None

    def __post_init__(self) -> None:
        require(
            self.device is None or self.number is None,
            "number: a device is named too: leave one of the two out",
        )
        if self.number is not None:
            check_public("number", self.number)


ALL_DEVICES = DialOut()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one switch changes at once; while it is chosen it stands in place of the extension's own."""

    name: str
    status: Status | None = None
    """None: the extension's own; so with all that follows."""
    status_text: str | None = None
    forwardings: tuple[Forwarding, ...] | None = None
    withhold: bool | None = None
    dial_out: DialOut | None = None

    def __post_init__(self) -> None:
        require(self.name, "name: is missing: a profile is chosen by its name")
        check_name(self.name)
        if self.status_text is not None:
            check_name(self.status_text, "status_text")
        check_count("forwardings", self.forwardings or (), MAX_RULES)


class Shown(StrEnum):
    """Whose number the target of a diverted call sees, outside."""

    OWN = "own"
    """That of the number or extension that diverts."""
    CALLER = "caller"
    """The caller's, where the trunk allows numbers that are not its own."""
