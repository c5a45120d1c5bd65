"""Faxes and analog ports with figures: pages that arrive dot by dot, processor time, wait for a dial tone.

``./dev bench faxes`` runs all; ``--only many,voice,jitter,t38,ports,tone`` some, ``--pages N`` fewer pages.
Nothing is tried twice: a page counts when the first attempt brought it.
"""

import argparse
import contextlib
import multiprocessing
import random
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from appliance.fax import wire
from appliance.fax.documents import dots, to_fax
from appliance.fxs.steps import CallTaken, Connected
from tests.bench.conference import pump
from tests.bench.load.usage import usage_of
from tests.calls.raw import call, raw_phone, sdp
from tests.calls.test_analog import Telephone
from tests.contract.fxs.rig import make_rig
from tests.support.box import PUBLIC, Box, office
from tests.support.fax import FaxMachine, make_pdf
from tests.support.faxing import send
from tests.support.processes import free_port
from tests.support.provider import Provider

TRIALS = ("many", "voice", "jitter", "t38", "ports", "tone")
NUMBER = "+492215550180"
PREFIX = "+4930777"
ECHO = "*43"
AT_ONCE = 10
PER_PAGE_S = 60
PORTS = 8
LIFTS = 100


def arguments_of() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench faxes", description=__doc__)
    parser.add_argument("--only", default=",".join(TRIALS), metavar="A,B", help=f"of {', '.join(TRIALS)}")
    parser.add_argument("--pages", type=int, default=100, metavar="N", help="of voice, jitter and t38")
    parser.add_argument("--calls", type=int, default=50, metavar="N", help="that go on meanwhile")
    return parser.parse_args()


def letter(folder: Path, pages: int) -> Path:
    """A document to be faxed."""
    sheet = folder / f"letter-{pages}.tif"
    texts = [f"Seite {number}" for number in range(pages)]
    to_fax([make_pdf(folder / f"letter-{pages}.pdf", texts)], sheet, header="{page}/{pages}")
    return sheet


def fax_office(*users: str, **kinds: Any) -> Any:
    """A box for faxes with a public number, behind the trunks that are given."""
    return office(
        "21",
        *users,
        fax_box={"main": {"number": "80", "extension": "21"}},
        number={
            "fax": {"number": NUMBER, "steps": [{"targets": [{"kind": "fax_box", "ref": "main"}]}]},
            "other": {"number": f"{PREFIX}000", "steps": [{"targets": [{"kind": "fax_box", "ref": "main"}]}]},
        },
        **kinds,
    )


@contextlib.contextmanager
def talking(box: Box, users: list[str]) -> Iterator[None]:
    """Callers who talk to the echo meanwhile: as many legs with sound both ways as two-party calls have."""
    with ExitStack() as stack:
        sockets, ports = [], []
        for user in users:
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.bind(("127.0.0.1", 0))
            dialog = call(stack.enter_context(raw_phone(box, user)), ECHO, body=sdp(one.getsockname()[1]))
            found = re.search(rb"m=audio (\d+)", dialog.answer.body)
            assert found is not None
            sockets.append(one)
            ports.append(int(found[1]))
        stop = multiprocessing.Event()
        pumping = multiprocessing.Process(target=pump, args=(sockets, ports, len(users), stop))
        pumping.start()
        try:
            yield
        finally:
            stop.set()
            pumping.join(5)


def counted(pages: int, right: int, began: float, more: str = "") -> str:
    """A line of the report."""
    return f"{right} of {pages} pages dot by dot at the first attempt, {time.monotonic() - began:.0f} s{more}"


def arrived(box: Box, wanted: list[tuple[int, bytes]]) -> int:
    """Pages in the journal's documents that are as they were sent."""
    folder = box.folder / "state" / "fax"
    right = 0
    box.eventually(
        lambda: all(row["ended"] for row in box.control("fax.journal", direction="in", limit=1000)),
        "the journal",
    )
    for row in box.control("fax.journal", direction="in", limit=1000):
        if row["document"]:
            got = dots(folder / f"{row['fax']}.tif")
            right += sum(one == other for one, other in zip(got, wanted, strict=False))
    return right


