"""``ortsamt ctl analog`` and ``analog-test``: how analog ports are, and whether a line is good."""

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import print_facts, print_rows
from appliance.commands.output import local

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

Adder = Callable[[str, Callable[["ControlClient", argparse.Namespace], int], str], argparse.ArgumentParser]
COLUMNS = ["port", "state", "device", "handset", "health", "late_frames", "slips", "last_error"]
NO_WAY_BACK_DB = 60.0
_PATIENCE_S = 10.0
_POLL_S = 0.1


def add(action: Adder) -> None:
    """Offer the actions."""
    action("analog", _ports, "analog ports: state, health, last error")
    testing = action("analog-test", _test, "try the line of an analog port that nobody uses")
    testing.add_argument("port", metavar="PORT", help="as in box.toml: fxs1")
    testing.add_argument("--ring", action="store_true", help="ring for half a second, too")


def try_port(client: "ControlClient", port: str, *, ring: bool) -> tuple[bool, str, dict[str, Any]]:
    """Try a port: whether it is good, what there is to say, and the port as ``analog.ports`` tells it."""
    before = _port(client, port)
    tests = client.call("analog.test", {"port": port, "ring": ring})["tests"]
    deadline = time.monotonic() + _PATIENCE_S
    now = _port(client, port)
    while now.get("tests", tests) == tests and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        now = _port(client, port)
    faults = _faults(now, ring=ring)
    bells, rung = before.get("bells"), now.get("bells")
    if ring and now.get("test") and bells is not None and rung == bells:
        faults.append("the bell was silent")
    if faults:
        return False, ", ".join(faults), now
    rang = ", rang" if ring else ""
    return True, f"dial tone and key heard, returned {now['test']['returned_db']} dB softer{rang}", now


def _port(client: "ControlClient", name: str) -> dict[str, Any]:
    ports = client.call("analog.ports")
    found: dict[str, Any] = next((one for one in ports if one["port"] == name), {})
    return found


def _faults(port: dict[str, Any], *, ring: bool) -> list[str]:
    if not port.get("present"):
        return [str(port.get("detail") or "the equipment is not there")]
    test = port["test"]
    if test is None:
        return [f"the line could not be tried, the port is {port['state']}: try again when nobody uses it"]
    line = test["line"]
    faults = []
    if not line["supply_ok"]:
        faults.append("no supply")
    if line["loop_closed"]:
        faults.append("the loop is closed: a short, or a handset beside its telephone")
    if test["returned_db"] > NO_WAY_BACK_DB:
        faults.append("nothing of what was played came back")
    else:
        faults += [] if test["dial_tone"] else ["the dial tone was not heard"]
        faults += [] if test["key"] else ["a key was not heard"]
    if ring and not test["rang"]:
        faults.append("the equipment did not ring")
    return faults


def _ports(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("analog.ports")
    if not arguments.json:
        rows = [_shown(row) for row in rows]
    return print_rows(rows, arguments, "no analog ports: write [[fxs]] in box.toml", COLUMNS)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    alarm = "ok" if row["alarm"] == "none" else f"alarm: {row['alarm']}"
    health = alarm if row["present"] else "gone"
    error = f"{local(row['last_error_at'])} {row['last_error']}" if row["last_error"] else ""
    handset = "lifted" if row["off_hook"] else "on the hook"
    return {**row, "health": health, "handset": handset, "last_error": error}


def _test(client: "ControlClient", arguments: argparse.Namespace) -> int:
    good, said, port = try_port(client, arguments.port, ring=arguments.ring)
    test = port.get("test") or {}
    line = test.pop("line", {})
    print_facts({"port": arguments.port, "good": good, "detail": said, **test, **line}, arguments)
    return 0 if good else 1
