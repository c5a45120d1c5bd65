"""The engine loop: other threads' events and questions, overload, defects that must not end it.

The SIP port is a stand-in here; the loop with the real one is proven by the calls of the whole box.
"""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.app import loop as module
from appliance.app.loop import INBOX_SIZE, EngineLoop
from appliance.calls.control import CallControl
from appliance.errors import DeviceUnavailable, NotFound
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Audio, Device, Trunk
from appliance.model.events import (
    HangUp,
    LegEnded,
    LegIncoming,
    ShutDown,
    SnapshotChanged,
    TimerExpired,
)
from appliance.model.fax import FaxBox
from appliance.model.ids import CallId, LegId, TimerId, TrunkId
from appliance.model.parties import Party
from appliance.model.plan import Caller, FromTrunk, Presentation
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot, build
from appliance.ports import EventSink, LegMedia, TrunkState, TrunkStatus
from appliance.routing.plan import plan

EMPTY = build([])


class Port:
    """A SIP port without SIP."""

    def __init__(self) -> None:
        self.polled: list[int] = []
        self.states: tuple[TrunkState, ...] = ()
        self.applied = 0
        self.broken = False

    def start(self, sink: EventSink) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        """Nothing to close."""

    def poll(self, max_ms: int) -> None:
        """Remember how long it might have slept."""
        self.polled.append(max_ms)

    def execute(self, effect: fx.LegEffect) -> None:
        """Fail when told to."""
        if self.broken:
            raise RuntimeError("defect")

    def apply_fax_boxes(self, boxes: Iterable[FaxBox]) -> None:
        pass

    def apply_devices(self, devices: Iterable[Device]) -> None:
        """Fail when told to."""
        if self.broken:
            raise RuntimeError("defect")
        self.applied += 1

    def apply_trunks(self, trunks: Iterable[Trunk]) -> None:
        """Nothing."""

    def apply_audio(self, recordings: Iterable[Audio]) -> None:
        """Nothing."""

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """As set."""
        return self.states

    def leg_media(self) -> tuple[LegMedia, ...]:
        """None."""
        return ()


class Outlet:
    """Remembers trunks."""

    def __init__(self) -> None:
        self.trunks: list[TrunkState] = []

    def call(self, record: CallRecord) -> None:
        """Not needed."""

    def leg(self, record: LegRecord) -> None:
        """Not needed."""

    def line(self, line: fx.PublishLine) -> None:
        """Not needed."""

    def party(self, party: Party) -> None:
        """Not needed."""

    def limit(self, reached: fx.LimitReached) -> None:
        """Not needed."""

    def second(self) -> None:
        """Not needed."""

    def consult(self, consult: fx.Consult) -> None:
        """Not needed."""

    def change(self, change: fx.ChangeConfiguration) -> None:
        """Not needed."""

    def wish(self, changed: fx.WishChanged) -> None:
        """Not needed."""

    def wake_up_missed(self, missed: fx.WakeUpMissed) -> None:
        """Not needed."""

    def trunk(self, state: TrunkState) -> None:
        """Remember."""
        self.trunks.append(state)


