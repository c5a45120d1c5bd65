"""The voice call of a module: what the network says of it, in whatever order, becomes one story. Pure.

Truth is what +CLCC answers; every report only makes us ask sooner, or gives the cause of an end that the next
answer confirms. A lost report costs a little time, a stale one nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.drivers.gsm.causes import extended_cause
from appliance.drivers.gsm.families import AudioWay, Family
from appliance.drivers.gsm.reports import (
    CallChanged,
    CallerShown,
    CallReport,
    CallStage,
    KeyHeard,
    Rings,
    call_report,
)
from appliance.drivers.gsm.script import Ask, Pause, Script, Scripts
from appliance.model import gsm
from appliance.model.causes import Cause
from appliance.model.ids import LegId

_ASK_SOON_MS = 100
_ASK_SETUP_MS = 400
_ASK_ACTIVE_MS = 1000
_ASK_IDLE_MS = 3000
_WAIT_FOR_CLIP_MS = 1000
"""How long a call without a number is kept back, because its +CLIP may still come."""
_APPEARS_MS = 8000
"""How soon a call must be seen that the module has taken."""
_DIAL_MS = 30_000
_ENDS_MS = 6000
"""How soon a call must be gone that we have ended; then once more, then the module is recycled."""
_EMERGENCY = frozenset({"110", "112"})


@dataclass(slots=True)
class _Call:
    leg: LegId
    incoming: bool
    number: str = ""
    withheld: bool = False
    clip: bool = False
    index: int | None = None
    stage: CallStage | None = None
    since_ms: int = 0
    announced: bool = False
    answered: bool = False
    sent: bool = True
    """False while our ATD is not answered yet."""
    missing: int = 0
    hint: Cause | None = None
    ending: Cause | None = None
    ended_ms: int = 0
    hangups: int = 0
    over: bool = False


class Calling:
    """At most one call; a second one is sent away."""

    def __init__(
        self,
        *,
        family: Family,
        scripts: Scripts,
        now_ms: Callable[[], int],
        emit: Callable[[gsm.GsmEvent], None],
        new_leg: Callable[[], LegId],
        recycle: Callable[[str], None],
    ) -> None:
        self._family = family
        self._scripts = scripts
        self._now = now_ms
        self._emit = emit
        self._new_leg = new_leg
        self._recycle = recycle
        self._call: _Call | None = None
        self._asking = False
        self._ask_again = False
        self._ask_at = 0
        self._audio_on = False
        self._waved = 0
        self.enabled = False
        """Whether calls are possible at all now."""
        self.accepts = False
        """Whether incoming calls are told; else they are sent away."""

    @property
    def busy(self) -> bool:
        """There is a call."""
        return self._call is not None

    @property
    def audio_wanted(self) -> bool:
        """The sound of the call flows."""
        return self._audio_on

    @property
    def deadline_ms(self) -> int | None:
        """When :meth:`tick` has something to do."""
        return self._ask_at if self.enabled or self._call is not None else None

    def tick(self) -> None:
        """Ask for the calls when it is time."""
        if (self.enabled or self._call is not None) and self._now() >= self._ask_at:
            self.look()

    # --- what is wanted

    def dial(self, order: gsm.Dial) -> None:
        """Begin a call; what cannot be begun ends at once."""
        digits = order.number.removeprefix("+")
        if self._call is not None or not (self.enabled or digits in _EMERGENCY):
            self._emit(gsm.CallEnds(leg=order.leg, cause=Cause.CONGESTION, by_remote=False))
        elif not digits.isdecimal() or not digits.isascii() or len(digits) > 20:
            # with * and # among them a number is a command to the network
            self._emit(gsm.CallEnds(leg=order.leg, cause=Cause.INVALID_NUMBER, by_remote=False))
        elif self._family.audio is AudioWay.NONE:
            self._emit(gsm.CallEnds(leg=order.leg, cause=Cause.NO_ROUTE, by_remote=False))
        else:
            self._call = call = _Call(leg=order.leg, incoming=False, sent=False, since_ms=self._now())
            hide = "I" if order.withhold and digits not in _EMERGENCY else ""
            self._scripts.run(self._dialling(call, f"ATD{order.number}{hide};"))

    def answer(self, leg: LegId) -> None:
        """Take the incoming call."""
        call = self._call
        if call is not None and call.leg == leg and call.incoming and not call.answered:
            self._scripts.run(self._answering(call))

    def hang_up(self, leg: LegId, cause: Cause) -> None:
        """End the call."""
        call = self._call
        if call is not None and call.leg == leg and call.ending is None:
            call.ending = cause
            self._scripts.run(self._hanging_up(call))

    def end(self, cause: Cause) -> None:
        """End whatever call there is."""
        if self._call is not None:
            self.hang_up(self._call.leg, cause)

    def key(self, leg: LegId, digit: str) -> None:
        """Send a key."""
        call = self._call
        if call is not None and call.leg == leg and call.answered and digit in "0123456789*#ABCD":
            self._scripts.run(self._one(self._family.key.format(digit=digit)))

    def lost(self, cause: Cause) -> None:
        """The module is gone, and the call with it."""
        if self._call is not None:
            self._finish(self._call, cause, by_remote=True)
        self.enabled = False

    # --- what the module says

    def take(self, report: CallReport | Rings | CallerShown | CallChanged | KeyHeard) -> None:
        """A report of a call."""
        call = self._call
        match report:
            case CallReport():
                if report.stage is CallStage.RELEASED:
                    if call is not None and call.index in (None, report.index):
                        self.look()
                elif call is None:  # it may be stale: the list will tell, soon
                    self._ask_at = min(self._ask_at, self._now() + _ASK_SOON_MS)
                else:
                    self._seen([report], whole=False)
            case CallerShown():
                if call is not None and call.incoming:
                    self._shown(call, report)
                else:
                    self._call = call or self._ringing(report)
                    self.look()
            case CallChanged():
                if call is not None and report.cause is not None and call.hint is None:
                    call.hint = report.cause
                self.look()
            case KeyHeard():
                if call is not None and call.answered:
                    self._emit(gsm.CallKey(leg=call.leg, digit=report.digit))
            case Rings():
                self.look()

    def look(self) -> None:
        """Ask for the calls now."""
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        self._scripts.run(self._looking())

    # --- dialogues

    def _one(self, text: str) -> Script:
        yield Ask(text=text)

    def _dialling(self, call: _Call, text: str) -> Script:
        reply = yield Ask(text=text, call=True, timeout_ms=_DIAL_MS)
        call.sent = True
        if call.over:
            return
        if not reply.ok:  # it may be of the call before, or a time-out of a call that goes on
            if reply.error != "timeout":
                said = Cause.BUSY if reply.error == "BUSY" else extended_cause(reply.error)
                call.hint = call.hint or said or Cause.CONGESTION
            call.since_ms = min(call.since_ms, self._now() - _APPEARS_MS)
        else:
            call.since_ms = self._now()
        self.look()

    def _answering(self, call: _Call) -> Script:
        reply = yield Ask(text="ATA", call=True, timeout_ms=20_000)
        if not reply.ok and not call.over and not call.answered:
            call.hint = call.hint or Cause.CANCELLED
        self.look()

    def _hanging_up(self, call: _Call) -> Script:
        call.ended_ms = self._now()
        call.hangups += 1
        # never before an ATD that still waits: it would then dial for nobody
        reply = yield Ask(text="AT+CHUP", urgent=call.sent, timeout_ms=10_000)
        if not reply.ok and not call.over:
            yield Ask(text="ATH", urgent=True, timeout_ms=10_000)
        self.look()

    def _sending_away(self) -> Script:
        """Busy for whoever knocks during a call (27.007 §7.13)."""
        yield Ask(text="AT+CHLD=0")

    def _looking(self) -> Script:
        reply = yield Ask(text="AT+CLCC", prefixes=("+CLCC:",), timeout_ms=3000)
        self._asking = False
        if reply.ok:
            seen = [call_report(line.partition(":")[2].strip()) for line in reply.lines]
            latest = {one.index: one for one in seen if one is not None}
            self._seen([one for one in latest.values() if one.stage is not CallStage.RELEASED], whole=True)
        call = self._call
        if call is None:
            self._ask_at = self._now() + _ASK_IDLE_MS
        else:
            settled = call.answered and call.ending is None
            self._ask_at = self._now() + (_ASK_ACTIVE_MS if settled else _ASK_SETUP_MS)
        if self._ask_again:
            self._ask_again = False
            self.look()

    def _audio_begins(self, call: _Call) -> Script:
        family = self._family
        if family.audio_on:
            yield Pause(family.audio_delay_ms)
            for _ in range(family.audio_tries):
                if call.over:
                    return
                reply = yield Ask(text=family.audio_on, timeout_ms=3000)
                if reply.ok:
                    break
                yield Pause(200)
        if not call.over:
            self._audio_on = True

    def _why(self, call: _Call) -> Script:
        """Ask for the cause of an end that nobody explained, then tell it."""
        reply = yield Ask(text="AT+CEER", prefixes=("+CEER:",), bare=True, timeout_ms=1500)
        cause = extended_cause(" ".join(reply.lines)) if reply.ok else None
        if cause in (None, Cause.NORMAL):
            alerted = call.stage is CallStage.ALERTING
            cause = Cause.NO_ANSWER if alerted else Cause.UNREACHABLE if call.index is not None else None
        self._told(call, cause or call.hint or Cause.CONGESTION, by_remote=True)

    # --- the story

    def _ringing(self, shown: CallerShown) -> _Call:
        return _Call(
            leg=self._new_leg(),
            incoming=True,
            number=shown.number,
            withheld=shown.withheld,
            clip=True,
            since_ms=self._now(),
        )

    def _shown(self, call: _Call, shown: CallerShown) -> None:
        call.clip = True
        if shown.number:
            call.number = shown.number
        call.withheld = shown.withheld and not call.number
        if call.index is not None:
            self._announce(call)

    def _seen(self, reports: list[CallReport], *, whole: bool) -> None:
        """Calls as the module sees them; ``whole``: there are no others."""
        call = self._call
        mine: CallReport | None = None
        for report in reports:
            if report.stage is CallStage.WAITING and call is not None and call.index != report.index:
                if self._waved <= self._now():
                    self._waved = self._now() + 2000
                    self._scripts.run(self._sending_away())
            elif call is None:
                call = self._found(report)
                mine = report if call is not None else None
            elif _is(call, report):
                mine = report
        if call is None:
            return
        if mine is None:
            if whole:
                self._missed(call)
            return
        call.index = mine.index
        call.missing = 0
        if mine.number and call.incoming and not call.number:
            call.number, call.withheld = mine.number, False
        self._progress(call, mine.stage)

    def _found(self, report: CallReport) -> _Call | None:
        """A call that we know nothing of: somebody calls, or it is left over from before."""
        if report.stage is not CallStage.INCOMING:
            if self._waved <= self._now():
                self._waved = self._now() + 2000
                self._scripts.run(self._one("AT+CHUP"))
            return None
        self._call = _Call(leg=self._new_leg(), incoming=True, since_ms=self._now())
        return self._call

    def _progress(self, call: _Call, stage: CallStage) -> None:
        before, call.stage = call.stage, stage
        if call.ending is not None:
            if self._now() - call.ended_ms > _ENDS_MS:
                if call.hangups >= 2:
                    self._recycle("a call does not end")
                    self._finish(call, call.ending, by_remote=False)
                else:
                    self._scripts.run(self._hanging_up(call))
            return
        match stage:
            case CallStage.DIALLING if before is None:
                self._emit(gsm.CallDialling(leg=call.leg))
            case CallStage.ALERTING if before is not CallStage.ALERTING and not call.incoming:
                self._emit(gsm.CallRings(leg=call.leg))
            case CallStage.INCOMING:
                if call.clip or call.number or self._now() - call.since_ms >= _WAIT_FOR_CLIP_MS:
                    self._announce(call)
            case CallStage.ACTIVE | CallStage.HELD if not call.answered:
                if call.incoming and not call.announced:
                    self._announce(call)
                call.answered = True
                call.hint = None
                self._emit(gsm.CallTalks(leg=call.leg))
                self._scripts.run(self._audio_begins(call))

    def _announce(self, call: _Call) -> None:
        if call.announced:
            return
        call.announced = True
        if not self.accepts:
            call.ending = Cause.REJECTED
            self._scripts.run(self._hanging_up(call))
            return
        withheld = call.withheld or not call.number
        self._emit(gsm.CallComes(leg=call.leg, number=call.number, withheld=withheld))

    def _missed(self, call: _Call) -> None:
        """The module does not see our call."""
        call.missing += 1
        if not call.sent:
            return
        if call.ending is not None:
            self._finish(call, call.ending, by_remote=False)
        elif call.index is not None or call.incoming:
            if call.hint is not None or call.missing >= 2:
                self._finish(call, None, by_remote=True)
        elif self._now() - call.since_ms >= _APPEARS_MS:
            self._finish(call, None, by_remote=True)

    def _finish(self, call: _Call, cause: Cause | None, *, by_remote: bool) -> None:
        if call.over:
            return
        call.over = True
        self._call = None
        was_on, self._audio_on = self._audio_on, False
        if was_on and self._family.audio_off:
            self._scripts.run(self._one(self._family.audio_off))
        if cause is None and call.answered:
            cause = Cause.NORMAL
        if cause is None and call.incoming:
            cause = Cause.CANCELLED
        if cause is None and call.hint in (Cause.BUSY, Cause.NO_ANSWER):
            cause = call.hint
        if cause is not None:
            self._told(call, cause, by_remote=by_remote)
        else:
            if call.hint not in (None, Cause.NORMAL):
                self._told(call, call.hint or Cause.FAILURE, by_remote=True)
                return
            self._scripts.run(self._why(call))

    def _told(self, call: _Call, cause: Cause, *, by_remote: bool) -> None:
        if call.incoming and not call.announced:
            return  # nobody has heard of it
        if call.incoming and not self.accepts and call.ending is Cause.REJECTED:
            return
        self._emit(gsm.CallEnds(leg=call.leg, cause=cause, by_remote=by_remote))


def _is(call: _Call, report: CallReport) -> bool:
    """Whether the report is of our call, and not of another that has its place in the list by now."""
    if call.incoming != report.incoming or call.index not in (None, report.index):
        return False
    same = call.number[-6:] == report.number[-6:]
    return same or not (call.incoming and call.number and report.number)
