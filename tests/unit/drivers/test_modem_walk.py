"""The dialogue with a module under any order of events: each call one story, one end, and none left over."""

import random
from collections.abc import Callable
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.drivers.gsm.emulated_at import EmulatedAt
from appliance.drivers.gsm.emulated_network import EmulatedCall, Mischief, Network, Sim
from appliance.drivers.gsm.families import QUECTEL, SIMCOM
from appliance.drivers.gsm.modem import Modem
from appliance.drivers.gsm.reports import CallStage
from appliance.model import gsm
from appliance.model.causes import Cause
from appliance.model.gsm import GsmModule, ModuleStatus
from appliance.model.ids import LegId, ModuleId

REPORTS = ("RING", "+CLIP", "NO CARRIER", "VOICE CALL", "+CLCC", "+QIND", "^DSCI", "MISSED_CALL", "BUSY")
QUIET_MS = 90_000
"""After so long without news, both sides agree."""


class NoPins:
    """The SIM wants none."""

    def refused(self, sim: str, pin: str) -> bool:
        """Never tried."""
        return False

    def note(self, sim: str, pin: str) -> None:
        """Not needed."""

    def right(self, sim: str, pin: str) -> None:
        """Not needed."""


class Walk(RuleBasedStateMachine):
    """A modem and an emulated module, joined by strings; time passes only when the test says so."""

    @initialize(
        family=st.sampled_from([SIMCOM, QUECTEL]),
        lost=st.frozensets(st.sampled_from(REPORTS)),
        shuffle=st.booleans(),
        seed=st.integers(0, 9),
    )
    def begin(self, family: object, lost: frozenset[str], shuffle: bool, seed: int) -> None:
        """Plug it in and wait until it is ready."""
        assert family in (SIMCOM, QUECTEL)
        chosen = SIMCOM if family is SIMCOM else QUECTEL
        self.now = 0
        self.random = random.Random(seed)
        self.said = bytearray()
        self.events: list[gsm.GsmEvent] = []
        self.ours: list[LegId] = []
        legs = count()
        self.at = EmulatedAt(
            family=chosen.name,
            imei="860000000000017",
            sim=Sim(),
            network=Network(),
            mischief=Mischief(lose=lost, shuffle=shuffle),
            say=lambda text: self.said.extend(text.encode("latin-1")),
            on_dial=lambda: None,
            on_reset=lambda: None,
        )
        self.modem = Modem(
            family=chosen,
            place="1-1",
            now_ms=lambda: self.now,
            emit=self.events.append,
            new_leg=lambda: LegId(f"in{next(legs)}"),
            pins=NoPins(),
        )
        self.modem.start()
        self.modem.configure(GsmModule(id=ModuleId("m"), roaming=True))
        self.run_until(lambda: self.modem.state.status is ModuleStatus.READY, 60_000)
        assert self.modem.state.status is ModuleStatus.READY

    def exchange(self) -> None:
        """Carry what was written to either side, in pieces."""
        for _ in range(2000):
            out = bytes(self.modem.out)
            self.modem.out.clear()
            if out:
                self.at.received(out)
            size = self.random.randrange(1, 40)
            piece = bytes(self.said[:size])
            del self.said[:size]
            if piece:
                self.modem.received(piece)
            if not out and not piece:
                return
        raise AssertionError("they never fall silent")

    def run_until(self, holds: Callable[[], bool], most_ms: int) -> None:
        """Let time pass."""
        end = self.now + most_ms
        self.exchange()
        while not holds() and self.now < end:
            due = self.modem.deadline_ms
            self.now = min(end, max(self.now + 1, due if due is not None else end))
            self.modem.tick()
            self.exchange()

    def dead(self) -> bool:
        """The modem was given up."""
        return bool(self.modem.finished)

    def live(self) -> list[LegId]:
        """Legs that have begun for us and are not over."""
        begun = [*self.ours, *(one.leg for one in self.events if isinstance(one, gsm.CallComes))]
        over = {one.leg for one in self.events if isinstance(one, gsm.CallEnds)}
        return [leg for leg in begun if leg not in over]

    @rule(ms=st.integers(0, 5000))
    def time_passes(self, ms: int) -> None:
        """A while."""
        self.run_until(lambda: False, ms)

    @rule(settle=st.booleans())
    def dial(self, settle: bool) -> None:
        """We call."""
        leg = LegId(f"out{len(self.ours)}")
        self.ours.append(leg)
        self.modem.order(gsm.Dial(leg=leg, number="+4930123456"))
        if settle:
            self.exchange()

    @precondition(lambda self: self.at.call is None)
    @rule(withheld=st.booleans())
    def call(self, withheld: bool) -> None:
        """Somebody calls."""
        self.at.call = EmulatedCall(
            number="+4917012345", incoming=True, stage=CallStage.INCOMING, withheld=withheld
        )
        self.at.tell(self.at.call)

    @precondition(lambda self: self.at.call is not None and not self.at.call.incoming)
    @rule(answer=st.booleans())
    def far_side(self, answer: bool) -> None:
        """It rings there, or is answered."""
        if answer:
            self.at.become_active()
        else:
            self.at.enter(CallStage.ALERTING)

    @precondition(lambda self: self.at.call is not None)
    @rule(busy=st.booleans())
    def far_ends(self, busy: bool) -> None:
        """The other party goes."""
        self.at.released("User busy" if busy else "Normal call clearing", "BUSY" if busy else "")

    @rule()
    def we_answer(self) -> None:
        """Whatever there is to answer."""
        for leg in self.live():
            self.modem.order(gsm.AnswerCall(leg=leg))

    @rule()
    def we_hang_up(self) -> None:
        """Whatever there is to end."""
        for leg in self.live():
            self.modem.order(gsm.HangUpCall(leg=leg, cause=Cause.CANCELLED))

    @rule(ms=st.integers(100, 12_000))
    def the_module_sleeps(self, ms: int) -> None:
        """It answers nothing for a while; then everything comes at once."""
        end = self.now + ms
        while self.now < end:
            due = self.modem.deadline_ms
            self.now = min(end, max(self.now + 1, due if due is not None else end))
            self.modem.tick()
            if self.modem.finished:
                break
        self.exchange()

    @invariant()
    def every_call_is_one_story(self) -> None:
        """Nothing comes after the end, no end comes twice, nothing is answered twice."""
        if not hasattr(self, "events"):
            return
        over: set[LegId] = set()
        talking: set[LegId] = set()
        begun = set(self.ours)
        for event in self.events:
            match event:
                case gsm.CallComes(leg=leg):
                    assert leg not in begun
                    begun.add(leg)
                case gsm.CallTalks(leg=leg):
                    assert leg in begun - over - talking
                    talking.add(leg)
                case gsm.CallEnds(leg=leg):
                    assert leg in begun - over
                    over.add(leg)
                case gsm.CallRings(leg=leg) | gsm.CallDialling(leg=leg) | gsm.CallKey(leg=leg):
                    assert leg in begun - over

    def teardown(self) -> None:
        """In the end both sides agree on whether there is a call."""
        if not hasattr(self, "modem") or self.dead():
            return
        self.run_until(self.dead, QUIET_MS)
        if self.dead():
            return
        live = self.live()
        call = self.at.call
        assert len(live) == (0 if call is None else 1), (live, call, self.events[-10:])
        if call is not None and call.stage is CallStage.ACTIVE:
            assert any(isinstance(one, gsm.CallTalks) and one.leg == live[0] for one in self.events)
        for leg in live:
            self.modem.order(gsm.HangUpCall(leg=leg))
        self.run_until(lambda: not self.live() and self.at.call is None, QUIET_MS)
        assert self.at.call is None
        assert not self.live()


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
