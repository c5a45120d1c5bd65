"""``ortsamt ctl emergency-test`` and ``metrics``: does help get through, and the box in figures."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from appliance.commands.answers import print_rows
from appliance.commands.output import print_json

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

Adder = Callable[[str, Callable[["ControlClient", argparse.Namespace], int], str], argparse.ArgumentParser]
ROUTES = ["trunk", "dials", "shows", "status", "answers", "usable"]


def add(action: Adder) -> None:
    """Offer the actions."""
    testing = action(
        "emergency-test", _emergency, "prove without a call that emergency calls would find their way"
    )
    testing.add_argument("--from", dest="caller", default="", metavar="EXTENSION", help="default: the first")
    action("metrics", _metrics, "the box in figures, as Prometheus reads them")


def _emergency(client: "ControlClient", arguments: argparse.Namespace) -> int:
    answer = client.call("emergency.test", {"from": arguments.caller})
    if arguments.json:
        print_json(answer)
    else:
        for number in answer["numbers"]:
            print(f"{number['number']} from {answer['from']}: {'ok' if number['usable'] else 'NO WAY OUT'}")
            rows = [{key: _said(route[key]) for key in ROUTES} for route in number["routes"]]
            print_rows(rows, arguments, "no trunk is configured", ROUTES)
    return 0 if answer["usable"] else 1


def _said(value: object) -> object:
    words = {"True": "yes", "False": "NO", "None": "?"}
    return words.get(str(value), value)


def _metrics(client: "ControlClient", arguments: argparse.Namespace) -> int:
    text = client.call("metrics")
    if arguments.json:
        print_json({"metrics": text})
    else:
        print(text, end="")
    return 0
