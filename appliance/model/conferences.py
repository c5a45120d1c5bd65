"""Conference rooms: the document, what is done in a room, and how a room in progress looks from outside."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.ids import CallId, ConferenceId, ExtensionId, LegId
from appliance.model.languages import Language
from appliance.model.validation import check_aware, check_id, check_name, check_prompt, require

_NUMBER = re.compile(r"[0-9*#]{1,15}\Z")
_PIN = re.compile(r"([0-9]{4,10})?\Z")
MAX_PARTICIPANTS = 200


class Announce(StrEnum):
    """What those in a room hear when somebody comes or goes."""

    NOTHING = "nothing"
    TONE = "tone"
    NAME = "name"
    """The name that the participant was asked to say."""


class WithoutModerator(StrEnum):
    """What becomes of a room when its last moderator leaves."""

    GOES_ON = "goes_on"
    WAITS = "waits"
    """Everybody hears music until a moderator is back."""
    ENDS = "ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceRoom:
    """A room with a number of its own, where any number of parties meet."""

    id: ConferenceId
    number: str
    name: str = ""
    pin: str = ""
    """Asked of participants; empty: none."""
    pin_from: datetime | None = None
    """The participants' PIN counts from then on; None: always."""
    pin_until: datetime | None = None
    """And before then."""
    moderator_pin: str = ""
    """Who keys it in instead is a moderator; empty: only the owner is."""
    owner: ExtensionId | None = None
    """Whose room it is: a moderator without a PIN, with whose rights the room dials out."""
    announce: Announce = Announce.TONE
    wait_for_moderator: bool = False
    without_moderator: WithoutModerator = WithoutModerator.GOES_ON
    muted: bool = False
    """Participants come in muted; they may speak when they unmute themselves, if they may."""
    may_unmute: bool = True
    """Participants may unmute themselves."""
    locked: bool = False
    """Nobody but moderators comes in."""
    max_participants: int = 100
    language: Language | None = None
    """Of announcements; None: the caller's."""
    music: str = ""
    """For those who wait; empty: the site's."""
    record: bool = False
    """Everything said in the room is recorded, which those who come in are told."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            _NUMBER.match(self.number),
            f"number: '{self.number}' is not dialable: digits, * and #, at most 15",
        )
        for field in ("pin", "moderator_pin"):
            require(_PIN.match(getattr(self, field)), f"{field}: is not a PIN: four to ten digits")
        for field in ("pin_from", "pin_until"):
            check_aware(field, getattr(self, field))
        require(
            2 <= self.max_participants <= MAX_PARTICIPANTS,
            f"max_participants: out of range: 2 to {MAX_PARTICIPANTS}",
        )
        check_prompt("music", self.music)


class RoomAct(StrEnum):
    """What is done in a room by a moderator, a person at the box or a program."""

    MUTE = "mute"
    UNMUTE = "unmute"
    DEAFEN = "deafen"
    UNDEAFEN = "undeafen"
    DROP = "drop"
    DROP_LAST = "drop_last"
    LOCK = "lock"
    UNLOCK = "unlock"
    ADD = "add"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantState:
    """One party in a room."""

    leg: LegId
    number: str
    name: str
    moderator: bool
    muted: bool
    deaf: bool
    held: bool
    joined: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """A room in progress."""

    room: ConferenceId
    call: CallId
    number: str
    name: str
    waiting: bool
    """For a moderator."""
    locked: bool
    since: datetime
    participants: tuple[ParticipantState, ...]
    inviting: tuple[str, ...]
    """Who is being called into the room."""
