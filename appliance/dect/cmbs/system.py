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
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.board import Board
from appliance.dect.cmbs.calling import AirCalls
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.enrolling import Enrolling
from appliance.dect.cmbs.link import Link
from appliance.dect.cmbs.memory import HandsetMemory
from appliance.dect.cmbs.numbers import Command, Event, Ie
from appliance.dect.cmbs.session import TICK_S, Restarted, Session, Unsuited
from appliance.dect.cmbs.slots import SlotBus, open_bus
from appliance.drivers.serial_link import SerialLine
from appliance.errors import DeviceUnavailable, PeerProtocolError
from appliance.model import dect_air as air
from appliance.model.box import DectModule
from appliance.model.dect_air import DectStatus
from appliance.model.ids import DeviceId, LegId
from appliance.ports import SoundUser

_RETRY_S = 2.0
_UNSUITED_RETRY_S = 30.0
_PING_S = 5.0
_SILENT_S = 12.0
_TIME_S = 3600.0
_STOP_S = 5.0
log = structlog.get_logger(__name__)


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
        self._module = module
        self._board = Board(setup, HandsetMemory(folder / "dect-modules.json"))
        self._jobs: deque[Callable[[], None]] = deque()
        self._lamps: dict[DeviceId, air.ShowMessages] = {}
        self._sink: Callable[[air.DectEvent], None] = lambda _event: None
        self._told: air.DectState | None = None
        self._session: Session | None = None
        self._told_who = False
        """Which handset has come, before the window closes after it."""
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
            who=self._board.who,
            found=self._found,
        )
        self._enrolling = Enrolling(
            self._board, ask=self._ask, emit=self._emit, settled=self._settle, changed=self._changed
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
        self._board.setup = setup
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
        return self._board.setup

    @property
    def state(self) -> air.DectState:
        """As last known."""
        return self._board.state(calls=self._calls.count, sound_trouble=self._sound_trouble())

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
            except Restarted:
                self._away(DectStatus.CONNECTING, "the module has started anew")
                pause = 0.0
            except Unsuited as error:
                self._away(error.status, str(error))
                pause = _UNSUITED_RETRY_S
            except PeerProtocolError as error:
                self._away(DectStatus.UNSUITED, error.message)
            except Exception:
                log.exception("cmbs.defect", system=self.setup.net.id)
                self._away(DectStatus.FAILED, "its driver has a defect: see the log")
            self._rest(pause)
        self._calls.lost()

    def _rest(self, seconds: float) -> None:
        """Wait; orders that need the module are answered all the same."""
        until = time.monotonic() + seconds
        while seconds and not self._stopping.wait(min(TICK_S, max(0.0, until - time.monotonic()))):
            self._work_off()
            self._enrolling.tick()
            if time.monotonic() >= until:
                return

    def _be_there(self) -> None:
        net, module = self.setup.net, self._module
        if not net.enabled:
            self._away(DectStatus.DISABLED, "")
            return
        if module is None:
            which = f"no module '{net.module}'" if net.module else "no DECT module"
            raise Unsuited(DectStatus.FAILED, f"this box has {which}: [[dect]] in box.toml")
        if not os.path.exists(module.port):
            raise DeviceUnavailable(
                f"there is no module at {module.port}: is it plugged in?", error_id="dect.cmbs_none"
            )
        link = Link(lambda: SerialLine(module.port))
        try:
            self._session = Session(link, self._wake_in, self._take, self._stopping.is_set)
            self._bring_up(self._session)
            self._serve(self._session)
            self._calls.end_all()
            link.drain()
        finally:
            self._session = None
            link.close()

    def _bring_up(self, session: Session) -> None:
        """From whatever state it is in to on the air."""
        session.begin(lambda firmware: self._board.learn(firmware=firmware))
        self._board.recall(session.rfpi)
        self._enrolling.read_list()
        self._board.learn(status=DectStatus.READY, detail="")
        log.info("cmbs.ready", system=self.setup.net.id, rfpi=session.rfpi, checksums=session.link.checked)
        self._settle()
        for lamp in list(self._lamps.values()):
            self._show_messages(lamp)
        if self._board.window.open:
            self._enrolling.open()

    def _serve(self, session: Session) -> None:
        pinged = timed = time.monotonic()
        link = session.link
        while not self._stopping.is_set() and self.setup.net.enabled:
            session.turn()
            self._work_off()
            self._enrolling.tick()
            self._changed()
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
        known = self._board.known
        if (status, detail) != (known.status, known.detail):
            log.warning("cmbs.away", system=self.setup.net.id, status=status.value, detail=detail)
        self._board.learn(status=status, detail=detail)
        self._changed()

    # --- to the module

    def _send(self, event: Event, *elements: Element) -> None:
        if self._session is not None:
            self._session.link.send(event, *elements)

    def _ask(self, event: Event, *elements: Element, done: Event) -> Frame:
        if self._session is None:
            raise DeviceUnavailable(self._board.why_not, error_id="dect.cmbs_none")
        return self._session.ask(event, *elements, done=done)

    # --- what the module tells

    def _take(self, frame: Frame) -> None:
        if frame.event in (Event.TARGET_UP, Command.RESET):
            raise Restarted
        try:
            match frame.event:
                case Event.HANDSET_REGISTERED:
                    info = el.handset_info_of(frame)
                    self._told_who = True
                    self._job(lambda: self._enrolling.registered(info))
                case Event.HANDSET_IN_RANGE:
                    self._found(el.value_of(frame, Ie.INTEGER_VALUE, 4), True)
                case Event.CLOSE_REGISTRATION:
                    came = frame.get(Ie.CLOSE_REASON) == bytes((no.CLOSED_AFTER_REGISTRATION,))
                    told, self._told_who = self._told_who, False
                    if not (came and told):
                        self._job(lambda: self._enrolling.closed_by_itself(somebody_came=came))
                case _ if frame.get(Ie.CALL_INSTANCE) is not None:
                    self._calls.take(frame)
                case _:
                    log.debug("cmbs.unused", code=hex(frame.event))
        except PeerProtocolError as error:
            log.warning("cmbs.unreadable", code=hex(frame.event), error=str(error))

    def _found(self, number: int, there: bool) -> None:
        """A handset was there, or was searched in vain."""
        if self._board.found(number, there=there):
            if there:
                self._tell_time()
            self._changed()

    # --- orders

    def _work_off(self) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            try:
                job()
            except Restarted:
                self._jobs.appendleft(job)  # it is done anew once the module is there
                raise
            except DeviceUnavailable as error:
                if self._stopping.is_set():
                    return
                self._emit(air.OrderRefused(what="dect", why=error.message))
                if self._session is not None:
                    raise
            except PeerProtocolError as error:
                log.warning("cmbs.refused", error=str(error))
                self._emit(air.OrderRefused(what="dect", why=error.message))

    def _carry_out(self, order: air.DectCommand) -> None:
        match order:
            case air.RingHandset():
                self._calls.ring(order, self._board.number_of(order.handset) if self._board.ready else None)
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
                self._enrolling.want(order)
            case air.CloseEnrolment():
                self._enrolling.close()
            case air.ForgetHandset():
                self._enrolling.forget(order.key)
            case air.RestartBase():
                self._send(Event.SYS_RESET)
            case air.UpdateFirmware():
                why = "a module gets its firmware with the maker's own tool"
                self._emit(air.OrderRefused(what="update", why=why))

    # --- what handsets show

    def _settle(self) -> None:
        """Names as the office wants them now, and the time."""
        if self._board.ready:
            for number, display in self._board.names().items():
                if self._board.known.listed.get(number) != display:
                    named = el.listed(el.Listed(number=number, name=display))
                    self._ask(Event.SUBSCRIBED_SET, named, done=Event.SUBSCRIBED_SET_DONE)
                    self._board.learn(listed={**self._board.known.listed, number: display})
            self._tell_time()
        self._changed()

    def _show_messages(self, order: air.ShowMessages) -> None:
        number = self._board.number_of(order.handset)
        if number is None or not self._board.ready:
            return
        mask = el.short(Ie.HANDSETS, el.handsets_mask((number,)))
        request = el.short(Ie.REQUEST_ID, number)
        self._send(Event.SEND_MWI, request, el.waiting(order.messages, no.WAITING_VOICE), mask)
        self._send(Event.SEND_MISSED_CALLS, request, el.waiting(order.missed, 1 if order.missed else 2), mask)

    def _tell_time(self) -> None:
        mask = el.handsets_mask(self._board.known.listed)
        if mask:
            now = el.office_time(datetime.now(ZoneInfo(self.setup.timezone)))
            self._send(Event.TIME_UPDATE, el.short(Ie.REQUEST_ID, 0), now, el.short(Ie.HANDSETS, mask))

    # --- telling

    def _changed(self) -> None:
        state = self.state
        if state != self._told:
            self._told = state
            self._emit(air.DectChanged(state=state))

    def _emit(self, event: air.DectEvent) -> None:
        try:
            self._sink(event)
        except Exception:
            log.exception("cmbs.sink")
