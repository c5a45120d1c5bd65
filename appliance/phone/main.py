"""The phone's front: lines in from stdin, events out to stdout, as sentences or as JSON; or one test call."""

import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from appliance.phone import commands, events
from appliance.phone.commands import GRAMMAR
from appliance.phone.engine import Engine
from appliance.phone.lines import MAX_LINE, LineError, event_line
from appliance.phone.probe import Probe, ProbePlan
from appliance.phone.sentences import sentence
from appliance.phone.settings import PhoneSettings

_TURN_MS = 10


class Input:
    """Lines of a file descriptor without ever blocking on it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self.open = True

    def lines(self) -> list[str]:
        """What has arrived, whole lines only; ``open`` turns False at the end of the file."""
        if not self.open or not select.select([self._descriptor], [], [], 0)[0]:
            return []
        data = os.read(self._descriptor, 65536)
        if not data:
            self.open = False
            return []
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            self._rest = b""
        return [line.decode(errors="replace") for line in whole if line.strip()]


def run(settings: PhoneSettings, *, json: bool = False) -> int:
    """Be a phone until 'quit', the end of the input or SIGTERM; returns the exit code."""
    show = _json if json else _sentence
    stop = _Stop()
    engine = Engine(settings, show)
    try:
        engine.start()
        source = Input(sys.stdin.fileno())
        while source.open and not stop.wanted:
            for line in source.lines():
                _obey(engine, line, stop, show, json=json)
            engine.poll(_TURN_MS)
    except BrokenPipeError:
        stop.silence()
    finally:
        with suppress(BrokenPipeError):
            engine.stop()
    return 0


def run_probe(settings: PhoneSettings, plan: ProbePlan, *, json: bool = False) -> int:
    """Make one test call; returns the Verdict as exit code."""
    show = _json if json else _sentence
    stop = _Stop()
    news: deque[events.Event] = deque()

    def note(event: events.Event) -> None:
        show(event)
        news.append(event)

    engine = Engine(settings, note)
    try:
        engine.start()
        probe = Probe(plan, now=time.monotonic())
        orders = probe.begin()
        while probe.verdict is None and not stop.wanted:
            while news:
                orders += probe.on_event(news.popleft(), now=time.monotonic())
            orders += probe.on_time(now=time.monotonic())
            for order in orders:
                engine.perform(order)
            orders = []
            engine.poll(_TURN_MS)
    finally:
        engine.stop()
    return 130 if probe.verdict is None else int(probe.verdict)


def _obey(
    engine: Engine, line: str, stop: "_Stop", show: Callable[[events.Event], None], *, json: bool
) -> None:
    try:
        command = GRAMMAR.parse(line)
    except LineError as error:
        show(events.Failed(command=line.split(maxsplit=1)[0][:40], message=error.message, hint=error.hint))
        return
    match command:
        case commands.Quit():
            stop.wanted = True
        case commands.Help():
            print(GRAMMAR.help(), file=sys.stderr if json else sys.stdout, flush=True)
        case _:
            engine.perform(command)


def _json(event: events.Event) -> None:
    sys.stdout.write(event_line(event) + "\n")
    sys.stdout.flush()


def _sentence(event: events.Event) -> None:
    print(sentence(event), flush=True)


class _Stop:
    """SIGTERM and Ctrl-C as a wish."""

    def __init__(self) -> None:
        self.wanted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._wish)

    def _wish(self, *_: object) -> None:
        self.wanted = True

    def silence(self) -> None:
        """Nobody reads us any more: let the last words go nowhere."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)
