"""The base's side of a handset: what its user and its system do, in every order."""

from typing import Any, cast

from appliance.dect.handset_port import HandsetPort
from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.line_settings import Completeness
from appliance.fxs.steps import (
    BellAnswered,
    BellRefused,
    CallOver,
    CallTaken,
    CallWanted,
    Connected,
    HungUp,
    KeyPressed,
    Other,
    OtherChanged,
    Report,
    RingOver,
    RingWanted,
    Service,
    ServiceWanted,
    SoundChanged,
    StateShown,
)
from appliance.fxs.tap import Tap
from appliance.model import dect_air as air
from appliance.model.causes import Cause
from appliance.model.ids import DeviceId, LegId
from appliance.ports import DectSystem, SoundUser

H31 = DeviceId("dect31")
ANNA = Shown(number="21", name="Anna")
AIR = LegId("air")


class Scene:
    """A port, and everything that it tells its system and call control."""

    def __init__(self) -> None:
        self.orders: list[air.DectCommand] = []
        self.users: dict[LegId, SoundUser] = {}
        self.reports: list[Report] = []
        self.now = 0
        self.count = 0
        self.port = HandsetPort(
            H31,
            country="DE",
            system=lambda: cast(DectSystem, self),
            judge=lambda digits: Completeness.WHOLE if len(digits) == 2 else Completeness.MORE,
            new_id=self._new_id,
            sink=lambda _name, report: self.reports.append(report),
            now_ms=lambda: self.now,
        )
        self.port.reachable(True)
        self.told()

    def _new_id(self) -> str:
        self.count += 1
        return f"ours{self.count}"

    def order(self, command: air.DectCommand) -> None:
        self.orders.append(command)

    def listen(self, leg: LegId, user: SoundUser | None) -> None:
        if user is None:
            self.users.pop(leg, None)
        else:
            self.users[leg] = user

    def tell(self, *facts: Any) -> list[Report]:
        for fact in facts:
            self.port.tell(fact)
        self.port.turn()
        self.port.turn()
        return self.told()

    def happens(self, event: air.DectEvent) -> list[Report]:
        self.port.happened(event)
        self.port.turn()
        return self.told()

    def told(self) -> list[Report]:
        found: list[Report] = [one for one in self.reports if not isinstance(one, StateShown)]
        self.reports.clear()
        return found

    def ordered(self) -> list[air.DectCommand]:
        found, self.orders = self.orders, []
        return found

    def calls(self, digits: str = "", *, wideband: bool = False) -> list[Report]:
        return self.happens(air.HandsetCalls(leg=AIR, handset=H31, digits=digits, wideband=wideband))

    def rings(self) -> LegId:
        self.tell(RingWanted(caller=ANNA, kind=RingKind.INTERNAL))
        (ring,) = self.ordered()
        assert isinstance(ring, air.RingHandset)
        assert (ring.number, ring.name, ring.internal) == ("21", "Anna", True)
        return ring.leg


def test_a_number_typed_before_the_green_key_is_dialled_at_once() -> None:
    scene = Scene()
    assert scene.calls("0123#") == [CallWanted(number="0123")], "though 01 is a whole number"
    scene.tell(CallTaken())
    scene.tell(Connected(), Connected())
    assert scene.ordered() == [
        air.AcceptHandset(leg=AIR, answered=False),
        air.AcceptHandset(leg=AIR, answered=True),
    ]
    assert scene.happens(air.HandsetKey(leg=AIR, key="5")) == [KeyPressed(key="5")]
    assert scene.happens(air.HandsetEnds(leg=AIR, cause=Cause.NORMAL)) == [HungUp()]
    assert scene.users == {}


def test_key_by_key_behind_the_dial_tone() -> None:
    scene = Scene()
    assert scene.calls() == []
    assert any(scene.users[AIR].exchange(bytes(320)))
    assert scene.happens(air.HandsetKey(leg=AIR, key="2")) == []
    assert not any(scene.users[AIR].exchange(bytes(320)))
    assert scene.happens(air.HandsetKey(leg=AIR, key="1")) == [CallWanted(number="21")]


