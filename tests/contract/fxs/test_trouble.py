"""Equipment that goes and comes, refuses, is late; contacts that never rest; threads that end."""

import threading
from collections.abc import Callable

import pytest

from appliance.errors import DeviceUnavailable
from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.dahdi import codec
from appliance.fxs.dahdi.line import DahdiLine
from appliance.fxs.emulator.dahdi_card import DahdiCard
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.steps import CallTaken, CallWanted, Connected, HungUp, RingWanted
from appliance.model.analog_line import AlarmKind
from tests.contract.fxs.rig import OFFICE_TIME, PORT, Rig, make_rig


def bring_to(rig: Rig, state: str) -> None:
    """Idle, dialling, calling, talking or ringing."""
    if state == "ringing":
        rig.port.tell(RingWanted(caller=Shown(number="22"), kind=RingKind.EXTERNAL))
        rig.run(1500)
    elif state != "idle":
        rig.phone.lift()
        rig.run(400)
        if state in ("calling", "talking"):
            rig.phone.keys("22")
            rig.until_idle()
            rig.port.tell(CallTaken())
        if state == "talking":
            rig.port.tell(Connected())
        rig.run(40)
    assert rig.state == state
    rig.reports.clear()


@pytest.mark.parametrize("state", ["idle", "dialling", "calling", "talking", "ringing"])
def test_equipment_goes_and_comes_back_in_every_state(rig: Rig, state: str) -> None:
    bring_to(rig, state)
    rig.card.remove()
    rig.port.turn()
    rig.port.turn()
    health = rig.port.health()
    assert (health.state, health.line.present) == ("gone", False)
    assert health.line.detail
    assert rig.reports == ([] if state == "idle" else [HungUp()])
    for _ in range(3):
        assert not rig.port.turn()
    rig.phone.hang_up()
    rig.card.insert()
    rig.run(3000)
    assert rig.state == "idle"
    assert not rig.phone.rings
    rig.reports.clear()
    rig.phone.lift()
    rig.phone.wait(300)
    rig.phone.keys("22")
    rig.until_idle()
    assert rig.reports == [CallWanted(number="22")]


def test_a_handset_beside_the_telephone_at_the_start(rig: Rig) -> None:
    bring_to(rig, "talking")
    rig.card.remove()
    rig.port.turn()
    rig.card.insert()
    rig.run(200)
    assert rig.state == "ended"
    rig.phone.hang_up()
    rig.run(1500)
    assert rig.state == "idle"


def test_off_hook_for_days(rig: Rig) -> None:
    rig.phone.lift()
    rig.until(lambda: rig.state == "left", 200_000)
    rig.run(60_000)
    assert (rig.state, rig.reports) == ("left", [])
    health = rig.port.health()
    assert health.line.off_hook
    assert "the line is shorted" in health.line.detail
    rig.phone.hang_up()
    rig.run(1500)
    assert rig.state == "idle"
    assert "shorted" not in rig.port.health().line.detail


def test_contacts_that_never_rest_are_told_and_disturb_nobody() -> None:
    rig = make_rig("gpio")
    bring_to(rig, "talking")
    for _ in range(400):
        rig.phone.flash(2)
        rig.phone.wait(2)
    rig.run(1400)
    assert rig.port.health().line.alarm is AlarmKind.STUCK
    rig.until_idle()
    rig.run(1500)
    assert rig.port.health().line.alarm is AlarmKind.NONE


def test_the_supply_of_a_card_fails() -> None:
    rig = make_rig("dahdi")
    rig.card.fail_supply(True)
    rig.run(40)
    assert rig.port.health().line.alarm is AlarmKind.POWER
    rig.card.fail_supply(False)
    rig.run(40)
    assert rig.port.health().line.alarm is AlarmKind.NONE


def refused(change: Callable[[DahdiCard], None], **options: object) -> DeviceUnavailable:
    card = DahdiCard(Telephone(), channel=3, **options)  # type: ignore[arg-type]
    change(card)
    line = DahdiLine(PORT, 3, calls=card)
    with pytest.raises(DeviceUnavailable) as found:
        line.open()
    return found.value


def test_what_is_wrong_with_a_channel_is_said() -> None:
    assert "modprobe" in refused(lambda card: card.remove()).hint
    assert (
        "another program"
        in refused(
            lambda card: card.ioctl(
                card.open(codec.CHANNEL_PATH, 0o4002), codec.Request.SPECIFY, codec.integer(3)
            )
        ).hint
    )
    assert "fxoks=3" in refused(lambda _: None, signalling=1 << 13 | 4).hint
    card = DahdiCard(Telephone(), channel=7)
    with pytest.raises(DeviceUnavailable, match="channel 3"):
        DahdiLine(PORT, 3, calls=card).open()


