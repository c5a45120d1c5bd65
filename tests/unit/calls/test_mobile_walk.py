"""Random walks of mobiles through the office: nothing illegal happens, nothing is left."""

from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.ids import ExtensionId, LegId
from tests.unit.calls.mobile_office import GATE, MOBILE, OFFICE, PIN, STRANGER, House

KEYS = (
    f"{PIN}#", "1111#", "21#", "22#", "030987654#", "112", "*#", "*1", "*422#", "*4030111#", "*71#", "*8#",
    "*70#", "*3#", "*43#", "*222#", "*222#", "*2030555#", "*3", "*4#",
    "1", "2", "5", "*", "#", "*37#", "*66#", "*21*22#", "#21#",
)  # fmt: skip
CAUSES = (Cause.NORMAL, Cause.BUSY, Cause.REJECTED, Cause.UNREACHABLE, Cause.CONGESTION, Cause.TIMEOUT)
MOBILES: tuple[dict[str, Any], ...] = (
    {},
    {"needs_pin": False},
    {"rings": True},
    {"rings": True, "needs_pin": False},
    {"reverse": True},
    {"reverse": True, "needs_pin": False},
)


class World(RuleBasedStateMachine):
    """Mobiles, strangers and phones of the office."""

    @initialize(
        mobile=st.sampled_from(MOBILES), callback=st.booleans(), anywhere=st.sampled_from([(), ("21",)])
    )
    def begin(self, mobile: dict[str, Any], callback: bool, anywhere: tuple[ExtensionId, ...]) -> None:
        self.house = House(mobile=mobile, gate={"callback": callback, "anywhere": anywhere})
        self.came: list[LegId] = []

    def live(self) -> list[LegId]:
        return [one for one in (*self.came, *self.house.dialled) if one not in self.house.over]

    def out(self) -> list[LegId]:
        return [one for one in self.house.dialled if one not in self.house.over]

    @rule(number=st.sampled_from([GATE, GATE, OFFICE]), caller=st.sampled_from([MOBILE, MOBILE, STRANGER]))
    def calls_in(self, number: str, caller: str) -> None:
        if len(self.live()) < 12:
            self.came.append(self.house.calls_in(number, caller))

    @rule(who=st.sampled_from(["21", "22"]), dialled=st.sampled_from(["22", "21", "*71", "*8", "030987654"]))
    def phone_calls(self, who: str, dialled: str) -> None:
        if len(self.live()) < 12:
            self.came.append(self.house.phone_calls(who, dialled))

    @rule(dialled=st.sampled_from(["", "030987654", "22", "*43"]))
    def call_back(self, dialled: str) -> None:
        self.house.feed(ev.CallBack(extension=ExtensionId("21"), dialled=dialled))

    @rule(text=st.sampled_from(["CB 22", f"CB 030987654 PIN {PIN}", "CB PIN 1234", "CB"]))
    def text(self, text: str) -> None:
        self.house.feed(ev.TextReceived(number=MOBILE, text=text))

    @precondition(lambda self: self.live())
    @rule(data=st.data(), keys=st.sampled_from(KEYS))
    def press(self, data: st.DataObject, keys: str) -> None:
        self.house.press(data.draw(st.sampled_from(self.live())), keys)

    @precondition(lambda self: self.live())
    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        leg = data.draw(st.sampled_from(self.live()))
        heard = self.house.hears.get(leg)
        if isinstance(heard, fx.HearsList | fx.HearsFile) and heard.playback:
            self.house.feed(ev.PlaybackEnded(leg=leg, playback=heard.playback))

    @precondition(lambda self: self.out())
    @rule(data=st.data(), how=st.sampled_from(["alert", "answer", "answer"]))
    def progress(self, data: st.DataObject, how: str) -> None:
        leg = data.draw(st.sampled_from(self.out()))
        if how == "alert":
            self.house.alert(leg)
        else:
            self.house.answer(leg)

    @precondition(lambda self: self.live())
    @rule(data=st.data(), cause=st.sampled_from(CAUSES))
    def hang_up(self, data: st.DataObject, cause: Cause) -> None:
        self.house.hang_up(data.draw(st.sampled_from(self.live())), cause)

    @precondition(lambda self: self.house.timers)
    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        timer = data.draw(st.sampled_from(sorted(self.house.timers)))
        del self.house.timers[timer]
        self.house.feed(ev.TimerExpired(timer=timer))

    @invariant()
    def nobody_is_left(self) -> None:
        if hasattr(self, "house"):
            assert self.house.control.leg_count == len(self.live())

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        for _ in range(50):
            if not self.live():
                break
            self.house.hang_up(self.live()[0])
        assert not self.live()
        assert not self.house.control.live_calls()
        assert not self.house.control.lines()


World.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestMobileWalk = World.TestCase
