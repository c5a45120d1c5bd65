"""The story of one analog telephone, from idle to howler. Pure: facts in, acts and reports out.

    GONE ─ found ─ IDLE ─ lifted ─ DIALLING ─ number ─ CALLING ─ connected ─ TALKING ─┐
                    │                  ↑                  │          R key with two ↓  │ R key: hold, dial
                 RINGING ─ lifted ─ TALKING               │                    SERVICE │
                                       └──────────────────│────────────────────────────┘
                                                          └ over ─ ENDED ─ HOWLING ─ LEFT

From every state the user may hang up (IDLE) and the equipment may go (GONE). CALLING hears the mixer as
well: ringing tone, early announcements. The R key holds the party and asks for a number (DIALLING with
``other`` held), or, when there are two parties already, waits for a digit (SERVICE); ``_behind`` is where
that came from. LEFT is a telephone that lies beside its cradle for days: quiet, and no alarm but in the
status.

A pair of state and fact that is neither in the table nor in ``IGNORED`` raises IllegalTransition.
"""

from collections.abc import Callable
from typing import ClassVar

from appliance.errors import IllegalTransition
from appliance.fxs.caller_id import Shown
from appliance.fxs.line_settings import Completeness, Judge, LineSettings, LineState
from appliance.fxs.steps import (
    AnnounceWaiting,
    BellAnswered,
    BellRefused,
    CallOver,
    CallTaken,
    CallWanted,
    Connected,
    Fact,
    Hear,
    Hearing,
    HungUp,
    KeyHeard,
    KeyPressed,
    LineFound,
    LineLost,
    Other,
    OtherChanged,
    Outcome,
    Reverse,
    RingOver,
    RingWanted,
    Service,
    ServiceWanted,
    StartBell,
    StateShown,
    StopBell,
    TimerName,
    TimerOver,
    Wait,
)
from appliance.fxs.tones import PortTone
from appliance.model.analog import PortKind
from appliance.model.analog_line import Flashed, Lifted, PulsesCounted, Replaced

MOST_DIGITS = 40
_SERVICE_MS = 4000
"""After the R key: without a digit it was nothing."""
_ENDED_MS = 30_000
"""Busy tone for so long, then the howler."""
_RETURN_MS = 5_000
"""The same while somebody is held: then back to them."""
_HOWL_MS = 60_000


_SERVICES = {
    "0": Service.REJECT,
    "1": Service.DROP_AND_TAKE,
    "2": Service.SWAP,
    "3": Service.CONFERENCE,
    "4": Service.TRANSFER,
}
_WHILE_CALLING = (Service.DROP_AND_TAKE, Service.TRANSFER)
"""Before the asked party has answered."""
_S = LineState
_ON_HOOK = (_S.GONE, _S.IDLE, _S.RINGING)