def g711(folder: Path, faxes: int, pages: int, calls: int) -> str:
    """A machine outside sends over as many calls at once to one box."""
    port = free_port()
    users = [str(1000 + n) for n in range(2 * calls)]
    trunk = {"main": {"kind": "static", "host": "127.0.0.1", "port": port, "default_number": PUBLIC}}
    sheet = letter(folder, pages)
    settings: dict[str, dict[str, Any]] = {
        "engine": {"max_legs": 2 * calls + 4 * faxes},
        "security": {"never_ban": ["127.0.0.0/8"]},
    }
    with Box(folder, fax_office(*users, trunk=trunk), settings=settings) as box, ExitStack() as stack:
        box.start_fax()
        assert box.core is not None
        if calls:
            stack.enter_context(talking(box, users))
        machine = stack.enter_context(FaxMachine(port, box.ports["trunk_port"], folder / "outside"))
        before, began = usage_of(box.core.pid).cpu_s, time.monotonic()
        for number in range(faxes):
            machine.send(NUMBER, sheet, fax=f"f{number}")
        for _ in range(faxes):
            machine.wait(wire.Over, timeout=PER_PAGE_S * pages + 60)
        used = (usage_of(box.core.pid).cpu_s - before) / (time.monotonic() - began)
        return counted(faxes * pages, arrived(box, dots(sheet)), began, f"; core {used:.0%} of a processor")


def many(folder: Path, _arguments: argparse.Namespace) -> str:
    """Ten faxes of three pages at once."""
    return g711(folder, AT_ONCE, 3, 0)


