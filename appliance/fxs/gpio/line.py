"""A line circuit on pins. The sound card's clock drives it; contacts come with the times of their edges."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from appliance.errors import DeviceUnavailable
from appliance.fxs.gpio.codec_card import CodecCard
from appliance.fxs.gpio.pins import FactoryOpener, SlicPins, open_lgpio
from appliance.fxs.gpio.ringer import Ringer, RingStep
from appliance.model.analog_line import (
    LineHealth,
    LineTest,
    LoopChanged,
    PortId,
    RingBurst,
    RingCadence,
)
from appliance.model.fxs import FxsPins
from appliance.ports import LineUser

_OLD_MS = 1000
"""An edge that seems older, or to come from the future, has a time of another clock: now will do."""


class SoundDevice(Protocol):
    """The codec of a line, as ``CodecCard`` is: frames of 20 ms, DeviceUnavailable when gone."""

    @property
    def late_frames(self) -> int:
        """How often there was nothing to play."""

    def read(self) -> bytes:
        """Wait for the next 20 ms."""

    def write(self, frame: bytes) -> None:
        """Play 20 ms."""

    def close(self) -> None:
        """Let go."""


SoundOpener = Callable[[str], SoundDevice]


def monotonic_ms() -> int:
    """The machine's clock."""
    return time.monotonic_ns() // 1_000_000


class GpioLine:
    """See ``ports.FxsLine``."""

    def __init__(
        self,
        port: PortId,
        pins: FxsPins,
        audio: str,
        *,
        open_factory: FactoryOpener = open_lgpio,
        open_sound: SoundOpener = CodecCard,
        clock_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self.id = port
        self._wanted = pins
        self._audio = audio
        self._open_factory = open_factory
        self._open_sound = open_sound
        self._clock_ms = clock_ms
        self._factory: Any = None
        self._pins: SlicPins | None = None
        self._sound: SoundDevice | None = None
        self._ringer = Ringer()
        self._reversed = False
        self._closed = False

    def open(self) -> None:
        """See FxsLine."""
        if self._factory is None:
            self._factory = self._open_factory()
        sound = self._open_sound(self._audio)
        try:
            self._pins = SlicPins(self._wanted, self._factory)
        except DeviceUnavailable:
            sound.close()
            raise
        self._sound = sound
        self._ringer = Ringer()
        self._reversed = False
        self._closed = self._pins.closed

    def close(self) -> None:
        """See FxsLine."""
        pins, self._pins = self._pins, None
        if pins is not None:
            pins.ring(False)
            pins.close()
        sound, self._sound = self._sound, None
        if sound is not None:
            sound.close()

    def now_ms(self) -> int:
        """See FxsLine."""
        return self._clock_ms()

    def turn(self, user: LineUser) -> None:
        """See FxsLine."""
        pins, sound = self._opened()
        frame = sound.read()
        now = self.now_ms()
        while pins.edges:
            ticks, closed = pins.edges.popleft()
            age = pins.age_ms(ticks)
            self._edge(user, closed, now - round(age) if 0 <= age <= _OLD_MS else now)
        if self._ringer.loud:
            lifted = self._ringer.lifted(now)
            if lifted is not None:
                self._trip(user, lifted)
        step = self._ringer.step(now)
        if step is not None:
            self._ring_step(user, step, now)
        sound.write(user.exchange(frame))

    def _edge(self, user: LineUser, closed: bool, at_ms: int) -> None:
        if self._ringer.loud:
            lifted = self._ringer.loop(closed, at_ms)
            if lifted is not None:
                self._trip(user, lifted)
            return
        self._closed = closed
        user.happened(LoopChanged(at_ms=at_ms, closed=closed))

    def _trip(self, user: LineUser, at_ms: int) -> None:
        pins, _ = self._opened()
        self._ringer.trip(self.now_ms())
        pins.trip()
        self._closed = True
        user.happened(LoopChanged(at_ms=at_ms, closed=True))

    def _ring_step(self, user: LineUser, step: RingStep, now_ms: int) -> None:
        pins, _ = self._opened()
        pins.ring(step is RingStep.ON)
        if step is RingStep.OFF and self._reversed:
            pins.reverse(True)
        if self._ringer.active:
            user.happened(RingBurst(at_ms=now_ms, on=step is RingStep.ON))
        if step is RingStep.OFF and pins.closed != self._closed:
            # Lifted in the last moment of a burst, or put back while the ring was being tripped.
            self._closed = pins.closed
            user.happened(LoopChanged(at_ms=now_ms, closed=self._closed))

    def ring(self, cadence: RingCadence) -> None:
        """See FxsLine."""
        self._ringer.start(cadence, self.now_ms())

    def stop_ringing(self) -> None:
        """See FxsLine."""
        if self._ringer.stop() is RingStep.OFF and self._pins is not None:
            self._pins.ring(False)

    def sound_on_hook(self, milliseconds: int) -> None:
        """See FxsLine. The circuit lets sound through always."""

    def reverse(self, reversed_: bool) -> None:
        """See FxsLine."""
        self._reversed = reversed_
        if not self._ringer.loud:
            self._opened()[0].reverse(reversed_)

    def set_gain(self, to_phone_db: float, from_phone_db: float) -> bool:
        """See FxsLine."""
        return to_phone_db == 0.0 and from_phone_db == 0.0

    def set_lamp(self, messages: int) -> None:
        """See FxsLine. There is none."""

    def set_flash(self, longest_ms: int) -> None:
        """See FxsLine. Contacts are told as they are."""

    def for_data(self, data: bool) -> None:
        """See FxsLine. There is no help that could be taken away."""

    def health(self) -> LineHealth:
        """See FxsLine."""
        late = self._sound.late_frames if self._sound is not None else 0
        return LineHealth(
            present=self._pins is not None, off_hook=self._closed, detail=self._audio, late_frames=late
        )

    def test(self) -> LineTest:
        """See FxsLine."""
        return LineTest(loop_closed=self._opened()[0].closed, supply_ok=True)

    def _opened(self) -> tuple[SlicPins, SoundDevice]:
        if self._pins is None or self._sound is None:
            raise DeviceUnavailable(f"port {self.id} is closed", error_id="fxs.closed")
        return self._pins, self._sound
