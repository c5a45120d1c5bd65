"""The dialogue with one module over one opened line: from the first AT to the last hang-up. Pure.

Octets in (:meth:`received`), octets out (:attr:`out`), events by ``emit``; the owner keeps the line and the
clock. A module that stops answering, was recycled or came back from a reset by itself is :attr:`finished`:
the owner opens its line anew and makes another of these.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from appliance.drivers.gsm import reports
from appliance.drivers.gsm.at import Channel, Reply
from appliance.drivers.gsm.calling import Calling
from appliance.drivers.gsm.families import AudioWay, Family
from appliance.drivers.gsm.messages import Messages
from appliance.drivers.gsm.script import Ask, Pause, Script, Scripts
from appliance.drivers.gsm.sim import SIM_BUSY, PinMemory, opening
from appliance.model import gsm
from appliance.model.causes import Cause
from appliance.model.gsm import ModuleState, ModuleStatus, Registration
from appliance.model.ids import LegId

_DEAD_TIMEOUTS = 3
_WATCH_MS = 15_000
_WATCH_SETUP_MS = 2000
"""How often signal and registration are asked while there is no network."""
_BALANCE_MS = 12 * 3_600_000
_SIM_AGAIN_MS = 5000

log = structlog.get_logger(__name__)


class Modem:
    """See the module's text. ``settings`` come by :meth:`configure` once the module has said who it is."""

    def __init__(
        self,
        *,
        family: Family,
        place: str,
        now_ms: Callable[[], int],
        emit: Callable[[gsm.GsmEvent], None],
        new_leg: Callable[[], LegId],
        pins: PinMemory,
        resets: int = 0,
        silent_calls: int = 0,
        first_reference: int = 0,
    ) -> None:
        self.family = family
        self._now = now_ms
        self._emit = emit
        self._pins = pins
        self._channel = Channel(self._reported, now_ms)
        self._scripts = Scripts(self._channel, now_ms)
        self.calling = Calling(
            family=family,
            scripts=self._scripts,
            now_ms=now_ms,
            emit=emit,
            new_leg=new_leg,
            recycle=self.recycle,
        )
        self.messages = Messages(
            scripts=self._scripts, now_ms=now_ms, emit=emit, first_reference=first_reference
        )
        self.state = ModuleState(
            module=None, place=place, family=family.name, resets=resets, silent_calls=silent_calls
        )
        self.finished = ""
        """Why the line must be opened anew; empty: it need not."""
        self._settings: gsm.GsmModule | None = None
        self._duplicate = False
        self._sim: ModuleStatus | None = None
        """READY: the SIM is open; None: not looked at yet."""
        self._initialised = False
        self._sim_script = False
        self._voice = self._packet = Registration.UNKNOWN
        self._watch_at: int | None = None
        self._balance_at: int | None = None
        self._recycle_why = ""
        self._recycling = False

    # --- for the owner of the line

    def start(self) -> None:
        """Begin the dialogue."""
        self._scripts.run(self._opening())

    @property
    def out(self) -> bytearray:
        """What is to be written; the owner takes away what it wrote."""
        return self._channel.out

    def received(self, data: bytes) -> None:
        """Take what the module wrote."""
        self._channel.feed(data)
        self._after()

    def tick(self) -> None:
        """Do what is due; at the latest at :attr:`deadline_ms`."""
        self._channel.tick()
        self._scripts.tick()
        self.calling.tick()
        self.messages.tick()
        if self._watch_at is not None and self._now() >= self._watch_at:
            self._watch_at = self._now() + _WATCH_MS
            self._scripts.run(self._watching())
        self._after()

    @property
    def deadline_ms(self) -> int | None:
        """When something is due next."""
        dues = (
            self._channel.deadline_ms,
            self._scripts.deadline_ms,
            self.calling.deadline_ms,
            self.messages.deadline_ms,
            self._watch_at,
        )
        return min((due for due in dues if due is not None), default=None)

    def lost(self, why: str) -> None:
        """The line is gone."""
        self.calling.lost(Cause.FAILURE)
        self.messages.lost()
        self._channel.abandon(why)
        self._scripts.close()
        self._watch_at = None

    def close(self) -> None:
        """After :meth:`lost`: let go of all: nobody looks for cycles of old objects (app.engine_thread)."""
        for part in (self.calling, self.messages, self._scripts, self._channel, self):
            vars(part).clear()

    # --- what is wanted

    def configure(self, settings: gsm.GsmModule | None, *, duplicate: bool = False) -> None:
        """What the office says about this module, once its IMEI is known."""
        before, self._settings, self._duplicate = self._settings, settings, duplicate
        if self._usable and (
            self._sim is None or (before is not None and settings is not None and before.pin != settings.pin)
        ):
            self._look_at_sim()
        if self._balance_at is None and settings is not None and settings.balance_code:
            self._balance_at = self._now()
        self._settle()

    def order(self, command: gsm.GsmCommand) -> None:
        """Do this."""
        match command:
            case gsm.Dial():
                self.calling.dial(command)
            case gsm.AnswerCall():
                self.calling.answer(command.leg)
            case gsm.HangUpCall():
                self.calling.hang_up(command.leg, command.cause)
            case gsm.SendKey():
                self.calling.key(command.leg, command.digit)
            case gsm.SendSms():
                if self.state.status is ModuleStatus.READY:
                    self.messages.send(command)
                else:
                    why = f"the module is not ready: {self.state.status.value}"
                    self._emit(gsm.SmsFailed(reference=command.reference, why=why, again=True))
            case gsm.ForgetSms():
                self.messages.forget(command.stored)
            case gsm.AskNetwork():
                if self.state.status is ModuleStatus.READY:
                    self.messages.ask(command.code)
                else:
                    self._emit(gsm.UssdAnswer(text="", why=f"not ready: {self.state.status.value}"))
            case gsm.Recycle():
                self.recycle(command.why)
        self._after()

    def recycle(self, why: str) -> None:
        """Restart the module as soon as no call is on it."""
        if not self._recycle_why:
            self._recycle_why = why

    def heard(self, *, sound: bool) -> None:
        """A call is over that had sound, or should have had."""
        self._change(silent_calls=0 if sound else self.state.silent_calls + 1)

    # --- dialogues

    def _opening(self) -> Script:
        reply = Reply(error="timeout")
        for _ in range(6):
            reply = yield Ask(text="AT", timeout_ms=1000)
            if reply.ok:
                break
        if not reply.ok:
            self.finished = "the module does not answer"
            return
        yield Ask(text="ATE0")
        yield Ask(text="AT+CMEE=1")
        reply = yield Ask(text="AT+CGMM", bare=True, prefixes=("+CGMM:",))
        model = reply.lines[0].rpartition(":")[2].strip(' "') if reply.lines else ""
        imei = ""
        for _ in range(5):
            reply = yield Ask(text="AT+CGSN", bare=True, prefixes=("+CGSN:",), needs_answer=True)
            found = "".join(char for char in "".join(reply.lines) if char.isdecimal() and char.isascii())
            if len(found) in (14, 15, 16):
                imei = found[:15]
                break
            yield Pause(500)
        if not imei:
            self.finished = "the module does not say its IMEI"
            return
        self._change(model=_printable(model)[:40], imei=imei)
        self._settle()
        if self._usable:
            self._look_at_sim()

    def _look_at_sim(self) -> None:
        if not self._sim_script:
            self._sim_script = True
            self._scripts.run(self._sim_dialogue())

    def _sim_dialogue(self) -> Script:
        """Open the SIM, or find out who must do something."""
        self._sim = yield from opening(
            family=self.family,
            pins=self._pins,
            pin=lambda: self._settings.pin if self._settings is not None else "",
            imei=self.state.imei,
            place=self.state.place,
            tell=lambda detail: self._change(detail=detail),
        )
        self._sim_script = False
        if self._sim is not ModuleStatus.READY:
            self._initialised = self.messages.enabled = False
            self._settle()
            if self._sim in (ModuleStatus.NO_SIM, ModuleStatus.SIM_BROKEN):
                yield Pause(_SIM_AGAIN_MS)
                if self._usable:
                    self._look_at_sim()
            return
        self._change(detail="")
        self._settle()
        if not self._initialised:
            self._initialised = True
            yield from self._initialising()

    def _initialising(self) -> Script:
        for line in self.family.init:
            reply = yield Ask(text=line)
            for _ in range(10):
                if reply.ok or reply.code != SIM_BUSY:
                    break
                yield Pause(1000)
                reply = yield Ask(text=line)
            if not reply.ok:
                log.info("module.refused", place=self.state.place, command=line, error=reply.error)
        self._watch_at = self._now()
        yield from self.messages.opening()
        self._settle()

    def _watching(self) -> Script:
        for text, prefix in (
            (self.family.signal, self.family.signal.removeprefix("AT") + ":"),
            ("AT+CREG?", "+CREG:"),
            ("AT+CEREG?", "+CEREG:"),
            ("AT+COPS?", "+COPS:"),
        ):
            reply = yield Ask(text=text, prefixes=(prefix,), needs_answer=True)
            for line in reply.lines:
                self._reported(line)
        if self.state.status is not ModuleStatus.READY and self._watch_at is not None:
            self._watch_at = min(self._watch_at, self._now() + _WATCH_SETUP_MS)

    def _restarting(self) -> Script:
        yield Ask(text=self.family.reset, timeout_ms=10_000)
        self.finished = self.finished or self._recycle_why

    # --- reports

    def _reported(self, line: str) -> None:
        report = reports.read_report(line)
        match report:
            case None:
                return
            case (
                reports.CallReport()
                | reports.Rings()
                | reports.CallerShown()
                | reports.CallChanged()
                | reports.KeyHeard()
            ):
                if self._initialised:
                    self.calling.take(report)
            case reports.SmsStored() | reports.SmsDirect():
                self.messages.take(report)
            case reports.Ussd():
                self.messages.take(report)
            case reports.Registered():
                if report.packet:
                    self._packet = report.registration
                else:
                    self._voice = report.registration
                if report.technology:
                    self._change(technology=report.technology)
                self._settle()
            case reports.Signal():
                if report.technology:
                    self._change(technology=report.technology)
                if report.dbm is not None or not report.technology:
                    self._change(signal_dbm=report.dbm)
            case reports.Operator():
                self._change(operator=report.name)
            case reports.SimChanged():
                if self._usable and self._sim is not None and self._sim is not ModuleStatus.PIN_WRONG:
                    self._look_at_sim()
            case reports.Booted():
                if self.state.imei:
                    self.finished = self.finished or "the module has started anew"

    # --- state

    @property
    def _usable(self) -> bool:
        return bool(
            self.state.imei and self._settings is not None and self._settings.enabled and not self._duplicate
        )

    def _registration(self) -> Registration:
        """The better of voice and packet: in LTE some modules register for one alone."""
        order = (Registration.HOME, Registration.ROAMING, Registration.SEARCHING, Registration.DENIED)
        return next((one for one in order if one in (self._voice, self._packet)), self._voice)

    def _status(self) -> ModuleStatus:
        settings = self._settings
        if not self.state.imei:
            return ModuleStatus.STARTING
        if self._duplicate:
            return ModuleStatus.DUPLICATE
        if settings is None:
            return ModuleStatus.UNCONFIGURED
        if not settings.enabled:
            return ModuleStatus.DISABLED
        if self._sim is None:
            return ModuleStatus.STARTING
        if self._sim is not ModuleStatus.READY:
            return self._sim
        if not self.messages.enabled:
            return ModuleStatus.STARTING
        match self._registration():
            case Registration.HOME:
                return ModuleStatus.READY
            case Registration.ROAMING:
                return ModuleStatus.READY if settings.roaming else ModuleStatus.ROAMING_BARRED
            case _:
                return ModuleStatus.NO_NETWORK

    def _settle(self) -> None:
        """Let everything that follows from what is known be so."""
        status = self._status()
        settings = self._settings
        self._change(
            status=status,
            module=settings.id if settings is not None else None,
            registration=self._registration(),
        )
        ready = status is ModuleStatus.READY and not self._recycling
        self.calling.enabled = ready
        self.calling.accepts = ready and self.family.audio is not AudioWay.NONE
        code = settings.balance_code if settings is not None else ""
        if ready and code and self._balance_at is not None and self._now() >= self._balance_at:
            self._balance_at = self._now() + _BALANCE_MS
            self.messages.ask(code)

    def balance(self, text: str) -> None:
        """Note what the network said about the balance."""
        self._change(balance=text)

    def _change(self, **values: object) -> None:
        changed = replace(self.state, **values)  # type: ignore[arg-type]
        if changed != self.state:
            self.state = changed
            self._emit(gsm.ModuleChanged(state=changed))

    def _after(self) -> None:
        """What must follow whatever happened."""
        if self.calling.busy != self.state.calling:
            self._change(calling=self.calling.busy)
        if self._channel.timeouts >= _DEAD_TIMEOUTS and not self.finished and self.state.imei:
            self.finished = "the module does not answer any more"
        if self._recycle_why and not self.calling.busy and not self.finished and not self._recycling:
            self._recycling, self.calling.enabled = True, False
            log.warning("module.recycled", place=self.state.place, why=self._recycle_why)
            self._change(resets=self.state.resets + 1)
            self._scripts.run(self._restarting())


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char.isascii())
