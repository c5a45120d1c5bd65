"""A random walk over call control: whatever parties do, nothing illegal happens and nothing is left."""

import itertools

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.calls.control import CallControl
from appliance.calls.exchange import Limits
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.conferences import RoomAct
from appliance.model.ids import CallId, ExtensionId, LegId, Milliseconds, TimerId, TrunkId
from appliance.model.parties import PartyState, SteerAct
from appliance.model.plan import Caller, FromTrunk, Origin
from appliance.model.recordings import BeginTape, KeepTape, TapeAct
from appliance.model.voice import Done, RecordingEnd
from tests.unit.calls import office

PLACES = (*office.EXTENSIONS, "0", "112", "all", "echo", "play", "steps", "nowhere", "wait", "wait")
ROOMS = tuple(one.number for one in office.ROOMS)
KEYS = (
    "*78",
    "#78",
    "*79",
    "5",
    "*6",
    "*2",
    "*3",
    "*422#",
    "*5",
    "*7",
    "*9",
    "*0",
    "1234#",
    "98765#",
    "#",
    "*",
)
DIALLED = (*PLACES, *PLACES, *office.FEATURES, *ROOMS, *ROOMS, "intercom", "paging")
REMOTE_CAUSES = (
    Cause.NORMAL, Cause.BUSY, Cause.REJECTED, Cause.UNREACHABLE, Cause.CONGESTION, Cause.TIMEOUT,
    Cause.UNALLOCATED, Cause.MEDIA_LOST, Cause.FAILURE,
)  # fmt: skip


