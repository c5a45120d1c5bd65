"""The phone's front: lines in from stdin, events out to stdout, as sentences or as JSON; or one test call."""

import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from appliance.phone import commands, events
from appliance.phone.commands import GRAMMAR
from appliance.phone.console import Input, Stop
from appliance.phone.engine import Engine
from appliance.phone.lines import LineError, event_line
from appliance.phone.probe import Probe, ProbePlan
from appliance.phone.sentences import sentence
from appliance.phone.settings import PhoneSettings

_TURN_MS = 10


def run(settings: PhoneSettings, *, json: bool = False) -> int:
    """Be a phone until 'quit', the end of the input or SIGTERM; returns the exit code."""
    show = _json if json else _sentence
    stop = Stop()
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
    stop = Stop()
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


def _obey(engine: Engine, line: str, stop: Stop, show: Callable[[events.Event], None], *, json: bool) -> None:
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
