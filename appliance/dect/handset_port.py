"""The base's side of one cordless handset whose sound is ours: its story, tones and parties.

The story is that of an analog telephone (``fxs.line``) with better signals: pressing the green key is
lifting, the red key is hanging up, R and digits come as keys. So call waiting, hold, transfer, three parties
and codes are the same code for both. What differs: a call ends for good when nobody is left (no howler),
and a number typed before the green key is dialled at once. All but ``exchange`` is the engine thread's.
"""

import contextlib
from collections import deque
from collections.abc import Callable

import structlog

from appliance.errors import IllegalTransition
from appliance.fxs.announcing import frames_of
from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.line import MOST_DIGITS, Line
from appliance.fxs.line_settings import Judge, LineState
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.sound import doubled
from appliance.fxs.steps import (
    AnnounceWaiting,
    BellRefused,
    CallTaken,
    Connected,
    Fact,
    Hear,
    Hearing,
    KeyHeard,
    LineFound,
    LineLost,
    Outcome,
    Report,
    Reverse,
    RingOver,
    SoundChanged,
    StartBell,
    StateShown,
    StopBell,
    TimerName,
    TimerOver,
    Wait,
)
from appliance.fxs.tap import Tap, exchange
from appliance.fxs.tones import FRAME_BYTES, SILENCE, PortTone, Tones, tone_sound
from appliance.model import dect_air as air
from appliance.model.analog_line import Flashed, Lifted, Replaced
from appliance.model.causes import Cause
from appliance.model.ids import DeviceId, LegId
from appliance.ports import DectSystem

_TONE_MS = 4_000
"""So long a tone says why a call is over; then the handset is hung up."""
_log = structlog.get_logger(__name__)


