"""A call, as call control sees it: who waits, who rings, who talks.

Theory of operation: in SETUP the plan's current step is executed for the waiting party ``a``; a Ring step
has ``targets`` in progress with their legs, a Play or Run step a playback. When a target answers, the call
is TALKING: ``members`` hear each other. PARTING means that ``a``, answered before, hears a tone because
its call led nowhere. A transfer puts a TALKING call back into SETUP with the transferee as ``a``.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from appliance.errors import IllegalTransition
from appliance.model.causes import Cause
from appliance.model.ids import CallId, DeviceId, ExtensionId, LegId
from appliance.model.plan import CallRequest, Plan, RingTarget, TrunkRoute
from appliance.model.records import CallRecord

if TYPE_CHECKING:
    from appliance.calls.room import Room


class Phase(StrEnum):
    """Where a call is."""

    SETUP = "setup"
    TALKING = "talking"
    PARTING = "parting"
    ENDED = "ended"


class Turn(StrEnum):
    """What moves a call to another phase."""

    CONNECT = "connect"
    TRANSFER = "transfer"
    RESTORE = "restore"
    FAIL = "fail"
    END = "end"


PHASES: dict[tuple[Phase, Turn], Phase] = {
    (Phase.SETUP, Turn.CONNECT): Phase.TALKING,
    (Phase.SETUP, Turn.RESTORE): Phase.TALKING,
    (Phase.SETUP, Turn.FAIL): Phase.PARTING,
    (Phase.SETUP, Turn.END): Phase.ENDED,
    (Phase.TALKING, Turn.TRANSFER): Phase.SETUP,
    (Phase.TALKING, Turn.END): Phase.ENDED,
    (Phase.PARTING, Turn.END): Phase.ENDED,
}
"""(phase, turn) → next phase; any other pair raises."""


@dataclass(slots=True, kw_only=True)
class TargetProgress:
    """How far one target of a Ring step is."""

    target: RingTarget
    legs: set[LegId] = field(default_factory=set)
    routes: list[TrunkRoute] = field(default_factory=list)
    """Ways out that have not been tried yet."""
    cause: Cause | None = None
    """Why it is over; None while it may still answer."""
    heard: Cause | None = None
    """The weightiest cause of its devices that are over."""
    encrypted: set[DeviceId] = field(default_factory=set)
    """Devices that refused an offer they might have taken encrypted, and were asked so."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One call, mutable, owned by the exchange."""

    id: CallId
    record: CallRecord
    plan: Plan
    phase: Phase = Phase.SETUP
    cursor: int = 0
    steps_taken: int = 0
    a: LegId | None = None
    """The party for which the plan is executed; None when it has left or nobody waits."""
    members: list[LegId] = field(default_factory=list)
    targets: list[TargetProgress] = field(default_factory=list)
    playback: int = 0
    """The playback that the current step waits for; 0: none."""
    slot: str = ""
    """The park slot this call holds; empty: none."""
    parker: ExtensionId | None = None
    """Whom a parked call returns to."""
    recalls: int = 0
    script: list[str] = field(default_factory=list)
    """Prompts that ``a`` hears one after another during a feature."""
    then: CallRequest | Plan | None = None
    """A call we started ourselves: where the party that answers wants to go, or what it gets."""
    wakes: str = ""
    """The wake-up call that this one is."""
    keyed: str = ""
    """The digits keyed in so far where a PIN is asked for."""
    attempts: int = 0
    """How many PINs were wrong."""
    speaker: LegId | None = None
    """The one who is heard in a paging call; all others only listen."""
    redirected: set[ExtensionId] = field(default_factory=set)
    """Extensions whose phones sent this call elsewhere."""
    owner: LegId | None = None
    """Who made a conference; without them and without any of ours it ends."""
    talk: object | None = None
    """The dialogue that ``a`` is in (``voice.dialogue.Talk``)."""
    dials: int = 0
    """How often a dialogue sent ``a`` on."""
    consents: set[str] = field(default_factory=set)
    """Rules for recording that the caller agreed to."""
    untaped: bool = False
    """Somebody stopped the recording: no rule begins it again."""
    room: "Room | None" = None
    """The conference room that this call is."""
    away: LegId | None = None
    """A mobile that talks to somebody else meanwhile; who is left hears music."""
    transferor: LegId | None = None
    """The leg whose REFER led to the current plan, while it waits for the result."""

    def turn(self, turn: Turn) -> None:
        """Move to the next phase; raises IllegalTransition for a pair not in the table."""
        try:
            self.phase = PHASES[self.phase, turn]
        except KeyError:
            raise IllegalTransition("call", self.phase.value, turn.value) from None

    def ringing_legs(self) -> list[LegId]:
        """All outgoing legs of the current Ring step."""
        return [leg for progress in self.targets for leg in progress.legs]
