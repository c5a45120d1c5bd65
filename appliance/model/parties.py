"""A call as one of its parties sees it: what a program beside the telephone (CTI) shows and steers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.ids import CallId, DeviceId, ExtensionId, LegId


class PartyState(StrEnum):
    """What a party does."""

    RINGING = "ringing"
    """Is being called."""
    CALLING = "calling"
    """Called and waits, for an answer or for what an application says."""
    TALKING = "talking"
    HELD = "held"
    """Keeps the others waiting."""
    ENDED = "ended"


class SteerAct(StrEnum):
    """What a program may do with a call in the name of a party."""

    ANSWER = "answer"
    REJECT = "reject"
    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    """At once: the other party goes to a number."""
    JOIN = "join"
    """After asking: the other party goes to the one whom the same extension has in another call."""
    DIGITS = "digits"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One leg of an extension of ours in the call where it is now."""

    leg: LegId
    call: CallId
    extension: ExtensionId
    device: DeviceId | None
    state: PartyState
    answers: bool = False
    """Rings, and can be answered without lifting its handset: SIP phones can, other telephones cannot."""
    incoming: bool
    """Seen from the extension: it was called."""
    number: str
    """The other party's; empty when it is withheld, or when there are several."""
    name: str
    others: int
    """How many there are in the conversation beside it."""
    since: datetime
    """When it was answered, or began."""
