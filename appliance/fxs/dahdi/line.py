"""A line circuit on a DAHDI card. The kernel counts pulses, times flashes, rings and trips the bell."""

import errno
import os

from appliance.errors import DeviceUnavailable
from appliance.fxs.dahdi import codec
from appliance.fxs.dahdi.codec import EventCode, HookState, Parameters, Request
from appliance.fxs.dahdi.link import Kernel, Link, SystemCalls
from appliance.fxs.tones import SILENCE
from appliance.model.analog_line import (
    AlarmKind,
    Flashed,
    Lifted,
    LineAlarm,
    LineEvent,
    LineHealth,
    LineTest,
    PortId,
    PulsesCounted,
    Replaced,
    RingBurst,
    RingCadence,
)
from appliance.ports import LineUser

_BUFFERS = 4
_PREFILL_FRAMES = 2
"""Sound ahead of the card's clock: what we may be late."""
_FRAME_MS = 20
_DEAD_MS = 500
"""A card whose clock has stopped gives no frame for so long."""
_DEBOUNCE_MS = 20
"""After lifting the kernel looks at no edge for so long (its own default is 600)."""
_FLASH_MS = 600
_ECHO_TAPS = 128
_RING_RETRY_MS = 2000
"""A line that has just been hung up refuses to ring for up to 800 ms."""


