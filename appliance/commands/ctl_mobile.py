"""``ortsamt ctl modules``, ``module-restart``, ``module-ask``, ``sms``, ``sms-send``, ``call-back``."""

import argparse
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, given, print_rows, print_words
from appliance.commands.output import local, print_json

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

MODULES = [
    "module",
    "place",
    "status",
    "detail",
    "family",
    "model",
    "imei",
    "registration",
    "operator",
    "technology",
    "signal_dbm",
    "balance",
    "calling",
    "resets",
]
SMS = ["id", "at", "direction", "module", "number", "status", "text", "detail"]


def add(action: Adder) -> None:
    """Offer the actions."""
    action("modules", _modules, "GSM modules, their SIMs and networks")
    restarting = action("module-restart", _restart, "restart a GSM module once no call is on it")
    restarting.add_argument("module", metavar="MODULE")
    asking = action("module-ask", _ask, "send a USSD code: ctl module-ask mobile '*100#'")
    asking.add_argument("module", metavar="MODULE")
    asking.add_argument("code", metavar="CODE")
    purpose = "call an extension's mobile, then dial for it: ctl call-back 21 0301234"
    calling = action("call-back", _call_back, purpose)
    calling.add_argument("extension", metavar="EXTENSION")
    calling.add_argument("dialled", metavar="NUMBER", nargs="?", help="default: a dial tone")
    calling.add_argument("--mobile", metavar="ID", help="which; default: the first")
    sending = action("sms-send", _send, "send an SMS: ctl sms-send +491701234567 'on my way'")
    sending.add_argument("number", metavar="NUMBER")
    sending.add_argument("text", metavar="TEXT")
    sending.add_argument("--module", metavar="MODULE", help="default: the first that can")
    listing = action("sms", _list, "SMS in and out, newest first")
    listing.add_argument("--direction", choices=["in", "out"])
    listing.add_argument("--limit", type=int, default=30)


def _modules(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_rows(client.call("modules.list"), arguments, "no GSM module", MODULES)


def _restart(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("modules.restart", {"module": arguments.module})
    return print_words(result, arguments, f"{result['restarting']} restarts when no call is on it")


def _ask(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("modules.ask", {"module": arguments.module, "code": arguments.code})
    return print_words(result, arguments, "asked; 'ctl modules' shows the answer as balance")


def _call_back(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(extension=arguments.extension, dialled=arguments.dialled, mobile=arguments.mobile)
    result = client.call("calls.call_back", params)
    return print_words(result, arguments, f"calling {result['calling']}")


def _send(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(number=arguments.number, text=arguments.text, module=arguments.module)
    result = client.call("sms.send", params)
    return print_words(
        result,
        arguments,
        f"{result['id']}: {result['parts']} parts wait to be sent; 'ctl sms' shows what becomes of them",
    )


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    incoming = None if arguments.direction is None else arguments.direction == "in"
    rows = client.call("sms.list", given(incoming=incoming, limit=arguments.limit))
    if arguments.json:
        print_json(rows)
        return 0
    shown = [{**row, "direction": "in" if row["incoming"] else "out", "at": local(row["at"])} for row in rows]
    return print_rows(shown, arguments, "no SMS yet", SMS)
