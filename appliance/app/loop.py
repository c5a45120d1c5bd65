"""The engine thread's loop: events from ports, commands and timers go into call control, effects come out.

Theory of operation: one turn polls the ports, takes what other threads posted, and fires timers. Every
event is handled to its end before the next. The port that made a leg owns it: effects on the leg go there,
but for what it hears, which is the mixer's business, whoever owns the leg. Other threads hand in frozen
events with :meth:`post` and ask questions with :meth:`ask`; they never touch call state.
"""

import queue
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, TypeVar

import structlog

from appliance.app.timers import Timers
from appliance.calls.control import CallControl
from appliance.errors import DeviceUnavailable
from appliance.model import effects as fx
from appliance.model.documents import TrunkKind
from appliance.model.events import (
    Event,
    LegEnded,
    LegIncoming,
    MinuteBegins,
    SnapshotChanged,
    TimerExpired,
    TrunksDown,
)
from appliance.model.ids import LegId, TrunkId
from appliance.model.parties import Party
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.ports import Clock, LegPort, SipPort, TrunkState, TrunkStatus

T = TypeVar("T")
POLL_MS = 10
"""Longest sleep of a turn: a posted command waits at most so long."""
INBOX_SIZE = 2000
_COMMANDS_PER_TURN = 50
_DOWN = frozenset({TrunkStatus.TRYING, TrunkStatus.FAILED})
"""A trunk that is not registered is tried last."""

