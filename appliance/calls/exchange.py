"""The state holder of call control: legs, calls, and the primitives every feature is built from.

Primitives change state and collect effects; :meth:`Exchange.drain` hands the effects out, followed by the
records and line states that changed, each once per event however often it was touched.
"""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from appliance.calls.call import Call, Phase, Turn
from appliance.calls.greetings import timely
from appliance.calls.leg_index import LegIndex
from appliance.calls.legs import Act, Leg, LegState, Report, next_state
from appliance.calls.lines import Lines
from appliance.calls.lockout import Lockout
from appliance.calls.mobile_legs import MobileLegs
from appliance.calls.parties import Parties
from appliance.calls.taping import Taping
from appliance.model import effects as fx
from appliance.model.analog import PortKind
from appliance.model.causes import Cause
from appliance.model.conditions import GOOD_DAY
from appliance.model.contacts import Names
from appliance.model.documents import Language
from appliance.model.events import LegEnded
from appliance.model.ids import (
    CallId,
    ConferenceId,
    DeviceId,
    ExtensionId,
    LegId,
    Milliseconds,
    TapeId,
    TimerId,
    TrunkId,
)
from appliance.model.instances import ACCOUNT_PREFIX, Task
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    Diversion,
    Feature,
    FromDevice,
    FromFax,
    FromTrunk,
    Origin,
    Plan,
    Presentation,
    Reason,
    Run,
)
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.model.snapshot import Snapshot

