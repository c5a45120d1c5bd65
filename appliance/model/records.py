"""Records: what remains of a call. One row per call, one per leg, from the first event on."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.model.causes import Cause
from appliance.model.events import Quality
from appliance.model.ids import CallId, LegId, NumberId
from appliance.model.plan import CallKind, Reason


class Direction(StrEnum):
    """Seen from the box: the party called us, or we called it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A call as a person understands it. Times are UTC; None: has not happened (yet)."""

    call: CallId
    kind: CallKind
    started: datetime
    caller_number: str
    caller_name: str
    withheld: bool
    dialled: str
    called: str
    number: NumberId | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    cause: Cause | None = None
    merged_into: CallId | None = None
    """The call that its remaining party joined by an attended transfer."""
    reasons: tuple[Reason, ...] = ()
    cost_centre: str = ""
    """To whom the call is put down: that of the extension that called."""
    part: bool = False
    """A piece of a call that another instance has in its journal; not for people."""
    rerouted: str = ""
    """The instance that should have served it and was cut off; ``reasons`` say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRecord:
    """One party of a call. ``endpoint``: ``device:<id>``, ``trunk:<id>``, ``fax:<box>``."""

    leg: LegId
    call: CallId
    direction: Direction
    endpoint: str
    party: str
    started: datetime
    alerted: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    cause: Cause | None = None
    sip_status: int = 0
    by_remote: bool = False
    quality: Quality = field(default_factory=Quality)