def test_a_call_that_is_over_says_why_and_is_hung_up_by_itself() -> None:
    scene = Scene()
    scene.calls("21")
    scene.tell(CallOver())
    assert any(any(scene.users[AIR].exchange(bytes(640))) for _ in range(50)), "a tone, at either rate"
    assert scene.ordered() == []
    scene.now += 4000
    scene.port.turn()
    assert scene.ordered() == [air.HangUpHandset(leg=AIR, cause=Cause.NORMAL)]
    scene.told()
    assert scene.calls("22") == [CallWanted(number="22")], "at once again"


def test_a_ring_is_answered_refused_or_in_vain() -> None:
    scene = Scene()
    leg = scene.rings()
    assert scene.happens(air.HandsetAnswers(leg=leg, wideband=True)) == [
        SoundChanged(wideband=True),
        BellAnswered(),
    ]
    scene.happens(air.HandsetEnds(leg=leg, cause=Cause.NORMAL))
    for cause, told in (
        (Cause.REJECTED, Cause.REJECTED),
        (Cause.UNREACHABLE, Cause.UNREACHABLE),
        (Cause.NORMAL, Cause.NO_ANSWER),
    ):
        leg = scene.rings()
        assert scene.happens(air.HandsetEnds(leg=leg, cause=cause)) == [BellRefused(cause=told)]
    leg = scene.rings()
    assert scene.tell(RingOver()) == []
    assert scene.ordered() == [air.HangUpHandset(leg=leg, cause=Cause.NORMAL)]


def test_both_begin_at_once_and_the_user_wins() -> None:
    scene = Scene()
    leg = scene.rings()
    assert scene.calls("22") == [BellRefused(cause=Cause.BUSY), CallWanted(number="22")]
    assert scene.ordered() == [air.HangUpHandset(leg=leg, cause=Cause.NORMAL)]
    assert list(scene.users) == [AIR]
    assert scene.happens(air.HandsetAnswers(leg=leg)) == []


def test_the_r_key_holds_and_a_waiting_caller_is_shown_and_heard() -> None:
    scene = Scene()
    tap = Tap()
    scene.calls("21")
    scene.port.connect((tap,))
    scene.tell(Connected())
    scene.ordered()
    scene.tell(OtherChanged(other=Other.WAITING, caller=Shown(number="22", name="Ben")))
    assert scene.ordered() == [air.ShowParty(leg=AIR, number="22", name="Ben")]
    assert any(scene.users[AIR].exchange(bytes(320))), "the beep"
    scene.happens(air.HandsetKey(leg=AIR, key="R"))
    assert scene.happens(air.HandsetKey(leg=AIR, key="2")) == [ServiceWanted(service=Service.SWAP)]


def test_a_withheld_caller_is_not_shown_and_missed_calls_are_counted_until_the_next_key() -> None:
    scene = Scene()
    scene.tell(RingWanted(caller=Shown(number="21", name="Anna", withheld=True), kind=RingKind.EXTERNAL))
    (ring,) = scene.ordered()
    assert isinstance(ring, air.RingHandset)
    assert (ring.number, ring.name, ring.internal) == ("", "", False)
    scene.tell(RingOver())
    scene.port.miss()
    assert scene.ordered()[-1] == air.ShowMessages(handset=H31, messages=0, missed=1)
    scene.calls()
    assert scene.ordered() == [air.ShowMessages(handset=H31, messages=0, missed=0)]


def test_a_handset_that_is_lost_ends_its_call_and_cannot_ring() -> None:
    scene = Scene()
    scene.calls("21")
    scene.port.reachable(False)
    assert HungUp() in scene.told()
    assert scene.ordered()[-1] == air.HangUpHandset(leg=AIR, cause=Cause.FAILURE)
    assert scene.tell(RingWanted(caller=ANNA, kind=RingKind.INTERNAL)) == [BellRefused()]


def test_sound_of_the_wrong_rate_is_silence() -> None:
    scene = Scene()
    tap = Tap()
    scene.calls("21")
    scene.port.connect((tap,))
    scene.tell(Connected())
    assert scene.users[AIR].exchange(b"\1" * 640) == bytes(640)
    assert len(scene.users[AIR].exchange(b"\1" * 320)) == 320