class HandsetPort:
    """See ``fxs.seat.SeatPort``; ``system`` is asked for the driver anew each time: it may be another one."""

    def __init__(
        self,
        handset: DeviceId,
        *,
        country: str,
        system: Callable[[], DectSystem | None],
        judge: Judge,
        new_id: Callable[[], str],
        sink: Callable[[str, Report], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._handset = handset
        self._country = country
        self._system = system
        self._new_id = new_id
        self._sink = sink
        self._now_ms = now_ms
        self._story = Line(judge)
        self._inbox: deque[Fact] = deque()
        self._air: LegId | None = None
        """The call on the air."""
        self._taken = False
        """Its handset knows that somebody has answered."""
        self._deadline: tuple[int, TimerName] | None = None
        self._wideband = False
        self._messages: tuple[int, int] | None = None
        self.missed = 0
        """Calls that nobody took since the user pressed a key last."""
        self._parties: tuple[Tap, ...] = ()
        self._tones: Tones | None = None
        self._hears_call = False
        self._flush: tuple[Tap, ...] = ()
        """A call has ended for them: what they said last is not heard in the next one."""
        self._instead: deque[bytes] = deque()

    # --- SeatPort

    @property
    def id(self) -> str:
        """The document's."""
        return self._handset

    def start(self) -> None:
        """There is nothing to open."""

    def stop(self) -> None:
        """End its call on the air."""
        self._hang_up(Cause.RESTART)

    def configure(self, settings: PortSettings) -> None:
        """From the next fact on."""
        self._story.settings = settings.line
        self.show_messages(settings.messages)

    def tell(self, fact: Fact) -> None:
        """Call control's word; taken in ``turn``, for this may be in the middle of another."""
        self._inbox.append(fact)

    def connect(self, parties: tuple[Tap, ...]) -> None:
        """Who is talked with from now on."""
        self._parties = parties

    def carry_fax(self) -> None:
        """No machine hangs on a handset."""

    # --- for the legs, on the engine thread

    @property
    def on_air(self) -> LegId | None:
        """Its call on the air."""
        return self._air

    def turn(self) -> None:
        """What was told since, and timers."""
        self._work_off()
        if self._deadline is not None and self._now_ms() >= self._deadline[0]:
            timer, self._deadline = self._deadline[1], None
            self._handle(TimerOver(timer=timer))
            self._work_off()

    def _work_off(self) -> None:
        while self._inbox:
            self._handle(self._inbox.popleft())

    def reachable(self, there: bool) -> None:
        """Whether a call to it may be tried."""
        known = self._story.state is not LineState.GONE
        if there and not known:
            self._handle(LineFound(off_hook=False))
        elif not there and known:
            self._handle(LineLost())

    def show_messages(self, messages: int) -> None:
        """So many wait for its user."""
        shown = (messages, self.missed)
        system = self._system()
        if shown != self._messages and system is not None:
            self._messages = shown
            system.order(air.ShowMessages(handset=self._handset, messages=messages, missed=self.missed))

    def happened(self, event: air.DectEvent) -> None:
        """Something of its call on the air."""
        self._work_off()  # first what was said before
        match event:
            case air.HandsetCalls():
                self._called(event)
            case air.HandsetAnswers() if self._story.state is LineState.RINGING:
                self._sounds(wideband=event.wideband)
                self._forget_missed()
                self._handle(Lifted(at_ms=self._now_ms()))
            case air.HandsetKey():
                now = self._now_ms()
                self._handle(Flashed(at_ms=now) if event.key == "R" else KeyHeard(key=event.key))
            case air.HandsetEnds():
                self._ended(event.cause)
            case _:
                return

    def miss(self) -> None:
        """A call was not taken."""
        self.missed += 1
        self.show_messages(self._messages[0] if self._messages is not None else 0)

    # --- on the thread of the sound

    def exchange(self, frame: bytes) -> bytes:
        """20 ms of what the user says for 20 ms to hear."""
        size = len(frame)
        flushed, self._flush = self._flush, ()
        for party in flushed:
            party.clear()
        parties, tones = self._parties, self._tones
        if any(one.wideband != (size != FRAME_BYTES) for one in parties):
            return bytes(size)  # the handset's sound has changed a moment ago, its parties' has not yet
        said = exchange(parties, frame) if self._hears_call else None
        with contextlib.suppress(IndexError):  # nothing, or the engine has just cleared it
            return _sized(self._instead.popleft(), size)
        if said is not None:
            return said
        return _sized(tones.next() if tones is not None else SILENCE, size)

    # --- what the air tells

    def _called(self, event: air.HandsetCalls) -> None:
        if self._is(LineState.RINGING):
            # Both began at once: the call that was to ring is over.
            self._refuse(Cause.BUSY)
        if not self._is(LineState.IDLE):
            system = self._system()
            if system is not None:
                system.order(air.HangUpHandset(leg=event.leg, cause=Cause.CONGESTION))
            return
        self._take_up(event.leg)
        self._sounds(wideband=event.wideband)
        self._forget_missed()
        self._handle(Lifted(at_ms=self._now_ms()))
        if event.digits and self._is(LineState.DIALLING):
            # Not key by key: a number inside that one (an emergency number) is not meant.
            whole = event.digits if event.digits[0] in "*#" else event.digits.rstrip("#")
            self._story.digits = whole[:MOST_DIGITS]
            self._handle(TimerOver(timer=TimerName.NEXT_DIGIT))

    def _ended(self, cause: Cause) -> None:
        self._off_air()
        if self._story.state is LineState.RINGING:
            self._refuse(cause)
        else:
            self._handle(Replaced(at_ms=self._now_ms()))

    def _refuse(self, cause: Cause) -> None:
        self._handle(RingOver())
        self._report(BellRefused(cause=Cause.NO_ANSWER if cause is Cause.NORMAL else cause))

    def _sounds(self, *, wideband: bool) -> None:
        if wideband != self._wideband:
            self._wideband = wideband
            self._report(SoundChanged(wideband=wideband))

    def _forget_missed(self) -> None:
        if self.missed:
            self.missed = 0
            self.show_messages(self._messages[0] if self._messages is not None else 0)

    # --- the story

    def _is(self, state: LineState) -> bool:
        return self._story.state is state

    def _handle(self, fact: Fact) -> None:
        try:
            outcomes = self._story.handle(fact)
        except IllegalTransition as error:
            _log.error("dect.story", handset=self._handset, error=str(error))
            return
        if isinstance(fact, CallTaken):
            self._accept(answered=False)
        elif isinstance(fact, Connected):
            self._accept(answered=True)
        for outcome in outcomes:
            self._perform(outcome)

    def _perform(self, outcome: Outcome) -> None:
        match outcome:
            case Hear():
                self._hear(outcome.what)
            case StartBell():
                self._ring(outcome)
            case StopBell():
                if self._story.state is not LineState.TALKING:
                    self._hang_up(Cause.NORMAL)
            case AnnounceWaiting():
                self._announce(outcome.caller)
            case Reverse():
                pass
            case Wait():
                least = _TONE_MS if outcome.timer is TimerName.TONE else outcome.milliseconds
                at = self._now_ms() + min(outcome.milliseconds, least)
                self._deadline = None if outcome.timer is None else (at, outcome.timer)
            case _:
                self._report(outcome)

    def _report(self, report: Report) -> None:
        self._sink(self._handset, report)
        if not isinstance(report, StateShown):
            return
        self._instead.clear()
        if report.state in (LineState.HOWLING, LineState.LEFT):
            # Nobody is left: the handset need not be put down by hand.
            self._hang_up(Cause.NORMAL)
            self._inbox.append(Replaced(at_ms=self._now_ms()))
        elif report.state == LineState.GONE:
            self._hang_up(Cause.FAILURE)

    def _hear(self, what: PortTone | Hearing) -> None:
        tones = None
        if isinstance(what, PortTone):
            tones = Tones(self._country)
            tones.play(what)
        self._tones = tones
        self._hears_call = what is Hearing.CALL
        if what is not Hearing.CALL:
            self._flush = self._parties

    def _announce(self, caller: Shown) -> None:
        beep, _ = tone_sound(self._country, PortTone.CALL_WAITING)
        self._instead.extend(frames_of(beep))
        system = self._system()
        if self._air is not None and system is not None:
            system.order(air.ShowParty(leg=self._air, number=_number(caller), name=_name(caller)))

    # --- the air

    def _ring(self, bell: StartBell) -> None:
        system = self._system()
        leg = LegId(self._new_id())
        self._take_up(leg)
        if system is None:
            self._inbox.append(RingOver())
            self._report(BellRefused(cause=Cause.UNREACHABLE))
            return
        system.order(
            air.RingHandset(
                leg=leg,
                handset=self._handset,
                number=_number(bell.caller),
                name=_name(bell.caller),
                internal=bell.kind is not RingKind.EXTERNAL,
            )
        )

    def _accept(self, *, answered: bool) -> None:
        system = self._system()
        if self._air is not None and system is not None and not self._taken:
            self._taken = answered
            system.order(air.AcceptHandset(leg=self._air, answered=answered))

    def _take_up(self, leg: LegId) -> None:
        self._air = leg
        self._taken = False
        system = self._system()
        if system is not None:
            system.listen(leg, self)

    def _off_air(self) -> None:
        leg, self._air = self._air, None
        system = self._system()
        if leg is not None and system is not None:
            system.listen(leg, None)

    def _hang_up(self, cause: Cause) -> None:
        leg, system = self._air, self._system()
        self._off_air()
        if leg is not None and system is not None:
            system.order(air.HangUpHandset(leg=leg, cause=cause))


def _number(caller: Shown) -> str:
    return "" if caller.withheld else caller.number


def _name(caller: Shown) -> str:
    return "" if caller.withheld else caller.name


def _sized(frame: bytes, size: int) -> bytes:
    return frame if len(frame) == size else doubled(frame)
