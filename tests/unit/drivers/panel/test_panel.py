"""Presses, lamps, and the front on emulated pins."""

import pytest
from gpiozero.pins.mock import MockFactory

from appliance.drivers.panel.front import Front
from appliance.drivers.panel.story import BoxState, Button, Glow, Lamps, Press, lamps, lit
from appliance.errors import DeviceUnavailable
from appliance.model.box import Panel

PANEL = Panel(status=17, fault=27, pairing=22, reset=23)


@pytest.mark.parametrize(
    ("seconds", "meant"),
    [(0.01, None), (0.1, Press.SHORT), (1.9, Press.SHORT), (5.0, None), (9.9, None), (10.0, Press.LONG)],
)
def test_how_long_says_what_is_meant(seconds: float, meant: Press | None) -> None:
    button = Button()
    assert button.edge(100.0, True) is None
    assert button.held
    assert button.edge(100.0 + seconds, False) is meant
    assert not button.held


def test_a_long_press_counts_once_while_it_is_held() -> None:
    button = Button()
    button.edge(0.0, True)
    assert [button.look(at) for at in (5.0, 10.0, 11.0)] == [None, Press.LONG, None]
    assert button.edge(12.0, False) is None
    assert button.edge(13.0, False) is None


@pytest.mark.parametrize(
    ("state", "resetting", "shown"),
    [
        (BoxState(), False, Lamps(status=Glow.SLOW, fault=Glow.OFF)),
        (BoxState(ready=True), False, Lamps(status=Glow.ON, fault=Glow.OFF)),
        (BoxState(ready=True, warning=True), False, Lamps(status=Glow.ON, fault=Glow.SLOW)),
        (BoxState(fault=True), False, Lamps(status=Glow.OFF, fault=Glow.ON)),
        (BoxState(ready=True, enrolling=True), False, Lamps(status=Glow.FAST, fault=Glow.OFF)),
        (BoxState(ready=True, updating=True), False, Lamps(status=Glow.FAST, fault=Glow.OFF)),
        (BoxState(ready=True), True, Lamps(status=Glow.FAST, fault=Glow.FAST)),
    ],
)
def test_lamps_say_how_the_box_is(state: BoxState, resetting: bool, shown: Lamps) -> None:
    assert lamps(state, resetting=resetting) == shown


def test_blinking() -> None:
    assert [lit(Glow.SLOW, at) for at in (0.0, 0.9, 1.0, 1.9, 2.0)] == [True, True, False, False, True]
    assert lit(Glow.ON, 5.0)
    assert not lit(Glow.OFF, 5.0)


def test_the_front_on_emulated_pins() -> None:
    factory, told, now = MockFactory(), list[str](), [0.0]
    front = Front(
        PANEL,
        factory,
        lambda: now[0],
        on_pairing=lambda: told.append("pairing"),
        on_reset=lambda: told.append("reset"),
    )

    def turn(seconds: float, state: BoxState | None = None) -> tuple[bool, bool]:
        now[0] += seconds
        front.turn(state or BoxState(ready=True))
        return bool(factory.pin(17).state), bool(factory.pin(27).state)

    assert turn(0) == (True, False)
    assert turn(1, BoxState(fault=True)) == (False, True)
    factory.pin(22).drive_low()
    turn(0.1)
    factory.pin(22).drive_high()
    turn(0.2)
    assert told == ["pairing"]
    factory.pin(23).drive_low()
    turn(0.1)
    turn(9.8)
    assert told == ["pairing"]
    turn(0.3)
    assert told == ["pairing", "reset"]
    turn(5)
    factory.pin(23).drive_high()
    turn(0.1)
    assert told == ["pairing", "reset"]
    front.close()


def test_a_panel_without_pins_does_nothing() -> None:
    front = Front(Panel(), MockFactory())
    front.turn(BoxState())
    front.close()


def test_pins_that_are_taken_are_told() -> None:
    factory = MockFactory()
    one = Front(PANEL, factory)
    with pytest.raises(DeviceUnavailable, match="front panel"):
        Front(PANEL, factory)
    one.close()


@pytest.mark.parametrize("pins", [{"status": 17, "fault": 17}, {"reset": 99}, {"pairing": -1}])
def test_pins_are_told_apart(pins: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="pin"):
        Panel(**pins)
