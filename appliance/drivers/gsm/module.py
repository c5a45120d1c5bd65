"""One module on its own thread: the lines to it, the dialogue over them, the sound of its call.

Implements :class:`appliance.ports.GsmModem`. Lines that break, modules that hang, restart or are recycled are
opened anew with growing pauses; who unplugs a module ends the call and nothing else.
"""

import contextlib
import os
import secrets
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from appliance.drivers.gsm.families import AudioWay
from appliance.drivers.gsm.finder import FoundModule
from appliance.drivers.gsm.modem import Modem
from appliance.drivers.gsm.sim import PinMemory
from appliance.drivers.gsm.sound import TICK_MS, CallSound, SoundLine
from appliance.drivers.serial_link import Line
from appliance.errors import DeviceUnavailable
from appliance.model import gsm
from appliance.model.causes import Cause
from appliance.model.gsm import ModuleState, ModuleStatus
from appliance.model.ids import LegId

MOST_ORDERS = 500
_PAUSE_MS = (500, 10_000)
_IDLE_MS = 1000
_JOIN_S = 3.0

log = structlog.get_logger(__name__)

OpenLine = Callable[[str], Line]
"""Opens a serial port by its path, or a sound card by its name; raises DeviceUnavailable."""
_Order = gsm.GsmCommand | Callable[[Modem], None]


def now_ms() -> int:
    """Monotonic time."""
    return time.monotonic_ns() // 1_000_000


def new_leg_id() -> LegId:
    """An id that no leg ever had."""
    return LegId(secrets.token_hex(10))


