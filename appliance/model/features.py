"""What a user does by dialling a code or pressing a key, and the documents these features need.

An action is the same thing whether it is dialled, pressed, clicked or asked for over the control socket;
the code is only its name on a key pad. Codes follow ETSI ETS 300 738 where that has one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.model.ids import ExtensionId
from appliance.model.schedules import Weekday, check_clock
from appliance.model.validation import check_prompt, require

_CODE = re.compile(r"[*#][0-9*#]{0,5}\Z")
_NUMBER = re.compile(r"[0-9*#]{1,12}\Z")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+*-]{0,63}\Z")


class Argument(StrEnum):
    """What is dialled behind a code."""

    NONE = "none"
    EXTENSION = "extension"
    SLOT = "slot"
    """A park slot; may be missing."""
    GROUP = "group"
    DIAL = "dial"
    """Any number that could be dialled."""
    TIME = "time"
    """Four digits, ``0730``."""
    PROFILE = "profile"
    """The place of a profile in the extension's list, from 1; 0 or nothing: none."""
    SWITCH = "switch"
    """The number of a virtual switch."""
    BOX = "box"
    """The number of a voicemail box or of its owner; may be missing: the own one."""
    ACCOUNT = "account"
    """An extension's number, ``*`` and its PIN."""
    OWN = "own"
    """The number of the extension itself, so that everybody's key has a lamp of its own."""
    OWN_PROFILE = "own_profile"
    """The same, ``*`` and the place of a profile."""


