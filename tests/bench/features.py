"""What features cost a plain call: one office twice, bare and with everything set up, called in turns.

``./dev bench features``; the last line has the ratio. A plain call is one that no feature is meant for: every
rule, forwarding, profile, class, code and group of the office is looked at and left aside.
"""

import argparse
import contextlib
import json
import os
import secrets
import signal
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from tests.bench.load.phones import Account, Office, make_office
from tests.bench.load.systems import Box, allow_many_files
from tests.bench.load.trials import Line, SetUp, set_up
from tests.support.processes import Process, ortsamt
from tests.support.sip import Message, NoAnswer, SipClient

PHONES = 100
LAMPS = 50
HOLD_S = 1.0
OUTSIDE = "+4989"
Fields = Mapping[str, Any]


def arguments_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench features", description=__doc__)
    parser.add_argument("--rate", type=float, default=20.0, metavar="N", help="calls per second")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of every round")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each office")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Run both offices in turns and print what a call waits for 180, and what it costs."""
    arguments = arguments_of(words)
    signal.signal(signal.SIGTERM, _interrupt)
    allow_many_files()
    office = make_office(PHONES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ortsamt-bench-")))
        lines = {name: _line(stack, folder / name, office) for name in ("bare", "full")}
        _import(lines["full"].system, folder / "features.json", features(office))  # type: ignore[arg-type]
        watched = stack.enter_context(_lamps(lines["full"], office))
        runs: dict[str, list[SetUp]] = {name: [] for name in lines}
        for line in lines.values():
            set_up(line, arguments.rate, 2, HOLD_S, spoken=False)  # both are warm now
        for turn in range(arguments.rounds):
            for name in list(lines) if turn % 2 else reversed(lines):
                line = lines[name]
                one = set_up(line, arguments.rate, arguments.seconds, HOLD_S, spoken=False)
                runs[name].append(one)
                ring = one.outcome.ring
                print(
                    f"{turn + 1} {name}: 180 after {ring.p50:.2f} ms (p95 {ring.p95:.2f}),"
                    f" {sum(one.cpu_ms.values()):.2f} ms CPU a call, {one.outcome.failed} failed",
                    file=sys.stderr,
                )
        lit = watched()
    _print(runs, lit)
    return 0


def _print(runs: Mapping[str, list[SetUp]], lit: int) -> None:
    def median(name: str, of: str) -> float:
        if of == "cpu":
            return statistics.median(sum(one.cpu_ms.values()) for one in runs[name])
        rings = [one.outcome.ring for one in runs[name]]
        return statistics.median(one.p50 if of == "p50" else one.p95 for one in rings)

    calls = sum(one.outcome.calls for one in runs["full"])
    failed = sum(one.outcome.failed for both in runs.values() for one in both)
    print(f"{calls} calls in each office, {failed} failed; {lit} lamp changes told to one watcher meanwhile")
    rounds = [one.outcome.ring.p50 for one in runs["bare"]]
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};"
        f" medians of the bare office from round to round: {min(rounds):.2f} to {max(rounds):.2f} ms"
    )
    for of, unit in (("p50", "ms from INVITE to 180, median"), ("p95", "p95"), ("cpu", "ms CPU a call")):
        bare, full = median("bare", of), median("full", of)
        print(f"{unit:32} bare {bare:7.2f}   full {full:7.2f}   full/bare {full / bare:.2f}")


def features(office: Office) -> dict[str, dict[str, Fields]]:
    """Everything an office can set, none of which is for a call from one colleague to another at any time."""
    people = [one.user for one in office.accounts]
    to = {"kind": "external", "ref": "+4915112345678"}
    strangers = {"numbers": [f"{OUTSIDE}.", "+43.", "+41."], "callers": "external"}
    night = {"when": [{"start": "18:00", "end": "08:00"}], "callers": "external"}

    def person(one: Account) -> Fields:
        return {
            "number": one.user,
            "name": f"Phone {one.user}",
            "pin": "4711",
            "class_of_service": "office",
            "waiting_seats": 3,
            "rules": [
                {"action": "busy", "calls": strangers},
                {"action": "reject", "calls": {"withheld": True, "callers": "external"}},
                {"action": "vip", "calls": {"numbers": ["+4930901820"]}},
            ],
            "forwardings": [
                {"on": "always", "to": to, "calls": strangers},
                {"on": "always", "to": to, "calls": night},
                {"on": "busy", "to": to},
                {"on": "no_answer", "to": to, "seconds": 60},
                {"on": "unreachable", "to": to},
            ],
            "ringings": [{"steps": [{"targets": [to], "seconds": 20}], "calls": strangers}],
            "profiles": [
                {"name": "Home", "status": "away", "forwardings": [{"on": "always", "to": to}]},
                {"name": "Desk", "status": "online"},
            ],
            "profile": "Desk",
        }

    rules = [
        {"permission": "bar", "numbers": [f"+{prefix}."]} for prefix in (882, 881, 870, 979, 900, 137, 35, 36)
    ]
    return {
        "site": {
            "main": {"area_code": "221", "rewriting": [{"pattern": "077.", "strip": 3, "prepend": "0"}]}
        },
        "class_of_service": {"office": {"rules": rules}},
        "extension": {one.user: person(one) for one in office.accounts},
        "switch": {f"s{i}": {"number": f"9{i:02d}", "name": f"Switch {i}"} for i in range(20)},
        "park_lot": {"main": {"first": "801", "count": 50}},
        "pickup_group": {f"g{i}": {"members": people[i::20]} for i in range(20)},
        "paging_group": {f"g{i}": {"number": str(i + 1), "members": people[i::20]} for i in range(10)},
        "speed_dial": {f"k{i}": {"number": f"*0{i:03d}", "dial": f"+4930{i:06d}"} for i in range(300)},
        "number": {
            f"n{i}": {
                "number": f"+492215550{i:03d}",
                "returning": True,
                "steps": [{"targets": [{"kind": "extension", "ref": people[i]}], "seconds": 30}],
            }
            for i in range(200)
        },
        "mail": {"main": {"host": "127.0.0.1", "port": 9, "tls": "none", "sender": "box@example.com"}},
        "notification": {one: {"addresses": ["anna@example.com"]} for one in people},
    }


def _line(stack: ExitStack, folder: Path, office: Office) -> Line:
    box = Box(folder, office, max_legs=400)
    stack.callback(box.close)
    box.start()
    box.prepare()
    box.wait_ready()
    line = Line(box, folder / "phones", office)
    stack.callback(line.close)
    line.register()
    return line


def _import(box: Box, file: Path, documents: Mapping[str, Mapping[str, Fields]]) -> None:
    file.write_text(json.dumps(documents))
    with Process("import", ortsamt("ctl", "--box", str(box.folder / "box.toml"), "import", str(file))) as run:
        if run.wait(120) != 0:
            raise RuntimeError(f"the features were not imported: {run.output[-2000:]}")


@contextlib.contextmanager
def _lamps(line: Line, office: Office) -> Iterator[Any]:
    """One phone watches some who call and some who are called; how many changes it was told."""
    one = office.talkers[0]
    server = line.system.server
    watched = [two.user for two in (*office.callers[:LAMPS], *office.callees[:LAMPS])]
    told = 0
    over = threading.Event()
    with SipClient(
        server=("127.0.0.1", server.port),
        user=one.user,
        password=one.secret,
        realm=server.domain,
        timeout_s=10,
    ) as phone:
        for user in watched:
            _subscribe(phone, one.user, user)

        def answer() -> None:
            nonlocal told
            while not over.is_set():
                with contextlib.suppress(NoAnswer):
                    phone.respond(phone.wait_request("NOTIFY", 0.5), 200)
                    told += 1

        thread = threading.Thread(target=answer, name="watcher", daemon=True)
        thread.start()
        try:
            yield lambda: told - len(watched)
        finally:
            over.set()
            thread.join(5)


def _subscribe(phone: SipClient, watcher: str, watched: str) -> None:
    call_id, tag = secrets.token_hex(8), secrets.token_hex(4)

    def request(more: list[tuple[str, str]]) -> Message:
        return phone.request(
            "SUBSCRIBE",
            f"sip:{watched}@127.0.0.1",
            call_id=call_id,
            from_=f"<sip:{watcher}@ortsamt>;tag={tag}",
            headers=[("Event", "dialog"), ("Expires", "3600"), *more],
        )

    if phone.authenticated(request).status != 200:
        raise RuntimeError(f"{watched} cannot be watched")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
