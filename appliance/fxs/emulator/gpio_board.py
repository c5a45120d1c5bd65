"""A board with a line circuit of the AG1171 kind: pins and codec for the driver, a telephone behind.

The pins are gpiozero's own mock pins, told the line's time instead of the wall's. Hook output as the
circuit has it: the contact with all its bounces; while it rings, pulses in the rhythm of the ring once the
handset is lifted, and short spikes before. Time passes in the codec's ``read`` alone.
"""

from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from appliance.errors import DeviceUnavailable
from appliance.fxs.emulator.clock import LineClock
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.gpio.pins import RING_HZ
from appliance.fxs.sound import mixed, scaled
from appliance.fxs.tones import SILENCE
from appliance.model.fxs import FxsPins

PINS = FxsPins(hook=17, forward=27, ring=22, power=23)
_HALF_CYCLE_MS = 500 // RING_HZ
_SPIKE_MS = 3
_ECHO = 0.15
_ECHO_ON_HOOK = 0.3


class _Pin(MockPin):
    def _call_when_changed(self) -> None:
        # Past MockPin, which would tell the wall's time.
        super(MockPin, self)._call_when_changed(self.factory.ticks(), self._state)


class _Factory(MockFactory):
    def __init__(self, clock: LineClock, rhythmic: int) -> None:
        super().__init__(pin_class=_Pin)
        self._clock = clock
        self._rhythmic = f"GPIO{rhythmic}"

    def pin(self, name: Any, pin_class: Any = None, **kwargs: Any) -> Any:
        """Only one of them can do PWM: closing such a mock pin drives it low, which a hook output is not."""
        number = name if isinstance(name, str) else f"GPIO{name}"
        return super().pin(name, MockPWMPin if number == self._rhythmic else pin_class, **kwargs)

    def ticks(self) -> float:
        """The line's time, in seconds."""
        return self._clock.now_ms / 1000


class GpioBoard:
    """One circuit and its codec. ``spikes``: the ringing current is seen on the hook output."""

    def __init__(
        self,
        telephone: Telephone,
        *,
        pins: FxsPins = PINS,
        clock: LineClock | None = None,
        spikes: bool = True,
    ) -> None:
        self.telephone = telephone
        self.clock = clock or LineClock()
        self.factory: Any = _Factory(self.clock, pins.forward)
        self.present = True
        self.longest_ring_ms = 0
        """Without a pause; more than a third of the time would harm the circuit."""
        self._hook = self.factory.pin(f"GPIO{pins.hook}")
        self._forward = self.factory.pin(f"GPIO{pins.forward}")
        self._ring = self.factory.pin(f"GPIO{pins.ring}")
        self._spikes = spikes
        self._contact = False
        self._rung_ms = 0
        self._last_out = SILENCE

    def open_factory(self) -> Any:
        """What the driver takes for the pins."""
        return self.factory

    def open_sound(self, name: str) -> "EmulatedCodec":
        """What the driver takes for the codec."""
        if not self.present:
            raise DeviceUnavailable(
                f"sound card {name} cannot be opened: No such device", error_id="media.sound_card"
            )
        return EmulatedCodec(self)

    def clock_ms(self) -> int:
        """What the driver takes for the clock."""
        return self.clock.now_ms

    def remove(self) -> None:
        """The codec goes (a USB sound card was pulled, the board lost its supply)."""
        self.present = False

    def insert(self) -> None:
        """It is back."""
        self.present = True

    def millisecond(self) -> None:
        """What the circuit does in one."""
        self.clock.advance()
        now = self.clock.now_ms
        for _, closed in self.telephone.edges(now):
            self._contact = closed
        ringing_mode = float(self._ring.state) > 0.0
        forward = float(self._forward.state)
        rings = ringing_mode and 0.0 < forward < 1.0
        self.telephone.bell(rings, now)
        if not rings:
            self._rung_ms = 0
            self._show(self._contact)
            self.telephone.reversed = not ringing_mode and forward == 0.0
            return
        self._rung_ms += 1
        self.longest_ring_ms = max(self.longest_ring_ms, self._rung_ms)
        phase = self._rung_ms % (2 * _HALF_CYCLE_MS)
        spike = self._spikes and phase < _SPIKE_MS
        self._show(phase < _HALF_CYCLE_MS if self._contact else spike)

    def exchange(self, frame: bytes) -> bytes:
        """20 ms of sound: the circuit passes it on the hook as well, but not through the ringing voltage."""
        rings = self._rung_ms > 0
        said = self.telephone.exchange(SILENCE if rings else frame)
        echo, self._last_out = self._last_out, frame
        if echo == SILENCE or rings:
            return said
        return mixed(said, scaled(echo, _ECHO)) if self._contact else scaled(echo, _ECHO_ON_HOOK)

    def _show(self, closed: bool) -> None:
        if closed:
            self._hook.drive_high()
        else:
            self._hook.drive_low()


class EmulatedCodec:
    """See ``gpio.line.SoundDevice``."""

    def __init__(self, board: GpioBoard) -> None:
        self.late_frames = 0
        self._board = board
        self._out = SILENCE

    def read(self) -> bytes:
        """20 ms pass."""
        for _ in range(20):
            if not self._board.present:
                raise DeviceUnavailable("sound card is gone: No such device", error_id="media.sound_card")
            self._board.millisecond()
        self._board.clock.keep_pace()
        said = self._board.exchange(self._out)
        self._out = SILENCE
        return said

    def write(self, frame: bytes) -> None:
        """20 ms to be played."""
        self._out = frame

    def close(self) -> None:
        """Nothing is held."""
