"""One DECT module behind the seam (``ports.DectSystem``): start-up, enrolment, handsets, and its calls.

One thread talks with the module: it brings it up step by step (each step asks and waits for the answer, and
takes what else comes meanwhile), then carries out orders one after the other and looks after time-outs. The
sound of calls is the bus's, on a thread of its own. A module that falls silent, restarts or is pulled out
ends its calls and is brought up again; what is enrolled it keeps by itself.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.calling import AirCalls
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.link import Link
from appliance.dect.cmbs.memory import HandsetMemory
from appliance.dect.cmbs.numbers import Command, Event, Ie, Param
from appliance.dect.cmbs.slots import SlotBus, open_bus
from appliance.dect.cmbs.view import Known, version_text, view
from appliance.dect.window import Window
from appliance.drivers.serial_link import SerialLine
from appliance.errors import DeviceUnavailable, PeerProtocolError
from appliance.model import dect_air as air
from appliance.model.box import DectModule
from appliance.model.dect import DectHandset, spaced
from appliance.model.dect_air import DectStatus, EnrolStatus
from appliance.model.ids import DeviceId, LegId
from appliance.ports import SoundUser

LEAST_VERSION = 0x2000
"""Of the module's language: 2.00.0. Before 1.00.0 versions were counted otherwise, lengths had one octet."""
BOOT_LOADER = 0x0001
_HELLO = bytes((0, 3, 0, 0xFF, 0xFF, 0))
"""The bus: the module is master, 2048 kHz, short frame sync, all slots, no flow control by wires."""
_ANSWER_S = 2.0
_TRIES = 3
_RETRY_S = 2.0
_UNSUITED_RETRY_S = 30.0
_PING_S = 5.0
_SILENT_S = 12.0
_TICK_S = 0.25
_TIME_S = 3600.0
_STOP_S = 5.0
log = structlog.get_logger(__name__)


class _Restarted(Exception):
    """The module has started anew in the middle of something."""


