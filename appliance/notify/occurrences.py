"""What somebody may be told of: missed and blocked calls, changes, missed wake-up calls. Frozen, no I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.ids import CallId, ExtensionId, NumberId
from appliance.model.mail import NotificationEvent


class Missed(StrEnum):
    """Why nobody at the extension took the call."""

    RANG = "rang"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who called, as the record has it: E.164 or an internal number; ``withheld`` hides a public one."""

    number: str = ""
    name: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCall:
    """A call that rang here, or could not, and that nobody answered."""

    extension: ExtensionId | None
    """None: told on behalf of the number, to those whom its scenario names."""
    call: CallId
    at: datetime
    caller: Party
    called: str
    number: NumberId | None = None
    """The distribution, for calls from outside."""
    how: Missed = Missed.RANG
    rang_seconds: int = 0
    gave_up: bool = False
    """The caller hung up."""
    addresses: tuple[str, ...] = ()
    """Those whom the scenario names."""

    @property
    def event(self) -> NotificationEvent:
        """The kind of event."""
        return NotificationEvent.MISSED_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedCall:
    """A call that a rule of the extension turned away."""

    extension: ExtensionId
    call: CallId
    at: datetime
    caller: Party
    called: str
    number: NumberId | None = None
    rule: str = ""
    """The rule's name; empty: only certain callers are taken."""

    @property
    def event(self) -> NotificationEvent:
        """The kind of event."""
        return NotificationEvent.BLOCKED_CALL


class Edit(StrEnum):
    """What was done to a document or field."""

    CREATED = "created"
    DELETED = "deleted"
    SET = "set"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One edit. ``value`` is what a person may read of the new value: empty for secrets and tables."""

    kind: str
    entity: str
    edit: Edit
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """Somebody changed the extension, one of its devices or who is told of it."""

    extension: ExtensionId
    at: datetime
    who: str
    changes: tuple[FieldChange, ...]
    told_before: tuple[str, ...] = ()
    """Addresses that were told until now: nobody is cut off in silence."""

    @property
    def event(self) -> NotificationEvent:
        """The kind of event."""
        return NotificationEvent.ACCOUNT_CHANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWakeUp:
    """Somebody wanted to be woken and did not answer."""

    extension: ExtensionId
    at: datetime
    """When the box gave up."""
    time: str
    """When it was to be, ``HH:MM`` of the site's clock."""
    attempts: int

    @property
    def event(self) -> NotificationEvent:
        """The kind of event."""
        return NotificationEvent.MISSED_WAKE_UP


Occurrence = MissedCall | BlockedCall | AccountChange | MissedWakeUp