FeatureStarter = Callable[["Exchange", Call, Leg, Feature], None]
ApplicationStarter = Callable[["Exchange", Call, Leg, Run], None]
Settler = Callable[["Exchange", Call, Leg], None]
Planner = Callable[[CallRequest, Snapshot, datetime], Plan]
NEVER = datetime.min.replace(tzinfo=UTC)
PARTING_TONE_MS = Milliseconds(5000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Admission: calls beyond ``max_legs`` are refused, emergency calls never."""

    max_legs: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that an extension made: to be dialled again, or called back when ``target`` is free."""

    dialled: str
    target: ExtensionId | None = None
    armed: bool = True
    """Calling back: the target has shown a sign of life since the wish."""
    until: datetime = NEVER
    """Calling back: how long the wish is kept."""


class Exchange:
    """All legs and calls of the box. Used on the engine thread only."""

    def __init__(
        self,
        planner: Planner,
        new_id: Callable[[], str],
        snapshot: Snapshot,
        limits: Limits,
        *,
        start_feature: FeatureStarter,
        start_application: ApplicationStarter,
        settle_parked: Settler,
    ) -> None:
        self.planner = planner
        self.new_id = new_id
        self.snapshot = snapshot
        self.limits = limits
        self.start_feature = start_feature
        """Takes a Feature step: features are built upon steps, so steps cannot name them."""
        self.start_application = start_application
        """Takes a Run step, for the same reason."""
        self.settle_parked = settle_parked
        self.now = NEVER
        self.legs: dict[LegId, Leg] = {}
        self.calls: dict[CallId, Call] = {}
        self.index = LegIndex()
        """Which of them are whose."""
        self.parked: dict[str, CallId] = {}
        """Park slot → the call in it."""
        self.dialled: dict[ExtensionId, Attempt] = {}
        """The last call each extension made."""
        self.called_out: dict[str, tuple[ExtensionId, datetime]] = {}
        """Public number → who of ours called it last, and when; the oldest first."""
        self.helped: dict[ExtensionId, datetime] = {}
        """Who made an emergency call, and when; the oldest first."""
        self.callbacks: dict[ExtensionId, Attempt] = {}
        """Who waits for whom to become free."""
        self.waiting: dict[ExtensionId, list[CallId]] = {}
        """Busy extension → the calls that wait for it, in order."""
        self.waking: dict[str, int] = {}
        """Wake-up calls under way → how often they rang."""
        self.conditions = GOOD_DAY
        """How the world outside is, as far as is known."""
        self.rooms: dict[ConferenceId, CallId] = {}
        """Conference room → the call that it is while somebody is in it."""
        self.tapes: dict[TapeId, Taping] = {}
        """Recordings in progress."""
        self.taping_halted = False
        """There is no room on the disk for recordings."""
        self.lockout = Lockout()
        """Against guessing of PINs."""
        self.used: dict[str, object] = {}
        """Extension or trunk → what it used today (``spending.Usage``)."""
        self.warned: set[tuple[date, str, str, bool]] = set()
        """Which limits were told today."""
        self.mobiles = MobileLegs()
        self.closing = False
        self.lines = Lines()
        self.parties = Parties()
        self.names = Names()
        """Address books: who a number is."""
        self._out: list[fx.Effect] = []
        self._dirty_calls: dict[CallId, Call] = {}
        self._dirty_legs: dict[LegId, Leg] = {}
        self._playbacks = 0

    # -- effects ---------------------------------------------------------------------------------

    def emit(self, effect: fx.Effect) -> None:
        """Add an effect in order."""
        self._out.append(effect)

    def drain(self) -> list[fx.Effect]:
        """All effects since the last drain, then changed records and line states."""
        out = self._out
        for leg in self._dirty_legs.values():
            out.append(fx.RecordLeg(record=leg.record))
        for call in self._dirty_calls.values():
            out.append(fx.RecordCall(record=call.record))
        out.extend(self.lines.changes(self))
        self._out = []
        self._dirty_legs = {}
        self._dirty_calls = {}
        return out

    def start_timer(self, timer: str, after_ms: int) -> None:
        """(Re)start a timer; names are ``<what>:<leg or call id>``."""
        self.emit(fx.StartTimer(timer=TimerId(timer), after_ms=Milliseconds(after_ms)))

    def cancel_timer(self, timer: str) -> None:
        """Forget a timer."""
        self.emit(fx.CancelTimer(timer=TimerId(timer)))

    def plan(self, request: CallRequest) -> Plan:
        """What to do with a call, now, as the world is."""
        return self.planner(dataclasses.replace(request, conditions=self.conditions), self.snapshot, self.now)

    # -- calls -----------------------------------------------------------------------------------

    def open_call(self, request: CallRequest, plan: Plan) -> Call:
        """Make a call for a plan; its record exists from here on."""
        call_id = CallId(self.new_id())
        record = CallRecord(
            call=call_id,
            kind=plan.kind,
            started=self.now,
            caller_number=plan.caller.number,
            caller_name=plan.caller.name,
            withheld=plan.caller.withheld,
            dialled=request.dialled,
            called=plan.called,
            number=plan.number,
            reasons=plan.reasons,
            cost_centre=self._cost_centre(request),
            part=plan.part,
            rerouted=plan.rerouted,
        )
        call = Call(id=call_id, record=record, plan=plan)
        self.calls[call_id] = call
        self._dirty_calls[call_id] = call
        return call

    def _cost_centre(self, request: CallRequest) -> str:
        origin = request.origin
        caller = None if isinstance(origin, FromTrunk) else self.snapshot.extensions.get(origin.extension)
        return caller.cost_centre if caller is not None else ""

    def update_call(self, call: Call, **changes: object) -> None:
        """Change fields of a call's record."""
        call.record = dataclasses.replace(call.record, **changes)  # type: ignore[arg-type]
        self.parties.touch(call.id)
        self._dirty_calls[call.id] = call

    def because(self, call: Call, code: str, **values: object) -> None:
        """Note in the call's record why it goes as it goes; the sentences are those of routing."""
        reason = Reason(code=code, values={key: str(value) for key, value in values.items()})
        self.update_call(call, reasons=(*call.record.reasons, reason))

    def close_call(self, call: Call, cause: Cause) -> None:
        """End a call whose parties are all gone or going; the first cause stays."""
        if call.phase is Phase.ENDED:
            return
        call.turn(Turn.END)
        self.cancel_timer(f"ring:{call.id}")
        if call.talk is not None:
            call.talk = None
            self.cancel_timer(f"talk:{call.id}")
        self.free_slot(call)
        self.update_call(call, ended=self.now, cause=call.record.cause or cause)
        del self.calls[call.id]

    def mark_answered(self, call: Call) -> None:
        """Note in the call's record when it was first answered."""
        if call.record.answered is None:
            self.update_call(call, answered=self.now)

    def merge_call(self, call: Call, into: CallId) -> None:
        """Close a call whose party went on in another one."""
        call.a = None
        call.members = []
        self.update_call(call, merged_into=into)
        self.close_call(call, Cause.REPLACED)

    def free_slot(self, call: Call) -> None:
        """Let the call's park slot be used by others; its lamp goes out."""
        if call.slot:
            self.cancel_timer(f"park:{call.id}")
            self.parked.pop(call.slot, None)
            self.emit(fx.PublishLine(extension=None, number=call.slot, state=fx.LineState.TERMINATED))
            call.slot = ""

    def call_of(self, leg: Leg) -> Call | None:
        """The living call of a leg."""
        return self.calls.get(leg.call)

    # -- legs ------------------------------------------------------------------------------------

    def incoming_leg(self, leg_id: LegId, origin: Origin, call: CallId, party: Caller) -> Leg:
        """Take note of a party that calls us."""
        device = origin.device if isinstance(origin, FromDevice) else None
        extension = origin.extension if isinstance(origin, FromDevice) else _for_help(origin)
        trunk = origin.trunk if isinstance(origin, FromTrunk) else None
        return self._add_leg(
            leg_id, call, Direction.INCOMING, origin, device, extension, trunk, party, LegState.OFFERED
        )

    def outgoing_leg(
        self,
        call: Call,
        endpoint: fx.Endpoint,
        present: Presentation,
        party: Caller,
        extension: ExtensionId | None = None,
        *,
        auto_answer: bool = False,
        diverted: tuple[Diversion, ...] = (),
    ) -> Leg:
        """Start calling a party."""
        leg_id = LegId(self.new_id())
        device: DeviceId | None = None
        trunk: TrunkId | None = None
        origin: Origin
        if isinstance(endpoint, fx.ToDevice | fx.ToAnalog | fx.ToHandset):
            device = endpoint.device
            origin = FromDevice(device=device, extension=extension or ExtensionId(""))
        elif isinstance(endpoint, fx.ToFax):
            origin = FromFax(box=endpoint.box, extension=ExtensionId(""))
        else:
            trunk = endpoint.trunk
            origin = FromTrunk(trunk=trunk, handed=endpoint.handed)
        leg = self._add_leg(
            leg_id, call.id, Direction.OUTGOING, origin, device, extension, trunk, party, LegState.DIALLING
        )
        self.emit(
            fx.Originate(
                leg=leg_id,
                endpoint=endpoint,
                present=present,
                auto_answer=auto_answer,
                diverted=diverted,
                outside=call.record.kind is CallKind.INBOUND,
                fax=isinstance(endpoint, fx.ToFax) or self._sends_fax(call),
            )
        )
        return leg

    def _sends_fax(self, call: Call) -> bool:
        caller = self.legs.get(call.a) if call.a is not None else None
        return caller is not None and self.is_fax(caller)

    def is_fax(self, leg: Leg) -> bool:
        """Whether a fax box or a fax machine's port is at the end of this leg."""
        return isinstance(leg.origin, FromFax) or self.is_fax_machine(leg.device)

    def is_fax_machine(self, device: DeviceId | None) -> bool:
        """Whether a fax machine is at this device's analog port."""
        analog = self.snapshot.analog.get(device) if device is not None else None
        return analog is not None and analog.kind is PortKind.FAX

    def _add_leg(
        self,
        leg_id: LegId,
        call: CallId,
        direction: Direction,
        origin: Origin,
        device: DeviceId | None,
        extension: ExtensionId | None,
        trunk: TrunkId | None,
        party: Caller,
        state: LegState,
    ) -> Leg:
        record = LegRecord(
            leg=leg_id,
            call=call,
            direction=direction,
            endpoint=_place(origin),
            party=party.number,
            started=self.now,
        )
        leg = Leg(
            id=leg_id,
            call=call,
            direction=direction,
            origin=origin,
            device=device,
            extension=extension,
            trunk=trunk,
            party=party,
            record=record,
            state=state,
        )
        self.legs[leg_id] = leg
        self.index.add(leg)
        self._dirty_legs[leg_id] = leg
        self.lines.touch(extension)
        self.parties.touch(call)
        return leg

    def live(self, leg_id: LegId | None) -> Leg | None:
        """The leg, if it is there and nobody has ended it."""
        leg = self.legs.get(leg_id) if leg_id is not None else None
        return leg if leg is not None and leg.live else None

    def move_leg(self, leg: Leg, call: Call) -> None:
        """Let a leg go on in another call (its record stays with the call it began in)."""
        self.parties.touch(leg.call)
        self.parties.touch(call.id)
        leg.call = call.id
        self.lines.touch(leg.extension)

    def adopt(self, leg: Leg, extension_id: ExtensionId) -> None:
        """From now on the leg is this extension's: its rights, its lamp, its codes."""
        extension = self.snapshot.extensions.get(extension_id)
        if extension is None or leg.extension is not None:
            return
        leg.extension = extension_id
        leg.origin = FromDevice(device=DeviceId(""), extension=extension_id)
        leg.party = Caller(number=extension.number, name=extension.name)
        self.parties.touch(leg.call)
        self.index.add(leg)
        self.lines.touch(extension_id)

    def report(self, leg: Leg, given: Report) -> None:
        """Take over what the port reports of a leg."""
        before = leg.state
        leg.state = next_state(leg.state, given)
        if leg.state is before:
            return
        self.parties.touch(leg.call)
        if given in (Report.RINGING, Report.EARLY_MEDIA) and leg.record.alerted is None:
            self._update_leg(leg, alerted=self.now)
        elif given is Report.ANSWERED and leg.direction is Direction.OUTGOING:
            self._update_leg(leg, answered=self.now)
        self.lines.touch(leg.extension)

    def ended(self, leg: Leg, event: LegEnded) -> None:
        """Forget a leg; its record is complete."""
        leg.state = next_state(leg.state, Report.ENDED)
        self._update_leg(
            leg,
            ended=self.now,
            cause=leg.record.cause or event.cause,
            sip_status=event.sip_status,
            by_remote=event.by_remote,
            quality=event.quality,
        )
        del self.legs[leg.id]
        self.parties.gone(leg)
        self.mobiles.forget(leg.id)
        self.index.remove(leg)
        self.lines.touch(leg.extension)

    def _update_leg(self, leg: Leg, **changes: object) -> None:
        leg.record = dataclasses.replace(leg.record, **changes)  # type: ignore[arg-type]
        self.parties.touch(leg.call)
        self._dirty_legs[leg.id] = leg

    # -- what we do to legs ----------------------------------------------------------------------

    def alert(self, leg: Leg) -> None:
        """Tell a waiting party that it rings; nothing if it knows or hears something already."""
        if leg.state is LegState.OFFERED:
            leg.state = next_state(leg.state, Act.ALERT)
            self._update_leg(leg, alerted=self.now)
            self.emit(fx.SendRinging(leg=leg.id))
            self.lines.touch(leg.extension)

    def open_early(self, leg: Leg) -> None:
        """Open audio to a waiting party without answering; nothing if it is open."""
        if leg.state in (LegState.OFFERED, LegState.ALERTED):
            leg.state = next_state(leg.state, Act.OPEN_EARLY)
            self.emit(fx.SendEarlyMedia(leg=leg.id))
            self.lines.touch(leg.extension)

    def answer(self, leg: Leg) -> None:
        """Answer a waiting party; nothing if it talks already."""
        if leg.state in (LegState.OFFERED, LegState.ALERTED, LegState.EARLY_IN):
            leg.state = next_state(leg.state, Act.ANSWER)
            self._update_leg(leg, answered=self.now)
            self.emit(fx.Answer(leg=leg.id))
            call = self.call_of(leg)
            if call is not None and call.plan.fax is not None and leg.trunk is not None:
                self.emit(fx.ListenForFax(leg=leg.id))
            self.lines.touch(leg.extension)

    def end_leg(self, leg: Leg, cause: Cause) -> None:
        """End a leg in any state; nothing if that has been asked before."""
        if leg.live:
            leg.state = next_state(leg.state, Act.END)
            self._update_leg(leg, cause=cause)
            self.emit(fx.EndLeg(leg=leg.id, cause=cause))
            self.lines.touch(leg.extension)

    def end_legs(self, legs: Iterable[LegId], cause: Cause) -> None:
        """End several legs."""
        for leg_id in legs:
            leg = self.live(leg_id)
            if leg is not None:
                self.end_leg(leg, cause)

    def hear(self, leg: Leg, source: fx.AudioSource) -> None:
        """Let a leg hear something; nothing if it does already."""
        source = timely(source, self.now, self.snapshot.site)
        if leg.live and leg.hears != source:
            leg.hears = source
            self.emit(fx.SetAudio(leg=leg.id, hears=source))

    def language_of(self, extension_id: ExtensionId | None) -> Language:
        """The language in which an extension is spoken to; the site's for everybody else."""
        extension = self.snapshot.extensions.get(extension_id) if extension_id is not None else None
        return (extension.language if extension is not None else None) or self.snapshot.site.language

    def new_playback(self) -> int:
        """A number that no other playback has."""
        self._playbacks += 1
        return self._playbacks

    # -- counting --------------------------------------------------------------------------------

    def room_for(self, legs: int, plan: Plan) -> bool:
        """True when so many more legs may be opened; an emergency call always may, until the box stops."""
        if self.closing:
            return False
        return plan.emergency or len(self.legs) + legs <= self.limits.max_legs

    def in_a_call(self, extension: ExtensionId) -> bool:
        """Whether the extension has a call, here or at another instance."""
        return self.index.living_of_extension(extension) > 0 or extension in self.conditions.elsewhere.busy


def _place(origin: Origin) -> str:
    match origin:
        case FromDevice():
            return f"device:{origin.device}"
        case FromFax():
            return f"fax:{origin.box}"
        case FromTrunk():
            if origin.handed is not None:
                return f"instance:{origin.trunk.removeprefix(ACCOUNT_PREFIX)}"
            return f"trunk:{origin.trunk}"


def _for_help(origin: Origin) -> ExtensionId | None:
    """Who calls for help from another instance: calls back ring at them."""
    handed = origin.handed if isinstance(origin, FromTrunk) else None
    return handed.by if handed is not None and handed.task is Task.EMERGENCY else None