class SerialModem:
    """A plugged-in module; ``before`` is what it was when it went away to come back as this one."""

    def __init__(
        self,
        found: FoundModule,
        *,
        pins: PinMemory,
        open_serial: OpenLine,
        open_sound: OpenLine,
        before: ModuleState | None = None,
    ) -> None:
        self.found = found
        self._pins = pins
        self._open_serial = open_serial
        self._open_sound = open_sound
        self._sink: Callable[[gsm.GsmEvent], None] = _drop
        self._state = ModuleState(
            module=None,
            place=found.place,
            family=found.family.name,
            resets=before.resets if before is not None else 0,
            silent_calls=before.silent_calls if before is not None else 0,
        )
        self._sound = CallSound()
        self._sound_line: SoundLine | None = None
        self._settings: tuple[gsm.GsmModule | None, bool] | None = None
        self._orders: deque[_Order] = deque()
        self._stopping = threading.Event()
        self._closing = threading.Lock()
        self._ended = self._closed = False
        self.turned_at = time.monotonic()
        """When its thread turned last."""
        self._wake_in, self._wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=f"gsm-{found.place}", daemon=True)

    # --- any thread

    def start(self, sink: Callable[[gsm.GsmEvent], None]) -> None:
        """Begin; ``sink`` is called on the module's thread."""
        self._sink = sink
        self._thread.start()

    def stop(self) -> None:
        """End its call, let go of it."""
        self._stopping.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():
                log.error("module.does_not_stop", place=self.found.place)
                return
        with self._closing:
            if not self._closed:
                self._closed = True
                os.close(self._wake_in)
                os.close(self._wake_out)

    def configure(self, settings: gsm.GsmModule | None, *, duplicate: bool = False) -> None:
        """What the office says about it."""
        self._settings = (settings, duplicate)
        self._put(lambda modem: modem.configure(settings, duplicate=duplicate))

    def order(self, command: gsm.GsmCommand) -> None:
        """Have this done."""
        self._put(command)

    @property
    def audio(self) -> CallSound:
        """The sound of its call."""
        return self._sound

    @property
    def state(self) -> ModuleState:
        """All that is known of it now."""
        return self._state

    def _put(self, order: _Order) -> None:
        with self._closing:
            taken = not self._ended and len(self._orders) < MOST_ORDERS
            if taken:
                self._orders.append(order)
        if taken:
            self._wake()
        else:
            self._refuse(order)

    def _wake(self) -> None:
        with self._closing, contextlib.suppress(BlockingIOError):  # full: it is awake
            if not self._closed:
                os.write(self._wake_out, b"!")

    # --- the module's thread

    def _run(self) -> None:
        pause = _PAUSE_MS[0]
        while not self._stopping.is_set():
            self.turned_at = time.monotonic()
            began = now_ms()
            try:
                why = self._open_and_talk()
            except DeviceUnavailable as error:
                why = error.message
            except Exception:
                log.exception("module.failed", place=self.found.place)
                why = "an error of ours; see the log"
            self._down(why)
            if now_ms() - began > 60_000:
                pause = _PAUSE_MS[0]
            if not self._stopping.is_set():
                self._rest(pause)
            pause = min(pause * 2, _PAUSE_MS[1])
        with self._closing:
            self._ended = True
        while self._orders:
            self._refuse(self._orders.popleft())

    def _open_and_talk(self) -> str:
        line = self._open_serial(self.found.at_port)
        modem = Modem(
            family=self.found.family,
            place=self.found.place,
            now_ms=now_ms,
            emit=self._emit,
            new_leg=new_leg_id,
            pins=self._pins,
            resets=self._state.resets,
            silent_calls=self._state.silent_calls,
            first_reference=secrets.randbelow(256),
        )
        try:
            modem.start()
            if self._settings is not None:
                modem.configure(self._settings[0], duplicate=self._settings[1])
            return self._talk(line, modem)
        finally:
            if self._stopping.is_set():
                self._farewell(line, modem)
            modem.lost("the line is closed")
            self._silence(modem, judge=False)
            modem.close()
            line.close()

    def _talk(self, line: Line, modem: Modem) -> str:
        while not self._stopping.is_set():
            self.turned_at = time.monotonic()
            self._write(line, modem)
            readable = self._wait(line, modem)
            if self._wake_in in readable:
                with contextlib.suppress(OSError):
                    os.read(self._wake_in, 4096)
            while self._orders:
                order = self._orders.popleft()
                if callable(order):
                    order(modem)
                else:
                    modem.order(order)
            if line.fileno() in readable:
                modem.received(line.read())
            modem.tick()
            self._serve_sound(modem)
            if modem.finished:
                self._write(line, modem)
                return modem.finished
        return "stopped"

    def _write(self, line: Line, modem: Modem) -> None:
        if modem.out:
            taken = line.write(bytes(modem.out))
            del modem.out[:taken]

    def _wait(self, line: Line, modem: Modem) -> list[int]:
        """What can be read, once there is something, or it is time to do something."""
        due = modem.deadline_ms
        wait = _IDLE_MS if due is None else max(0, min(_IDLE_MS, due - now_ms()))
        watched = {line.fileno(): select.POLLIN | (select.POLLOUT if modem.out else 0)}
        watched[self._wake_in] = select.POLLIN
        if self._sound_line is not None:
            wait = min(wait, TICK_MS)
            if self._sound_line.fileno() >= 0:
                watched[self._sound_line.fileno()] = select.POLLIN
        return _readable(watched, wait)

    def _serve_sound(self, modem: Modem) -> None:
        wanted = modem.calling.audio_wanted
        if not wanted:
            self._silence(modem, judge=True)
            return
        try:
            if self._sound_line is None:
                found = self.found
                opener = self._open_sound if found.family.audio is AudioWay.SOUND_CARD else self._open_serial
                self._sound_line = SoundLine(opener(found.audio_port), self._sound, now_ms)
            self._sound_line.work()
        except DeviceUnavailable as error:
            log.warning("module.no_sound", place=self.found.place, error=error.message)
            self._silence(modem, judge=False)
            modem.recycle("its sound line failed")
            modem.calling.end(Cause.MEDIA_LOST)

    def _silence(self, modem: Modem, *, judge: bool) -> None:
        """The call is over: let go of the sound; a module that was dumb is recycled."""
        sound, self._sound_line = self._sound_line, None
        if sound is None:
            return
        verdict = sound.verdict() if judge else ""
        sound.close()
        if judge and (verdict or sound.sounded):
            modem.heard(sound=not verdict)
        if verdict:
            log.warning("module.dumb", place=self.found.place, why=verdict)
            modem.recycle(verdict)

    def _farewell(self, line: Line, modem: Modem) -> None:
        """We stop: a call must not go on costing money."""
        if modem.calling.busy:
            with contextlib.suppress(DeviceUnavailable):
                line.write(b"AT+CHUP\r")
                _readable({}, 100)

    def _down(self, why: str) -> None:
        while self._orders:
            self._refuse(self._orders.popleft())
        if not self._stopping.is_set():
            log.info("module.down", place=self.found.place, why=why)
        self._emit(
            gsm.ModuleChanged(
                state=replace(
                    self._state,
                    status=ModuleStatus.FAILED,
                    detail=why,
                    calling=False,
                    signal_dbm=None,
                )
            )
        )

    def _refuse(self, order: _Order) -> None:
        match order:
            case gsm.Dial():
                self._emit(gsm.CallEnds(leg=order.leg, cause=Cause.CONGESTION, by_remote=False))
            case gsm.SendSms():
                self._emit(gsm.SmsFailed(reference=order.reference, why="the module is gone", again=True))
            case gsm.AskNetwork():
                self._emit(gsm.UssdAnswer(text="", why="the module is gone"))
            case _:
                return

    def _rest(self, ms: int) -> None:
        """Wait, but refuse at once what is wanted meanwhile."""
        until = now_ms() + ms
        while not self._stopping.is_set() and (left := until - now_ms()) > 0:
            _readable({self._wake_in: select.POLLIN}, left)
            with contextlib.suppress(OSError):
                os.read(self._wake_in, 4096)
            while self._orders:
                self._refuse(self._orders.popleft())

    def _emit(self, event: gsm.GsmEvent) -> None:
        if isinstance(event, gsm.ModuleChanged):
            self._state = event.state
        try:
            self._sink(event)
        except Exception:
            log.exception("module.event", place=self.found.place, kind=type(event).__name__)


def _readable(watched: Mapping[int, int], wait_ms: int) -> list[int]:
    """By poll(2): a busy box has more descriptors than select(2) can name. Raises DeviceUnavailable."""
    poll = select.poll()
    for descriptor, wanted in watched.items():
        poll.register(descriptor, wanted)
    seen = poll.poll(wait_ms)
    if any(event & select.POLLNVAL for _, event in seen):
        raise DeviceUnavailable("the line is closed", error_id="serial.gone")
    return [descriptor for descriptor, event in seen if event & ~select.POLLOUT]


def _drop(_event: gsm.GsmEvent) -> None:
    """Stand for the sink before start."""
