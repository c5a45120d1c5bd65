"""The life of a leg, as call control sees it.

Theory of operation: a leg is *incoming* (the party called us: OFFERED → ALERTED or EARLY → ANSWERING →
CONNECTED) or *outgoing* (we call the party: DIALLING → PROCEEDING → RINGING or EARLY → CONNECTED).
Either ends through ENDING, when we asked for it, or directly, when the party did. Inputs are what we do
(``Act``) and what the party does (``Report``). A pair missing in the table is our defect and raises;
messages that may cross on the wire are listed as staying where we are.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.errors import IllegalTransition
from appliance.model.ids import CallId, DeviceId, ExtensionId, LegId, TrunkId
from appliance.model.plan import Caller, Origin
from appliance.model.records import Direction, LegRecord


class LegState(StrEnum):
    """Where a leg is."""

    OFFERED = "offered"
    ALERTED = "alerted"
    EARLY_IN = "early_in"
    ANSWERING = "answering"
    DIALLING = "dialling"
    PROCEEDING = "proceeding"
    RINGING = "ringing"
    EARLY_OUT = "early_out"
    CONNECTED = "connected"
    ENDING = "ending"
    ENDED = "ended"


class Act(StrEnum):
    """What we do to a leg."""

    ALERT = "alert"
    OPEN_EARLY = "open_early"
    ANSWER = "answer"
    END = "end"


class Report(StrEnum):
    """What the port reports of a leg."""

    TRYING = "trying"
    RINGING = "ringing"
    EARLY_MEDIA = "early_media"
    ANSWERED = "answered"
    ENDED = "ended"


_S = LegState
TABLE: dict[tuple[LegState, Act | Report], LegState] = {
    # incoming
    (_S.OFFERED, Act.ALERT): _S.ALERTED,
    (_S.OFFERED, Act.OPEN_EARLY): _S.EARLY_IN,
    (_S.ALERTED, Act.OPEN_EARLY): _S.EARLY_IN,
    (_S.OFFERED, Act.ANSWER): _S.ANSWERING,
    (_S.ALERTED, Act.ANSWER): _S.ANSWERING,
    (_S.EARLY_IN, Act.ANSWER): _S.ANSWERING,
    (_S.ANSWERING, Report.ANSWERED): _S.CONNECTED,
    # outgoing; provisional responses come in any order, more than once, and may be overtaken by the 200
    (_S.DIALLING, Report.TRYING): _S.PROCEEDING,
    (_S.DIALLING, Report.RINGING): _S.RINGING,
    (_S.DIALLING, Report.EARLY_MEDIA): _S.EARLY_OUT,
    (_S.PROCEEDING, Report.TRYING): _S.PROCEEDING,
    (_S.PROCEEDING, Report.RINGING): _S.RINGING,
    (_S.PROCEEDING, Report.EARLY_MEDIA): _S.EARLY_OUT,
    (_S.RINGING, Report.TRYING): _S.RINGING,
    (_S.RINGING, Report.RINGING): _S.RINGING,
    (_S.RINGING, Report.EARLY_MEDIA): _S.EARLY_OUT,
    (_S.EARLY_OUT, Report.TRYING): _S.EARLY_OUT,
    (_S.EARLY_OUT, Report.RINGING): _S.EARLY_OUT,
    (_S.EARLY_OUT, Report.EARLY_MEDIA): _S.EARLY_OUT,
    (_S.DIALLING, Report.ANSWERED): _S.CONNECTED,
    (_S.PROCEEDING, Report.ANSWERED): _S.CONNECTED,
    (_S.RINGING, Report.ANSWERED): _S.CONNECTED,
    (_S.EARLY_OUT, Report.ANSWERED): _S.CONNECTED,
    (_S.CONNECTED, Report.TRYING): _S.CONNECTED,
    (_S.CONNECTED, Report.RINGING): _S.CONNECTED,
    (_S.CONNECTED, Report.EARLY_MEDIA): _S.CONNECTED,
    (_S.CONNECTED, Report.ANSWERED): _S.CONNECTED,
    # we hang up while the party still talks to us: it may answer, ring or try before it hears of it
    (_S.ENDING, Report.TRYING): _S.ENDING,
    (_S.ENDING, Report.RINGING): _S.ENDING,
    (_S.ENDING, Report.EARLY_MEDIA): _S.ENDING,
    (_S.ENDING, Report.ANSWERED): _S.ENDING,
    (_S.ENDING, Act.END): _S.ENDING,
    **{(state, Act.END): _S.ENDING for state in _S if state not in (_S.ENDING, _S.ENDED)},
    **{(state, Report.ENDED): _S.ENDED for state in _S if state is not _S.ENDED},
}
"""(state, input) → next state. Complete: every pair that may happen is here."""

ANSWERED_STATES = frozenset({_S.ANSWERING, _S.CONNECTED})
LIVE_STATES = frozenset(_S) - {_S.ENDING, _S.ENDED}


def next_state(state: LegState, given: Act | Report) -> LegState:
    """Look the pair up; raises IllegalTransition when the table does not list it."""
    try:
        return TABLE[state, given]
    except KeyError:
        raise IllegalTransition("leg", state.value, given.value) from None


@dataclass(slots=True, kw_only=True)
class Leg:
    """One party's connection, mutable, owned by the exchange."""

    id: LegId
    call: CallId
    direction: Direction
    origin: Origin | None
    """Who called, for incoming legs; for outgoing legs to a device of ours the origin it would have."""
    device: DeviceId | None
    extension: ExtensionId | None
    trunk: TrunkId | None
    party: Caller
    """Who is at the far end."""
    record: LegRecord
    state: LegState
    keyed: str = ""
    """The last keys pressed while talking, where they may be a code."""
    charged: ExtensionId | None = None
    """Who pays for a leg to a trunk; None: the office."""
    held: bool = False
    """The party put us on hold."""
    steered: bool = False
    """It was a program that did, not the telephone."""
    hears: object = field(default=None)
    """The last audio source set, so that it is set only when it changes."""

    @property
    def answered(self) -> bool:
        """True while the party can talk."""
        return self.state in ANSWERED_STATES

    @property
    def live(self) -> bool:
        """False from the moment we or the party ended it."""
        return self.state in LIVE_STATES
