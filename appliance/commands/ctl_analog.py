"""``ortsamt ctl analog`` and ``analog-test``: how analog ports are, and whether a line is good."""

import argparse
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, print_facts, print_rows
from appliance.commands.output import local
from appliance.control.trying import try_port

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

COLUMNS = ["port", "state", "device", "handset", "health", "late_frames", "slips", "last_error"]


def add(action: Adder) -> None:
    """Offer the actions."""
    action("analog", _ports, "analog ports: state, health, last error")
    testing = action("analog-test", _test, "try the line of an analog port that nobody uses")
    testing.add_argument("port", metavar="PORT", help="as in box.toml: fxs1")
    testing.add_argument("--ring", action="store_true", help="ring for half a second, too")


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
