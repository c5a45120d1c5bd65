"""One analog port at work: line circuit, story, tones, keys, caller identity; on a thread of its own.

The line's clock drives everything: each 20 ms ``FxsLine.turn`` tells what happened and exchanges a frame.
From outside come facts (``tell``, any thread), to the outside go reports (``sink``, on the port's thread).
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from appliance.errors import DeviceUnavailable, IllegalTransition
from appliance.fxs.announcing import ANSWER, Announcement
from appliance.fxs.cadences import ring_cadence
from appliance.fxs.caller_id import Shown, call_setup
from appliance.fxs.conversation import Conversation
from appliance.fxs.hook import Hook, HookMode
from appliance.fxs.line import Line
from appliance.fxs.line_settings import Judge, LineState
from appliance.fxs.on_hook import OnHook
from appliance.fxs.port_health import PortHealth
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.sound import factor, scaled
from appliance.fxs.steps import (
    AnnounceWaiting,
    Fact,
    FaxHeard,
    Hear,
    Hearing,
    KeyHeard,
    LineFound,
    LineLost,
    Outcome,
    Report,
    Reverse,
    StartBell,
    StateShown,
    StopBell,
    TimerName,
    TimerOver,
    Wait,
)
from appliance.fxs.tap import Tap
from appliance.fxs.tones import SILENCE, PortTone, Tones, tone_sound
from appliance.fxs.trouble import Trouble
from appliance.fxs.trying import Trying
from appliance.media.priority import hurry
from appliance.media.spandsp.identity import modulate
from appliance.media.spandsp.keys import KeyListener
from appliance.model.analog import PortKind
from appliance.model.analog_line import (
    Flashed,
    Lifted,
    LineAlarm,
    LineEvent,
    LoopChanged,
    PortId,
    PulsesCounted,
    Replaced,
    RingBurst,
)
from appliance.ports import FxsLine

_log = structlog.get_logger(__name__)

_RETRY_S = 2.0
"""How often equipment that is not there is looked for."""
_STOP_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _TestWanted:
    ring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _FaxCarried:
    pass


ReportSink = Callable[[PortId, Report], None]


class FxsPort:
    """A port. Nothing here blocks but ``start`` and ``stop``."""

    def __init__(
        self,
        line: FxsLine,
        *,
        country: str,
        sink: ReportSink,
        judge: Judge,
        office_time: Callable[[], datetime],
        gains_db: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.id = line.id
        self.audio = Tap()
        self._conversation = Conversation(self.audio)
        self._line = line
        self._country = country
        self._sink = sink
        self._office_time = office_time
        self._gains_db = gains_db
        self._story = Line(judge)
        self._settings = PortSettings()
        self._inbox: deque[Fact | PortSettings | _TestWanted | _FaxCarried] = deque()
        self._open = False
        self._off_hook = False
        self._hook = Hook()
        self._counts_itself = False
        self._tones = Tones(country)
        self._keys = KeyListener()
        self._listening = False
        self._hears: PortTone | Hearing = Hearing.NOTHING
        self._deadline: tuple[int, TimerName] | None = None
        self._on_hook = OnHook(line, office_time)
        self._announcement: Announcement | None = None
        self._factors = (1.0, 1.0)
        self._trying = Trying(line, country)
        self._trouble = Trouble(line.id, office_time)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.turned_at = time.monotonic()
        """When its thread turned last."""

    # From any thread.

    def start(self) -> None:
        """Begin; equipment that is not there is looked for again and again."""
        self._thread = threading.Thread(target=self._run, name=f"fxs-{self.id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and let go of the line."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def tell(self, fact: Fact) -> None:
        """Call control's word: RingWanted, RingOver, CallTaken, Connected, CallOver, OtherChanged."""
        self._inbox.append(fact)

    def connect(self, parties: tuple[Tap, ...]) -> None:
        """Who is talked with from now on: none, one, or two that hear each other. Default: ``audio``."""
        self._conversation.connect(parties)

    def carry_fax(self) -> None:
        """The call that goes on is a fax, whatever the port is for else."""
        self._inbox.append(_FaxCarried())

    def configure(self, settings: PortSettings) -> None:
        """From the next 20 ms on."""
        self._inbox.append(settings)

    def test(self, *, ring: bool = False) -> None:
        """Try the line when it is idle (``trial``); ``tests`` and the result are in ``health``."""
        self._inbox.append(_TestWanted(ring=ring))

    def health(self) -> PortHealth:
        """How the port is."""
        state = self._story.state
        error, error_at = self._trouble.last
        return PortHealth(
            port=self.id,
            state=state,
            line=self._trouble.of(self._line.health(), state, off_hook=self._off_hook),
            slips=self._conversation.slips(),
            last_error=error,
            last_error_at=error_at,
            test=self._trying.result,
            tests=self._trying.ended,
        )

    # The thread of the port.

    def _run(self) -> None:
        hurry([threading.get_native_id()])  # a frame that is late is a click, and costs a fax its page
        while not self._stopping.is_set():
            self.turned_at = time.monotonic()
            try:
                there = self.turn()
            except Exception:  # noqa: BLE001 - told in the log, and the port is tried anew
                _log.exception("fxs.defect", port=self.id)
                self._lose(DeviceUnavailable("its driver has a defect: see the log", error_id="internal.fxs"))
                there = False
            if not there:
                self._stopping.wait(_RETRY_S)
        self._close()

    def turn(self) -> bool:
        """Work for 20 ms of the line's time; False: the equipment is not there."""
        try:
            if not self._open:
                self._take_line()
            while self._inbox:
                self._take(self._inbox.popleft())
            self._line.turn(self)
        except DeviceUnavailable as error:
            self._lose(error)
            return False
        return True

    def _take_line(self) -> None:
        self._line.open()
        self._open = True
        self._trouble.found()
        now = self._line.now_ms()
        self._off_hook = self._line.health().off_hook
        self._hook = Hook(closed=self._off_hook, at_ms=now)
        self._on_hook.forget()
        self._on_hook.rests(now)
        done = self._line.set_gain(*self._gains_db)
        self._factors = (1.0, 1.0) if done else (factor(self._gains_db[0]), factor(self._gains_db[1]))
        self._configured(self._settings)
        self._handle(LineFound(off_hook=self._off_hook))

    def _lose(self, error: DeviceUnavailable) -> None:
        self._trouble.lost(error)
        self._close()
        self._handle(LineLost())
        while self._inbox:
            self._take(self._inbox.popleft())

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._line.close()
        self._on_hook.silence()
        self._end_test()

    def _take(self, message: "Fact | PortSettings | _TestWanted | _FaxCarried") -> None:
        if isinstance(message, _TestWanted):
            idle = self._story.state is LineState.IDLE and self._open and not self._on_hook.busy
            self._trying.begin(ring=message.ring, possible=idle)
        elif isinstance(message, PortSettings):
            self._configured(message)
        elif isinstance(message, _FaxCarried):
            if self._hears is Hearing.CALL:
                self._for_data(data=True)
        else:
            self._handle(message)

    def _configured(self, settings: PortSettings) -> None:
        self._settings = settings
        self._story.settings = settings.line
        self._on_hook.lamp = settings.message_lamp
        self._hook.configure(
            flash_least_ms=settings.flash_least_ms,
            flash_most_ms=settings.flash_most_ms,
            pulses=settings.pulses,
        )
        if self._open:
            self._line.set_flash(settings.flash_most_ms)
        if self._hears is not Hearing.CALL or not self._conversation.data:
            self._for_data(data=settings.line.kind is PortKind.FAX)

    def _for_data(self, *, data: bool) -> None:
        self._conversation.data = data
        if self._open:
            self._line.for_data(data)

    # LineUser: called from within the line's turn.

    def happened(self, event: LineEvent) -> None:
        """Something was seen on the line."""
        match event:
            case LoopChanged():
                for one in self._hook.loop(event.closed, event.at_ms):
                    self._hook_event(one)
            case RingBurst() if self._trying.going:
                if not event.on:
                    self._trying.bell()
            case RingBurst():
                self._on_hook.bell(event.on, event.at_ms)
            case _:
                self._hook_event(event)

    def exchange(self, frame: bytes) -> bytes:
        """20 ms of sound, and of time."""
        now = self._line.now_ms()
        for one in self._hook.tick(now):
            self._hook_event(one)
        if self._deadline is not None and now >= self._deadline[0]:
            timer, self._deadline = self._deadline[1], None
            self._handle(TimerOver(timer=timer))
        heard = frame if self._factors[1] == 1.0 else scaled(frame, self._factors[1])
        if self._off_hook:
            self._listen(heard)
        out = self._sound(heard, now)
        return out if self._factors[0] == 1.0 else scaled(out, self._factors[0])

    # What was seen.

    def _hook_event(self, event: LineEvent) -> None:
        match event:
            case Lifted():
                self._off_hook = True
                self._on_hook.silence()
                self._end_test()
            case Replaced():
                self._off_hook = False
            case LineAlarm():
                self._trouble.alarm(event)
                return
            case Flashed() | PulsesCounted():
                pass
            case _:
                return
        self._handle(event)

    def _listen(self, frame: bytes) -> None:
        wanted = self._story.wants_keys
        if wanted and not self._listening:
            self._keys = KeyListener()
        self._listening = wanted
        if not wanted:
            return
        for key in self._keys.hear(frame):
            if self._announcement is not None and self._announcement.cuts_off:
                if key == ANSWER:
                    self._announcement.answered()
            else:
                self._handle(KeyHeard(key=key))

    # What is heard.

    def _sound(self, heard: bytes, now_ms: int) -> bytes:
        if self._off_hook:
            if self._announcement is not None:
                frame = self._announcement.next()
                if frame is not None:
                    # The party goes on hearing the user until the alert; then neither hears the other.
                    self._conversation.muted(SILENCE if self._announcement.cuts_off else heard)
                    return frame
                self._announcement = None
            if self._hears is Hearing.CALL:
                return self._call_sound(heard)
            return self._tones.next() if isinstance(self._hears, PortTone) else SILENCE
        tried = self._trying.frame(heard, off_hook=self._off_hook)
        if tried is not None:
            return tried
        idle = self._story.state is LineState.IDLE
        return self._on_hook.next(now_ms, idle=idle, messages=self._settings.messages)

    def _call_sound(self, heard: bytes) -> bytes:
        frame = self._conversation.frame(heard)
        if not self._conversation.data and self._conversation.is_fax(heard, frame):
            _log.info("fxs.fax", port=self.id)
            self._report(FaxHeard())
        return frame

    def _end_test(self) -> None:
        """Somebody needs the line."""
        self._trying.end(None, quiet=self._open and not self._off_hook)

    # What is to be done.

    def _handle(self, fact: Fact) -> None:
        try:
            outcomes = self._story.handle(fact)
        except IllegalTransition as error:
            _log.error("fxs.story", port=self.id, error=str(error))
            return
        for outcome in outcomes:
            self._perform(outcome)
        self._hook.mode = HookMode.COLLECTING if self._story.collecting else HookMode.CALLING

    def _perform(self, outcome: Outcome) -> None:
        match outcome:
            case Hear():
                self._hear(outcome.what)
            case StartBell():
                self._start_bell(outcome)
            case StopBell():
                self._on_hook.silence()
                self._line.stop_ringing()
            case AnnounceWaiting():
                self._announce(outcome.caller)
            case Reverse():
                if self._open:
                    self._line.reverse(outcome.on)
            case Wait():
                deadline = self._line.now_ms() + outcome.milliseconds
                self._deadline = None if outcome.timer is None else (deadline, outcome.timer)
            case _:
                self._report(outcome)

    def _report(self, report: Report) -> None:
        if isinstance(report, StateShown):
            self._announcement = None
            if report.state == LineState.IDLE:
                self._on_hook.rests(self._line.now_ms())
            if report.state == LineState.LEFT:
                _log.warning("fxs.left_off_hook", port=self.id)
        self._sink(self.id, report)

    def _hear(self, what: PortTone | Hearing) -> None:
        if self._hears is Hearing.CALL and what is not Hearing.CALL:
            self._conversation.end()
            self._for_data(data=self._settings.line.kind is PortKind.FAX)
        elif what is Hearing.CALL and self._hears is not Hearing.CALL:
            self._conversation.begin()
        self._hears = what
        self._tones.play(what if isinstance(what, PortTone) else None)

    def _start_bell(self, bell: StartBell) -> None:
        self._on_hook.silence()
        self._end_test()
        shown = self._settings.caller_id
        if shown:
            self._on_hook.will_show(modulate(call_setup(bell.caller, self._office_time())))
        self._line.ring(ring_cadence(self._country, bell.kind, with_identity=shown))

    def _announce(self, caller: Shown) -> None:
        beep, _ = tone_sound(self._country, PortTone.CALL_WAITING)
        data = None
        if self._settings.caller_id:
            data = modulate(call_setup(caller, self._office_time()), off_hook=True)
        self._announcement = Announcement(beep, data)
