"""GSM modules as trunks: call control's effects become orders to modules, their events become its legs.

Everything but ``_from_module`` runs on the engine thread. A module has one call; a leg that its module does
not end in time is ended here.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from appliance.model import effects as fx
from appliance.model import gsm
from appliance.model.causes import Cause
from appliance.model.documents import Trunk, TrunkKind
from appliance.model.events import (
    Event,
    LegAnswered,
    LegDigit,
    LegEnded,
    LegIncoming,
    LegRinging,
    LegTrying,
    Quality,
)
from appliance.model.gsm import ModuleState, ModuleStatus
from appliance.model.ids import LegId, ModuleId, TrunkId
from appliance.model.plan import Caller, FromTrunk
from appliance.model.snapshot import Snapshot
from appliance.ports import EventSink, GsmModem, MediaPort, TrunkState, TrunkStatus

_ENDS_MS = 20_000
_QUALITY = Quality(codec="GSM")

log = structlog.get_logger(__name__)

WORDS = {
    ModuleStatus.ABSENT: "the module is not plugged in",
    ModuleStatus.NO_NETWORK: "no mobile network",
    ModuleStatus.ROAMING_BARRED: "in a foreign network, which is not allowed (roaming)",
    ModuleStatus.NO_SIM: "no SIM in the module",
    ModuleStatus.PIN_WANTED: "the SIM wants a PIN: set pin of the gsm_module",
    ModuleStatus.PIN_WRONG: "the SIM refused the PIN; it is not tried again: set the right one",
    ModuleStatus.PIN_LAST_TRY: "one try is left for the PIN: enter it in a telephone",
    ModuleStatus.PUK_WANTED: "the SIM is blocked: enter the PUK in a telephone",
    ModuleStatus.SIM_BROKEN: "the SIM cannot be read",
    ModuleStatus.DUPLICATE: "two modules say that they are this one: unplug one",
    ModuleStatus.FAILED: "the module does not answer",
}


class Modules(Protocol):
    """What this port needs of the bank of modules."""

    def start(self, sink: Callable[[GsmModem, gsm.GsmEvent], None]) -> None:
        """Look for modules; ``sink`` is called on any thread."""

    def stop(self) -> None:
        """Let go of them."""

    def configure(self, documents: tuple[gsm.GsmModule, ...]) -> None:
        """These the office knows."""

    def modem(self, module: ModuleId) -> GsmModem | None:
        """The plugged-in module that is this one."""

    def states(self) -> tuple[ModuleState, ...]:
        """Of all of them."""


@dataclass(slots=True)
class _Leg:
    modem: GsmModem
    deadline_ms: int | None = None
    """Once we have ended it: when its module must have told its end."""


class GsmTrunks:
    """The :class:`appliance.ports.LegPort` of the modules. ``tell`` gets what is no call, on any thread."""

    def __init__(
        self,
        modules: Modules,
        media: MediaPort,
        tell: Callable[[ModuleId | None, gsm.GsmEvent], None],
    ) -> None:
        self.modules = modules
        self._media = media
        self._tell = tell
        self._sink: EventSink | None = None
        self._events: deque[tuple[GsmModem, gsm.GsmEvent]] = deque()
        self._own: deque[Event] = deque()
        self._legs: dict[LegId, _Leg] = {}
        self._trunks: dict[TrunkId, Trunk] = {}
        self._documents: dict[ModuleId, gsm.GsmModule] = {}

    # --- LegPort

    def start(self, sink: EventSink) -> None:
        """Look for modules."""
        self._sink = sink
        self.modules.start(self._from_module)

    def stop(self) -> None:
        """End every call, let go of the modules."""
        self.modules.stop()
        self.poll()
        for leg in list(self._legs):
            self._over(leg, LegEnded(leg=leg, cause=Cause.RESTART, by_remote=False))

    def poll(self) -> None:
        """Hand over what happened."""
        while self._own:
            self._give(self._own.popleft())
        while self._events:
            modem, event = self._events.popleft()
            self._take(modem, event)
        now = _now()
        for leg in [leg for leg, one in self._legs.items() if now > (one.deadline_ms or now)]:
            log.error("gsm.leg_does_not_end", leg=leg, place=self._legs[leg].modem.state.place)
            self._over(leg, LegEnded(leg=leg, cause=Cause.FAILURE, by_remote=False))

    def reaches(self, endpoint: fx.Endpoint) -> bool:
        """Whether the trunk is a module."""
        return isinstance(endpoint, fx.ToTrunk) and endpoint.trunk in self._trunks

    def execute(self, effect: fx.LegEffect) -> None:
        """Do it; what a module cannot do (ringing towards the network, transfers) is left."""
        match effect:
            case fx.Originate(endpoint=fx.ToTrunk() as endpoint):
                self._originate(effect, endpoint)
            case fx.Answer():
                self._order(effect.leg, gsm.AnswerCall(leg=effect.leg))
            case fx.EndLeg():
                leg = self._legs.get(effect.leg)
                if leg is not None and leg.deadline_ms is None:
                    leg.deadline_ms = _now() + _ENDS_MS
                    leg.modem.order(gsm.HangUpCall(leg=effect.leg, cause=effect.cause))
            case fx.SendDigit():
                self._order(effect.leg, gsm.SendKey(leg=effect.leg, digit=effect.digit))
            case _:
                return

    def apply(self, snapshot: Snapshot) -> None:
        """The configuration changed."""
        self._trunks = {trunk.id: trunk for trunk in snapshot.trunks.values() if trunk.kind is TrunkKind.GSM}
        self._documents = dict(snapshot.modules)
        self.modules.configure(tuple(snapshot.modules.values()))

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """Of every GSM trunk."""
        states = {state.module: state for state in self.modules.states() if state.module is not None}
        return tuple(_trunk_state(trunk, states.get(_module_of(trunk))) for trunk in self._trunks.values())

    # --- inside

    def _originate(self, effect: fx.Originate, endpoint: fx.ToTrunk) -> None:
        trunk = self._trunks[endpoint.trunk]
        modem = self.modules.modem(_module_of(trunk))
        if modem is None or not trunk.enabled or effect.leg in self._legs:
            self._own.append(LegEnded(leg=effect.leg, cause=Cause.CONGESTION, by_remote=False))
            return
        self._legs[effect.leg] = _Leg(modem)
        self._media.attach(effect.leg, modem.audio)
        modem.order(gsm.Dial(leg=effect.leg, number=endpoint.dial, withhold=effect.present.withheld))
        self._own.append(LegTrying(leg=effect.leg))

    def _order(self, leg_id: LegId, command: gsm.GsmCommand) -> None:
        leg = self._legs.get(leg_id)
        if leg is not None:
            leg.modem.order(command)

    def _from_module(self, modem: GsmModem, event: gsm.GsmEvent) -> None:
        """On any thread."""
        match event:
            case (
                gsm.CallComes()
                | gsm.CallDialling()
                | gsm.CallRings()
                | gsm.CallTalks()
                | gsm.CallKey()
                | gsm.CallEnds()
            ):
                self._events.append((modem, event))
            case _:
                self._tell(modem.state.module, event)

    def _take(self, modem: GsmModem, event: gsm.GsmEvent) -> None:
        match event:
            case gsm.CallComes():
                self._incoming(modem, event)
            case gsm.CallRings() if event.leg in self._legs:
                self._give(LegRinging(leg=event.leg))
            case gsm.CallTalks() if event.leg in self._legs:
                self._give(LegAnswered(leg=event.leg))
            case gsm.CallKey() if event.leg in self._legs:
                self._give(LegDigit(leg=event.leg, digit=event.digit))
            case gsm.CallEnds():
                ended = LegEnded(
                    leg=event.leg, cause=event.cause, by_remote=event.by_remote, quality=_QUALITY
                )
                self._over(event.leg, ended)
            case _:
                return

    def _incoming(self, modem: GsmModem, event: gsm.CallComes) -> None:
        module = modem.state.module
        trunk = next((one for one in self._trunks.values() if one.module == module and one.enabled), None)
        document = self._documents.get(module) if module is not None else None
        if trunk is None or document is None:
            log.info("gsm.call_for_nobody", place=modem.state.place)
            modem.order(gsm.HangUpCall(leg=event.leg, cause=Cause.REJECTED))
            return
        self._legs[event.leg] = _Leg(modem)
        self._media.attach(event.leg, modem.audio)
        self._give(
            LegIncoming(
                leg=event.leg,
                origin=FromTrunk(trunk=trunk.id),
                caller=Caller(number=event.number, withheld=event.withheld),
                dialled=document.number or trunk.default_number or "",
                source=f"gsm:{document.id}",
            )
        )

    def _over(self, leg: LegId, ended: LegEnded) -> None:
        if self._legs.pop(leg, None) is not None:
            self._media.detach(leg)
            self._give(ended)

    def _give(self, event: Event) -> None:
        if self._sink is not None:
            self._sink(event)


def _module_of(trunk: Trunk) -> ModuleId:
    return trunk.module or ModuleId("")


def _trunk_state(trunk: Trunk, state: ModuleState | None) -> TrunkState:
    if not trunk.enabled or (state is not None and state.status is ModuleStatus.DISABLED):
        return TrunkState(trunk=trunk.id, status=TrunkStatus.DISABLED)
    if state is None:
        return TrunkState(trunk=trunk.id, status=TrunkStatus.FAILED, detail=WORDS[ModuleStatus.ABSENT])
    match state.status:
        case ModuleStatus.READY if state.family == "generic":
            detail = "this module has no way for the sound of calls: SMS only"
            return TrunkState(trunk=trunk.id, status=TrunkStatus.FAILED, detail=detail)
        case ModuleStatus.READY:
            return TrunkState(trunk=trunk.id, status=TrunkStatus.REGISTERED, detail=state.operator)
        case ModuleStatus.STARTING | ModuleStatus.UNCONFIGURED:
            return TrunkState(trunk=trunk.id, status=TrunkStatus.TRYING, detail="the module is starting")
        case _:
            words = WORDS.get(state.status, state.status.value)
            detail = f"{words}: {state.detail}" if state.detail else words
            return TrunkState(trunk=trunk.id, status=TrunkStatus.FAILED, detail=detail)


def _now() -> int:
    return time.monotonic_ns() // 1_000_000
