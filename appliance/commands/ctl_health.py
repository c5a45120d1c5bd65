"""``ortsamt ctl trunks``, ``survival``, ``alarms``, ``emergency-test``, ``metrics``: how things stand."""

import argparse
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, print_rows
from appliance.commands.output import local, print_json

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

ROUTES = ["trunk", "dials", "shows", "status", "answers", "usable"]


def add(action: Adder) -> None:
    """Offer the actions."""
    action("trunks", _trunks, "trunks and their state")
    action("survival", _survival, "how the internet is, why, and what happened in outages")
    action("alarms", _alarms, "what is wrong now, and what was told since the start")
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


def _trunks(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_rows(client.call("trunks.list"), arguments, "no trunk yet")


def _survival(client: "ControlClient", arguments: argparse.Namespace) -> int:
    answer = client.call("survival.show")
    if arguments.json:
        print_json(answer)
        return 0
    print(f"{answer['internet']}{'  ' + answer['why'] if answer['why'] else ''}")
    for one in answer["outages"]:
        print(
            f"cut off {local(one['began'])} to {local(one['ended'])}: {one['outside']} calls outside, "
            f"{one['by_gsm']} by GSM ({one['cost'] / 10_000:.2f}), {one['missed']} missed"
        )
    rows = [
        {
            "probe": one["name"],
            "good": "yes" if one["good"] else "NO",
            "ever": one["known"],
            "detail": one["detail"],
        }
        for one in answer["probes"]
    ]
    return print_rows(rows, arguments, "nothing of this office is on the internet")


def _alarms(client: "ControlClient", arguments: argparse.Namespace) -> int:
    answer = client.call("alarms.list")
    if arguments.json:
        print_json(answer)
        return 0
    for one in answer["active"]:
        print(f"! {local(one['at'])}  {one['text']}")
    rows = [
        {"at": local(one["at"]), "severity": one["severity"], "text": one["text"]} for one in answer["past"]
    ]
    return print_rows(rows, arguments, "no alarms since the start")