def test_a_card_without_tone_zone_says_so_when_it_shall_ring() -> None:
    rig = make_rig("dahdi", zone=False)
    rig.port.tell(RingWanted(caller=Shown(number="22"), kind=RingKind.EXTERNAL))
    assert not rig.port.turn()
    assert "tone zone" in rig.port.health().line.detail
    assert rig.reports == [HungUp()]


def test_a_card_without_gains_leaves_them_to_us() -> None:
    rig = make_rig("dahdi", hardware_gain=False, gains_db=(-6.0, 0.0))
    loud = make_rig("dahdi")
    for one in (rig, loud):
        one.phone.lift()
        one.run(600)
    assert max(rig.phone.recent(100)[1::2]) <= max(loud.phone.recent(100)[1::2])
    assert not rig.card.gains


def test_a_card_whose_clock_stops_is_gone_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig("dahdi")
    monkeypatch.setattr(rig.card, "_block", lambda: None)
    while rig.port.turn():
        assert rig.now < 10_000
    assert "clock" in rig.port.health().line.detail or "no sound" in rig.port.health().line.detail


def test_the_line_test(rig: Rig) -> None:
    rig.port.test()
    rig.run(2000)
    health = rig.port.health()
    assert health.test is not None
    assert not health.test.line.loop_closed
    assert 3 < health.test.returned_db < 30
    assert (health.test.dial_tone, health.test.key, health.test.rang) == (True, True, None)
    assert (rig.state, health.tests, rig.phone.bells) == ("idle", 1, [])


def test_the_line_test_rings_once(rig: Rig) -> None:
    rig.port.test(ring=True)
    rig.run(8000)
    health = rig.port.health()
    assert health.test is not None
    assert (health.test.dial_tone, health.test.key, health.test.rang) == (True, True, True)
    (bell,) = rig.phone.bells
    assert 0 < bell.end_ms - bell.begin_ms <= 520
    assert rig.state == "idle"


def test_a_line_without_a_way_back_is_found(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig.phone, "exchange", lambda _: bytes(320))
    for name in ("_ECHO", "_ECHO_ON_HOOK"):
        for module in ("gpio_board", "dahdi_card"):
            monkeypatch.setattr(f"appliance.fxs.emulator.{module}.{name}", 0.0, raising=False)
    rig.port.test()
    rig.run(2000)
    found = rig.port.health().test
    assert found is not None
    assert (found.returned_db > 60, found.dial_tone, found.key) == (True, False, False)


@pytest.mark.parametrize("after_ms", [100, 1400])
def test_a_line_test_gives_way_to_the_handset(rig: Rig, after_ms: int) -> None:
    rig.port.test(ring=True)
    rig.run(after_ms)
    rig.phone.lift()
    rig.run(800)
    assert rig.state == "dialling"
    assert not rig.phone.rings
    assert (rig.port.health().test, rig.port.health().tests) == (None, 1)


def test_a_line_test_gives_way_to_a_call(rig: Rig) -> None:
    rig.port.test(ring=True)
    rig.run(1300)
    rig.port.tell(RingWanted(caller=Shown(number="22"), kind=RingKind.EXTERNAL))
    rig.run(7000)
    assert rig.state == "ringing"
    assert len(rig.phone.bells) >= 2
    assert rig.port.health().test is None


def test_the_last_error_is_kept(rig: Rig) -> None:
    rig.card.remove()
    rig.port.turn()
    rig.port.turn()
    rig.card.insert()
    rig.run(3000)
    health = rig.port.health()
    assert (health.line.detail == health.last_error, health.last_error_at) == (False, OFFICE_TIME)
    assert health.last_error


def test_the_thread_of_a_port_ends(family: str) -> None:
    rig = make_rig(family)
    dialled = threading.Event()
    rig.port._sink = lambda _, report: dialled.set() if isinstance(report, CallWanted) else None
    rig.phone.lift()
    rig.phone.wait(300)
    rig.phone.keys("22")
    rig.port.start()
    assert dialled.wait(10)
    rig.port.stop()
    assert not [one for one in threading.enumerate() if one.name == "fxs-fxs1"]
    assert not rig.port.health().line.present
