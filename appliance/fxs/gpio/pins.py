"""The pins of a line circuit of the AG1171 kind, through gpiozero; any pin factory will do."""

from collections import deque
from collections.abc import Callable
from typing import Any

import gpiozero

from appliance.errors import DeviceUnavailable
from appliance.model.fxs import FxsPins

RING_HZ = 25
FactoryOpener = Callable[[], Any]


def open_lgpio() -> Any:
    """The factory for real pins; raises DeviceUnavailable where there are none."""
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except (ImportError, OSError, RuntimeError, gpiozero.GPIOZeroError) as error:
        raise DeviceUnavailable(
            f"the pins cannot be opened: {error}",
            error_id="fxs.pins",
            hint="a Raspberry Pi or the like with lgpio is needed, and the right to use /dev/gpiochip0",
        ) from None


class SlicPins:
    """One circuit. ``edges`` fills on gpiozero's thread: (ticks of the factory, loop closed)."""

    def __init__(self, pins: FxsPins, factory: Any) -> None:
        self.edges: deque[tuple[float, bool]] = deque(maxlen=4096)
        self._factory = factory
        self._devices: list[Any] = []
        try:
            self._hook = self._keep(
                gpiozero.InputDevice(pins.hook, pull_up=None, active_state=True, pin_factory=factory)
            )
            self._forward = self._keep(
                gpiozero.PWMOutputDevice(
                    pins.forward, initial_value=1.0, frequency=RING_HZ, pin_factory=factory
                )
            )
            self._ring = self._keep(
                gpiozero.DigitalOutputDevice(pins.ring, initial_value=False, pin_factory=factory)
            )
            if pins.power is not None:
                # Open is run, low is off, and high would harm it: never an output while it runs.
                self._keep(
                    gpiozero.InputDevice(pins.power, pull_up=None, active_state=True, pin_factory=factory)
                )
            pin = self._hook.pin
            pin.edges = "both"
            pin.when_changed = self._changed
        except (gpiozero.GPIOZeroError, OSError, ValueError) as error:
            self.close()
            raise DeviceUnavailable(
                f"the pins of a line cannot be taken: {error}",
                error_id="fxs.pins",
                hint="another program or port has them, or there are no such pins: compare box.toml",
            ) from None

    def _keep(self, device: Any) -> Any:
        self._devices.append(device)
        return device

    def _changed(self, ticks: float, state: float) -> None:
        self.edges.append((ticks, bool(state)))

    def age_ms(self, ticks: float) -> float:
        """How long ago an edge was."""
        return float(self._factory.ticks_diff(self._factory.ticks(), ticks) * 1000)

    @property
    def closed(self) -> bool:
        """Whether current flows now."""
        return bool(self._hook.value)

    def ring(self, on: bool) -> None:
        """Ringing voltage: RM high and F/R in the rhythm of the ringing current."""
        if on:
            self._ring.on()
            self._forward.value = 0.5
        else:
            self._forward.value = 1.0
            self._ring.off()

    def trip(self) -> None:
        """First half of ending a ring: steady feed, ringing mode still on."""
        self._forward.value = 1.0

    def reverse(self, reversed_: bool) -> None:
        """The polarity of the feed."""
        self._forward.value = 0.0 if reversed_ else 1.0

    def close(self) -> None:
        """Give the pins back, as inputs."""
        while self._devices:
            device = self._devices.pop()
            try:
                device.close()
            except (gpiozero.GPIOZeroError, OSError):
                # The chip is gone: nothing to give back.
                continue
