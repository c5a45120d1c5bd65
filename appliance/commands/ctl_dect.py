"""``ortsamt ctl dect …``: systems, bases, handsets, enrolment."""

import argparse
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, print_rows, print_words, who
from appliance.commands.output import local, print_json

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

SYSTEMS = [
    "system",
    "family",
    "status",
    "detail",
    "name",
    "model",
    "firmware",
    "park",
    "bases",
    "handsets",
    "address",
]
BASES = [
    "system", "key", "name", "status", "detail", "address", "model", "firmware", "level", "quality",
    "rssi_dbm", "location", "last_seen",
]  # fmt: skip
HANDSETS = [
    "system", "handset", "extension", "name", "status", "registered", "detail", "base", "ipei", "model",
    "firmware", "last_seen",
]  # fmt: skip
_POLL_S = 0.3
_OPEN = ("opening", "open")


def add(action: Adder) -> None:
    """Offer the actions."""
    made = action("dect", _show, "DECT: systems, bases, handsets, enrolment: ctl dect enrol 21")
    made.add_argument(
        "deed",
        nargs="?",
        default="show",
        choices=[
            "show",
            "bases",
            "handsets",
            "tree",
            "enrol",
            "close",
            "bind",
            "forget",
            "page",
            "restart",
            "update",
            "ipdect",
        ],
        help="enrol EXTENSION, bind IPEI EXTENSION, forget HANDSET, page HANDSET [NUMBER], restart [BASE]",
    )
    made.add_argument("words", nargs="*", metavar="WHAT")
    made.add_argument("--system", default="", help="where there are several")
    made.add_argument("--ipei", default="", help="enrol: only this handset")
    made.add_argument("--pin", default="", help="enrol: what is typed at the handset this time")
    made.add_argument("--seconds", type=int, default=0, help="enrol: how long; default: the system's")
    made.add_argument("--no-wait", action="store_true", help="enrol: do not wait for the handset")


def _show(client: "ControlClient", arguments: argparse.Namespace) -> int:
    words, system = arguments.words, arguments.system
    first = words[0] if words else ""
    second = words[1] if len(words) > 1 else ""
    match arguments.deed:
        case "show":
            rows = [
                {**one, "bases": len(one["bases"]), "handsets": len(one["handsets"])}
                for one in _systems(client)
            ]
            return print_rows(rows, arguments, "no DECT system", SYSTEMS)
        case "bases":
            bases = [{**row, "level": row["sync_level"]} for row in _rows(client, "bases", system)]
            return print_rows(bases, arguments, "no base", BASES)
        case "handsets":
            return print_rows(list(_rows(client, "handsets", system)), arguments, "no handset", HANDSETS)
        case "tree":
            return _tree(client, arguments)
        case "enrol":
            return _enrol(client, arguments, first)
        case "close":
            return print_words(
                client.call("dect.close", {"system": system}), arguments, "the window is closed"
            )
        case "bind":
            params = {"ipei": first, "extension": second, "system": system, "who": who()}
            result = client.call("dect.bind", params)
            return print_words(result, arguments, f"{result['handset']} is of extension {second}")
        case "forget":
            result = client.call("dect.forget", {"handset": first, "system": system})
            return print_words(result, arguments, f"{first} is not enrolled any more")
        case "page":
            return print_words(
                client.call("dect.page", {"handset": first, "to": second}), arguments, f"{first} rings"
            )
        case "ipdect":
            result = client.call("dect.ipdect", {"system": system})
            return print_words(result, arguments, result["content"].rstrip("\n"))
        case "restart":
            result = client.call("dect.restart", {"system": system, "base": first})
            return print_words(result, arguments, f"{result['restarting']} restarts")
        case _:
            result = client.call("dect.update", {"system": system, "base": first})
            return print_words(result, arguments, f"{result['updating']} loads its firmware")


def _systems(client: "ControlClient") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.call("dect.list")
    return found


def _rows(client: "ControlClient", what: str, system: str) -> Iterator[dict[str, Any]]:
    for one in _systems(client):
        if system in ("", one["system"]):
            for row in one[what]:
                seen = row.get("last_seen")
                yield {**row, "system": one["system"], "last_seen": local(seen) if seen else ""}


def _tree(client: "ControlClient", arguments: argparse.Namespace) -> int:
    systems = [one for one in _systems(client) if arguments.system in ("", one["system"])]
    if arguments.json:
        print_json({one["system"]: one["tree"] for one in systems})
        return 0
    for one in systems:
        print(f"{one['system']}:")
        for line in _branches(one["tree"], "  "):
            print(line)
    return 0


def _branches(nodes: list[Mapping[str, Any]], indent: str) -> Iterator[str]:
    for node in nodes:
        level = f"level {node['level']}" if node["level"] else "no level"
        heard = f", {node['rssi_dbm']} dBm" if node["rssi_dbm"] is not None else ""
        yield f"{indent}{node['name']} ({node['status']}, {level}{heard})"
        yield from _branches(node["below"], indent + "  ")


def _enrol(client: "ControlClient", arguments: argparse.Namespace, extension: str) -> int:
    params = {
        "system": arguments.system,
        "extension": extension,
        "ipei": arguments.ipei,
        "pin": arguments.pin,
        "seconds": arguments.seconds,
        "who": who(),
    }
    opening = client.call("dect.enrol", params)
    if arguments.no_wait or arguments.json:
        return print_words(opening, arguments, f"type PIN {opening['pin']} at the handset")
    print(f"choose 'register' in the handset's menu and type PIN {opening['pin']} …", flush=True)
    deadline = time.monotonic() + (arguments.seconds or 3600) + 10
    while time.monotonic() < deadline:
        time.sleep(_POLL_S)
        for one in _systems(client):
            enrolment = one["enrolment"]
            same = enrolment["handset"] == opening["handset"] and arguments.system in ("", one["system"])
            if same and enrolment["status"] not in (*_OPEN, "idle"):
                print(
                    f"handset {enrolment['ipei']} is enrolled"
                    if enrolment["status"] == "done"
                    else enrolment["detail"]
                )
                return 0 if enrolment["status"] == "done" else 1
    return 1
