"""Public numbers and what becomes of calls to them: scenarios, switches, rotations, blocks."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import E164, BlockId, FaxBoxId, NumberId, RotationId, SwitchId, TrunkId
from appliance.model.languages import Language
from appliance.model.mail import check_address
from appliance.model.schedules import When, check_clock, check_date
from appliance.model.selection import Shown
from appliance.model.targets import RingStep, Target, check_steps
from appliance.model.validation import check_count, check_id, check_name, check_prompt, check_public, require

MAX_SCENARIOS = 10
OTHERWISE = "otherwise"
"""As ``Number.override``: the steps that hold when no scenario does."""
BLOCK_SIZES = (10, 100, 500, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One distribution of a number and when it holds. The first of the list whose time it is counts."""

    name: str
    when: tuple[When, ...] = ()
    """Any of them will do; empty: only when chosen by hand (``Number.override``)."""
    steps: tuple[RingStep, ...] = ()
    """Empty: callers hear the greeting, else that nobody can be reached."""
    greeting: str = ""
    """A prompt before it rings; the call is not answered for it."""
    emails: tuple[str, ...] = ()
    """Who is told of missed calls."""
    voicemail: str = ""
    """The box that takes calls nobody answers; empty: that of the extension rung last, if it has one."""
    enabled: bool = True

    def __post_init__(self) -> None:
        require(self.name, "name: is missing: a scenario is chosen by its name")
        require(self.name != OTHERWISE, f"name: '{OTHERWISE}' means the number's own steps: choose another")
        check_name(self.name)
        check_count("when", self.when, 20)
        check_steps("steps", self.steps)
        check_prompt("greeting", self.greeting)
        check_count("emails", self.emails, 20)
        for address in self.emails:
            check_address("emails", address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A public number and its distribution: what rings, at once (one step) or one step after another."""

    id: NumberId
    number: E164
    name: str = ""
    steps: tuple[RingStep, ...] = ()
    """What holds when no scenario does. Empty: the number is not assigned; callers hear so."""
    greeting: str = ""
    """A prompt before these steps ring; the call is not answered for it."""
    voicemail: str = ""
    """As in a scenario, for these steps."""
    scenarios: tuple[Scenario, ...] = ()
    """In order: the first whose time it is counts."""
    override: str = ""
    """The scenario chosen by hand, or ``otherwise``; empty: by time."""
    diverting_shows: Shown = Shown.OWN
    """What external targets see."""
    language: Language | None = None
    """Of what callers hear; None: by their country."""
    music_on_hold: str = ""
    """What callers hear while they wait or are held; empty: the extension's music, else the site's."""
    fax_box: FaxBoxId | None = None
    """Where callers go that turn out to be fax machines once the call is answered; None: they stay."""
    returning: bool = False
    """A caller whom one of ours called lately is first put through to that person."""
    node: str = ""
    """The instance where it lives: others hand its calls over. Empty: whichever gets a call serves it."""
    backup: tuple[RingStep, ...] = ()
    """Rings instead while the instance where it lives is cut off, or every box when none is named."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_public("number", self.number)
        check_steps("steps", self.steps)
        check_prompt("greeting", self.greeting)
        check_count("scenarios", self.scenarios, MAX_SCENARIOS)
        check_name(self.override, "override")
        check_prompt("music_on_hold", self.music_on_hold)
        require(len(self.node) <= 32, "node: not the name of an instance: as box.toml says it")
        check_steps("backup", self.backup)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A virtual switch, for example the night service: on or off by hand; scenarios and rules ask for it."""

    id: SwitchId
    name: str = ""
    number: str = ""
    """Dialled to turn it, and watched by a lamp; empty: neither."""
    on: bool = False

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            re.fullmatch("[0-9*#]{0,12}", self.number),
            f"number: '{self.number}' is not dialable: digits, * and #, at most 12",
        )


class Period(StrEnum):
    """How long one member of a rotation is on duty."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """Somebody else is on duty from the hand-over of the first day to the one after the last."""

    first: str
    last: str
    target: Target

    def __post_init__(self) -> None:
        check_date("first", self.first)
        check_date("last", self.last)
        require(self.first <= self.last, "last: is before first: exchange the two")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """On-call duty that goes round: each member for a day or a week, then the next, without end."""

    id: RotationId
    name: str = ""
    members: tuple[Target, ...]
    """Extensions and external numbers."""
    period: Period = Period.WEEK
    first: str
    """The day on which the first member's turn begins; turns are counted from it both ways."""
    hand_over: str = "08:00"
    """When the next takes over, ``HH:MM`` of the wall clock."""
    substitutes: tuple[Substitute, ...] = ()

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(self.members, "members: is empty: name at least one member")
        check_count("members", self.members, 64)
        check_date("first", self.first)
        check_clock("hand_over", self.hand_over)
        check_count("substitutes", self.substitutes, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of public numbers that came with a trunk."""

    id: BlockId
    first: E164
    size: int = 10
    trunk: TrunkId
    name: str = ""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_public("first", self.first)
        require(self.size in BLOCK_SIZES, "size: is not a size of blocks: 10, 100, 500 or 1000")
        require(
            len(str(int(self.first[1:]) + self.size - 1)) == len(self.first) - 1,
            "first: the block runs out of digits: check first number and size",
        )

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, str) or len(number) != len(self.first) or not number[1:].isdigit():
            return False
        return 0 <= int(number[1:]) - int(self.first[1:]) < self.size
