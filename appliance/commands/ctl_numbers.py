"""``ortsamt ctl numbers``, ``rewrite``, ``problems``: the number plan, and what is odd with settings."""

import argparse
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, print_facts, print_rows
from appliance.commands.output import print_json, table, text

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the actions."""
    plan = action("numbers", _numbers, "the number plan: public numbers block by block, internal numbers")
    plan.add_argument("--free", action="store_true", help="only public numbers that nothing uses")
    trying = action("rewrite", _rewrite, "what rewriting would make of a number; nothing is called")
    trying.add_argument("dialled", metavar="NUMBER")
    action("problems", _problems, "what is wrong or odd in the configuration, with its remedy")


def _numbers(client: "ControlClient", arguments: argparse.Namespace) -> int:
    plan = client.call("numbers.plan")
    if arguments.free:
        plan = {"public": [one for one in plan["public"] if one["free"]], "internal": []}
    if arguments.json:
        print_json(plan)
        return 0
    public = [
        {
            "number": one["number"],
            "block": one["block"],
            "name": one["name"] or ("free" if one["free"] else ""),
            "rings": ", ".join(one["rings"]),
            "shown by": ", ".join(one["shown_by"]),
        }
        for one in plan["public"]
    ]
    print("\n".join(table(public)) if public else "no public numbers")
    if plan["internal"]:
        print("\n" + "\n".join(table(plan["internal"])))
    return 0


def _rewrite(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("numbers.rewrite", {"dialled": arguments.dialled}), arguments)


def _problems(client: "ControlClient", arguments: argparse.Namespace) -> int:
    found = client.call("config.problems")
    if arguments.json:
        return print_rows(found, arguments, "")
    for one in found:
        place = f"{one['where']}: {one['field']}" if one["field"] else one["where"]
        print(text(f"{one['severity']}: {place}: {one['message']} ({one['remedy']})"))
    if not found:
        print("nothing is odd")
    return 1 if any(one["severity"] == "error" for one in found) else 0