class _Unsuited(Exception):
    """What answers cannot be used."""

    def __init__(self, status: DectStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class CmbsSystem:
    """A DECT module. ``module`` None: this box has none by that name."""

    def __init__(
        self,
        setup: air.DectSetup,
        module: DectModule | None,
        *,
        folder: Path,
        new_id: Callable[[], str],
    ) -> None:
        self._setup = setup
        self._module = module
        self._known = Known()
        self._lock = threading.RLock()
        self._window = Window(lambda: datetime.now(UTC))
        self._memory = HandsetMemory(folder / "dect-modules.json")
        self._jobs: deque[Callable[[], None]] = deque()
        self._lamps: dict[DeviceId, air.ShowMessages] = {}
        self._sink: Callable[[air.DectEvent], None] = lambda _event: None
        self._told: air.DectState | None = None
        self._link: Link | None = None
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_out, False)
        name = str(setup.net.id)
        sound = module.audio if module is not None else ""
        self._bus = SlotBus(name, lambda: open_bus(sound))
        self._calls = AirCalls(
            send=self._send,
            emit=self._emit,
            bus=self._bus,
            new_id=new_id,
            who=self._who,
            found=self._found,
        )
        self._thread = threading.Thread(target=self._run, name=f"dect-{name}", daemon=True)

    # --- DectSystem, on any thread

    def start(self, sink: Callable[[air.DectEvent], None]) -> None:
        """Begin; a module that is not there may come later."""
        self._sink = sink
        if self._module is not None and self._module.audio:
            self._bus.start()
        self._thread.start()

    def stop(self) -> None:
        """End its calls, let go of it."""
        self._stopping.set()
        self._nudge()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
        self._bus.stop()
        out, self._wake_out = self._wake_out, -1
        os.close(out)
        os.close(self._wake_in)

    def configure(self, setup: air.DectSetup) -> None:
        """From now on."""
        with self._lock:
            self._setup = setup
        self._job(self._settle)

    def order(self, command: air.DectCommand) -> None:
        """When it is its turn."""
        self._job(lambda: self._carry_out(command))

    def listen(self, leg: LegId, user: SoundUser | None) -> None:
        """Who speaks in a call."""
        self._calls.listen(leg, user)

    @property
    def setup(self) -> air.DectSetup:
        """What the office wants."""
        with self._lock:
            return self._setup

    @property
    def state(self) -> air.DectState:
        """As last known."""
        with self._lock:
            known = replace(self._known, calls=self._calls.count, sound_trouble=self._sound_trouble())
            return view(self._setup, known, self._window.enrolment)

    def _sound_trouble(self) -> str:
        if self._module is None:
            return ""
        return self._bus.trouble if self._module.audio else "no sound device is named: 'audio' in box.toml"

    def _job(self, job: Callable[[], None]) -> None:
        self._jobs.append(job)
        self._nudge()

    def _nudge(self) -> None:
        try:
            os.write(self._wake_out, b".")
        except BlockingIOError:
            pass  # it has not woken from the last one yet
        except OSError:
            log.debug("cmbs.stopped_already")

    # --- the thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = _RETRY_S
            try:
                self._be_there()
            except DeviceUnavailable as error:
                self._away(DectStatus.AWAY, error.message)
            except _Restarted:
                self._away(DectStatus.CONNECTING, "the module has started anew")
                pause = 0.0
            except _Unsuited as error:
                self._away(error.status, str(error))
                pause = _UNSUITED_RETRY_S
            except PeerProtocolError as error:
                self._away(DectStatus.UNSUITED, error.message)
            except Exception:
                log.exception("cmbs.defect", system=self._setup.net.id)
                self._away(DectStatus.FAILED, "its driver has a defect: see the log")
            self._rest(pause)
        self._calls.lost()

    def _rest(self, seconds: float) -> None:
        """Wait; orders that need the module are answered all the same."""
        until = time.monotonic() + seconds
        while seconds and not self._stopping.wait(min(_TICK_S, max(0.0, until - time.monotonic()))):
            self._work_off()
            self._tick()
            if time.monotonic() >= until:
                return

    def _be_there(self) -> None:
        with self._lock:
            net, module = self._setup.net, self._module
        if not net.enabled:
            self._away(DectStatus.DISABLED, "")
            return
        if module is None:
            which = f"no module '{net.module}'" if net.module else "no DECT module"
            raise _Unsuited(DectStatus.FAILED, f"this box has {which}: [[dect]] in box.toml")
        if not os.path.exists(module.port):
            raise DeviceUnavailable(
                f"there is no module at {module.port}: is it plugged in?", error_id="dect.cmbs_none"
            )
        link = Link(lambda: SerialLine(module.port))
        try:
            self._link = link
            self._bring_up(link)
            self._serve(link)
            self._calls.end_all()
            link.drain()
        finally:
            self._link = None
            link.close()

    def _bring_up(self, link: Link) -> None:
        """From whatever state it is in to on the air."""
        for _ in range(_TRIES):
            link.command(Command.HELLO, _HELLO)
            hello = self._wait_for(Command.HELLO_REPLY, _ANSWER_S)
            if hello is not None:
                break
        else:
            raise DeviceUnavailable("the module does not answer", error_id="dect.cmbs_silent")
        self._judge(hello.command)
        link.tell_capabilities()
        capable = self._wait_for(Command.CAPABILITIES_REPLY, _ANSWER_S)
        link.check(capable is not None and len(capable.command) > 4 and bool(capable.command[4] & 1))
        self._ask(Event.SYS_START, done=Event.SYS_START_DONE)
        found = self._ask(Event.PARAM_GET, el.parameter(Param.RFPI), done=Event.PARAM_GET_DONE)
        rfpi = el.parameter_of(found)[1].hex().upper()
        with self._lock:
            self._known = replace(self._known, rfpi=rfpi, ipeis=self._memory.read(rfpi), away=frozenset())
        self._read_list()
        with self._lock:
            self._known = replace(self._known, status=DectStatus.READY, detail="")
        log.info("cmbs.ready", system=self._setup.net.id, rfpi=rfpi, checksums=link.checked)
        self._settle()
        self._tell_time()
        for lamp in list(self._lamps.values()):
            self._show_messages(lamp)
        if self._window.open:
            self._open_window()
        self._changed()

    def _judge(self, hello: bytes) -> None:
        """Whether its firmware will do."""
        version, build = int.from_bytes(hello[:2], "little"), int.from_bytes(hello[2:4], "little")
        with self._lock:
            self._known = replace(self._known, firmware=version_text(version, build))
        if version == BOOT_LOADER:
            raise _Unsuited(DectStatus.TOO_OLD, "the module has no firmware: only its boot loader answers")
        if version < LEAST_VERSION:
            least = version_text(LEAST_VERSION, 0).split(" ", maxsplit=1)[0]
            raise _Unsuited(
                DectStatus.TOO_OLD,
                f"its firmware speaks {version_text(version, build)}, at least {least} is needed",
            )

    def _serve(self, link: Link) -> None:
        pinged = timed = time.monotonic()
        while not self._stopping.is_set() and self.setup.net.enabled:
            for frame in link.turn(_TICK_S, self._wake_in):
                self._take(frame)
            self._work_off()
            self._tick()
            now = time.monotonic()
            if link.silent_s > _SILENT_S:
                raise DeviceUnavailable("the module does not answer any more", error_id="dect.cmbs_silent")
            if link.silent_s > _PING_S and now - pinged > _PING_S / 2:
                pinged = now
                link.send(Event.PING)
            if now - timed > _TIME_S:
                timed = now
                self._tell_time()

    def _away(self, status: DectStatus, detail: str) -> None:
        self._calls.lost()
        with self._lock:
            if status is not self._known.status or detail != self._known.detail:
                log.warning("cmbs.away", system=self._setup.net.id, status=status.value, detail=detail)
            self._known = replace(self._known, status=status, detail=detail)
        self._changed()

    # --- asking

    def _send(self, event: Event, *elements: Element) -> None:
        if self._link is not None:
            self._link.send(event, *elements)

    def _wait_for(self, event: int, seconds: float) -> Frame | None:
        """The next frame of this kind; others are taken meanwhile. None: it did not come."""
        link = self._link
        until = time.monotonic() + seconds
        while link is not None and not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            found = None
            for frame in link.turn(min(left, _TICK_S), self._wake_in):
                if frame.event == event and found is None:
                    found = frame
                else:
                    self._take(frame)
            if found is not None:
                return found
        return None

    def _ask(self, event: Event, *elements: Element, done: Event) -> Frame:
        """Raises DeviceUnavailable without an answer, PeerProtocolError for a refusal."""
        for _ in range(_TRIES):
            self._send(event, *elements)
            found = self._wait_for(done, _ANSWER_S)
            if found is not None:
                if not el.answered_ok(found):
                    raise PeerProtocolError(f"the module refuses {event.name}", error_id="dect.cmbs_refused")
                return found
        raise DeviceUnavailable(f"the module does not answer {event.name}", error_id="dect.cmbs_silent")

    # --- what the module tells

    def _take(self, frame: Frame) -> None:
        if frame.event in (Event.TARGET_UP, Command.RESET):
            raise _Restarted
        try:
            match frame.event:
                case Event.HANDSET_REGISTERED:
                    info = el.handset_info_of(frame)
                    self._job(lambda: self._registered(info))
                case Event.HANDSET_IN_RANGE:
                    self._found(el.value_of(frame, Ie.INTEGER_VALUE, 4), True)
                case Event.CLOSE_REGISTRATION:
                    self._job(self._closed_by_itself)
                case _ if frame.get(Ie.CALL_INSTANCE) is not None:
                    self._calls.take(frame)
                case _:
                    log.debug("cmbs.unused", code=hex(frame.event))
        except PeerProtocolError as error:
            log.warning("cmbs.unreadable", code=hex(frame.event), error=str(error))

    def _read_list(self) -> None:
        found = self._ask(Event.SUBSCRIBED_GET, done=Event.SUBSCRIBED_GET_DONE)
        listed = {one.number: one.name for one in el.listed_of(found)}
        with self._lock:
            self._known = replace(self._known, listed=listed)

    def _registered(self, info: el.HandsetInfo) -> None:
        """A handset has come (or has gone by its own menu)."""
        if not info.registered:
            self._gone(info.number)
            return
        old = [number for number, ipei in self._known.ipeis.items() if ipei == info.ipei and info.ipei]
        with self._lock:
            ipeis = {**self._known.ipeis, info.number: info.ipei}
            listed = {**self._known.listed, info.number: self._known.listed.get(info.number, "")}
            self._known = replace(
                self._known, ipeis=ipeis, listed=listed, away=self._known.away - {info.number}
            )
        self._keep()
        for number in old:
            if number != info.number:
                self._delete(number)
        if self._window.open and not self._suits(info.ipei):
            log.info("cmbs.somebody_else", system=self._setup.net.id)
            self._delete(info.number)
            self._open_window()
            return
        if self._window.open:
            event = self._window.came(str(info.number), info.ipei)
            self._send(Event.CLOSE_REGISTRATION)
            self._emit(event)
        self._settle()
        self._tell_time()
        self._changed()

    def _suits(self, ipei: str) -> bool:
        return self._window.suits(ipei)

    def _closed_by_itself(self) -> None:
        """The module lets nobody in any more."""
        if self._window.open and self._window.left_s > 1:
            self._open_window()  # somebody was let in that was not meant, or the module counts otherwise

    def _gone(self, number: int) -> None:
        with self._lock:
            without = {key: value for key, value in self._known.ipeis.items() if key != number}
            listed = {key: value for key, value in self._known.listed.items() if key != number}
            self._known = replace(self._known, ipeis=without, listed=listed)
        self._keep()
        self._changed()

    def _keep(self) -> None:
        self._memory.write(self._known.rfpi, self._known.ipeis)

    def _found(self, number: int, there: bool) -> None:
        """A handset was there, or was searched in vain."""
        with self._lock:
            away = self._known.away - {number} if there else self._known.away | {number}
            if away == self._known.away:
                return
            self._known = replace(self._known, away=away)
        if there:
            self._tell_time()
        self._changed()

    # --- orders

    def _work_off(self) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            try:
                job()
            except _Restarted:
                self._jobs.appendleft(job)  # it is done anew once the module is there
                raise
            except DeviceUnavailable as error:
                self._emit(air.OrderRefused(what="dect", why=error.message))
                if self._link is not None:
                    raise
            except PeerProtocolError as error:
                log.warning("cmbs.refused", error=str(error))
                self._emit(air.OrderRefused(what="dect", why=error.message))

    def _carry_out(self, order: air.DectCommand) -> None:
        match order:
            case air.RingHandset():
                ready = self._known.status is DectStatus.READY
                self._calls.ring(order, self._number_of(order.handset) if ready else None)
            case air.AcceptHandset():
                self._calls.accept(order)
            case air.ShowParty():
                self._calls.show(order)
            case air.HangUpHandset():
                self._calls.hang_up(order)
            case air.ShowMessages():
                self._lamps[order.handset] = order
                self._show_messages(order)
            case air.OpenEnrolment():
                self._want_window(order)
            case air.CloseEnrolment():
                if self._window.open and self._known.status is DectStatus.READY:
                    self._ask(Event.CLOSE_REGISTRATION, done=Event.CLOSE_REGISTRATION_DONE)
                self._tell_all(self._window.over(EnrolStatus.CLOSED, "somebody closed it"))
            case air.ForgetHandset():
                self._forget(order.key)
            case air.RestartBase():
                self._send(Event.SYS_RESET)
            case air.UpdateFirmware():
                why = "a module gets its firmware with the maker's own tool"
                self._emit(air.OrderRefused(what="update", why=why))

    def _want_window(self, order: air.OpenEnrolment) -> None:
        document = self._document(order.handset)
        only = order.ipei or (document.identity if document is not None else "")
        with self._lock:
            self._window.begin(order, order.pin or self._setup.net.pin, only)
        if self._known.status is not DectStatus.READY:
            why = self._known.detail or "the module is not there"
            self._tell_all(self._window.over(EnrolStatus.FAILED, why))
            return
        if not only and len(self._known.listed) >= no.MOST_HANDSETS:
            why = f"the module is full: {no.MOST_HANDSETS} handsets are enrolled, forget one"
            self._tell_all(self._window.over(EnrolStatus.FAILED, why))
            return
        self._open_window()

    def _open_window(self) -> None:
        """Let handsets in, with the PIN and for the time that the window has."""
        pin = el.parameter(Param.AUTH_PIN, el.pin_octets(self._window.enrolment.pin))
        seconds = max(1, round(self._window.left_s))
        try:
            self._ask(Event.PARAM_SET, pin, done=Event.PARAM_SET_DONE)
            self._ask(
                Event.OPEN_REGISTRATION,
                el.long(Ie.INTEGER_VALUE, seconds),
                done=Event.OPEN_REGISTRATION_DONE,
            )
        except PeerProtocolError as error:
            self._tell_all(self._window.over(EnrolStatus.FAILED, error.message))
            return
        with self._lock:
            self._window.opened()
        self._changed()

    def _tick(self) -> None:
        with self._lock:
            told = self._window.expire()
        if told:
            self._send(Event.CLOSE_REGISTRATION)
        self._tell_all(told)

    def _forget(self, key: str) -> None:
        number = int(key) if key.isdecimal() else 0
        if number not in self._known.listed:
            self._emit(air.OrderRefused(what="forget", why=f"handset {key} is not enrolled"))
            return
        if self._known.status is not DectStatus.READY:
            self._emit(air.OrderRefused(what="forget", why=self._known.detail or "the module is not there"))
            return
        self._delete(number)
        self._changed()

    def _delete(self, number: int) -> None:
        mask = el.handsets_mask((number,))
        self._ask(Event.HANDSET_DELETE, el.long(Ie.INTEGER_VALUE, mask), done=Event.HANDSET_DELETE_DONE)
        self._gone(number)

    # --- handsets as the office wants them

    def _settle(self) -> None:
        """Names, and whoever has another document now."""
        if self._known.status is DectStatus.READY:
            for number, display in self._names().items():
                if self._known.listed.get(number) != display:
                    self._ask(
                        Event.SUBSCRIBED_SET,
                        el.listed(el.Listed(number=number, name=display)),
                        done=Event.SUBSCRIBED_SET_DONE,
                    )
                    with self._lock:
                        self._known = replace(self._known, listed={**self._known.listed, number: display})
        self._changed()

    def _names(self) -> Mapping[int, str]:
        with self._lock:
            wanted = {one.document.identity: one.display for one in self._setup.handsets}
            return {
                number: wanted[ipei]
                for number, ipei in self._known.ipeis.items()
                if ipei in wanted and number in self._known.listed
            }

    def _who(self, number: int) -> DeviceId | None:
        """Whose handset may call."""
        with self._lock:
            ipei = self._known.ipeis.get(number, "")
            return next(
                (
                    one.document.id
                    for one in self._setup.handsets
                    if ipei and one.document.identity == ipei and not one.document.blocked
                ),
                None,
            )

    def _number_of(self, handset: DeviceId) -> int | None:
        document = self._document(handset)
        if document is None or not document.identity:
            return None
        return next(
            (
                number
                for number, ipei in self._known.ipeis.items()
                if ipei == document.identity and number in self._known.listed
            ),
            None,
        )

    def _document(self, handset: DeviceId | None) -> DectHandset | None:
        with self._lock:
            return next((one.document for one in self._setup.handsets if one.document.id == handset), None)

    def _show_messages(self, order: air.ShowMessages) -> None:
        number = self._number_of(order.handset)
        if number is None or self._known.status is not DectStatus.READY:
            return
        mask = el.short(Ie.HANDSETS, el.handsets_mask((number,)))
        request = el.short(Ie.REQUEST_ID, number)
        self._send(Event.SEND_MWI, request, el.waiting(order.messages, no.WAITING_VOICE), mask)
        self._send(Event.SEND_MISSED_CALLS, request, el.waiting(order.missed, 1 if order.missed else 2), mask)

    def _tell_time(self) -> None:
        mask = el.handsets_mask(self._known.listed)
        if mask:
            now = datetime.now(ZoneInfo(self._setup.timezone))
            self._send(
                Event.TIME_UPDATE,
                el.short(Ie.REQUEST_ID, 0),
                el.office_time(now),
                el.short(Ie.HANDSETS, mask),
            )

    # --- telling

    def _tell_all(self, events: tuple[air.DectEvent, ...]) -> None:
        for event in events:
            self._emit(event)
        if events:
            self._changed()

    def _changed(self) -> None:
        state = self.state
        if state != self._told:
            self._told = state
            self._emit(air.DectChanged(state=state))

    def _emit(self, event: air.DectEvent) -> None:
        if isinstance(event, air.Enrolled):
            log.info("cmbs.enrolled", system=self._setup.net.id, ipei=spaced(event.ipei)[:5])
        try:
            self._sink(event)
        except Exception:
            log.exception("cmbs.sink")
