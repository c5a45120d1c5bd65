"""``ortsamt ctl standby | standby-code | standby-pair | standby-forget``: a second box on site."""

import argparse
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, print_facts
from appliance.commands.output import print_json

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

PATIENCE_S = 40.0


def add(action: Adder) -> None:
    """Offer the actions."""
    standby = action("standby", _standby, "the second box: which is active, are both in step")
    standby.add_argument("--hand-over", action="store_true", help="make the one active that is not now")
    action("standby-code", _code, "a one-time code for the second box")
    pair = action("standby-pair", _pair, "become the second box of the one that gave the code")
    pair.add_argument("address", metavar="ADDRESS", help="own address of the other box, perhaps with :PORT")
    pair.add_argument("code", metavar="CODE")
    action("standby-forget", _forget, "there is no second box any more")


def _standby(client: "ControlClient", arguments: argparse.Namespace) -> int:
    method = "standby.hand_over" if arguments.hand_over else "standby.show"
    return print_facts(client.call(method, timeout=PATIENCE_S), arguments)


def _code(client: "ControlClient", arguments: argparse.Namespace) -> int:
    made = client.call("standby.code")
    if arguments.json:
        print_json(made)
    else:
        print(f"code {made['code']}, for one hour and once; at the second box:")
        print(f"  ortsamt ctl standby-pair ADDRESS-OF-{made['node']} {made['code']}")
    return 0


def _pair(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = {"address": arguments.address, "code": arguments.code}
    return print_facts(client.call("standby.pair", params, PATIENCE_S), arguments)


def _forget(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("standby.forget", timeout=PATIENCE_S), arguments)
