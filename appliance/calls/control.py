"""Call control: one event in, effects out. The only entry to :mod:`appliance.calls`.

Theory of operation: an event is dispatched by its type to the feature that owns it; features change the
exchange through its primitives; the effects collected on the way are returned in order. Events about legs
that are gone are ignored: on the wire everything crosses.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from appliance.calls import (
    announcing,
    call_back,
    callback,
    conferences,
    confirming,
    consulting,
    emergency,
    fax,
    features,
    originate,
    parking,
    redial,
    redirect,
    returned,
    ringing,
    room,
    spending,
    steering,
    steps,
    talk_codes,
    talking,
    taping,
    transfer,
    waiting,
    wakeup,
)
from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange, Limits, Planner
from appliance.calls.legs import Leg, LegState, Report
from appliance.calls.voice import runner
from appliance.calls.voice.dialogue import Talk
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.conditions import Conditions
from appliance.model.conferences import RoomState
from appliance.model.effects import Effect, EndLeg, PublishLine
from appliance.model.ids import CallId, ExtensionId, LegId, MobileId
from appliance.model.parties import Party
from appliance.model.plan import Caller, CallKind, CallRequest, FromDevice, FromTrunk, Plan
from appliance.model.recordings import Tape
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.routing.numbers import read_caller

LegEvent = (
    ev.LegTrying
    | ev.LegRinging
    | ev.LegEarlyMedia
    | ev.LegAnswered
    | ev.LegEnded
    | ev.LegHeld
    | ev.LegDigit
    | ev.LegFax
    | ev.LegTransfer
    | ev.PlaybackEnded
    | ev.RecordingEnded
)


class CallControl:
    """Handles the events of every leg of the box; not thread-safe, owned by the engine thread."""

    def __init__(
        self, *, planner: Planner, new_id: Callable[[], str], snapshot: Snapshot, limits: Limits | None = None
    ) -> None:
        self._x = Exchange(
            planner,
            new_id,
            snapshot,
            limits or Limits(),
            start_feature=features.start,
            start_application=runner.start,
            settle_parked=parking.settle,
        )

    def handle(self, event: ev.Event, now: datetime) -> list[Effect]:
        """Take one event at wall time ``now`` (UTC) and return what to do, in order."""
        x = self._x
        x.now = now
        match event:
            case ev.LegIncoming():
                self._incoming(event)
            case ev.TimerExpired():
                self._timer(event.timer)
            case ev.SnapshotChanged():
                x.snapshot = event.snapshot
            case ev.TrunksDown():
                x.conditions = dataclasses.replace(x.conditions, down=event.trunks)
            case ev.PlacesChanged():
                x.conditions = dataclasses.replace(x.conditions, places=event.numbers)
            case ev.ElsewhereChanged():
                x.conditions = dataclasses.replace(x.conditions, elsewhere=event.elsewhere)
            case ev.InternetChanged():
                x.conditions = dataclasses.replace(x.conditions, internet=event.internet)
            case ev.HangUp():
                self._hang_up(event)
            case ev.ConfigurationChanged():
                call = x.calls.get(event.call)
                if call is not None:
                    features.changed(x, call, made=event.made)
            case ev.Consulted():
                call = x.calls.get(event.call)
                if call is not None and isinstance(call.talk, Talk):
                    runner.consulted(call.talk, event)
            case ev.MinuteBegins():
                wakeup.minute(x)
                announcing.minute(x)
            case ev.WishesKept():
                callback.restore(x, event.wishes)
            case ev.TapeCall():
                self._tape(event)
            case ev.TapingAllowed():
                taping.allow(x, allowed=event.allowed)
            case ev.PlayTo():
                originate.play(x, event.extension, event.prompt, event.device)
            case ev.RecordingEnded() if taping.file_closed(x, event):
                pass
            case ev.ModerateRoom():
                conferences.moderate(x, event)
            case ev.Announce():
                announcing.now(x, event.announcement)
            case ev.CallBack():
                call_back.wanted(x, event.extension, event.dialled, event.mobile)
            case ev.TextReceived():
                call_back.text_received(x, event.number, event.text)
            case ev.PlaceCall():
                originate.dial(
                    x, event.extension, event.dialled, auto_answer=event.auto_answer, device=event.device
                )
            case ev.NamesChanged():
                x.names = event.names
            case ev.Steer():
                steering.steer(x, event)
            case ev.ShutDown():
                x.closing = True
                x.end_legs(list(x.legs), Cause.RESTART)
            case _:
                leg = x.legs.get(event.leg)
                if leg is not None:
                    self._leg_event(leg, event)
        return x.drain()

    def give_up(self, event: ev.Event) -> list[Effect]:
        """After a defect in ``handle``: end the call that the event was about, so that nobody hangs on it."""
        x = self._x
        leg_id = getattr(event, "leg", None)
        leg = x.legs.get(leg_id) if leg_id is not None else None
        if leg is not None:
            x.end_legs([one.id for one in x.legs.values() if one.call == leg.call], Cause.FAILURE)
        elif isinstance(event, ev.LegIncoming):
            x.emit(EndLeg(leg=event.leg, cause=Cause.FAILURE))
        return x.drain()

    def recollect(self, records: Iterable[CallRecord]) -> None:
        """Know again, after a start, whom ours called lately (records oldest first)."""
        for record in records:
            extension = self._x.snapshot.extension_by_number.get(record.caller_number)
            if extension is not None and record.kind is CallKind.OUTBOUND:
                returned.keep(self._x, record.called, extension.id, record.started)
            elif extension is not None and record.kind is CallKind.EMERGENCY:
                emergency.keep(self._x, extension.id, record.started)

    def recollect_spending(
        self, calls: Iterable[tuple[CallRecord, Sequence[LegRecord]]], at: datetime
    ) -> None:
        """Know again, after a start, how much was called outside today."""
        spending.recollect(self._x, calls, at)

    def recollect_dialled(self, records: Iterable[CallRecord]) -> None:
        """Know again, after a start, what everybody dialled last (records newest first)."""
        redial.recollect(self._x, records)

    def live_calls(self) -> tuple[tuple[CallRecord, tuple[LegRecord, ...]], ...]:
        """Every call in progress with its present legs."""
        legs: dict[CallId, list[LegRecord]] = {}
        for leg in self._x.legs.values():
            legs.setdefault(leg.call, []).append(leg.record)
        return tuple((call.record, tuple(legs.get(call.id, ()))) for call in self._x.calls.values())

    def conferences(self) -> tuple[RoomState, ...]:
        """Every conference room in progress."""
        calls = (self._x.calls[one] for one in self._x.rooms.values())
        return tuple(room.state(self._x, call, call.room) for call in calls if call.room is not None)

    def lines(self) -> tuple[PublishLine, ...]:
        """The line state of every extension that is not idle."""
        return self._x.lines.current()

    def refuses(self, event: ev.Steer) -> str | None:
        """Why a program cannot do this with a call now; None: it can."""
        return steering.refusal(self._x, event)

    def party_news(self) -> tuple[Party, ...]:
        """What changed for the parties of calls since last asked."""
        return self._x.parties.changes(self._x)

    def parties(self) -> tuple[Party, ...]:
        """Every party of a call in progress, as last told."""
        return self._x.parties.current()

    @property
    def leg_count(self) -> int:
        """How many legs exist."""
        return len(self._x.legs)

    @property
    def conditions(self) -> Conditions:
        """How the world outside is, as far as is known."""
        return self._x.conditions

    @property
    def snapshot(self) -> Snapshot:
        """The configuration that new calls use."""
        return self._x.snapshot

    # -- incoming --------------------------------------------------------------------------------

    def _incoming(self, event: ev.LegIncoming) -> None:
        x = self._x
        request = CallRequest(
            origin=event.origin,
            caller=self._named(event),
            dialled=event.dialled,
            helped=emergency.lately(x) if isinstance(event.origin, FromTrunk) else (),
        )
        plan = x.plan(request)
        returning_to = returned.answers_to(x, plan)
        if returning_to is not None:
            request = dataclasses.replace(request, returning_to=returning_to)
            plan = x.plan(request)
        call = x.open_call(request, plan)
        leg = x.incoming_leg(event.leg, event.origin, call.id, plan.caller)
        call.a = leg.id
        if x.closing:
            self._refuse(call, leg, Cause.RESTART)
        elif not (event.authenticated or plan.emergency):
            self._refuse(call, leg, Cause.FORBIDDEN)
        elif not x.room_for(0, plan) or self._device_full(leg, plan):
            self._refuse(call, leg, Cause.CONGESTION)
        elif event.replaces is not None and event.authenticated:
            if transfer.replaces(x, leg, x.live(event.replaces)):
                x.merge_call(call, leg.call)
            else:
                self._refuse(call, leg, Cause.UNALLOCATED)
        else:
            redial.remember(x, leg.extension, request, plan)
            emergency.remember(x, leg.extension, plan)
            steps.run(x, call)

    def _named(self, event: ev.LegIncoming) -> Caller:
        """The caller by the name that the office's address book has."""
        said = event.caller
        if not isinstance(event.origin, FromTrunk) or event.origin.handed is not None or said.withheld:
            return said
        number = read_caller(said.number, self._x.snapshot.site.country)
        name = self._x.names.of(number) if number is not None else ""
        return dataclasses.replace(said, name=name) if name else said

    def _refuse(self, call: Call, leg: Leg, cause: Cause) -> None:
        self._x.end_leg(leg, cause)
        self._x.close_call(call, cause)

    def _device_full(self, leg: Leg, plan: Plan) -> bool:
        if plan.emergency or not isinstance(leg.origin, FromDevice):
            return False
        device = self._x.snapshot.devices.get(leg.origin.device)
        return device is not None and self._x.index.living_of_device(leg.origin.device) > device.max_calls

    # -- legs ------------------------------------------------------------------------------------

    def _leg_event(self, leg: Leg, event: LegEvent) -> None:
        x = self._x
        call = x.call_of(leg)
        match event:
            case ev.LegEnded():
                self._ended(leg, event)
            case ev.LegTrying():
                x.report(leg, Report.TRYING)
                ringing.progressed(x, leg)
            case ev.LegRinging() | ev.LegEarlyMedia():
                early = isinstance(event, ev.LegEarlyMedia)
                x.report(leg, Report.EARLY_MEDIA if early else Report.RINGING)
                ringing.progressed(x, leg)
                if call is not None and leg.id in call.ringing_legs():
                    ringing.alerting(x, call, leg)
            case ev.LegAnswered():
                self._answered(leg)
            case ev.LegTransfer() if leg.live:
                transfer.requested(x, leg, event)
            case ev.LegHeld() if leg.live:
                leg.held, leg.steered = event.held, False
                if call is not None and call.phase is Phase.TALKING:
                    talking.refresh(x, call)
            case ev.LegFax() if leg.live and call is not None:
                fax.heard(x, call, leg)
            case ev.LegDigit() if leg.live and call is not None:
                self._digit(call, leg, event.digit)
            case ev.PlaybackEnded() if leg.live and call is not None:
                talk = runner.runs(call, leg)
                if leg.id in x.mobiles.asked:
                    confirming.playback_ended(x, leg, event.playback)
                elif talk is not None:
                    runner.playback_ended(talk, event.playback)
                else:
                    steps.playback_ended(x, call, leg, event.playback)
            case ev.RecordingEnded() if leg.live and call is not None:
                talk = runner.runs(call, leg)
                if talk is not None:
                    runner.recording_ended(talk, event)

    def _digit(self, call: Call, leg: Leg, digit: str) -> None:
        talk = runner.runs(call, leg)
        if leg.id in self._x.mobiles.asked:
            confirming.key(self._x, call, leg, digit)
        elif talk is not None:
            runner.key(talk, digit)
        elif call.room is None and talk_codes.key(self._x, call, leg, digit):
            pass
        elif call.room is not None:
            conferences.key(self._x, call, call.room, leg, digit)
        elif leg.id != call.a or not steps.keyed(self._x, call, digit):
            talking.digit(self._x, call, leg, digit)
            if leg.id in call.members:
                taping.keyed(self._x, call, leg, digit)

    def _answered(self, leg: Leg) -> None:
        x = self._x
        if leg.state in (LegState.OFFERED, LegState.ALERTED, LegState.EARLY_IN):
            return  # the ACK of a refusal, or a port that is confused: nothing was answered by us
        x.report(leg, Report.ANSWERED)
        if not leg.live:
            return
        call = x.call_of(leg)
        if call is None:
            x.end_leg(leg, Cause.NORMAL)
        elif leg.id in call.ringing_legs():
            if confirming.answered(x, call, leg):
                return
            if call.speaker is not None:
                features.page_answered(x, call, leg)
            elif call.then is not None:
                steps.stop_others(x, call, leg)
                if call.wakes:
                    wakeup.answered(x, call.wakes)
                originate.answered(x, call, leg, call.then)
            else:
                steps.answered(x, call, leg)

    def _ended(self, leg: Leg, event: ev.LegEnded) -> None:
        x = self._x
        call = x.call_of(leg)
        kept = talking.kept_by(x, leg)
        x.ended(leg, event)
        taping.leg_gone(x, leg.id)
        spending.ended(x, leg)
        if kept is not None and call is not None:
            consulting.hand_over(x, call, leg, kept)
        if call is not None:
            self._left(call, leg, event)
        if leg.extension is not None and not x.index.of_extension(leg.extension):
            seated = waiting.next_for(x, leg.extension)
            if seated is not None:
                steps.seat_ready(x, seated)
            else:
                callback.became_free(x, leg.extension)

    def _left(self, call: Call, leg: Leg, event: ev.LegEnded) -> None:
        """A leg of this call is gone."""
        x = self._x
        if leg.id == call.transferor:
            call.transferor = None
        elif leg.id == call.a:
            runner.left(call)
            self._waiting_party_left(call, event.cause)
        elif leg.id in call.members:
            talking.member_left(x, call, leg.id, event.cause)
        elif (
            event.redirect and leg.id in call.ringing_legs() and redirect.follow(x, call, leg, event.redirect)
        ):
            pass
        elif leg.id in call.ringing_legs():
            cause = ringing.leg_over(x, call, leg, event.cause)
            if cause is not None and call.speaker is not None:
                features.page_stop_ringing(x, call)
            elif cause is not None:
                steps.finish(x, call, cause)

    def _waiting_party_left(self, call: Call, cause: Cause) -> None:
        if call.phase is Phase.SETUP and call.record.answered is None and cause is Cause.NORMAL:
            cause = Cause.CANCELLED
        self._x.cancel_timer(f"part:{call.id}")
        steps.abandoned(self._x, call, cause)

    # -- timers and commands ---------------------------------------------------------------------

    def _timer(self, timer: str) -> None:
        x = self._x
        what, _, of = timer.partition(":")
        if what == "progress":
            leg = x.live(LegId(of))
            call = x.call_of(leg) if leg is not None else None
            if leg is not None and call is not None and leg.id in call.ringing_legs():
                cause = ringing.no_progress(x, call, leg)
                if cause is not None and call.speaker is not None:
                    features.page_stop_ringing(x, call)
                elif cause is not None:
                    steps.finish(x, call, cause)
            return
        if what in ("asked", "keyed"):
            party = x.live(LegId(of))
            if party is not None:
                (confirming if what == "asked" else talk_codes).timed_out(x, party)
            return
        if what == "call_back":
            call_back.due(x, MobileId(of))
            return
        if what == "callback":
            callback.cancel(x, ExtensionId(of))
            return
        if what == "callback_now":
            callback.became_free(x, ExtensionId(of))
            return
        if what == "wakeup":
            wakeup.again(x, of)
            return
        call = x.calls.get(CallId(of))
        if call is None:
            return
        if what == "talk":
            if isinstance(call.talk, Talk):
                runner.timed_out(call.talk)
        elif what == "ring" and call.speaker is not None:
            features.page_stop_ringing(x, call)
        elif what == "wait":
            steps.waited_in_vain(x, call)
        elif what == "pin":
            steps.pin_timed_out(x, call)
        elif what == "edit":
            features.changed(x, call, made=False)
        elif what == "park":
            parking.recall(x, call.id)
        elif what == "ring" and call.phase is Phase.SETUP:
            steps.finish(x, call, ringing.timed_out(x, call))
        elif what == "play":
            leg = x.live(call.a)
            if leg is not None:
                steps.playback_ended(x, call, leg, call.playback)
        elif what == "part":
            leg = x.live(call.a)
            if leg is not None:
                x.end_leg(leg, call.record.cause or Cause.NORMAL)

    def _tape(self, event: ev.TapeCall) -> None:
        x = self._x
        call = x.calls.get(event.call)
        if call is None:
            return
        members = [leg for leg in (x.live(one) for one in call.members) if leg is not None]
        ours = [leg for leg in members if event.extension in (None, leg.extension)]
        anchor = next((leg for leg in ours if leg.extension is not None), ours[0] if ours else None)
        if anchor is not None:
            taping.act(x, call, anchor, event.act, event.who, free=True)

    def tapes(self) -> tuple[tuple[Tape, bool], ...]:
        """Recordings in progress, and which of them are paused."""
        return tuple(
            (one.tape, one.reel is taping.Reel.PAUSED)
            for one in self._x.tapes.values()
            if one.reel is not taping.Reel.ENDING
        )

    def _hang_up(self, event: ev.HangUp) -> None:
        x = self._x
        if event.leg is not None:
            x.end_legs([event.leg], event.cause)
        elif event.call is not None:
            x.end_legs([leg.id for leg in x.legs.values() if leg.call == event.call], event.cause)
