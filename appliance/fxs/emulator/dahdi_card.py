"""A DAHDI channel as the kernel shows it, with a telephone behind it.

It does what ``drivers/dahdi/dahdi-base.c`` of dahdi-linux 3 does for FXO signalling: events queue and block
sound with errno 500, ring timing and refusals (EINPROGRESS, EBUSY, ENODATA), pulses counted and flashes
timed, short buffers, and removal at any moment. Time passes in ``poll`` alone.
"""

import errno
import os
import select
import threading
from collections import deque
from enum import Enum

from appliance.fxs.dahdi import codec
from appliance.fxs.dahdi.codec import ELAST, EventCode, HookState, Request
from appliance.fxs.emulator.clock import LineClock
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.sound import mixed, scaled
from appliance.fxs.tones import SILENCE

_MOST_EVENTS = 63
_LEAST_PULSE_MS = 15
_KEWL_MS = 500
_AFTER_KEWL_MS = 300
_CONTACT_REST_MS = 10
"""The line circuit's own debouncing."""
_ECHO = 0.15
_CHANNEL_FD = 77


class _Tx(Enum):
    ON_HOOK = "on hook"
    OFF_HOOK = "off hook"
    DEBOUNCE = "debounce"
    RING_ON = "ring on"
    RING_OFF = "ring off"
    KEWL = "kewl"
    AFTER_KEWL = "after kewl"


