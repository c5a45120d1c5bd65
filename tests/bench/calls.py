"""Load over the whole appliance: sipp's phones, edge, core, records; beside it Asterisk doing the same.

``./dev bench calls --quick`` for a first impression; docs/benchmarks.md says what is measured and how.
"""

import argparse
import dataclasses
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from tests.bench.load.phones import Office, make_office
from tests.bench.load.report import Results, rows, table
from tests.bench.load.systems import Box, Peer, System, allow_many_files
from tests.bench.load.trials import Line, SetUp, set_up, soak, start, talk

PHONES = 400
SPOKEN_RATE = 100.0
"""The rate at which it is also measured with phones that send audio, as phones do."""
LOAD_LEGS = 2000
IDLE_LEGS = 128
PAUSE_S = 1.0
TRIALS = ("start", "rates", "talk")


def arguments_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench calls", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run: two rates, few talking calls")
    parser.add_argument("--only", action="append", choices=TRIALS, help="leave out the others; repeatable")
    parser.add_argument("--rates", default="50,100,150", metavar="N,N", help="calls per second")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of every rate")
    parser.add_argument("--talk-seconds", type=float, default=20.0, metavar="S", help="of talking")
    parser.add_argument("--hold", type=float, default=1.5, metavar="S", help="length of the calls at a rate")
    parser.add_argument("--talk", type=int, default=300, metavar="N", help="calls that talk at once")
    parser.add_argument("--soak", type=int, default=0, metavar="N", help="place N calls at 100/s and watch")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="every rate N times; the median")
    parser.add_argument("--starts", type=int, default=3, metavar="N", help="start-ups, of which the median")
    parser.add_argument("--clock-rate", type=int, default=0, metavar="HZ", help="of the mixer; default ours")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work there and keep logs and traces")
    parser.add_argument(
        "--peer",
        metavar="COMMAND",
        help="starts Asterisk in the foreground with $PEER_CONFIG; default: asterisk if it is installed",
    )
    arguments = parser.parse_args(words)
    try:
        arguments.rates = [float(one) for one in arguments.rates.split(",") if one]
    except ValueError:
        parser.error("--rates: numbers with commas between them, for example 50,100")
    if not all(0 < rate <= 1000 for rate in arguments.rates):
        parser.error("--rates: more than 0 and at most 1000 calls per second")
    if not 1 <= arguments.talk <= 900:
        parser.error("--talk: 1 to 900 calls")
    if arguments.seconds <= 0 or arguments.repeat < 1 or arguments.starts < 1 or arguments.soak < 0:
        parser.error("times and counts must be positive")
    if arguments.quick:
        arguments.rates = [rate for rate in (50.0, 100.0) if rate in arguments.rates] or arguments.rates[:1]
        arguments.seconds = min(arguments.seconds, 6.0)
        arguments.talk = min(arguments.talk, 100)
        arguments.talk_seconds = min(arguments.talk_seconds, 6.0)
        arguments.starts = 1
    arguments.only = arguments.only or list(TRIALS)
    return arguments


def main(words: Sequence[str] | None = None) -> int:
    """Run the trials, print the table; 0 when everything could be measured."""
    arguments = arguments_of(words)
    signal.signal(signal.SIGTERM, _interrupt)
    if shutil.which("sipp") is None:
        print("sipp is not installed: apt-get install sip-tester", file=sys.stderr)
        return 1
    allow_many_files()
    command = arguments.peer or ('asterisk -f -C "$PEER_CONFIG"' if shutil.which("asterisk") else None)
    if command is None:
        say("no peer: skipped. docs/benchmarks.md says how to have one with --peer COMMAND")
    with ExitStack() as stack:
        folder = _folder(arguments.keep, stack)
        ours, peer = Results(name=Box.name, version=Box.name), None
        measured: list[Results] = [ours]
        if command is not None:
            peer = Results(name=Peer.name)
            measured.append(peer)
        try:
            if "start" in arguments.only:
                for results in measured:
                    _start(results, folder, command, arguments)
            if {"rates", "talk"} & set(arguments.only) or arguments.soak:
                _load(measured, folder, command, arguments)
        except (RuntimeError, AssertionError) as error:
            print(f"{error}", file=sys.stderr)
            return 1
    found = rows(ours, peer)
    cores, load = os.cpu_count(), os.getloadavg()
    print(f"\n{platform.machine()}, {cores} cores, load {load[0]:.1f}, Python {platform.python_version()}")
    print(table(found, ours.version, peer.version if peer else ""))
    if arguments.json is not None:
        document = [dataclasses.asdict(one) for one in measured]
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def _start(results: Results, folder: Path, command: str | None, arguments: argparse.Namespace) -> None:
    say(f"{results.name}: starting {arguments.starts + 1} times")
    office = make_office(2)
    system = _system(results.name, folder / f"start-{results.name}", office, command, IDLE_LEGS, arguments)
    try:
        results.start = start(system, folder / f"start-{results.name}-phones", office, arguments.starts)
    finally:
        system.close()