def voice(folder: Path, arguments: argparse.Namespace) -> str:
    """G.711 while calls go on."""
    return g711(folder, AT_ONCE, max(1, arguments.pages // AT_ONCE), arguments.calls)


@contextlib.contextmanager
def provided(folder: Path, *, t38: bool) -> Iterator[tuple[Box, Provider]]:
    """A box behind the emulated provider."""
    with Provider(accounts=(f"fax:secret-of-fax:{PREFIX}",)) as provider:
        trunk = {
            "provider": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "fax",
                "secret": "secret-of-fax",
                "default_number": f"{PREFIX}000",
                "t38": t38,
            }
        }
        with Box(folder, fax_office(trunk=trunk), settings={"fax": {"retry_seconds": 5}}) as box:
            box.start_fax()
            provider.wait("registered", account="fax")
            if t38:
                box.eventually(lambda: box.control("fax.status")["t38"] == "up", "the gateway", 30)
            yield box, provider


def jitter(folder: Path, arguments: argparse.Namespace) -> str:
    """G.711 from a provider whose packets are up to ten milliseconds late, each by chance."""
    faxes = 4
    pages = max(1, arguments.pages // faxes)
    sheet = letter(folder, pages)
    with provided(folder, t38=False) as (box, provider):
        began = time.monotonic()
        for _ in range(faxes):
            provider.call(f"{PREFIX}000", "+4930999198", fax=str(sheet), jitter=10)
        for _ in range(faxes):
            provider.wait("fax_over", timeout=PER_PAGE_S * pages + 60, sent=True)
        box.idle()
        return counted(faxes * pages, arrived(box, dots(sheet)), began)


def t38(folder: Path, arguments: argparse.Namespace) -> str:
    """To a machine with T.38 behind a network that loses two packets of a hundred, each way."""
    faxes = 5
    pages = max(1, arguments.pages // faxes)
    paper = make_pdf(folder / "paper.pdf", [f"Seite {number}" for number in range(pages)])
    with provided(folder, t38=True) as (box, provider):
        began = time.monotonic()
        numbers = [f"0309991{number}96" for number in range(faxes)]
        sent = send(box, paper, *numbers)
        ends = [provider.wait("fax_over", timeout=PER_PAGE_S * pages + 60, sent=False) for _ in sent]
        box.idle()
        right = 0
        calls = {one["call"]: one["called"] for one in provider.events if one["event"] == "incoming"}
        for end in ends:
            fax = sent[int(calls[end["call"]][-3])]
            wanted = dots(box.folder / "state" / "fax" / f"{fax}.tif")
            got = dots(Path(end["file"])) if end["pages"] else []
            right += sum(one == other for one, other in zip(got, wanted, strict=False))
        attempts = [len(box.control("fax.show", fax=fax)["attempts"]) for fax in sent]
        by_t38 = sum(end["t38"] for end in ends)
        return counted(faxes * pages, right, began, f"; {by_t38} by T.38, attempts {attempts}")


def analog_box(folder: Path, calls: int) -> tuple[Box, list[str]]:
    """A box with emulated analog ports, and phones that may talk meanwhile."""
    users = [str(1000 + n) for n in range(2 * calls)]
    analog = {f"a{n}": {"extension": str(40 + n), "port": f"fxs{n}"} for n in range(1, PORTS + 1)}
    documents = office(*users, *(str(40 + n) for n in range(1, PORTS + 1)), analog=analog)
    settings: dict[str, dict[str, Any]] = {
        "engine": {"max_legs": 2 * calls + 40},
        "security": {"never_ban": ["127.0.0.0/8"]},
    }
    box = Box(folder, documents, settings=settings)
    with box.settings.open("a", encoding="utf-8") as file:
        for n in range(1, PORTS + 1):
            file.write(f'\n[[fxs]]\nid = "fxs{n}"\nfamily = "dahdi"\nchannel = {n}\nemulated = true\n')
    return box, users


def port_alone(frames: int = 20_000) -> tuple[float, float]:
    """Shares of a core that a port takes for a call: by itself; with driver, emulated card and telephone."""
    rig = make_rig("dahdi")
    rig.phone.lift()
    rig.run(200)
    rig.phone.keys("21")
    rig.until_idle()
    rig.port.tell(CallTaken())
    rig.port.tell(Connected())
    rig.run(70_000)  # nobody listens for a fax any more
    assert rig.state == "talking"
    speech = bytes(random.Random(1).randbytes(320))
    began = time.thread_time()
    for _ in range(frames):
        rig.port.exchange(speech)
    alone = time.thread_time() - began
    began = time.thread_time()
    rig.run(frames * 20)
    return alone / frames / 0.02, (time.thread_time() - began) / frames / 0.02


def ports(folder: Path, _arguments: argparse.Namespace) -> str:
    """What a port in a call costs: ports talk to the echo, less what they cost when they rest."""
    box, _users = analog_box(folder, 0)
    with box:
        assert box.core is not None
        telephones = [Telephone(box, f"fxs{n}") for n in range(1, PORTS + 1)]
        figures = []
        for talk in (False, True):
            if talk:
                for one in telephones:
                    one.dials(ECHO)
                box.eventually(lambda: len(box.calls()) == PORTS, "the calls")
                time.sleep(60)  # until nobody listens for a fax any more
            began, before = time.monotonic(), usage_of(box.core.pid).cpu_s
            time.sleep(20)
            figures.append((usage_of(box.core.pid).cpu_s - before) / (time.monotonic() - began))
        rest, busy = figures
        alone, thread = port_alone()
        return (
            f"a port in a call {alone:.2%} of a core, {thread:.2%} with driver, emulated card and telephone; "
            f"{(busy - rest) / PORTS:.2%} more than at rest with the echo and its place in the mixer"
        )


def tone(folder: Path, arguments: argparse.Namespace) -> str:
    """From lifting the handset to the dial tone, while calls go on."""
    box, users = analog_box(folder, arguments.calls)
    waited: list[int] = []
    with box, talking(box, users):
        for turn in range(LIFTS):
            telephone = Telephone(box, f"fxs{turn % PORTS + 1}")
            telephone.do("lift")
            box.eventually(lambda: telephone.show()["waited_ms"] > 0, "a dial tone")  # noqa: B023
            waited.append(telephone.show()["waited_ms"])
            telephone.do("hang_up")
            if turn % PORTS == PORTS - 1:
                for n in range(1, PORTS + 1):
                    Telephone(box, f"fxs{n}").rests()
    late = statistics.quantiles(waited, n=100)
    return f"dial tone after {statistics.median(waited):.0f} ms (median), p99 {late[98]:.0f} ms of {LIFTS}"


def main() -> int:
    """Measure and print."""
    arguments = arguments_of()
    trials: dict[str, Callable[[Path, argparse.Namespace], str]] = {
        "many": many,
        "voice": voice,
        "jitter": jitter,
        "t38": t38,
        "ports": ports,
        "tone": tone,
    }
    for name in arguments.only.split(","):
        with tempfile.TemporaryDirectory(prefix="ortsamt-bench-") as folder:
            load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
            print(f"{name:7} {trials[name](Path(folder), arguments)} (load before: {load})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
