"""``ortsamt ctl sync | conflicts | settle | sync-code | outages``: exchange with the other nodes."""

import argparse
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, print_facts, print_rows, print_words, who
from appliance.commands.output import local, print_json, text

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the actions."""
    action("sync", _show, "how exchange with the cloud goes, and with whom")
    action("nodes", _nodes, "the links for calls to other instances: up or down, since when, calls")
    action("conflicts", _conflicts, "edits made at two places at once: what holds, what was lost")
    told = action("outages", _outages, "what happened while the office was cut off, the newest first")
    told.add_argument("--limit", type=int, default=5)
    settling = action("settle", _settle, "end a conflict: ctl settle extension 21 name --take OPERATION")
    settling.add_argument("kind", metavar="KIND")
    settling.add_argument("id", metavar="ID")
    settling.add_argument("field", metavar="FIELD", nargs="?", help="none: whether it exists at all")
    settling.add_argument("--take", metavar="OPERATION", help="what shall hold; default: what holds now")
    code = action("sync-code", _code, "in the cloud: a one-time code that takes a box in")
    code.add_argument("node", metavar="NODE", help="node in the box's box.toml")


def _show(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("sync.show"), arguments)


def _outages(client: "ControlClient", arguments: argparse.Namespace) -> int:
    found = client.call("outages.list", {"limit": arguments.limit})
    if arguments.json:
        print_json(found)
        return 0
    for one in found:
        what = " and ".join(name for name in ("internet", "exchange") if one[name])
        until = local(one["ended"]) if one["ended"] else "now"
        print(f"{local(one['began'])} to {until}  {one['node']}: no {what}  {one['why']}")
        print(
            f"  calls outside {one['outside']}, of these by GSM {one['by_gsm']} ({one['cost'] / 10_000:.2f}),"
            f" without a way {one['failed']}; missed {one['missed']};"
            f" taken elsewhere {one['elsewhere']}, missed there {one['elsewhere_missed']}"
        )
        print(
            f"  changed here {one['edits_here']}, elsewhere {one['edits_elsewhere']},"
            f" conflicts {one['conflicts']}"
        )
        for name, words in (("sent", "handed over"), ("taken", "taken over")):
            if one[name]:
                print(f"  {words}: " + ", ".join(f"{count} {kind}" for kind, count in one[name].items()))
        for edit in one["edits"]:
            what = f"{edit['kind']} {edit['id']} ({', '.join(edit['fields']) or 'deleted'})"
            print(f"    {local(edit['at'])}  {edit['node']}  {edit['who']}: {what}")
    if not found:
        print("no outages")
    return 0


def _nodes(client: "ControlClient", arguments: argparse.Namespace) -> int:
    found = client.call("nodes.show")
    if arguments.json:
        print_json(found)
        return 0
    rows = [
        {
            "instance": one["node"],
            "role": one["role"],
            "calls go": "yes" if one["up"] else "no",
            "since": local(one["since"]) if one["since"] else "",
            "calls": one["calls"],
            "telephones of": ", ".join(one["extensions"]),
            "detail": one["detail"],
        }
        for one in found["nodes"]
    ]
    return print_rows(rows, arguments, "no other instances")


def _conflicts(client: "ControlClient", arguments: argparse.Namespace) -> int:
    found = client.call("sync.conflicts")
    if arguments.json:
        print_json(found)
        return 0
    rows = []
    for one in found:
        sides = [("holds", one["holds"])] if one["holds"] else []
        for what, side in (*sides, *(("lost", lost) for lost in one["lost"])):
            rows.append(
                {
                    "kind": one["kind"],
                    "id": one["id"],
                    "field": one["field"] or side["field"] or "",
                    "": what,
                    "value": "(deleted)" if side["deleted"] else text(side["value"]),
                    "at": local(side["at"]),
                    "node": side["node"],
                    "who": side["who"],
                    "operation": side["operation"],
                }
            )
    return print_rows(rows, arguments, "no conflicts")


def _settle(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params: dict[str, Any] = {"kind": arguments.kind, "id": arguments.id, "who": who()}
    params |= {"field": arguments.field, "take": arguments.take}
    result = client.call("sync.settle", params)
    return print_words(result, arguments, "taken" if arguments.take else "kept")


def _code(client: "ControlClient", arguments: argparse.Namespace) -> int:
    made = client.call("sync.code", {"node": arguments.node})
    if arguments.json:
        print_json(made)
    else:
        print(f"code {made['code']}, for one hour and once; at the box {arguments.node}:")
        print(f"  ortsamt sync enrol {made['address']} {made['code']}")
    return 0