def _load(
    measured: Sequence[Results], folder: Path, command: str | None, arguments: argparse.Namespace
) -> None:
    """Both systems run all the time and are loaded in turns, so that they see the same machine."""
    office = make_office(PHONES)
    with ExitStack() as stack:
        lines: list[tuple[Results, Line]] = []
        for results in measured:
            say(f"{results.name}: registering {len(office.accounts)} phones")
            system = _system(results.name, folder / results.name, office, command, LOAD_LEGS, arguments)
            stack.callback(system.close)
            system.start()
            system.prepare()
            system.wait_ready()
            results.version = system.version
            line = Line(system, folder / f"{results.name}-phones", office)
            stack.callback(line.close)
            line.register()
            lines.append((results, line))
        if "rates" in arguments.only:
            for rate in arguments.rates:
                _rate(lines, rate, arguments, spoken=False)
            _rate(lines, SPOKEN_RATE, arguments, spoken=True)
        if "talk" in arguments.only:
            for results, line in lines:
                say(f"{results.name}: {arguments.talk} calls talk")
                results.talk = talk(line, arguments.talk, arguments.talk_seconds)
        if arguments.soak:
            for results, line in lines:
                say(f"{results.name}: {arguments.soak} calls")
                results.soak = soak(line, arguments.soak, 100, say)


def _rate(
    lines: Sequence[tuple[Results, Line]], rate: float, arguments: argparse.Namespace, *, spoken: bool
) -> None:
    """Every system in turns at one rate, as often as wished; keep the run of median cost."""
    runs: list[list[SetUp]] = [[] for _ in lines]
    for _ in range(arguments.repeat):
        for (results, line), done in zip(lines, runs, strict=True):
            done.append(set_up(line, rate, arguments.seconds, arguments.hold, spoken=spoken))
            _tell(results, done[-1])
            time.sleep(PAUSE_S)
    for (results, _), done in zip(lines, runs, strict=True):
        ordered = sorted(done, key=lambda one: sum(one.cpu_ms.values()))
        results.set_ups.append(ordered[len(ordered) // 2])


def _system(
    name: str, folder: Path, office: Office, command: str | None, legs: int, arguments: argparse.Namespace
) -> System:
    if name == Box.name:
        return Box(folder, office, max_legs=legs, clock_rate=arguments.clock_rate)
    if command is None:
        raise ValueError("a peer needs a command")
    return Peer(folder, office, command)


def _tell(results: Results, one: SetUp) -> None:
    cost = sum(one.cpu_ms.values())
    outcome = one.outcome
    kind = "talking" if one.spoken else "silent"
    say(
        f"{results.name}: {one.rate:g}/s, {kind}: {cost:.2f} ms a call, 180 after {outcome.ring.p50:.1f} ms"
        f" (p99 {outcome.ring.p99:.1f}), {outcome.failed} failed, {outcome.retransmissions} sent again"
    )
    for reason in outcome.reasons if outcome.failed else ():
        say(f"  {reason}")


def _folder(keep: Path | None, stack: ExitStack) -> Path:
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ortsamt-bench-")))
    if keep.exists() and any(keep.iterdir()):
        raise SystemExit(f"--keep: {keep} is not empty")
    keep.mkdir(parents=True, exist_ok=True)
    return keep.resolve()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