class DahdiLine:
    """See ``ports.FxsLine``."""

    def __init__(self, port: PortId, channel: int, *, calls: SystemCalls | None = None) -> None:
        self.id = port
        self._channel = channel
        self._calls = calls or Kernel()
        self._link: Link | None = None
        self._parameters: Parameters | None = None
        self._flash_ms = _FLASH_MS
        self._off_hook = False
        self._ringing = False
        self._ring_until_ms: int | None = None
        self._alarm = AlarmKind.NONE
        self._late = 0

    def open(self) -> None:
        """See FxsLine."""
        link = Link(self._calls, self._channel)
        try:
            self._set_up(link)
        except DeviceUnavailable:
            link.close()
            raise
        self._link = link

    def _set_up(self, link: Link) -> None:
        found = codec.parameters(link.ask(Request.GET_PARAMS, bytearray(codec.PARAMS_BYTES)))
        if not found.signalling & codec.SIG_FXO:
            raise DeviceUnavailable(
                f"DAHDI channel {self._channel} feeds no telephone",
                error_id="fxs.signalling",
                hint=f"write fxoks={self._channel} in /etc/dahdi/system.conf and run dahdi_cfg",
            )
        link.ask(Request.SET_BLOCKSIZE, codec.integer(codec.BLOCK_SAMPLES))
        link.ask(Request.SET_BUFINFO, codec.buffers(count=_BUFFERS))
        link.ask(Request.SETLINEAR, codec.integer(1))
        link.attempt(Request.FLUSH, codec.integer(codec.FLUSH_ALL))
        # Whatever was going on when we were last here is over.
        link.attempt(Request.HOOK, codec.integer(HookState.RINGOFF))
        link.events()
        self._parameters = found
        self._off_hook, self._alarm, self._late = found.off_hook, AlarmKind.NONE, 0
        self._ringing, self._ring_until_ms = False, None
        if found.alarms:
            self._alarm = AlarmKind.POWER
        self._limits(link)
        for _ in range(_PREFILL_FRAMES):
            link.write(SILENCE)

    def close(self) -> None:
        """See FxsLine."""
        link, self._link = self._link, None
        if link is None:
            return
        try:
            link.attempt(Request.HOOK, codec.integer(HookState.RINGOFF))
        except DeviceUnavailable:
            # Pulled out: nothing rings any more.
            self._ringing = False
        link.close()

    def now_ms(self) -> int:
        """See FxsLine."""
        return self._calls.monotonic_ms()

    def turn(self, user: LineUser) -> None:
        """See FxsLine."""
        link = self._opened()
        for _ in range(_DEAD_MS // _FRAME_MS):
            sound, events = link.wait(_FRAME_MS * 2)
            if events:
                self._take_events(link, user)
            if self._ring_until_ms is not None:
                self._try_ring(link)
            if not sound:
                continue
            frame = link.read()
            if frame is not None and len(frame) == codec.BLOCK_BYTES:
                self._give(link, user, user.exchange(frame))
                return
        raise DeviceUnavailable(
            f"DAHDI channel {self._channel} gives no sound",
            error_id="fxs.stopped",
            hint="the card's clock has stopped: look at dmesg",
        )

    def _give(self, link: Link, user: LineUser, frame: bytes) -> None:
        taken = link.write(frame)
        if taken is None:
            self._take_events(link, user)
            taken = link.write(frame)
        if not taken:
            self._late += 1

    def _take_events(self, link: Link, user: LineUser) -> None:
        for code in link.events():
            event = self._event(link, code)
            if event is not None:
                user.happened(event)

    def _event(self, link: Link, code: int) -> LineEvent | None:
        now = self.now_ms()
        match code:
            case EventCode.RINGOFFHOOK:
                # Stops the bell as well.
                link.attempt(Request.HOOK, codec.integer(HookState.OFFHOOK))
                self._ringing, self._ring_until_ms = False, None
                self._off_hook = True
                return Lifted(at_ms=now)
            case EventCode.ONHOOK:
                link.attempt(Request.HOOK, codec.integer(HookState.RINGOFF))
                self._off_hook = False
                return Replaced(at_ms=now)
            case EventCode.WINKFLASH:
                return Flashed(at_ms=now)
            case EventCode.RINGERON | EventCode.RINGEROFF:
                return RingBurst(at_ms=now, on=code == EventCode.RINGERON) if self._ringing else None
            case EventCode.ALARM | EventCode.NOALARM:
                self._alarm = AlarmKind.POWER if code == EventCode.ALARM else AlarmKind.NONE
                return LineAlarm(at_ms=now, kind=self._alarm)
            case _:
                digit = codec.pulse_digit(code)
                return PulsesCounted(at_ms=now, digit=digit) if digit else None

    def ring(self, cadence: RingCadence) -> None:
        """See FxsLine."""
        link = self._opened()
        link.ask(Request.SETCADENCE, codec.cadence(cadence))
        self._ringing = True
        self._ring_until_ms = self.now_ms() + _RING_RETRY_MS
        self._try_ring(link)

    def _try_ring(self, link: Link) -> None:
        error = link.attempt(Request.HOOK, codec.integer(HookState.RING))
        if error == errno.EBUSY and self._ring_until_ms is not None and self.now_ms() < self._ring_until_ms:
            return
        self._ring_until_ms = None
        if error == errno.ENODATA:
            raise DeviceUnavailable(
                f"DAHDI channel {self._channel} cannot ring: no tone zone",
                error_id="fxs.no_zone",
                hint="write loadzone=de and defaultzone=de in /etc/dahdi/system.conf and run dahdi_cfg",
            )
        if error:
            raise DeviceUnavailable(
                f"DAHDI channel {self._channel} refuses to ring: {os.strerror(error)}",
                error_id="fxs.no_ring",
            )

    def stop_ringing(self) -> None:
        """See FxsLine."""
        if self._ringing and self._link is not None:
            self._link.attempt(Request.HOOK, codec.integer(HookState.RINGOFF))
        self._ringing, self._ring_until_ms = False, None

    def sound_on_hook(self, milliseconds: int) -> None:
        """See FxsLine."""
        self._opened().attempt(Request.ONHOOKTRANSFER, codec.integer(milliseconds))

    def reverse(self, reversed_: bool) -> None:
        """See FxsLine."""
        self._opened().attempt(Request.SETPOLARITY, codec.integer(int(reversed_)))

    def set_gain(self, to_phone_db: float, from_phone_db: float) -> bool:
        """See FxsLine."""
        link = self._opened()
        if to_phone_db == 0.0 and from_phone_db == 0.0:
            return True
        done = link.attempt(Request.SET_HWGAIN, codec.hardware_gain(to_phone_db, transmit=True)) == 0
        return (
            done and link.attempt(Request.SET_HWGAIN, codec.hardware_gain(from_phone_db, transmit=False)) == 0
        )

    def set_lamp(self, messages: int) -> None:
        """See FxsLine."""
        self._opened().attempt(Request.VMWI, codec.integer(messages))

    def set_flash(self, longest_ms: int) -> None:
        """See FxsLine."""
        self._flash_ms = longest_ms
        if self._link is not None:
            self._limits(self._link)

    def _limits(self, link: Link) -> None:
        if self._parameters is not None:
            self._parameters = self._parameters.changed(flash_ms=self._flash_ms, debounce_ms=_DEBOUNCE_MS)
            link.attempt(Request.SET_PARAMS, bytearray(self._parameters.raw))

    def for_data(self, data: bool) -> None:
        """See FxsLine."""
        link = self._opened()
        link.attempt(Request.ECHOCANCEL, codec.integer(0 if data else _ECHO_TAPS))

    def health(self) -> LineHealth:
        """See FxsLine."""
        name = self._parameters.name if self._parameters is not None else ""
        return LineHealth(
            present=self._link is not None,
            off_hook=self._off_hook,
            alarm=self._alarm,
            detail=name,
            late_frames=self._late,
        )

    def test(self) -> LineTest:
        """See FxsLine."""
        found = codec.parameters(self._opened().ask(Request.GET_PARAMS, bytearray(codec.PARAMS_BYTES)))
        return LineTest(loop_closed=found.off_hook, supply_ok=not found.alarms)

    def _opened(self) -> Link:
        if self._link is None:
            raise DeviceUnavailable(f"DAHDI channel {self._channel} is closed", error_id="fxs.closed")
        return self._link
