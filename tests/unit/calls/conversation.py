"""One party in a dialogue with call control: presses keys, listens, and plays the outside."""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime

from appliance.calls.control import CallControl
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import Document, Language
from appliance.model.ids import LegId, Milliseconds, TimerId
from appliance.model.plan import Caller, CallKind, CallRequest, FromTrunk, Origin, Plan, Run, Step
from appliance.model.snapshot import Snapshot, build
from appliance.model.voice import RecordingEnd, Reply, Request
from tests.unit.calls import office

A = LegId("a")
Outside = Callable[[Request], Reply | None]


class Conversation:
    """``steps`` are the plan; what other numbers lead to is the office's planner's business."""

    def __init__(
        self,
        *steps: Step,
        outside: Outside | None = None,
        origin: Origin | None = None,
        documents: Sequence[Document] = (),
        caller: Caller = office.CALLER,
    ) -> None:
        ids = itertools.count(1)
        self.said: list[tuple[str, ...]] = []
        """Every list of prompts, in order."""
        self.requests: list[Request] = []
        self.records: list[fx.Record] = []
        self.effects: list[fx.Effect] = []
        self.timers: dict[TimerId, int] = {}
        self.hears: fx.AudioSource = fx.HearsNothing()
        self.ended: Cause | None = None
        self.now = office.NOW
        self._outside = outside
        self._steps = steps
        self._asked: list[fx.Consult] = []
        snapshot = office.snapshot() if not documents else build(documents)
        self.control = CallControl(planner=self._plan, new_id=lambda: f"id{next(ids)}", snapshot=snapshot)
        self.feed(ev.LegIncoming(leg=A, origin=origin or office.device("22"), caller=caller, dialled="start"))

    def _plan(self, request: CallRequest, snapshot: Snapshot, now: datetime) -> Plan:
        if request.dialled == "start":
            kind = CallKind.INBOUND if isinstance(request.origin, FromTrunk) else CallKind.SERVICE
            return Plan(kind=kind, steps=self._steps, called="start", caller=request.caller)
        return office.planner(request, snapshot, now)

    def feed(self, event: ev.Event) -> list[fx.Effect]:
        """One event; the outside's replies follow at once if there is an outside."""
        effects = self.control.handle(event, self.now)
        self.effects += effects
        for effect in effects:
            match effect:
                case fx.SetAudio(leg=leg, hears=hears) if leg == A:
                    self.hears = hears
                    if isinstance(hears, fx.HearsList):
                        self.said.append(hears.names)
                case fx.Consult():
                    self.requests.append(effect.request)
                    if effect.call is not None:
                        self._asked.append(effect)
                case fx.Record():
                    self.records.append(effect)
                case fx.StopRecord():
                    pass
                case fx.StartTimer():
                    self.timers[effect.timer] = effect.after_ms
                case fx.CancelTimer():
                    self.timers.pop(effect.timer, None)
                case fx.EndLeg(leg=leg, cause=cause) if leg == A:
                    self.ended = cause
                case _:
                    pass
        for effect in effects:
            if isinstance(effect, fx.StopRecord):
                self.recorded(RecordingEnd.STOPPED)
        if self._outside is not None:
            while self._asked:
                consult = self._asked.pop(0)
                self.reply(self._outside(consult.request), consult)
        return effects

    def reply(self, reply: Reply | None, consult: fx.Consult | None = None) -> None:
        """The outside answers the last request."""
        asked = consult or self._asked.pop()
        assert asked.call is not None
        self.feed(ev.Consulted(call=asked.call, serial=asked.serial, reply=reply))

    def listen(self) -> tuple[str, ...]:
        """Hear the prompts to their end; what they were."""
        assert isinstance(self.hears, fx.HearsList), self.hears
        names, playback = self.hears.names, self.hears.playback
        self.feed(ev.PlaybackEnded(leg=A, playback=playback))
        return names

    def press(self, keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self.feed(ev.LegDigit(leg=A, digit=key))

    def wait(self) -> None:
        """Let the dialogue's timer run out."""
        timer = next(one for one in self.timers if one.startswith("talk:"))
        del self.timers[timer]
        self.feed(ev.TimerExpired(timer=timer))

    def recorded(self, end: RecordingEnd, length_ms: int = 4000) -> None:
        """The port reports the end of the last recording."""
        record = self.records[-1]
        self.feed(
            ev.RecordingEnded(
                leg=record.leg, recording=record.recording, length_ms=Milliseconds(length_ms), end=end
            )
        )

    def hang_up(self) -> None:
        """The party hangs up."""
        self.feed(ev.LegEnded(leg=A, cause=Cause.NORMAL))

    @property
    def over(self) -> bool:
        """True when no call is left but one that plays its parting tone or was ended by us."""
        return self.ended is not None or not self.control.live_calls()


def run_step(**fields: object) -> Run:
    """A Run step in German without a prompt."""
    return Run(**{"prompt": "", "language": Language.GERMAN, **fields})  # type: ignore[arg-type]