log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Where the loop puts what others must know. Called on the engine thread: must not block."""

    def call(self, record: CallRecord) -> None:
        """The record of a call changed."""

    def leg(self, record: LegRecord) -> None:
        """The record of a leg changed."""

    def party(self, party: Party) -> None:
        """A call looks different to one of its parties."""

    def line(self, line: fx.PublishLine) -> None:
        """The state of an extension changed."""

    def trunk(self, state: TrunkState) -> None:
        """The state of a trunk changed."""

    def change(self, change: fx.ChangeConfiguration) -> None:
        """A call wants the configuration changed; ConfigurationChanged must come back for it."""

    def wish(self, changed: fx.WishChanged) -> None:
        """Somebody wishes to be called back, or no longer does."""

    def wake_up_missed(self, missed: fx.WakeUpMissed) -> None:
        """Nobody answered a wake-up call."""

    def limit(self, reached: fx.LimitReached) -> None:
        """Somebody called more than usual."""

    def second(self) -> None:
        """A second has passed."""

    def consult(self, consult: fx.Consult) -> None:
        """A voice application asks for something; Consulted must come back for it."""


class EngineLoop:
    """Joins call control, the ports and timers; everything but ``post`` and ``ask`` runs on one thread."""

    def __init__(
        self,
        *,
        sip: SipPort,
        control: CallControl,
        clock: Clock,
        wall: Callable[[], datetime],
        outlet: Outlet,
        lines: Sequence[LegPort] = (),
    ) -> None:
        self._sip = sip
        self._lines = tuple(lines)
        self._owners: dict[LegId, LegPort] = {}
        """Of legs that are not the SIP port's."""
        self.control = control
        self._clock = clock
        self._wall = wall
        self._outlet = outlet
        self._timers = Timers()
        self._inbox: queue.Queue[Event | Callable[[], None]] = queue.Queue(INBOX_SIZE)
        self._trunks: dict[TrunkId, TrunkState] = {}
        self.servers: Mapping[TrunkId, str] = {}
        """Trunk → the server in use, swapped whole: any thread may read it."""
        self._silent: frozenset[TrunkId] = frozenset()
        self._down: frozenset[TrunkId] = frozenset()
        self._next_second_ms = 0
        self._minute: datetime | None = None
        self.turns = 0

    # -- any thread ------------------------------------------------------------------------------

    def post(self, event: Event) -> None:
        """Hand in an event; raises DeviceUnavailable when the engine does not keep up."""
        self._put(event)

    def ask(self, question: Callable[[], T], timeout_s: float = 5.0) -> T:
        """Let the engine thread answer; raises what it raises, DeviceUnavailable when it is late."""
        answer: Future[T] = Future()

        def answer_it() -> None:
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(question())
                except Exception as error:  # noqa: BLE001 - handed to the one who asked
                    answer.set_exception(error)

        self._put(answer_it)
        try:
            return answer.result(timeout_s)
        except TimeoutError:
            answer.cancel()
            raise DeviceUnavailable("the call engine does not answer", error_id="engine.late") from None

    def _put(self, item: Event | Callable[[], None]) -> None:
        try:
            self._inbox.put_nowait(item)
        except queue.Full:
            raise DeviceUnavailable("the call engine is overloaded", error_id="engine.overload") from None

    # -- engine thread ---------------------------------------------------------------------------

    def start(self, snapshot: Snapshot) -> None:
        """Open the ports and give them the configuration; raises DeviceUnavailable."""
        self._sip.start(self.handle)
        for line in self._lines:
            line.start(self._sink_of(line))
        self._apply(snapshot)

    def stop(self) -> None:
        """Let go of all equipment, SIP last: its mixer serves the others."""
        for line in reversed(self._lines):
            try:
                line.stop()
            except Exception:
                log.exception("a port did not stop", port=type(line).__name__)
        self._sip.stop()

    def turn(self, at_most_ms: int = POLL_MS) -> None:
        """One round: SIP and media, posted events, timers, once a second the trunks."""
        self._sip.poll(self._timers.wait_ms(self._clock.monotonic_ms(), at_most_ms))
        for line in self._lines:
            line.poll()
        for _ in range(_COMMANDS_PER_TURN):
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                break
            if callable(item):
                item()
            else:
                self.handle(item)
        now_ms = self._clock.monotonic_ms()
        for timer in self._timers.expired(now_ms):
            self.handle(TimerExpired(timer=timer))
        if now_ms >= self._next_second_ms:
            self._next_second_ms = now_ms + 1000
            self._watch_trunks()
            self._watch_clock()
            self._outlet.second()
        self.turns += 1

    def handle(self, event: Event) -> None:
        """Let call control handle one event, carry out its effects. A defect is logged, not fatal."""
        if isinstance(event, SnapshotChanged):
            self._apply(event.snapshot)
        try:
            effects = self.control.handle(event, self._wall())
        except Exception:
            log.exception("call control failed", event_type=type(event).__name__)
            effects = self.control.give_up(event)
        for effect in effects:
            try:
                self._carry_out(effect)
            except Exception:
                log.exception("effect failed", effect_type=type(effect).__name__)
        for party in self.control.party_news():
            self._outlet.party(party)

    def _carry_out(self, effect: fx.Effect) -> None:
        match effect:
            case fx.RecordLeg():
                self._outlet.leg(effect.record)
            case fx.RecordCall():
                self._outlet.call(effect.record)
            case fx.StartTimer():
                self._timers.start(effect.timer, self._clock.monotonic_ms() + effect.after_ms)
            case fx.CancelTimer():
                self._timers.cancel(effect.timer)
            case fx.PublishLine():
                self._outlet.line(effect)
            case fx.ChangeConfiguration():
                self._outlet.change(effect)
            case fx.WishChanged():
                self._outlet.wish(effect)
            case fx.LimitReached():
                self._outlet.limit(effect)
            case fx.WakeUpMissed():
                self._outlet.wake_up_missed(effect)
            case fx.Consult():
                self._outlet.consult(effect)
            case fx.SetAudio() | fx.Announce() | fx.Record() | fx.StopRecord():
                self._sip.execute(effect)
            case fx.Originate():
                owner = next((one for one in self._lines if one.reaches(effect.endpoint)), None)
                if owner is None:
                    self._sip.execute(effect)
                else:
                    self._owners[effect.leg] = owner
                    owner.execute(effect)
            case _:
                self._owners.get(effect.leg, self._sip).execute(effect)

    def _sink_of(self, line: LegPort) -> Callable[[Event], None]:
        def sink(event: Event) -> None:
            if isinstance(event, LegIncoming):
                self._owners[event.leg] = line
            self.handle(event)
            if isinstance(event, LegEnded):
                self._owners.pop(event.leg, None)

        return sink

    def _apply(self, snapshot: Snapshot) -> None:
        try:
            self._sip.apply_audio(snapshot.audio.values())
            self._sip.apply_devices(snapshot.devices.values())
            self._sip.apply_fax_boxes(snapshot.fax_boxes.values())
            self._sip.apply_trunks(
                trunk for trunk in snapshot.trunks.values() if trunk.kind is not TrunkKind.GSM
            )
        except Exception:
            log.exception("the SIP engine did not take the configuration", revision=snapshot.revision)
        for line in self._lines:
            try:
                line.apply(snapshot)
            except Exception:
                log.exception(
                    "a port did not take the configuration",
                    port=type(line).__name__,
                    revision=snapshot.revision,
                )

    def trunks_silent(self, trunks: frozenset[TrunkId]) -> None:
        """These trunks do not answer although they may still count as registered."""
        if trunks != self._silent:
            self._silent = trunks
            self._watch_trunks()

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """The state of every configured trunk, whatever it is."""
        states = list(self._sip.trunk_states())
        for line in self._lines:
            states += line.trunk_states()
        return tuple(states)

    def _watch_clock(self) -> None:
        """Let things happen that happen at a time of day; a clock that jumps skips what lies between."""
        minute = self._wall().replace(second=0, microsecond=0)
        if minute != self._minute:
            first = self._minute is None
            self._minute = minute
            if not first:
                self.handle(MinuteBegins())

    def _watch_trunks(self) -> None:
        states = {state.trunk: state for state in self.trunk_states()}
        for trunk, state in states.items():
            if self._trunks.get(trunk) != state:
                self._outlet.trunk(state)
        self._trunks = states
        self.servers = {trunk: state.server for trunk, state in states.items() if state.server}
        down = self._silent | {trunk for trunk, state in states.items() if state.status in _DOWN}
        if down != self._down:
            self._down = down
            self.handle(TrunksDown(trunks=down))
