"""``ortsamt selftest``: the box tries itself and prints what works; exit code 1 when something does not."""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import print_rows
from appliance.commands.box import add_box_argument, box_of

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

HELP = "let the box try itself: edge, trunks, analog ports, fax; exit code 1 when something fails"
FAX_S = 150.0
_FREE = ("gone", "idle", "left")
"""States of an analog port in which nobody is disturbed; a handset left beside its telephone is a fault."""
_GOOD_TRUNKS = ("registered", "reachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One thing that was tried."""

    what: str
    result: str
    """``ok``, ``warning`` or ``failed``."""
    detail: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--socket", default=os.environ.get("ORTSAMT_SOCKET"), metavar="PATH")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-fax", action="store_true", help="leave the fax out, which takes half a minute")
    parser.add_argument("--no-analog", action="store_true", help="ring no telephones")
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Try everything; raises OrtsamtError when the core does not answer."""
    from appliance.control.client import ControlClient

    path = arguments.socket or box_of(arguments).paths.runtime_dir / "control.sock"
    tried: list[Tried] = []
    with ControlClient(Path(path)) as client:
        tried += _core(client)
        if not arguments.no_analog:
            tried += _analog(client)
        if not arguments.no_fax:
            tried += _fax(client)
    print_rows([asdict(one) for one in tried], arguments, "nothing to try")
    return 1 if any(one.result == "failed" for one in tried) else 0


def _core(client: "ControlClient") -> Iterator[Tried]:
    status = client.call("status")
    yield Tried(what="core", result="ok", detail=f"up since {status['started']}")
    up = status["edge"]["up"]
    yield Tried(what="edge", result="ok" if up else "failed", detail="" if up else "it is down")
    for trunk in client.call("trunks.list"):
        state = trunk.get("status") or trunk.get("state")
        good = state in _GOOD_TRUNKS
        name = trunk.get("id") or trunk.get("trunk")
        result = "ok" if good else "warning" if state == "disabled" else "failed"
        yield Tried(what=f"trunk {name}", result=result, detail=str(trunk.get("detail") or state))


def _analog(client: "ControlClient") -> Iterator[Tried]:
    from appliance.commands.ctl_analog import try_port

    for port in client.call("analog.ports"):
        what = f"analog port {port['port']}"
        if port["present"] and port["state"] not in _FREE:
            yield Tried(what=what, result="warning", detail=f"in use ({port['state']}): not tried")
            continue
        good, said, _ = try_port(client, port["port"], ring=True)
        yield Tried(what=what, result="ok" if good else "failed", detail=said)


def _fax(client: "ControlClient") -> Iterator[Tried]:
    from appliance.errors import OrtsamtError

    boxes = client.call("config.list", {"kind": "fax_box"})
    if not boxes:
        return
    try:
        status = client.call("fax.status", {}, 20.0)
    except OrtsamtError as error:
        yield Tried(what="fax service", result="failed", detail=str(error))
        return
    priority = status["priority"]
    yield Tried(
        what="fax service",
        result="failed" if not status["ready"] else "ok" if priority == "fifo" else "warning",
        detail=f"priority of sound: {priority}" if status["ready"] else "the line process does not run",
    )
    for box in boxes:
        if box.get("number") and box.get("extension"):
            yield _page(client, box["id"])


def _page(client: "ControlClient", box: str) -> Tried:
    from appliance.errors import OrtsamtError

    what = f"fax to itself, box {box}"
    try:
        fax = client.call("fax.test", {"box": box}, 20.0)["fax"]
        deadline = time.monotonic() + FAX_S
        row: dict[str, Any] = {}
        while time.monotonic() < deadline:
            row = client.call("fax.show", {"fax": fax}, 20.0)
            if row["ended"] is not None:
                break
            time.sleep(0.5)
        verdict = client.call("fax.tested", {"fax": fax}, 60.0)
    except OrtsamtError as error:
        return Tried(what=what, result="failed", detail=str(error))
    if not verdict["good"]:
        return Tried(what=what, result="failed", detail=row["reason"]["en"] or verdict["detail"])
    ecm = ", ECM" if row["ecm"] else ""
    return Tried(
        what=what, result="ok", detail=f"every dot, {row['rate']} bit/s{ecm}, {row['seconds']:.0f} s"
    )