class Line:
    """One port's story. ``handle`` takes one fact at a time and says what is to be done about it."""

    def __init__(self, judge: Judge, settings: LineSettings | None = None) -> None:
        self.settings = settings or LineSettings()
        self.state = LineState.GONE
        self.digits = ""
        self.other = Other.NONE
        self._judge = judge
        self._behind = LineState.TALKING
        self._reversed = False
        self._out: list[Outcome] = []

    def handle(self, fact: Fact) -> list[Outcome]:
        """Take a fact; raises IllegalTransition for what cannot be."""
        self._out = []
        pair = (self.state, type(fact))
        act = self.table.get(pair)
        if act is not None:
            act(self, fact)
        elif pair not in IGNORED:
            raise IllegalTransition("analog line", self.state.value, type(fact).__name__)
        return self._out

    @property
    def collecting(self) -> bool:
        """Whether a short opening of the loop is a dial pulse now."""
        return self.state in (LineState.DIALLING, LineState.SERVICE)

    @property
    def wants_keys(self) -> bool:
        """Whether keys are to be listened for: a fax machine presses none once its number is dialled."""
        if self.state in (LineState.DIALLING, LineState.SERVICE):
            return True
        return self.state in (LineState.CALLING, LineState.TALKING) and self.settings.kind is not PortKind.FAX

    # Helpers.

    def _go(self, state: LineState) -> None:
        if state is not self.state:
            self.state = state
            self._out.append(StateShown(state=state.value))

    def _do(self, *outcomes: Outcome) -> None:
        self._out += outcomes

    def _polarity(self, on: bool) -> None:
        if on != self._reversed:
            self._reversed = on
            self._do(Reverse(on=on))

    def _invite_digits(self) -> None:
        """Dial tone, from scratch."""
        self.digits = ""
        settings = self.settings
        self._polarity(False)
        if settings.kind is PortKind.HOTLINE and settings.hot_line and not settings.hot_line_ms:
            self._want(settings.hot_line)
            return
        special = settings.something_set and settings.kind is not PortKind.FAX
        self._do(Hear(what=PortTone.SPECIAL_DIAL if special else PortTone.DIAL))
        if settings.kind is PortKind.HOTLINE and settings.hot_line:
            self._do(Wait(timer=TimerName.HOT_LINE, milliseconds=settings.hot_line_ms))
        else:
            self._do(Wait(timer=TimerName.FIRST_DIGIT, milliseconds=settings.first_digit_ms))
        self._go(LineState.DIALLING)

    def _want(self, number: str) -> None:
        self.digits = ""
        self._do(
            Wait(), Hear(what=Hearing.NOTHING), CallWanted(number=number, consulting=self.other is Other.HELD)
        )
        self._go(LineState.CALLING)

    def _collect(self, digit: str) -> None:
        """One more digit of a number."""
        if not self.digits:
            self._do(Hear(what=Hearing.NOTHING))
        elif digit == "#" and self.digits[0] not in "*#":
            # As many telephones end a number.
            self._want(self.digits)
            return
        self.digits += digit
        if self._judge(self.digits) is Completeness.WHOLE or len(self.digits) >= MOST_DIGITS:
            self._want(self.digits)
        else:
            self._do(Wait(timer=TimerName.NEXT_DIGIT, milliseconds=self.settings.next_digit_ms))

    def _end(self, tone: PortTone) -> None:
        self._polarity(False)
        wait_ms = _RETURN_MS if self.other is Other.HELD else _ENDED_MS
        self._do(Hear(what=tone), Wait(timer=TimerName.TONE, milliseconds=wait_ms))
        self._go(LineState.ENDED)

    # What happens in which state.

    def _found(self, fact: LineFound) -> None:
        self.other = Other.NONE
        if fact.off_hook:
            self._end(PortTone.CONGESTION)
        else:
            self._go(LineState.IDLE)

    def _lost(self, _: LineLost) -> None:
        busy = self.state not in (LineState.IDLE, LineState.ENDED, LineState.HOWLING, LineState.LEFT)
        self._do(Wait())
        self._forget()
        self._go(LineState.GONE)
        if busy:
            self._do(HungUp())

    def _forget(self) -> None:
        self.digits = ""
        self.other = Other.NONE
        self._reversed = False

    def _replaced(self, _: Replaced) -> None:
        told = self.state not in (LineState.HOWLING, LineState.LEFT)
        self._polarity(False)
        self._do(Wait(), Hear(what=Hearing.NOTHING))
        self._forget()
        self._go(LineState.IDLE)
        if told:
            self._do(HungUp())

    def _lifted_idle(self, _: Lifted) -> None:
        self._invite_digits()

    def _ring(self, fact: RingWanted) -> None:
        self._do(StartBell(caller=fact.caller, kind=fact.kind))
        self._go(LineState.RINGING)

    def _refuse(self, _: RingWanted) -> None:
        self._do(BellRefused())

    def _ring_over(self, _: RingOver) -> None:
        self._do(StopBell())
        self._go(LineState.IDLE)

    def _answered(self, _: Lifted) -> None:
        self._do(StopBell(), Hear(what=Hearing.CALL))
        self._go(LineState.TALKING)
        self._do(BellAnswered())

    def _key_dialling(self, fact: KeyHeard) -> None:
        self._collect(fact.key)

    def _pulses_dialling(self, fact: PulsesCounted) -> None:
        self._collect(fact.digit)

    def _flash_dialling(self, _: Flashed) -> None:
        if self.other is Other.HELD:
            self._return()
        else:
            self._invite_digits()

    def _time_dialling(self, fact: TimerOver) -> None:
        match fact.timer:
            case TimerName.NEXT_DIGIT if self.digits:
                self._want(self.digits)
            case TimerName.HOT_LINE:
                self._want(self.settings.hot_line)
            case TimerName.FIRST_DIGIT if self.other is Other.HELD:
                self._return()
            case TimerName.FIRST_DIGIT:
                self._end(PortTone.CONGESTION)
            case _:
                pass

    def _taken(self, fact: CallTaken) -> None:
        self._do(Hear(what=fact.tone or Hearing.CALL))

    def _connected(self, _: Connected) -> None:
        self._do(Hear(what=Hearing.CALL))
        self._polarity(self.settings.polarity_on_answer)
        self._go(LineState.TALKING)

    def _over(self, fact: CallOver) -> None:
        self._end(fact.tone)

    def _key_call(self, fact: KeyHeard) -> None:
        self._do(KeyPressed(key=fact.key))

    def _pulses_call(self, fact: PulsesCounted) -> None:
        """Equipment that counts for itself takes the R key for a pulse."""
        if fact.digit == "1":
            self._flash_call(Flashed(at_ms=fact.at_ms))

    def _flash_call(self, _: Flashed) -> None:
        if self.settings.kind is PortKind.FAX:
            return
        if self.other is not Other.NONE:
            self._behind = self.state
            self._do(Hear(what=PortTone.RECALL_DIAL), Wait(timer=TimerName.SERVICE, milliseconds=_SERVICE_MS))
            self._go(LineState.SERVICE)
        elif self.state is LineState.TALKING:
            self.other = Other.HELD
            self.digits = ""
            self._do(
                Hear(what=PortTone.RECALL_DIAL),
                Wait(timer=TimerName.FIRST_DIGIT, milliseconds=self.settings.first_digit_ms),
                ServiceWanted(service=Service.HOLD),
            )
            self._go(LineState.DIALLING)

    def _return(self) -> None:
        """To the held party; whoever was asked meanwhile is let go."""
        self.digits = ""
        self._serve(Service.TAKE_BACK)

    def _serve(self, service: Service) -> None:
        self._do(Wait(), Hear(what=Hearing.CALL), ServiceWanted(service=service))
        self.other = Other.HELD if service is Service.SWAP else Other.NONE
        self._go(LineState.TALKING)

    def _back(self, _: Flashed | TimerOver | None = None) -> None:
        """Nothing is wanted after all; from a party that has not answered yet that means the held one."""
        if self._behind is LineState.CALLING and self.other is Other.HELD:
            self._return()
        else:
            self._do(Wait(), Hear(what=Hearing.CALL))
            self._go(self._behind)

    def _key_service(self, fact: KeyHeard) -> None:
        self._service(_SERVICES.get(fact.key))

    def _pulses_service(self, fact: PulsesCounted) -> None:
        self._service(_SERVICES.get(fact.digit))

    def _service(self, service: Service | None) -> None:
        calling = self._behind is LineState.CALLING
        if service is None or (calling and service not in _WHILE_CALLING):
            self._back()
        elif service is Service.DROP_AND_TAKE and self.other is Other.HELD:
            self._serve(Service.TAKE_BACK)
        elif service is Service.REJECT:
            self._do(ServiceWanted(service=service))
            self.other = Other.NONE
            self._back()
        elif service is Service.TRANSFER:
            if self.other is Other.HELD:
                self.other = Other.NONE
                self._do(ServiceWanted(service=service))
                self._end(PortTone.CONFIRMED)
            else:
                self._back()
        else:
            self._serve(service)

    def _connected_behind(self, _: Connected) -> None:
        self._behind = LineState.TALKING

    def _others(self, fact: OtherChanged) -> None:
        before, self.other = self.other, fact.other
        if self.state is LineState.SERVICE and fact.other is Other.NONE:
            self._back()
        elif self.state is LineState.ENDED and before is Other.HELD and fact.other is Other.NONE:
            self._end(PortTone.BUSY)
        elif self.state is LineState.TALKING and fact.other is Other.WAITING and self._may_wait():
            self._do(AnnounceWaiting(caller=fact.caller or Shown()))

    def _may_wait(self) -> bool:
        return self.settings.call_waiting and self.settings.kind is not PortKind.FAX

    def _flash_ended(self, _: Flashed) -> None:
        if self.other is Other.HELD:
            self._return()
        elif self.other is Other.WAITING:
            self._serve(Service.DROP_AND_TAKE)
        else:
            self._invite_digits()

    def _time_ended(self, _: TimerOver) -> None:
        if self.other is Other.HELD:
            self._return()
        elif self.settings.kind is PortKind.FAX:
            # A machine does not hear a howler, and may be about to hang up.
            self._quiet()
        else:
            self._do(Hear(what=PortTone.HOWLER), Wait(timer=TimerName.TONE, milliseconds=_HOWL_MS))
            self._go(LineState.HOWLING)

    def _time_howling(self, _: TimerOver) -> None:
        self._quiet()

    def _quiet(self) -> None:
        self._do(Wait(), Hear(what=Hearing.NOTHING))
        self._go(LineState.LEFT)

    table: ClassVar[dict[tuple[LineState, type], Callable[..., None]]] = {
        (_S.GONE, LineFound): _found,
        (_S.GONE, RingWanted): _refuse,
        (_S.IDLE, Lifted): _lifted_idle,
        (_S.IDLE, RingWanted): _ring,
        (_S.RINGING, Lifted): _answered,
        (_S.RINGING, RingOver): _ring_over,
        (_S.RINGING, RingWanted): _refuse,
        (_S.DIALLING, KeyHeard): _key_dialling,
        (_S.DIALLING, PulsesCounted): _pulses_dialling,
        (_S.DIALLING, Flashed): _flash_dialling,
        (_S.DIALLING, TimerOver): _time_dialling,
        (_S.DIALLING, RingWanted): _refuse,
        (_S.DIALLING, OtherChanged): _others,
        (_S.CALLING, CallTaken): _taken,
        (_S.CALLING, Connected): _connected,
        (_S.CALLING, CallOver): _over,
        (_S.CALLING, KeyHeard): _key_call,
        (_S.CALLING, PulsesCounted): _pulses_call,
        (_S.CALLING, Flashed): _flash_call,
        (_S.CALLING, OtherChanged): _others,
        (_S.CALLING, RingWanted): _refuse,
        (_S.TALKING, Connected): _connected,
        (_S.TALKING, CallOver): _over,
        (_S.TALKING, KeyHeard): _key_call,
        (_S.TALKING, PulsesCounted): _pulses_call,
        (_S.TALKING, Flashed): _flash_call,
        (_S.TALKING, OtherChanged): _others,
        (_S.TALKING, RingWanted): _refuse,
        (_S.SERVICE, KeyHeard): _key_service,
        (_S.SERVICE, PulsesCounted): _pulses_service,
        (_S.SERVICE, Flashed): _back,
        (_S.SERVICE, TimerOver): _back,
        (_S.SERVICE, Connected): _connected_behind,
        (_S.SERVICE, CallOver): _over,
        (_S.SERVICE, OtherChanged): _others,
        (_S.SERVICE, RingWanted): _refuse,
        (_S.ENDED, Flashed): _flash_ended,
        (_S.ENDED, TimerOver): _time_ended,
        (_S.ENDED, OtherChanged): _others,
        (_S.ENDED, RingWanted): _refuse,
        (_S.HOWLING, TimerOver): _time_howling,
        (_S.HOWLING, RingWanted): _refuse,
        (_S.LEFT, RingWanted): _refuse,
        **dict.fromkeys(((state, LineLost) for state in LineState if state is not LineState.GONE), _lost),
        **dict.fromkeys(((state, Replaced) for state in LineState if state not in _ON_HOOK), _replaced),
    }