class World(RuleBasedStateMachine):
    """Plays every party and the port between them and call control."""

    @initialize()
    def begin(self) -> None:
        numbers = itertools.count(1)
        self.control = CallControl(
            planner=office.planner,
            new_id=lambda: f"id{next(numbers)}",
            snapshot=office.recorded(office.snapshot()),
            limits=Limits(max_legs=14),
        )
        self.names = itertools.count(1)
        self.legs: dict[LegId, str] = {}
        """Legs that exist: incoming, outgoing, or ending."""
        self.answered: set[LegId] = set()
        self.ended: set[LegId] = set()
        self.timers: set[TimerId] = set()
        self.playing: dict[LegId, int] = {}
        self.emergency: set[LegId] = set()
        self.refused: dict[LegId, Cause] = {}
        self.records: dict[str, object] = {}
        self.recording: dict[str, LegId] = {}
        self.asked: list[tuple[CallId, int]] = []
        self.tapes: set[str] = set()
        """Begun and not yet kept."""

    def feed(self, event: ev.Event) -> None:
        for effect in self.control.handle(event, office.NOW):
            match effect:
                case fx.Originate():
                    assert effect.leg not in self.legs
                    self.legs[effect.leg] = "outgoing"
                case fx.EndLeg():
                    self.refused.setdefault(effect.leg, effect.cause)
                    if effect.leg in self.legs:
                        self.legs[effect.leg] = "ending"
                case fx.Answer():
                    assert self.legs.get(effect.leg) == "incoming"
                    self.answered.add(effect.leg)
                case fx.SetAudio():
                    self.playing.pop(effect.leg, None)
                    if isinstance(effect.hears, fx.HearsList) or (
                        isinstance(effect.hears, fx.HearsFile) and not effect.hears.loop
                    ):
                        self.playing[effect.leg] = effect.hears.playback
                    if isinstance(effect.hears, fx.HearsLegs):
                        assert all(one in self.legs for one in effect.hears.legs)
                case fx.Record():
                    assert effect.leg in self.legs
                    self.recording[effect.recording] = effect.leg
                case fx.Consult(request=BeginTape(tape=tape)):
                    self.tapes.add(tape.tape)
                case fx.Consult(request=KeepTape(tape=tape)):
                    self.tapes.remove(tape.tape)
                case fx.Consult(call=call) if call is not None:
                    self.asked.append((call, effect.serial))
                case fx.StopRecord():
                    pass  # the leg may be gone already, and its recordings with it
                case fx.StartTimer():
                    self.timers.add(effect.timer)
                case fx.CancelTimer():
                    self.timers.discard(effect.timer)
                case fx.RecordCall():
                    self.records[effect.record.call] = effect.record
                case fx.RecordLeg():
                    self.records[effect.record.leg] = effect.record
                case _:
                    assert not hasattr(effect, "leg") or effect.leg in self.legs

    def pick(self, data: st.DataObject, *kinds: str) -> LegId:
        return data.draw(st.sampled_from(sorted(leg for leg, kind in self.legs.items() if kind in kinds)))

    def any_leg(self, *kinds: str) -> bool:
        return any(kind in kinds for kind in self.legs.values())

    @precondition(lambda self: self.legs)
    @rule(data=st.data(), act=st.sampled_from(list(SteerAct)), to=st.sampled_from(DIALLED))
    def steer(self, data: st.DataObject, act: SteerAct, to: str) -> None:
        calls = [record.call for record, _ in self.control.live_calls()]
        if not calls:
            return
        event = ev.Steer(
            call=data.draw(st.sampled_from(calls)),
            act=act,
            extension=ExtensionId(data.draw(st.sampled_from(office.EXTENSIONS))),
            to="12#" if act is SteerAct.DIGITS else to,
        )
        refused = self.control.refuses(event)
        self.feed(event)
        if refused is None and act in (SteerAct.HOLD, SteerAct.RESUME):
            assert self.control.refuses(event) is not None

    @invariant()
    def parties_are_told(self) -> None:
        for party in self.control.party_news():
            assert (party.state is PartyState.ENDED) == (party not in self.control.parties())
        live = {leg.leg for _, legs in self.control.live_calls() for leg in legs}
        assert {party.leg for party in self.control.parties()} <= live

    @rule(data=st.data())
    def call(self, data: st.DataObject) -> None:
        leg = LegId(f"in{next(self.names)}")
        self.legs[leg] = "incoming"
        dialled = data.draw(st.sampled_from(DIALLED))
        if dialled == "112":
            self.emergency.add(leg)
        origins: list[Origin] = [FromTrunk(trunk=TrunkId("t1")), *map(office.device, office.EXTENSIONS)]
        origin = data.draw(st.sampled_from(origins))
        replaces = data.draw(st.one_of(st.none(), st.none(), st.sampled_from([*self.legs, LegId("none")])))
        if replaces == leg:
            replaces = None
        self.feed(
            ev.LegIncoming(
                leg=leg, origin=origin, caller=Caller(number="1"), dialled=dialled, replaces=replaces
            )
        )
        if leg in self.emergency and replaces is None:
            assert self.refused.get(leg) not in (Cause.CONGESTION, Cause.FORBIDDEN)

    @precondition(lambda self: self.any_leg("outgoing", "ending"))
    @rule(
        data=st.data(), kind=st.sampled_from([ev.LegTrying, ev.LegRinging, ev.LegEarlyMedia, ev.LegAnswered])
    )
    def far_side(self, data: st.DataObject, kind: type[ev.LegTrying]) -> None:
        leg = self.pick(data, "outgoing", "ending")
        if leg.startswith("in"):
            return
        self.feed(kind(leg=leg))

    @precondition(lambda self: self.answered)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        leg = data.draw(st.sampled_from(sorted(self.answered)))
        if leg in self.legs:
            self.feed(ev.LegAnswered(leg=leg))

    @precondition(lambda self: self.legs)
    @rule(
        data=st.data(),
        cause=st.sampled_from(REMOTE_CAUSES),
        redirect=st.sampled_from(["", "", "", "22", "0", "all", "echo", "nowhere"]),
    )
    def end(self, data: st.DataObject, cause: Cause, redirect: str) -> None:
        leg = self.pick(data, "incoming", "outgoing", "ending")
        del self.legs[leg]
        self.ended.add(leg)
        self.playing.pop(leg, None)
        self.feed(ev.LegEnded(leg=leg, cause=Cause.TRANSFERRED if redirect else cause, redirect=redirect))

    @precondition(lambda self: self.legs)
    @rule(data=st.data(), held=st.booleans())
    def hold(self, data: st.DataObject, held: bool) -> None:
        self.feed(ev.LegHeld(leg=self.pick(data, "incoming", "outgoing", "ending"), held=held))

    @precondition(lambda self: self.legs)
    @rule(data=st.data())
    def press(self, data: st.DataObject) -> None:
        leg = self.pick(data, "incoming", "outgoing", "ending")
        for digit in data.draw(st.sampled_from(KEYS)):
            self.feed(ev.LegDigit(leg=leg, digit=digit))

    @precondition(lambda self: self.recording)
    @rule(data=st.data(), length=st.sampled_from([0, 3000]), end=st.sampled_from(RecordingEnd))
    def recorded(self, data: st.DataObject, length: int, end: RecordingEnd) -> None:
        name = data.draw(st.sampled_from(sorted(self.recording)))
        self.feed(
            ev.RecordingEnded(
                leg=self.recording.pop(name), recording=name, length_ms=Milliseconds(length), end=end
            )
        )

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), reply=st.sampled_from([Done(), None]))
    def replied(self, data: st.DataObject, reply: Done | None) -> None:
        call, serial = data.draw(st.sampled_from(self.asked))
        self.asked.remove((call, serial))
        self.feed(ev.Consulted(call=call, serial=serial, reply=reply))

    @rule(data=st.data(), act=st.sampled_from(TapeAct))
    def tape(self, data: st.DataObject, act: TapeAct) -> None:
        calls = [record.call for record, _ in self.control.live_calls()]
        if calls:
            self.feed(ev.TapeCall(call=data.draw(st.sampled_from(calls)), act=act, who="walk"))

    @rule(allowed=st.booleans())
    def room_on_the_disk(self, allowed: bool) -> None:
        self.feed(ev.TapingAllowed(allowed=allowed))

    @rule(data=st.data(), act=st.sampled_from(RoomAct))
    def moderate(self, data: st.DataObject, act: RoomAct) -> None:
        for room in self.control.conferences():
            legs = [None, *(one.leg for one in room.participants)]
            leg = data.draw(st.sampled_from(legs))
            dialled = data.draw(st.sampled_from(DIALLED))
            self.feed(ev.ModerateRoom(room=room.room, act=act, leg=leg, dialled=dialled))

    @precondition(lambda self: self.legs)
    @rule(data=st.data(), dialled=st.sampled_from(DIALLED))
    def transfer(self, data: st.DataObject, dialled: str) -> None:
        leg = self.pick(data, "incoming", "outgoing", "ending")
        replaces = data.draw(st.one_of(st.none(), st.sampled_from([*self.legs, LegId("none")])))
        self.feed(ev.LegTransfer(leg=leg, target="" if replaces else dialled, replaces=replaces))

    @precondition(lambda self: self.playing)
    @rule(data=st.data(), stale=st.booleans())
    def played(self, data: st.DataObject, stale: bool) -> None:
        leg = data.draw(st.sampled_from(sorted(self.playing)))
        self.feed(ev.PlaybackEnded(leg=leg, playback=0 if stale else self.playing.pop(leg)))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        timer = data.draw(st.sampled_from(sorted(self.timers)))
        self.timers.discard(timer)
        self.feed(ev.TimerExpired(timer=timer))

    @rule(data=st.data())
    def hang_up(self, data: st.DataObject) -> None:
        calls = [record.call for record, _ in self.control.live_calls()]
        if calls:
            self.feed(ev.HangUp(call=data.draw(st.sampled_from([*calls, CallId("none")]))))

    @invariant()
    def legs_agree(self) -> None:
        if hasattr(self, "control"):
            assert self.control.leg_count == len(self.legs)

    @invariant()
    def rooms_agree(self) -> None:
        """A room is never empty; nobody hears themselves, who is muted, or who is not in it."""
        if not hasattr(self, "control"):
            return
        x = self.control._x
        for room in self.control.conferences():
            call = x.calls[room.call]
            assert call.room is not None
            assert set(call.members) == set(call.room.participants) != set()
            here = {one.leg: one for one in room.participants}
            for leg in here:
                heard = x.legs[leg].hears
                if isinstance(heard, fx.HearsLegs):
                    assert leg not in heard.legs
                    assert all(one in here and not here[one].muted for one in heard.legs)

    def teardown(self) -> None:
        if not hasattr(self, "control"):
            return
        self.feed(ev.ShutDown())
        for leg in sorted(self.legs):
            assert self.legs[leg] == "ending", f"{leg} was not asked to end"
        for leg in sorted(self.legs):
            del self.legs[leg]
            self.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))
        assert self.control.leg_count == 0
        assert self.control.live_calls() == ()
        assert self.control.lines() == ()
        assert self.control._x.parked == {}
        assert self.control._x.rooms == {}
        for name, leg in self.recording.items():
            self.feed(
                ev.RecordingEnded(
                    leg=leg, recording=name, length_ms=Milliseconds(1), end=RecordingEnd.LEG_ENDED
                )
            )
        assert self.control._x.tapes == {}
        assert self.tapes == set()
        kinds = ("ring:", "progress:", "park:", "wait:")
        assert not {timer for timer in self.timers if timer.startswith(kinds)}
        assert self.control._x.waiting == {}
        for record in self.records.values():
            assert record.ended is not None, record  # type: ignore[attr-defined]
            assert record.cause is not None, record  # type: ignore[attr-defined]


World.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestWalk = World.TestCase
