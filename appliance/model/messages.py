"""Messages in voicemail boxes, and what their dialogues ask of the outside."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.ids import CallId, ExtensionId, MessageId, VoicemailBoxId
from appliance.model.plan import Caller
from appliance.model.voice import Reply, Request

FOLDER = "messages"
"""Below the folder of everything recorded; ``<box>/<message>.wav`` in it."""
GREETINGS = "greetings"
"""Greetings recorded by phone: ``<box>/<slot>.wav``."""
DRAFTS = "drafts"


class MessageState(StrEnum):
    """Where a message is in its life."""

    RECORDING = "recording"
    """The journal of a recording in progress: found at a start, the box died meanwhile."""
    NEW = "new"
    OLD = "old"
    """It was heard or saved."""
    DELETED = "deleted"
    """Can be had back for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message."""

    message: MessageId
    box: VoicemailBoxId
    call: CallId
    caller: Caller
    received: datetime
    length_ms: int = 0
    state: MessageState = MessageState.RECORDING
    urgent: bool = False
    forwarded_by: str = ""
    """Who sent it on from another box, as people know them; empty: nobody."""
    changed: datetime
    """When ``state`` was set."""

    @property
    def audio(self) -> str:
        """What is heard: ``voice/messages/…``."""
        return f"voice/{FOLDER}/{self.box}/{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxCounts:
    """How many messages a box has."""

    new: int = 0
    old: int = 0


# -- leaving a message --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDeposit(Request):
    """Somebody is about to leave a message; ``greeting`` as the plan has it."""

    box: VoicemailBoxId
    call: CallId
    caller: Caller
    greeting: str
    instead: MessageId | None = None
    """The message that this one is to take the place of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositOpen(Reply):
    """The message is in the journal. ``greeting``: prompts; ``name``: where to record."""

    message: MessageId
    name: str
    greeting: tuple[str, ...]
    longest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRefused(Reply):
    """No message is taken: the box is ``full``, or only greets."""

    greeting: tuple[str, ...]
    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveMessage(Request):
    """The recording is over: put it on disk for good, in place of ``instead`` if it is long enough.

    ``last``: the caller has gone; the message is announced at once.
    """

    message: MessageId
    instead: MessageId | None = None
    urgent: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSaved(Reply):
    """It is safe on disk; not ``kept``: it was too short."""

    kept: bool
    length_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceMessage(Request):
    """The caller is done with the message: tell the owners."""

    message: MessageId
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDeposit(Request):
    """Nothing was recorded after all."""

    message: MessageId


# -- hearing messages ---------------------------------------------------------------------------------


class Door(StrEnum):
    """How one gets into a box."""

    OPEN = "open"
    PIN = "pin"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong PINs: for a while not even the right one helps."""
    CLOSED = "closed"
    """It has no PIN, and this is not an owner's phone; or there is no such box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterBox(Request):
    """Somebody wants to hear messages. ``extension``: whose phone it is; ``pin`` as keyed in, or None."""

    box: VoicemailBoxId
    extension: ExtensionId | None
    caller: str
    pin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxDoor(Reply):
    """Whether it is open."""

    door: Door


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMessages(Request):
    """What is in the box."""

    box: VoicemailBoxId


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages(Reply):
    """New, old and deleted messages: urgent ones first, then the oldest."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkMessage(Request):
    """Put a message into another state, unless somebody else has deleted it for good."""

    message: MessageId
    state: MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardMessage(Request):
    """Put a copy into another box."""

    message: MessageId
    to: VoicemailBoxId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindGreeting(Request):
    """What callers hear who get the greeting in this slot."""

    box: VoicemailBoxId
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingFound(Reply):
    """The prompts of a greeting."""

    greeting: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRecording(Request):
    """Make a recording that is over ready to be heard: ``voice/…``."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepGreeting(Request):
    """A greeting recorded by phone takes the place of the one in its slot, and is used if it is the first."""

    box: VoicemailBoxId
    name: str
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRecording(Request):
    """Delete a recording that nobody wants."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultGreeting(Request):
    """From now on callers hear the box's own words."""

    box: VoicemailBoxId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePin(Request):
    """Set the box's PIN."""

    box: VoicemailBoxId
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPossible(Reply):
    """It is gone, full or refused: nothing was changed."""