IGNORED: frozenset[tuple[LineState, type]] = frozenset(
    {
        # Messages that crossed: call control ends or changes what the user has left already, and the other
        # way.
        *((state, fact) for state in LineState for fact in (CallOver, Connected, CallTaken, RingOver)),
        *((state, OtherChanged) for state in (_S.GONE, _S.IDLE, _S.RINGING, _S.HOWLING, _S.LEFT)),
        # A timer that ran out while it was being stopped.
        *((state, TimerOver) for state in (_S.GONE, _S.IDLE, _S.RINGING, _S.CALLING, _S.TALKING, _S.LEFT)),
        # Keys nobody waits for, and contacts of equipment that has just been lost or found.
        *((state, KeyHeard) for state in (_S.GONE, _S.IDLE, _S.RINGING, _S.ENDED, _S.HOWLING, _S.LEFT)),
        *((state, PulsesCounted) for state in (_S.GONE, _S.IDLE, _S.RINGING, _S.ENDED, _S.HOWLING, _S.LEFT)),
        *((state, Flashed) for state in (_S.GONE, _S.IDLE, _S.RINGING, _S.HOWLING, _S.LEFT)),
        *((state, Lifted) for state in LineState if state not in (_S.IDLE, _S.RINGING)),
        *((state, Replaced) for state in (_S.GONE, _S.IDLE, _S.RINGING)),
        *((state, LineFound) for state in LineState if state is not _S.GONE),
        (_S.GONE, LineLost),
    }
) - frozenset(Line.table)