class DahdiCard:
    """One channel. ``short_flash``: built with SHORT_FLASH_TIME. ``zone``: tones are loaded."""

    def __init__(
        self,
        telephone: Telephone,
        *,
        channel: int = 1,
        clock: LineClock | None = None,
        short_flash: bool = False,
        zone: bool = True,
        signalling: int = codec.SIG_FXO | 1 << 5,
        hardware_gain: bool = True,
    ) -> None:
        self.telephone = telephone
        self.clock = clock or LineClock()
        self.present = True
        self.lamp = 0
        self.echo_cancelled = False
        self.gains: dict[int, int] = {}
        self._channel = channel
        self._zone = zone
        self._signalling = signalling
        self._hardware_gain = hardware_gain
        self._most_pulse_ms = 80 if short_flash else 200
        self._lock = threading.RLock()
        self._open = False
        self._specified = False
        self._stale = False
        self._events: deque[int] = deque()
        self._flash_ms = 1250
        self._debounce_ms = 600
        self._tx = _Tx.ON_HOOK
        self._tx_left_ms = 0
        self._cadence: tuple[int, ...] = (1000, 4000)
        self._cadence_first = 0
        self._cadence_at = 0
        self._closed = False
        self._contact = False
        self._contact_ms = 0
        self._got_off_hook = False
        self._flash_left_ms = 0
        self._pulses = 0
        self._pulse_left_ms = 0
        self._on_hook_sound_ms = 0
        self._buffers = 2
        self._read: deque[bytes] = deque()
        self._write: deque[bytes] = deque()
        self._last_out = SILENCE
        self._into_block = 0

    # What the world does.

    def remove(self) -> None:
        """Pull it out."""
        with self._lock:
            self._event(EventCode.REMOVED)
            self.present = False
            self._stale = self._open

    def insert(self) -> None:
        """Put it back in."""
        with self._lock:
            self.present = True
            self._tx = _Tx.ON_HOOK
            self._events.clear()
            self._got_off_hook = self._closed

    def fail_supply(self, failed: bool) -> None:
        """The card loses its supply, or has it again."""
        with self._lock:
            self._event(EventCode.ALARM if failed else EventCode.NOALARM)

    # The system calls.

    def open(self, path: str, flags: int) -> int:
        """See SystemCalls."""
        with self._lock:
            if path != codec.CHANNEL_PATH or not self.present:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            if not flags & os.O_NONBLOCK:
                raise OSError(errno.EINVAL, "the emulated card is for drivers that do not block")
            if self._open and not self._stale:
                return _CHANNEL_FD + 1
            self._open, self._specified, self._stale = True, False, False
            return _CHANNEL_FD

    def close(self, fd: int) -> None:
        """See SystemCalls."""
        with self._lock:
            if fd == _CHANNEL_FD:
                self._open = self._specified = self._stale = False
                self._tx = _Tx.ON_HOOK
                self.telephone.bell(False, self.clock.now_ms)

    def read(self, fd: int, count: int) -> bytes:
        """See SystemCalls."""
        with self._lock:
            self._check(fd)
            if self._events:
                raise OSError(ELAST, "Unknown error 500")
            if not self._read:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return self._read.popleft()[:count]

    def write(self, fd: int, data: bytes) -> int:
        """See SystemCalls."""
        with self._lock:
            self._check(fd)
            if self._events:
                raise OSError(ELAST, "Unknown error 500")
            if len(self._write) >= self._buffers:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            self._write.append(bytes(data))
            return len(data)

    def poll(self, fd: int, events: int, timeout_ms: int) -> int:
        """See SystemCalls. Time passes here."""
        for _ in range(max(1, timeout_ms)):
            with self._lock:
                if fd != _CHANNEL_FD or self._stale or not self.present:
                    return select.POLLERR | select.POLLHUP | select.POLLPRI | select.POLLNVAL
                ready = self._ready() & events
                if ready:
                    return ready
                self._millisecond()
            self.clock.keep_pace()
        with self._lock:
            return self._ready() & events

    def _ready(self) -> int:
        ready = select.POLLIN if self._read else 0
        return ready | (select.POLLPRI if self._events else 0)

    def monotonic_ms(self) -> int:
        """See SystemCalls."""
        return self.clock.now_ms

    def ioctl(self, fd: int, request: int, argument: bytearray) -> None:
        """See SystemCalls."""
        with self._lock:
            self._ioctl(fd, Request(request), argument)

    def _ioctl(self, fd: int, request: Request, argument: bytearray) -> None:
        if request is Request.SPECIFY:
            self._specify(fd, codec.read_integer(argument))
            return
        self._check(fd)
        match request:
            case Request.GET_PARAMS:
                argument[:] = self._parameters()
            case Request.SET_PARAMS:
                wanted = codec.parameters(argument)
                self._flash_ms, self._debounce_ms = wanted.flash_ms, wanted.debounce_ms
            case Request.GETEVENT:
                argument[:] = codec.integer(self._events.popleft() if self._events else 0)
            case Request.HOOK:
                self._hook(HookState(codec.read_integer(argument)))
            case Request.SETCADENCE:
                self._set_cadence(codec.unpack_cadence(argument))
            case Request.ONHOOKTRANSFER:
                self._on_hook_sound_ms = codec.read_integer(argument)
            case Request.SET_BLOCKSIZE:
                if codec.read_integer(argument) != codec.BLOCK_SAMPLES:
                    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            case Request.SET_BUFINFO:
                self._buffers = int.from_bytes(argument[8:12], "little")
            case Request.FLUSH:
                self._read.clear()
                self._write.clear()
                self._events.clear()
            case Request.SET_HWGAIN:
                if not self._hardware_gain:
                    raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
                self.gains[argument[4]] = int.from_bytes(argument[:4], "little", signed=True)
            case Request.SETPOLARITY:
                if self._tx is _Tx.RING_ON:
                    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
                self.telephone.reversed = bool(codec.read_integer(argument))
            case Request.VMWI:
                self.lamp = codec.read_integer(argument)
            case Request.ECHOCANCEL:
                self.echo_cancelled = codec.read_integer(argument) > 0
            case _:
                pass

    def _specify(self, fd: int, channel: int) -> None:
        if not self.present:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        if channel != self._channel:
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
        if fd != _CHANNEL_FD:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self._specified = True
        self._read.clear()
        self._write.clear()

    def _check(self, fd: int) -> None:
        if fd != _CHANNEL_FD or not self._open or not self._specified:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if not self.present or self._stale:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def _parameters(self) -> bytes:
        return codec.pack_parameters(
            channel=self._channel,
            signalling=self._signalling,
            off_hook=self._closed,
            name=f"EMU/0/{self._channel}",
            flash_ms=self._flash_ms,
            debounce_ms=self._debounce_ms,
        )

    def _hook(self, wanted: HookState) -> None:
        match wanted:
            case HookState.ONHOOK:
                if self._tx is _Tx.OFF_HOOK:
                    self._enter(_Tx.KEWL, _KEWL_MS)
                elif self._tx not in (_Tx.KEWL, _Tx.AFTER_KEWL):
                    self._enter(_Tx.ON_HOOK, 0)
            case HookState.RINGOFF:
                self._enter(_Tx.ON_HOOK, 0)
            case HookState.OFFHOOK:
                if self._tx in (_Tx.KEWL, _Tx.AFTER_KEWL):
                    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
                self._enter(_Tx.DEBOUNCE, self._debounce_ms)
            case HookState.RING:
                if not self._zone:
                    raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))
                if self._tx is not _Tx.ON_HOOK:
                    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
                self._cadence_at = 0
                self._enter(_Tx.RING_ON, self._cadence[0])
                raise OSError(errno.EINPROGRESS, os.strerror(errno.EINPROGRESS))

    def _set_cadence(self, values: tuple[int, ...]) -> None:
        self._cadence_first = 0
        for at in range(0, codec.MOST_CADENCE, 2):
            if values[at] < 0:
                self._cadence_first = at
                break
        self._cadence = tuple(abs(one) for one in values)

    # What the kernel does every millisecond.

    def _event(self, event: int) -> None:
        if len(self._events) < _MOST_EVENTS:
            self._events.append(event)

    def _enter(self, state: _Tx, milliseconds: int) -> None:
        self._tx, self._tx_left_ms = state, milliseconds
        self.telephone.bell(state is _Tx.RING_ON, self.clock.now_ms)

    def _millisecond(self) -> None:
        self.clock.advance()
        now = self.clock.now_ms
        for at, closed in self.telephone.edges(now):
            self._contact, self._contact_ms = closed, at
        if self._contact != self._closed and now - self._contact_ms >= _CONTACT_REST_MS:
            self._closed = self._contact
            self._contact_changed()
        if self._tx_left_ms:
            self._tx_left_ms -= 1
            if not self._tx_left_ms:
                self._tx_over()
        if self._flash_left_ms:
            self._flash_left_ms -= 1
            if not self._flash_left_ms:
                self._event(EventCode.ONHOOK)
                self._got_off_hook = False
        if self._pulse_left_ms:
            self._pulse_left_ms -= 1
            if not self._pulse_left_ms and self._pulses:
                self._count_pulses()
        self._on_hook_sound_ms = max(0, self._on_hook_sound_ms - 1)
        self._into_block += 1
        if self._into_block == 20:
            self._into_block = 0
            self._block()

    def _contact_changed(self) -> None:
        if not self._closed:
            if self._tx not in (_Tx.DEBOUNCE, _Tx.KEWL, _Tx.AFTER_KEWL):
                self._flash_left_ms = self._flash_ms
            return
        if self._flash_left_ms:
            length = self._flash_ms - self._flash_left_ms
            if length > self._most_pulse_ms:
                self._event(EventCode.WINKFLASH)
            elif length >= _LEAST_PULSE_MS:
                self._pulses += 1
                self._pulse_left_ms = self._most_pulse_ms + 50
                if self._pulses == 1:
                    self._event(EventCode.PULSE_START)
        elif not self._got_off_hook:
            self._event(EventCode.RINGOFFHOOK)
            self._got_off_hook = True
        self._flash_left_ms = 0

    def _count_pulses(self) -> None:
        pulses, self._pulses = self._pulses, 0
        if pulses <= 12:
            self._event(codec.PULSE_DIGIT | ord("1234567890*#"[pulses - 1]))

    def _tx_over(self) -> None:
        match self._tx:
            case _Tx.RING_ON:
                self._cadence_at += 1
                self._enter(_Tx.RING_OFF, self._cadence[self._cadence_at] or self._cadence[1])
                self._event(EventCode.RINGEROFF)
            case _Tx.RING_OFF:
                self._cadence_at += 1
                if self._cadence_at >= codec.MOST_CADENCE or not self._cadence[self._cadence_at]:
                    self._cadence_at = self._cadence_first
                self._enter(_Tx.RING_ON, self._cadence[self._cadence_at])
                self._event(EventCode.RINGERON)
            case _Tx.DEBOUNCE:
                self._enter(_Tx.OFF_HOOK, 0)
                if not self._closed and self._flash_ms > 2:
                    self._flash_left_ms = self._flash_ms
            case _Tx.KEWL:
                self._enter(_Tx.AFTER_KEWL, _AFTER_KEWL_MS)
                self._event(EventCode.HOOKCOMPLETE)
            case _Tx.AFTER_KEWL:
                self._enter(_Tx.ON_HOOK, 0)
                self._got_off_hook = self._closed
            case _:
                pass

    def _block(self) -> None:
        out = self._write.popleft() if self._write else SILENCE
        reaches = self._closed or (self._on_hook_sound_ms > 0 and self._tx is not _Tx.RING_ON)
        said = self.telephone.exchange(out if reaches else SILENCE)
        if self._closed and self._last_out != SILENCE:
            said = mixed(said, scaled(self._last_out, _ECHO))
        elif not self._closed and self._on_hook_sound_ms:
            said = scaled(self._last_out, _ECHO * 2)
        self._last_out = out
        # The kernel's receive buffers are few; what nobody fetches is gone.
        if len(self._read) < self._buffers:
            self._read.append(said)
