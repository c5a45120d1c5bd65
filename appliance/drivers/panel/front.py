"""The front on real or emulated pins, through gpiozero; any pin factory will do."""

import time
from collections.abc import Callable
from typing import Any

import gpiozero

from appliance.drivers.panel.story import BoxState, Button, Press, lamps, lit
from appliance.errors import DeviceUnavailable
from appliance.model.box import Panel

TICK_S = 0.05


class Front:
    """Lamps and buttons; ``turn`` is called often, by one thread. Raises DeviceUnavailable."""

    def __init__(
        self,
        panel: Panel,
        factory: Any = None,
        clock: Callable[[], float] = time.monotonic,
        on_pairing: Callable[[], None] = lambda: None,
        on_reset: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._on_pairing, self._on_reset = on_pairing, on_reset
        self._devices: list[Any] = []
        self._pairing, self._reset = Button(), Button()
        try:
            self._status = self._lamp(panel.status, factory)
            self._fault = self._lamp(panel.fault, factory)
            self._pins = [
                (button, self._input(pin, factory))
                for button, pin in ((self._pairing, panel.pairing), (self._reset, panel.reset))
                if pin is not None
            ]
        except (gpiozero.GPIOZeroError, OSError, ValueError, ImportError) as error:
            self.close()
            raise DeviceUnavailable(
                f"the pins of the front panel cannot be taken: {error}",
                error_id="panel.pins",
                hint="look at [panel] in box.toml",
            ) from error

    def _lamp(self, pin: int | None, factory: Any) -> Any:
        if pin is None:
            return None
        lamp = gpiozero.DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)
        self._devices.append(lamp)
        return lamp

    def _input(self, pin: int, factory: Any) -> Any:
        device = gpiozero.InputDevice(pin, pull_up=True, pin_factory=factory)
        self._devices.append(device)
        return device

    def turn(self, state: BoxState) -> None:
        """Read the buttons, set the lamps."""
        now = self._clock()
        for button, device in self._pins:
            pressed = bool(device.value)
            press = button.edge(now, pressed) if pressed != button.held else button.look(now)
            if press is Press.SHORT and button is self._pairing:
                self._on_pairing()
            if press is Press.LONG and button is self._reset:
                self._on_reset()
        shown = lamps(state, resetting=self._reset.held)
        for lamp, glow in ((self._status, shown.status), (self._fault, shown.fault)):
            if lamp is not None:
                lamp.value = lit(glow, now)

    def close(self) -> None:
        """Let go of the pins."""
        for device in self._devices:
            device.close()
        self._devices.clear()
