"""DECT with emulated systems: ``python -m tests.bench.dect``.

How long it takes from an order to enrol to the first call; until a hundred handsets at twenty bases are
listed after a start; from a lost base until calls to its handset are forwarded; and whether a restart of the
core loses an enrolment. The whole box runs, with its pages; handsets are real SIP phones.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from appliance.model.dect import ipei_from
from tests.support.box import Box, office
from tests.support.dect import Air
from tests.support.processes import Process, free_port, ortsamt
from tests.support.web import Web

PIN = "4711"
ROUNDS = 5
HANDSETS, BASES = 100, 20
MACS = {"mitel": "003042E00001", "gigaset": "7C2F80A00001", "yealink": "805EC0A00001", "snom": "000413A00001"}
FORWARD = [{"on": "unreachable", "to": {"kind": "extension", "ref": "21"}}]


def main() -> None:
    """Measure and print."""
    few()
    many()


def few() -> None:
    """One handset of each family: enrolment, a lost base, a restart."""
    port = free_port()
    people = {str(31 + at): {"number": str(31 + at), "forwardings": FORWARD} for at, _ in enumerate(MACS)}
    systems = {family: _system(family, port) for family in MACS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        box = Box(Path(folder), office("21", "22", extension=people, dect_system=systems))
        web = Web(box)
        stack.enter_context(box)
        stack.enter_context(web)
        for family in MACS:
            stack.callback(_emulator(box, family, port, web.port).stop)
        for at, family in enumerate(MACS):
            air = Air(box, family)
            _until(
                lambda: any(one["status"] == "ready" for one in _listed(box, family)["bases"]),  # noqa: B023
                60,
            )
            times = []
            for left in reversed(range(_rounds(family))):
                times.append(_enrolled_and_called(box, air, family, str(31 + at)))
                if left:
                    box.control("dect.forget", handset=_listed(box, family)["handsets"][0]["handset"])
                    _until(lambda: air.show("H1")["state"] == "not enrolled", 60)  # noqa: B023
            _said(f"{family}: order to enrol until the first call is answered", times, 15)
        anna, ben = stack.enter_context(box.phones("21", "22"))
        for at, family in enumerate(MACS):
            air = Air(box, family)
            away = []
            for _ in range(ROUNDS if family == "mitel" else 2):
                air.do("walk", "H1", to="base2")
                _until(lambda: _listed(box, family)["handsets"][0]["base"] == _second(family), 60)  # noqa: B023
                lost = time.monotonic()
                air.do("power", base="base2", on=False)
                _until(lambda: _listed(box, family)["handsets"][0]["status"] == "away", 60)  # noqa: B023
                ben.call(str(31 + at))
                anna.incoming()
                away.append(time.monotonic() - lost)
                ben.hangup()
                box.idle()
                air.do("power", base="base2", on=True)
                air.do("walk", "H1", to="base1")
                _until(lambda: _listed(box, family)["handsets"][0]["status"] == "ready", 60)  # noqa: B023
            _said(f"{family}: plug of a base pulled until its handset's call is forwarded", away, 30)
        before = _enrolled(box)
        began = time.monotonic()
        box.restart_core()
        _until(lambda: _enrolled(box) == before, 90)
        print(
            f"restart of the core: all {before} handsets enrolled, listed as before {_since(began)} s later"
        )


def many() -> None:
    """A hundred handsets at twenty bases of an OMM."""
    port = free_port()
    numbers = [str(200 + at) for at in range(1, HANDSETS + 1)]
    people = {number: {"number": number, "name": f"Cordless {number}"} for number in numbers}
    cordless = {
        f"dect{number}": {"system": "mitel", "extension": number, "ipei": ipei_from(3074, 220000 + at)}
        for at, number in enumerate(numbers, 1)
    }
    documents = office(
        "21", extension=people, dect_system={"mitel": _system("mitel", port)}, dect_handset=cordless
    )
    with tempfile.TemporaryDirectory() as folder, Box(Path(folder), documents) as box:
        more = ("--bases", str(BASES), "--handsets", str(HANDSETS), "--enrolled", str(HANDSETS))
        emulator = _emulator(box, "mitel", port, 0, *more)
        try:
            _until(lambda: _ready(box), 120)
            calls, times = [], []
            for _ in range(ROUNDS):
                assert box.core is not None
                box.core.stop()
                began = time.monotonic()
                box.start_core()
                calls.append(time.monotonic() - began)
                _until(lambda: _ready(box), 60, every_s=0.1)
                times.append(time.monotonic() - began)
            _said("start of the core until it is ready for calls", calls, 10)
            _said(
                f"{HANDSETS} handsets at {BASES} bases: start of the core until all are listed",
                times,
                10,
            )
        finally:
            emulator.stop()


def _system(family: str, port: int) -> dict[str, Any]:
    if family == "mitel":
        login = {"username": "omm", "secret": "demo-omm-secret"}
        return {"family": family, "host": "127.0.0.1", "port": port, "pin": PIN, **login}
    bases = [{"mac": MACS[family], "manager": True}, {"mac": _second(family)}]
    return {"family": family, "token": f"{family}0token0of0the0bases", "pin": PIN, "bases": bases}


def _second(family: str) -> str:
    return f"{int(MACS[family], 16) + 1:012X}"


def _emulator(box: Box, family: str, port: int, web_port: int, *more: str) -> Process:
    words = ["--family", family, "--name", family, "--mac", MACS[family], "--port", str(port)]
    words += ["--url", f"https://127.0.0.1:{web_port}/prov/{family}0token0of0the0bases/"]
    command = ortsamt("dect-emulator", "--box", str(box.settings), *words, *more)
    made = Process(family, command, log=box.folder / f"{family}.log")
    made.wait_line("is there", timeout=60)
    return made


def _listed(box: Box, family: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in box.control("dect.list") if one["system"] == family)
    return found


def _rounds(family: str) -> int:
    """Bases of some makers forget a handset on their own pages only."""
    return 1 if family == "yealink" else ROUNDS


def _enrolled_and_called(box: Box, air: Air, family: str, extension: str) -> float:
    began = time.monotonic()
    box.control("dect.enrol", system=family, extension=extension)
    if family != "mitel":  # nobody is registered, so nobody can be told to fetch
        air.do("power", base="base1", on=False)
        air.do("power", base="base1", on=True)
    _until(lambda: _listed(box, family)["enrolment"]["status"] == "open", 30)
    if family == "yealink":
        air.do("press", base="base1")
    _until(lambda: air.do("enrol", "H1", pin=PIN)["display"] == "enrolled", 30)
    _until(lambda: air.show("H1")["registered"], 30)
    air.do("dial", "H1", digits="*43")
    _until(lambda: air.show("H1")["state"] == "talks", 30)
    took = time.monotonic() - began
    air.do("hang_up", "H1")
    box.idle()
    return took


def _enrolled(box: Box) -> int:
    return sum(one["status"] == "ready" for of in box.control("dect.list") for one in of["handsets"])


def _ready(box: Box) -> bool:
    (shown,) = box.control("dect.list")
    bases = sum(one["status"] == "ready" for one in shown["bases"])
    return (bases, sum(one["status"] == "ready" for one in shown["handsets"])) == (BASES, HANDSETS)


def _until(holds: Callable[[], Any], patience_s: float, *, every_s: float = 0.02) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to pass")
        time.sleep(every_s)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f}"


def _said(what: str, times: list[float], wanted_s: int) -> None:
    median, longest = statistics.median(times), max(times)
    print(
        f"{what}: median {median:.1f} s, longest {longest:.1f} s of {len(times)} (wanted: {wanted_s})",
        flush=True,
    )


if __name__ == "__main__":
    main()