class Action(StrEnum):
    """What is done in a call, by the party that dials the code."""

    PICKUP = "pickup"
    PICKUP_GROUP = "pickup_group"
    PARK = "park"
    RETRIEVE = "retrieve"
    """Dialling a slot's own number; has no code."""
    CONFERENCE = "conference"
    MOVE = "move"
    CALLBACK = "callback"
    CALLBACK_CANCEL = "callback_cancel"
    REDIAL = "redial"
    INTERCOM = "intercom"
    PAGING = "paging"
    FORWARD_ALWAYS = "forward_always"
    FORWARD_ALWAYS_OFF = "forward_always_off"
    FORWARD_NO_ANSWER = "forward_no_answer"
    FORWARD_NO_ANSWER_OFF = "forward_no_answer_off"
    FORWARD_BUSY = "forward_busy"
    FORWARD_BUSY_OFF = "forward_busy_off"
    FORWARD_UNREACHABLE = "forward_unreachable"
    FORWARD_UNREACHABLE_OFF = "forward_unreachable_off"
    FORWARD_OFF = "forward_off"
    """All forwardings that a code can set."""
    DND_ON = "dnd_on"
    DND_OFF = "dnd_off"
    WITHHOLD_ON = "withhold_on"
    WITHHOLD_OFF = "withhold_off"
    PROFILE = "profile"
    SWITCH = "switch"
    """Turn a virtual switch to the other side."""
    SWITCH_STATE = "switch_state"
    """Hear how a virtual switch stands."""
    WAKE_UP = "wake_up"
    WAKE_UP_OFF = "wake_up_off"
    VOICEMAIL = "voicemail"
    """Hear messages."""
    VOICEMAIL_ON = "voicemail_on"
    """Calls that nobody takes go to the voicemail box."""
    VOICEMAIL_OFF = "voicemail_off"
    LOGIN = "login"
    """Hot-desking: this phone becomes the extension's."""
    LOGOUT = "logout"
    RECORD = "record"
    RECORD_OFF = "record_off"
    RECORD_PAUSE = "record_pause"
    """Off the record, and on again: while a card number is said."""
    DND_KEY = "dnd_key"
    """Turn do-not-disturb to its other side; watched by a lamp, as the next two."""
    FORWARD_KEY = "forward_key"
    """Let the forwarding of all calls rest, or hold again."""
    PROFILE_KEY = "profile_key"
    """Choose a profile, or none where it is chosen already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """The code an action has unless the office sets another, and what follows the code."""

    code: str
    argument: Argument


ACTIONS: dict[Action, ActionSpec] = {
    Action.PICKUP: ActionSpec(code="**", argument=Argument.EXTENSION),
    Action.PICKUP_GROUP: ActionSpec(code="*8", argument=Argument.NONE),
    Action.PARK: ActionSpec(code="*70", argument=Argument.SLOT),
    Action.CONFERENCE: ActionSpec(code="*3", argument=Argument.NONE),
    Action.MOVE: ActionSpec(code="*71", argument=Argument.NONE),
    Action.CALLBACK: ActionSpec(code="*37", argument=Argument.NONE),
    Action.CALLBACK_CANCEL: ActionSpec(code="#37", argument=Argument.NONE),
    Action.REDIAL: ActionSpec(code="*66", argument=Argument.NONE),
    Action.INTERCOM: ActionSpec(code="*80", argument=Argument.EXTENSION),
    Action.PAGING: ActionSpec(code="*81", argument=Argument.GROUP),
    Action.FORWARD_ALWAYS: ActionSpec(code="*21", argument=Argument.DIAL),
    Action.FORWARD_ALWAYS_OFF: ActionSpec(code="#21", argument=Argument.NONE),
    Action.FORWARD_NO_ANSWER: ActionSpec(code="*61", argument=Argument.DIAL),
    Action.FORWARD_NO_ANSWER_OFF: ActionSpec(code="#61", argument=Argument.NONE),
    Action.FORWARD_BUSY: ActionSpec(code="*67", argument=Argument.DIAL),
    Action.FORWARD_BUSY_OFF: ActionSpec(code="#67", argument=Argument.NONE),
    Action.FORWARD_UNREACHABLE: ActionSpec(code="*62", argument=Argument.DIAL),
    Action.FORWARD_UNREACHABLE_OFF: ActionSpec(code="#62", argument=Argument.NONE),
    Action.FORWARD_OFF: ActionSpec(code="#20", argument=Argument.NONE),
    Action.DND_ON: ActionSpec(code="*26", argument=Argument.NONE),
    Action.DND_OFF: ActionSpec(code="#26", argument=Argument.NONE),
    Action.WITHHOLD_ON: ActionSpec(code="*32", argument=Argument.NONE),
    Action.WITHHOLD_OFF: ActionSpec(code="#32", argument=Argument.NONE),
    Action.PROFILE: ActionSpec(code="*27", argument=Argument.PROFILE),
    Action.SWITCH: ActionSpec(code="*28", argument=Argument.SWITCH),
    Action.SWITCH_STATE: ActionSpec(code="*#28", argument=Argument.SWITCH),
    Action.WAKE_UP: ActionSpec(code="*55", argument=Argument.TIME),
    Action.WAKE_UP_OFF: ActionSpec(code="#55", argument=Argument.NONE),
    Action.VOICEMAIL: ActionSpec(code="*98", argument=Argument.BOX),
    Action.VOICEMAIL_ON: ActionSpec(code="*97", argument=Argument.NONE),
    Action.VOICEMAIL_OFF: ActionSpec(code="#97", argument=Argument.NONE),
    Action.LOGIN: ActionSpec(code="*11", argument=Argument.ACCOUNT),
    Action.LOGOUT: ActionSpec(code="#11", argument=Argument.NONE),
    Action.RECORD: ActionSpec(code="*78", argument=Argument.NONE),
    Action.RECORD_OFF: ActionSpec(code="#78", argument=Argument.NONE),
    Action.RECORD_PAUSE: ActionSpec(code="*79", argument=Argument.NONE),
    Action.DND_KEY: ActionSpec(code="*22", argument=Argument.OWN),
    Action.FORWARD_KEY: ActionSpec(code="*23", argument=Argument.OWN),
    Action.PROFILE_KEY: ActionSpec(code="*24", argument=Argument.OWN_PROFILE),
}


CHANGES = frozenset(
    {
        Action.FORWARD_ALWAYS,
        Action.FORWARD_ALWAYS_OFF,
        Action.FORWARD_NO_ANSWER,
        Action.FORWARD_NO_ANSWER_OFF,
        Action.FORWARD_BUSY,
        Action.FORWARD_BUSY_OFF,
        Action.FORWARD_UNREACHABLE,
        Action.FORWARD_UNREACHABLE_OFF,
        Action.FORWARD_OFF,
        Action.DND_ON,
        Action.DND_OFF,
        Action.WITHHOLD_ON,
        Action.WITHHOLD_OFF,
        Action.PROFILE,
        Action.SWITCH,
        Action.SWITCH_STATE,
        Action.WAKE_UP,
        Action.WAKE_UP_OFF,
        Action.VOICEMAIL_ON,
        Action.VOICEMAIL_OFF,
        Action.LOGIN,
        Action.LOGOUT,
        Action.DND_KEY,
        Action.FORWARD_KEY,
        Action.PROFILE_KEY,
    }
)
"""Actions that change the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCode:
    """Another code for an action, or none: ``id`` is the action's name."""

    id: str
    code: str = ""
    enabled: bool = True

    def __post_init__(self) -> None:
        known = [action.value for action in ACTIONS]
        require(self.id in known, f"id: '{self.id}' is no feature: one of {', '.join(known)}")
        require(
            not self.code or _CODE.match(self.code),
            f"code: '{self.code}' is no code: * or #, then up to 5 keys",
        )
        require(self.code or not self.enabled, "code: is missing: give a code, or set enabled to false")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkLot:
    """A row of park slots: each a number that is dialled to get the call back, and watched by a lamp."""

    id: str
    first: str
    """The first slot's number, for example ``701``."""
    count: int = 9
    recall_seconds: int = 120
    """After so long the call rings back where it was parked from."""

    def __post_init__(self) -> None:
        require(_ID.match(self.id), f"id: '{self.id}' is not an id: letters, digits and . _ + * -")
        require(
            re.fullmatch("[0-9]{1,9}", self.first), f"first: '{self.first}' is not a number: for example 701"
        )
        require(1 <= self.count <= 99, "count: out of range: 1 to 99")
        require(10 <= self.recall_seconds <= 3600, "recall_seconds: out of range: 10 to 3600")

    def slots(self) -> tuple[str, ...]:
        """The numbers of all slots, as long as the first one."""
        return tuple(f"{int(self.first) + i:0{len(self.first)}d}" for i in range(self.count))


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupGroup:
    """Extensions whose ringing calls its members may take."""

    id: str
    name: str = ""
    members: tuple[ExtensionId, ...]

    def __post_init__(self) -> None:
        require(_ID.match(self.id), f"id: '{self.id}' is not an id: letters, digits and . _ + * -")
        require(len(self.name) <= 80, "name: is too long: at most 80 characters")
        require(self.members, "members: is empty: name at least one extension")
        require(len(self.members) <= 500, "members: too many: at most 500")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingGroup:
    """Extensions that hear an announcement at once: their phones answer by themselves."""

    id: str
    number: str
    """Dialled behind the paging code."""
    name: str = ""
    members: tuple[ExtensionId, ...]

    def __post_init__(self) -> None:
        require(_ID.match(self.id), f"id: '{self.id}' is not an id: letters, digits and . _ + * -")
        require(_NUMBER.match(self.number), f"number: '{self.number}' is not dialable: digits, * and #")
        require(len(self.name) <= 80, "name: is too long: at most 80 characters")
        require(self.members, "members: is empty: name at least one extension")
        require(len(self.members) <= 100, "members: too many: at most 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """A call that wakes: at a time of the wall clock, on these days or, without any, once."""

    id: str
    extension: ExtensionId
    time: str
    """``HH:MM``."""
    weekdays: tuple[Weekday, ...] = ()
    """Empty: the next time it is that late, then never again."""
    confirm: bool = False
    """Answering is not enough: a key must be pressed, else it rings again."""
    enabled: bool = True

    def __post_init__(self) -> None:
        require(_ID.match(self.id), f"id: '{self.id}' is not an id: letters, digits and . _ + * -")
        check_clock("time", self.time)
        require(self.time != "24:00", "time: '24:00' is the end of a day: write 00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A recording that a paging group hears: when asked for, or at times of the wall clock (bells)."""

    id: str
    name: str = ""
    group: str
    """A paging group, by id."""
    prompt: str
    """``audio/…`` or a built-in prompt."""
    times: tuple[str, ...] = ()
    """``HH:MM``; empty: only when asked for."""
    weekdays: tuple[Weekday, ...] = ()
    """Empty: every day."""
    enabled: bool = True

    def __post_init__(self) -> None:
        require(_ID.match(self.id), f"id: '{self.id}' is not an id: letters, digits and . _ + * -")
        require(len(self.name) <= 80, "name: is too long: at most 80 characters")
        require(self.prompt, "prompt: is missing: name the recording to play")
        check_prompt("prompt", self.prompt)
        require(len(self.times) <= 50, "times: too many: at most 50")
        for one in self.times:
            check_clock("times", one)
            require(one != "24:00", "times: '24:00' is the end of a day: write 00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedDial:
    """A short number for a long one, for everybody in the office."""

    id: str
    number: str
    """What is dialled: ``*001``."""
    dial: str
    """What is called instead, as it would be dialled: ``+4930123456``, ``030123456``, ``21``."""
    name: str = ""

    def __post_init__(self) -> None:
        require(_ID.match(self.id), f"id: '{self.id}' is not an id: letters, digits and . _ + * -")
        require(_NUMBER.match(self.number), f"number: '{self.number}' is not dialable: digits, * and #")
        require(
            re.fullmatch("[+]?[0-9*#]{1,24}", self.dial),
            f"dial: '{self.dial}' cannot be dialled: digits, * and #, + in front",
        )
        require(len(self.name) <= 80, "name: is too long: at most 80 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code as it is in force."""

    code: str
    action: Action
    argument: Argument


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The feature documents of an office, indexed as routing and call control need them."""

    codes: tuple[Code, ...] = ()
    """In force, the longest first, so that the first that fits is the right one."""
    lots: tuple[ParkLot, ...] = ()
    lot_of_slot: Mapping[str, ParkLot] = field(default_factory=dict)
    pickup_groups: tuple[PickupGroup, ...] = ()
    picked_up_by: Mapping[ExtensionId, frozenset[ExtensionId]] = field(default_factory=dict)
    """Extension → those whose calls it may take as a member of a group."""
    paging_groups: tuple[PagingGroup, ...] = ()
    paging_by_number: Mapping[str, PagingGroup] = field(default_factory=dict)
    wake_ups: tuple[WakeUp, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    speed_dials: Mapping[str, SpeedDial] = field(default_factory=dict)
    """By what is dialled."""


FeatureDocument = FeatureCode | ParkLot | PickupGroup | PagingGroup | WakeUp | Announcement | SpeedDial


def index_features(documents: Iterable[FeatureDocument]) -> Features:
    """Put the feature documents together; actions without a document keep their usual code."""
    changed: dict[str, FeatureCode] = {}
    lots: list[ParkLot] = []
    pickup: list[PickupGroup] = []
    paging: list[PagingGroup] = []
    wake_ups: list[WakeUp] = []
    announcements: list[Announcement] = []
    speed_dials: dict[str, SpeedDial] = {}
    for document in documents:
        match document:
            case FeatureCode():
                changed[document.id] = document
            case ParkLot():
                lots.append(document)
            case PickupGroup():
                pickup.append(document)
            case PagingGroup():
                paging.append(document)
            case WakeUp():
                wake_ups.append(document)
            case Announcement():
                announcements.append(document)
            case SpeedDial():
                speed_dials[document.number] = document
    codes: list[Code] = []
    for action, spec in ACTIONS.items():
        own = changed.get(action.value)
        if own is None or own.enabled:
            codes.append(Code(code=own.code if own else spec.code, action=action, argument=spec.argument))
    reach: dict[ExtensionId, set[ExtensionId]] = {}
    for group in pickup:
        for member in group.members:
            reach.setdefault(member, set()).update(other for other in group.members if other != member)
    return Features(
        codes=tuple(sorted(codes, key=lambda code: (-len(code.code), code.code))),
        lots=tuple(lots),
        lot_of_slot={slot: lot for lot in lots for slot in lot.slots()},
        pickup_groups=tuple(pickup),
        picked_up_by={member: frozenset(others) for member, others in reach.items()},
        paging_groups=tuple(paging),
        paging_by_number={group.number: group for group in paging},
        wake_ups=tuple(wake_ups),
        announcements=tuple(announcements),
        speed_dials=speed_dials,
    )


NO_FEATURES = index_features(())
