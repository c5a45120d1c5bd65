"""What may go wrong between us and a DECT module on a serial line, and its calls behind the seam."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance.dect.cmbs.numbers import Event
from appliance.fxs.emulator.hearing import describe
from appliance.model import dect_air as air
from appliance.model.causes import Cause
from appliance.model.dect_air import BaseStatus, DectStatus, EnrolStatus, HandsetStatus
from appliance.model.ids import DeviceId, LegId
from tests.contract.dect.conftest import NORTH, CmbsStand, handset, ipei

D31 = DeviceId("dect31")
LEG = LegId("leg1")


class Echo:
    """Who speaks with a handset: says what it hears."""

    def __init__(self) -> None:
        self.frames: set[int] = set()
        self.heard: list[bytes] = []
        self.enough = threading.Event()

    def exchange(self, frame: bytes) -> bytes:
        self.frames.add(len(frame))
        if any(frame):
            self.heard.append(frame)
        if len(self.heard) >= 20:
            self.enough.set()
        return frame


def enrolled(stand: CmbsStand, *numbers: int) -> None:
    """H1 is of extension 31 …"""
    documents = tuple(handset(30 + number, ipei=ipei(number)) for number in numbers)
    stand.configure(*documents)
    for number, document in zip(numbers, documents, strict=True):
        stand.open(handset=document.id)
        assert stand.type_pin(f"H{number}") == "enrolled"
        stand.until(lambda name=document.id: stand.handset(name).status is HandsetStatus.READY, "handset")  # type: ignore[misc]
    stand.until(lambda: not stand.state.detail, "the sound")


def does(stand: CmbsStand, deed: Callable[[], Any]) -> None:
    """A user of a handset."""
    stand.thread.do(deed)


def test_a_call_to_a_handset_rings_speaks_and_ends(cmbs: CmbsStand) -> None:
    cmbs.begin()
    enrolled(cmbs, 1)
    assert cmbs.driver is not None
    cmbs.driver.stop()
    played = cmbs.module.beats  # the bus runs on, and nobody takes its frames
    cmbs.until(lambda: cmbs.module.beats > played + 20, "frames to be lost")
    cmbs.start()
    echo = Echo()
    assert cmbs.driver is not None
    cmbs.driver.listen(LEG, echo)
    cmbs.order(air.RingHandset(leg=LEG, handset=D31, number="022188", name="Jürgen Groß", internal=False))
    assert cmbs.wait(air.HandsetRings).leg == LEG
    assert cmbs.emulated("H1").caller == "022188 Jürgen Groß"
    does(cmbs, lambda: cmbs.air.lift("H1"))
    assert cmbs.wait(air.HandsetAnswers).wideband
    assert echo.enough.wait(10)
    assert echo.frames == {640}
    assert describe(b"".join(echo.heard[-15:]), 16000).startswith("400 Hz"), "in the right lanes"
    cmbs.until(lambda: "400 Hz" in cmbs.thread.do(cmbs.air.shown)["handsets"][0]["hears"], "its own tone")  # type: ignore[operator]
    does(cmbs, lambda: cmbs.air.dial("H1", "5#"))
    does(cmbs, lambda: cmbs.air.hold("H1", on=True))
    assert [cmbs.wait(air.HandsetKey).key for _ in range(3)] == ["5", "#", "R"]
    cmbs.until(lambda: cmbs.base(NORTH).calls == 1, "the call to be counted")
    does(cmbs, lambda: cmbs.air.hang_up("H1"))
    ended = cmbs.wait(air.HandsetEnds)
    assert (ended.leg, ended.cause, ended.by_remote) == (LEG, Cause.NORMAL, True)
    cmbs.until(lambda: not cmbs.base(NORTH).calls, "no call any more")


@pytest.mark.parametrize(("number", "digits", "wideband"), [(1, "22", True), (2, "", False)])
def test_a_handset_calls_with_its_number_or_key_by_key(
    cmbs: CmbsStand, number: int, digits: str, wideband: bool
) -> None:
    cmbs.begin()
    enrolled(cmbs, number)
    does(cmbs, lambda: cmbs.air.dial(f"H{number}", "22"))
    call = cmbs.wait(air.HandsetCalls)
    assert (call.handset, call.digits, call.wideband) == (f"dect3{number}", digits, wideband)
    if not digits:
        assert [cmbs.wait(air.HandsetKey).key for _ in range(2)] == ["2", "2"]
    cmbs.order(air.AcceptHandset(leg=call.leg, answered=True))
    cmbs.until(lambda: cmbs.air.handset(f"H{number}").state == "talks", "the handset to talk")
    cmbs.order(air.HangUpHandset(leg=call.leg, cause=Cause.NORMAL))
    assert not cmbs.wait(air.HandsetEnds).by_remote
    cmbs.until(lambda: cmbs.air.handset(f"H{number}").state == "idle", "the handset to rest")


def test_why_a_handset_does_not_answer(cmbs: CmbsStand) -> None:
    cmbs.begin()
    enrolled(cmbs, 1)

    def ring(name: str) -> None:
        cmbs.order(air.RingHandset(leg=LegId(name), handset=D31, number="22", name=""))

    ring("refused")
    cmbs.wait(air.HandsetRings)
    ring("second")
    assert cmbs.wait(air.HandsetEnds) == air.HandsetEnds(leg=LegId("second"), cause=Cause.BUSY)
    does(cmbs, lambda: cmbs.air.hang_up("H1"))
    assert cmbs.wait(air.HandsetEnds).cause is Cause.REJECTED
    cmbs.walk("H1", "away")
    ring("vain")
    assert cmbs.wait(air.HandsetEnds).cause is Cause.UNREACHABLE
    cmbs.until(lambda: cmbs.handset("dect31").status is HandsetStatus.AWAY, "the handset to be missed")
    assert not cmbs.handset("dect31").unreachable
    cmbs.walk("H1", "north")
    cmbs.until(lambda: cmbs.handset("dect31").status is HandsetStatus.READY, "the handset to be back")


def test_the_bus_is_full_and_a_wide_band_call_becomes_narrow_before_it_is_refused(cmbs: CmbsStand) -> None:
    cmbs.begin(handsets=9)
    odd = (1, 3, 5, 7)
    enrolled(cmbs, *odd, 2)
    for number in odd:
        does(cmbs, lambda name=f"H{number}": cmbs.air.dial(name, "22"))  # type: ignore[misc]
        assert cmbs.wait(air.HandsetCalls).wideband
    does(cmbs, lambda: cmbs.air.dial("H2", "22"))
    cmbs.until(lambda: cmbs.air.handset("H2").state == "idle", "the fifth to be refused")
    does(cmbs, lambda: cmbs.air.hang_up("H1"))
    cmbs.wait(air.HandsetEnds)
    does(cmbs, lambda: cmbs.air.dial("H2", "22"))
    assert cmbs.wait(air.HandsetCalls).handset == "dect32"
    does(cmbs, lambda: cmbs.air.dial("H1", "22"))
    assert not cmbs.wait(air.HandsetCalls).wideband


def test_the_module_restarts_in_a_call_and_in_an_enrolment(cmbs: CmbsStand) -> None:
    cmbs.begin(handset(32))
    enrolled(cmbs, 1)
    cmbs.configure(handset(31, ipei=ipei(1)), handset(32))
    does(cmbs, lambda: cmbs.air.dial("H1", "22"))
    call = cmbs.wait(air.HandsetCalls)
    cmbs.open(handset="dect32")
    cmbs.order(air.RestartBase())
    ended = cmbs.wait(air.HandsetEnds)
    assert (ended.leg, ended.cause) == (call.leg, Cause.FAILURE)
    cmbs.until(lambda: cmbs.state.status is DectStatus.READY, "the module")
    cmbs.until(lambda: cmbs.state.enrolment.status is EnrolStatus.OPEN, "the window to be open again")
    cmbs.until(lambda: cmbs.module.window_open, "the module's window")
    assert cmbs.type_pin("H2") == "enrolled"
    assert cmbs.wait(air.Enrolled).handset == "dect32"


@pytest.mark.parametrize(
    "mischief",
    [
        {"pieces": 1},
        {"pieces": 3, "noise": b"\xda\xda\x00\xda\xda\xda\xda\x10\x00"},
        {"stop_flow": True},
    ],
)
def test_pieces_noise_and_flow_control(cmbs: CmbsStand, mischief: dict[str, Any]) -> None:
    cmbs.begin()
    cmbs.go_wrong(**mischief)
    cmbs.restart()
    enrolled(cmbs, 1)
    does(cmbs, lambda: cmbs.air.dial("H1", "22"))
    assert cmbs.wait(air.HandsetCalls).digits == "22"


def test_answers_that_are_lost_or_spoilt_are_asked_for_again(cmbs: CmbsStand) -> None:
    cmbs.begin(handset(31))
    cmbs.go_wrong(lose=1)
    cmbs.order(air.OpenEnrolment(seconds=60, handset=D31))
    cmbs.until(lambda: cmbs.state.enrolment.status is EnrolStatus.OPEN, "the window", 15)
    asked = cmbs.module.asked
    assert asked.count(Event.PARAM_SET) == 2
    cmbs.go_wrong(spoil=1)
    cmbs.order(air.CloseEnrolment())
    assert cmbs.wait(air.EnrolmentOver).status is EnrolStatus.CLOSED
    assert asked.count(Event.CLOSE_REGISTRATION) == 2
    cmbs.open(handset="dect31")
    cmbs.go_wrong(lose=1)  # who has come is not told: nobody can know, so it must come again
    assert cmbs.type_pin("H1") == "refused"
    assert cmbs.type_pin("H1") == "enrolled"
    assert cmbs.wait(air.Enrolled).ipei == ipei(1)


def test_firmware_that_is_too_old_a_boot_loader_and_a_refusal_are_said(cmbs: CmbsStand) -> None:
    cmbs.begin()
    for mischief, status, words in (
        ({"version": 0x030A}, DectStatus.TOO_OLD, "03.0a"),
        ({"version": 0x0001}, DectStatus.TOO_OLD, "boot loader"),
        ({"version": 0x4081, "refuse_lists": True}, DectStatus.UNSUITED, "SUBSCRIBED_GET"),
    ):
        cmbs.go_wrong(**mischief)
        assert cmbs.driver is not None
        cmbs.driver.stop()
        cmbs.driver = cmbs.make(cmbs.setup)
        cmbs.driver.start(cmbs._take)
        cmbs.until(lambda: cmbs.state.status is status, status.value)  # noqa: B023
        assert words in cmbs.state.detail
    cmbs.until(lambda: cmbs.base(NORTH).status is not BaseStatus.READY, "the base not to be ready")


def test_a_module_that_falls_silent_is_missed(cmbs: CmbsStand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.dect.cmbs.system._SILENT_S", 1.0)
    monkeypatch.setattr("appliance.dect.cmbs.system._PING_S", 0.5)
    cmbs.begin()
    enrolled(cmbs, 1)
    cmbs.go_wrong(silent=True)
    cmbs.until(lambda: cmbs.state.status is DectStatus.AWAY, "the module to be missed")
    assert "does not answer" in cmbs.state.detail
    assert cmbs.handset("dect31").unreachable
    cmbs.order(air.RingHandset(leg=LEG, handset=D31, number="22", name=""))
    assert cmbs.wait(air.HandsetEnds).cause is Cause.UNREACHABLE
    cmbs.order(air.OpenEnrolment(seconds=60))
    assert "does not answer" in cmbs.wait(air.EnrolmentOver).why
    cmbs.go_wrong(silent=False)
    cmbs.until(lambda: cmbs.state.status is DectStatus.READY, "the module to be back", 15)


def test_a_box_without_the_module_says_so(cmbs: CmbsStand) -> None:
    cmbs.begin()
    assert cmbs.driver is not None
    cmbs.driver.stop()
    cmbs.driver = cmbs.lone(replace(cmbs.setup, net=replace(cmbs.setup.net, module="dect7")))
    cmbs.driver.start(cmbs._take)
    cmbs.until(lambda: cmbs.state.status is DectStatus.FAILED, "the lack to be noticed")
    assert "no module 'dect7'" in cmbs.state.detail


def test_time_lamps_and_whose_number_it_is(cmbs: CmbsStand) -> None:
    cmbs.begin()
    enrolled(cmbs, 1)
    cmbs.until(lambda: cmbs.module.clock, "the time")
    assert cmbs.module.clock[0] == 3
    cmbs.order(air.ShowMessages(handset=D31, messages=2, missed=1))
    cmbs.until(lambda: cmbs.module.messages.get("hs1") == 2, "the lamp")
    cmbs.until(lambda: cmbs.module.missed.get("hs1") == 1, "the missed call")
    cmbs.order(air.RestartBase())
    cmbs.until(lambda: not cmbs.module.messages, "the module to have forgotten")
    cmbs.until(lambda: cmbs.module.messages.get("hs1") == 2, "the lamp to be lit again")


def test_whose_number_it_is_outlives_the_box_s_disk_by_the_name_in_the_module(cmbs: CmbsStand) -> None:
    cmbs.begin()
    enrolled(cmbs, 1)
    cmbs.until(lambda: cmbs.module.list.names.get(1) == "Phone 31", "the name in the module")
    kept = cmbs.folder / "dect-modules.json"
    kept.write_text('{"00FF": {"1": "0307402200018"}, "x": 3}')  # another module's
    cmbs.restart()
    cmbs.until(lambda: cmbs.handset("dect31").status is HandsetStatus.READY, "the handset")
    kept.unlink()
    cmbs.configure(handset(31, ipei=ipei(1)), handset(32, ipei=ipei(2), name="Phone 31"))
    cmbs.restart()
    cmbs.until(lambda: cmbs.of(1) is not None, "handsets")
    strange = [one.status for one in cmbs.state.handsets if one.key]
    assert strange == [HandsetStatus.STRANGE], "two of that name: nobody knows"
    cmbs.order(air.ForgetHandset(key="1"))
    cmbs.until(lambda: cmbs.emulated("H1").system is None, "it to be forgotten")
    cmbs.order(air.ForgetHandset(key="9"))
    assert "not enrolled" in cmbs.wait(air.OrderRefused).why


def test_without_its_sound_a_module_cannot_be_used_and_says_so(cmbs: CmbsStand) -> None:
    cmbs.begin()
    enrolled(cmbs, 1)
    does(cmbs, cmbs.module.mute)
    cmbs.until(lambda: cmbs.state.status is DectStatus.FAILED, "the lack of sound to be noticed")
    assert "no sound" in cmbs.state.detail
    assert cmbs.handset("dect31").unreachable
    does(cmbs, cmbs.module.unmute)
    cmbs.until(lambda: cmbs.handset("dect31").status is HandsetStatus.READY, "the sound to be back")