class Control(CallControl):
    """Call control that also has a defect, on demand, and yields given effects."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(planner=plan, new_id=lambda: "1", snapshot=snapshot)
        self.handled: list[Any] = []
        self.threads: set[int] = set()
        self.effects: list[fx.Effect] = []

    def handle(self, event: Any, now: datetime) -> list[fx.Effect]:
        """Remember, fail for the call named defect, else hand out what is prepared."""
        self.handled.append(event)
        self.threads.add(threading.get_ident())
        if event == HangUp(call=CallId("defect")):
            raise KeyError("defect")
        prepared, self.effects = self.effects, []
        return [*super().handle(event, now), *prepared]


class Time:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.ms = 0

    def monotonic_ms(self) -> int:
        """Now."""
        return self.ms


class Rig:
    """A loop with everything around it."""

    def __init__(self) -> None:
        self.port = Port()
        self.control = Control(EMPTY)
        self.clock = Time()
        self.outlet = Outlet()
        self.loop = EngineLoop(
            sip=self.port,
            control=self.control,
            clock=self.clock,
            wall=lambda: datetime.now(UTC),
            outlet=self.outlet,
        )
        self.loop.start(EMPTY)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def turning(rig: Rig, stop: threading.Event) -> None:
    while not stop.is_set():
        rig.loop.turn(1)


def test_events_of_many_threads_are_handled_once_each_on_the_engine_thread(rig: Rig) -> None:
    stop = threading.Event()
    engine = threading.Thread(target=turning, args=(rig, stop))
    engine.start()

    def hand_in(name: int) -> None:
        for number in range(100):
            rig.loop.post(HangUp(call=CallId(f"{name}-{number}")))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hand_in, range(8)))
    assert rig.loop.ask(threading.get_ident) == engine.ident
    stop.set()
    engine.join(5)
    calls = [event.call for event in rig.control.handled if isinstance(event, HangUp)]
    assert len(calls) == len(set(calls)) == 800
    for name in range(8):  # the order of each thread is kept
        mine = [call for call in calls if call and call.startswith(f"{name}-")]
        assert mine == [f"{name}-{n}" for n in range(100)]
    assert rig.control.threads == {engine.ident}


def test_a_question_gets_its_answer_or_its_error(rig: Rig) -> None:
    stop = threading.Event()
    engine = threading.Thread(target=turning, args=(rig, stop))
    engine.start()
    try:
        assert rig.loop.ask(lambda: 6 * 7) == 42

        def wrong() -> None:
            raise NotFound("no such thing")

        with pytest.raises(NotFound):
            rig.loop.ask(wrong)
        assert rig.loop.ask(lambda: "still there") == "still there"
    finally:
        stop.set()
        engine.join(5)


def test_a_question_the_engine_is_late_for_is_given_up_and_never_asked(rig: Rig) -> None:
    asked = []
    with pytest.raises(DeviceUnavailable) as caught:
        rig.loop.ask(lambda: asked.append(1), timeout_s=0.01)
    assert caught.value.error_id == "engine.late"
    rig.loop.turn()
    assert asked == []


def test_an_overloaded_engine_refuses_instead_of_growing(rig: Rig) -> None:
    for number in range(INBOX_SIZE):
        rig.loop.post(HangUp(call=CallId(str(number))))
    with pytest.raises(DeviceUnavailable) as caught:
        rig.loop.post(HangUp(call=CallId("too many")))
    assert caught.value.error_id == "engine.overload"
    while len(rig.control.handled) < INBOX_SIZE:
        before = len(rig.control.handled)
        rig.loop.turn()
        assert 0 < len(rig.control.handled) - before <= 50  # SIP gets its turn in between
    rig.loop.post(ShutDown())
    rig.loop.turn()
    assert rig.control.handled[-1] == ShutDown()


def test_a_defect_in_call_control_is_logged_and_the_next_event_handled(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.loop.post(HangUp(call=CallId("defect")))
    rig.loop.post(HangUp(call=CallId("fine")))
    rig.loop.turn()
    assert [event.call for event in rig.control.handled] == ["defect", "fine"]
    said = "".join(capsys.readouterr())
    assert "call control failed" in said
    assert "HangUp" in said


def test_an_effect_that_fails_does_not_keep_back_the_others(rig: Rig) -> None:
    rig.port.broken = True
    rig.control.effects = [
        fx.SendDigit(leg="x", digit="1"),  # type: ignore[arg-type]
        fx.StartTimer(timer=TimerId("t"), after_ms=5),  # type: ignore[arg-type]
    ]
    rig.loop.handle(HangUp(call=CallId("1")))
    rig.clock.ms = 5
    rig.loop.turn()
    assert TimerExpired(timer=TimerId("t")) in rig.control.handled


def test_timers_fire_in_order_when_due_and_bound_the_sleep(rig: Rig) -> None:
    rig.control.effects = [
        fx.StartTimer(timer=TimerId("late"), after_ms=30),  # type: ignore[arg-type]
        fx.StartTimer(timer=TimerId("soon"), after_ms=4),  # type: ignore[arg-type]
        fx.StartTimer(timer=TimerId("never"), after_ms=20),  # type: ignore[arg-type]
        fx.CancelTimer(timer=TimerId("never")),
    ]
    rig.loop.handle(HangUp(call=CallId("1")))
    rig.loop.turn()
    assert rig.port.polled[-1] == 4
    rig.clock.ms = 40
    rig.loop.turn()
    fired = [event.timer for event in rig.control.handled if isinstance(event, TimerExpired)]
    assert fired == ["soon", "late"]
    rig.loop.turn()
    assert rig.port.polled[-1] == module.POLL_MS


def test_a_configuration_the_engine_chokes_on_still_reaches_call_control(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.port.broken = True
    rig.loop.post(SnapshotChanged(snapshot=EMPTY))
    rig.loop.turn()
    assert rig.control.handled == [SnapshotChanged(snapshot=EMPTY)]
    assert "did not take the configuration" in "".join(capsys.readouterr())
    rig.port.broken = False
    before = rig.port.applied
    rig.loop.handle(SnapshotChanged(snapshot=EMPTY))
    assert rig.port.applied == before + 1


def test_a_trunk_is_published_when_it_changes_and_only_then(rig: Rig) -> None:
    trying = TrunkState(trunk=TrunkId("t"), status=TrunkStatus.TRYING)
    there = TrunkState(trunk=TrunkId("t"), status=TrunkStatus.REGISTERED)
    rig.port.states = (trying,)
    for ms in (0, 10, 1000, 2000):
        rig.clock.ms = ms
        rig.loop.turn()
    assert rig.outlet.trunks == [trying]
    rig.port.states = (there,)
    rig.loop.turn()
    assert rig.outlet.trunks == [trying]  # looked at once a second
    rig.clock.ms = 3000
    rig.loop.turn()
    assert rig.outlet.trunks == [trying, there]


class Line:
    """A port beside SIP that reaches one trunk."""

    def __init__(self) -> None:
        self.sink: EventSink | None = None
        self.executed: list[fx.LegEffect] = []
        self.polled = self.applied = self.stopped = 0

    def start(self, sink: EventSink) -> None:
        """Keep the sink."""
        self.sink = sink

    def stop(self) -> None:
        """Count."""
        self.stopped += 1

    def poll(self) -> None:
        """Count."""
        self.polled += 1

    def reaches(self, endpoint: fx.Endpoint) -> bool:
        """Trunk ``gsm`` is here."""
        return isinstance(endpoint, fx.ToTrunk) and endpoint.trunk == "gsm"

    def execute(self, effect: fx.LegEffect) -> None:
        """Remember."""
        self.executed.append(effect)

    def apply(self, snapshot: Snapshot) -> None:
        """Count."""
        self.applied += 1

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """One."""
        return (TrunkState(trunk=TrunkId("gsm"), status=TrunkStatus.REGISTERED),)


class Recorder(Port):
    """The SIP port, remembering effects."""

    def __init__(self) -> None:
        super().__init__()
        self.executed: list[fx.LegEffect] = []

    def execute(self, effect: fx.LegEffect) -> None:
        """Remember."""
        self.executed.append(effect)


def test_each_leg_is_served_by_the_port_that_made_it_and_heard_through_the_mixer() -> None:
    sip, line, control, outlet = Recorder(), Line(), Control(EMPTY), Outlet()
    loop = EngineLoop(
        sip=sip,
        control=control,
        clock=Time(),
        wall=lambda: datetime.now(UTC),
        outlet=outlet,
        lines=[line],
    )
    loop.start(EMPTY)
    ours, theirs, came = LegId("ours"), LegId("theirs"), LegId("came")

    def originate(leg: LegId, trunk: str) -> fx.Originate:
        return fx.Originate(
            leg=leg,
            endpoint=fx.ToTrunk(trunk=TrunkId(trunk), dial="1"),
            present=Presentation(number=""),
        )

    to_line: list[fx.LegEffect] = [
        originate(ours, "gsm"),
        fx.SendDigit(leg=ours, digit="5"),
        fx.EndLeg(leg=ours, cause=Cause.NORMAL),
    ]
    to_sip: list[fx.LegEffect] = [
        originate(theirs, "voip"),
        fx.SendDigit(leg=theirs, digit="6"),
        fx.SetAudio(leg=ours, hears=fx.HearsNothing()),
    ]
    control.effects = [*to_line, *to_sip]
    loop.handle(HangUp(call=CallId("any")))
    assert line.executed == to_line
    assert sip.executed == to_sip
    assert line.sink is not None
    control.effects = [answer := fx.Answer(leg=came)]
    line.sink(
        LegIncoming(leg=came, origin=FromTrunk(trunk=TrunkId("gsm")), caller=Caller(), dialled="+4922155501")
    )
    assert answer in line.executed
    control.effects = [late := fx.EndLeg(leg=came, cause=Cause.NORMAL)]
    line.sink(LegEnded(leg=came, cause=Cause.NORMAL))
    assert late in line.executed
    control.effects = [gone := fx.SendDigit(leg=came, digit="1")]
    loop.handle(HangUp(call=CallId("any")))
    assert gone in sip.executed  # which does not know the leg and ignores it
    loop.turn()
    assert line.polled == 1
    assert [state.trunk for state in outlet.trunks] == ["gsm"]
    loop.stop()
    assert line.stopped == 1
