"""``ortsamt ctl phones`` and the like: IP phones found, adopted, looked at, made to fetch again."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, given, print_facts, print_rows, who
from appliance.commands.output import print_json

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

COLUMNS = ["mac", "vendor", "model", "version", "numbers", "registered", "address", "fetched", "open_until"]
SEEN = ["mac", "vendor", "model", "version", "address", "how", "account", "last"]


def add(action: Adder) -> None:
    """Offer the actions."""
    action("phones", _phones, "IP phones that the box sets up, and how they are")
    action("phones-discovered", _discovered, "phones that were seen and wait to be adopted")
    action("phones-dhcp", _dhcp, "what a router can tell phones, so that they find the box")
    adopting = action("phone-adopt", _adopt, "bind a phone to an extension: ctl phone-adopt 000413aabbcc 21")
    adopting.add_argument("mac", metavar="MAC")
    adopting.add_argument("extension", metavar="EXTENSION", help="its number")
    adopting.add_argument("--vendor", metavar="VENDOR", help="where it was not seen: snom, yealink …")
    adopting.add_argument("--model", metavar="MODEL")
    adopting.add_argument("--device", metavar="DEVICE", help="an account there is, instead of a new one")
    adopting.add_argument("--template", metavar="ID", help="keys it shall have")
    adopting.add_argument("--minutes", type=int, metavar="N", help="how long it may take to fetch")
    opening = action("phone-open", _open, "let a phone's settings be fetched once more by who comes first")
    opening.add_argument("mac", metavar="MAC")
    opening.add_argument("--minutes", type=int, metavar="N")
    showing = action("phone-preview", _preview, "a phone's file as it would get it, without secrets")
    showing.add_argument("mac", metavar="MAC")
    showing.add_argument("--file", metavar="NAME", help="another of its files")
    for name, method, words in (
        ("phone-reboot", "phones.reboot", "restart a phone"),
        ("phone-resync", "phones.resync", "have a phone fetch its settings again"),
        ("phone-forget", "phones.forget", "take a phone off the list of those that wait"),
    ):
        one = action(name, _of_mac(method), words)
        one.add_argument("mac", metavar="MAC")


def _phones(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("phones.list")
    if not arguments.json:
        rows = [
            {**row, "numbers": " ".join(row["numbers"]),
             "registered": " ".join(one["address"] for one in row["registered"]) or "no"}
            for row in rows
        ]  # fmt: skip
    return print_rows(rows, arguments, "no phones are set up by the box: 'ctl phone-adopt' adds one", COLUMNS)


def _discovered(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_rows(client.call("phones.discovered"), arguments, "no phone waits", SEEN)


def _dhcp(client: "ControlClient", arguments: argparse.Namespace) -> int:
    columns = ["vendor", "option", "value", "encoded", "why"]
    return print_rows(client.call("phones.dhcp"), arguments, "nothing", columns)


def _adopt(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(
        mac=arguments.mac, extension=arguments.extension, vendor=arguments.vendor, model=arguments.model,
        device=arguments.device, template=arguments.template, minutes=arguments.minutes,
    )  # fmt: skip
    return print_facts(client.call("phones.adopt", {**params, "who": who()}), arguments)


def _open(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(mac=arguments.mac, minutes=arguments.minutes)
    return print_facts(client.call("phones.open", params), arguments)


def _preview(client: "ControlClient", arguments: argparse.Namespace) -> int:
    found = client.call("phones.preview", given(mac=arguments.mac, file=arguments.file))
    if arguments.json:
        print_json(found)
    else:
        print(found["text"], end="")
    return 0


def _of_mac(method: str) -> Callable[["ControlClient", argparse.Namespace], int]:
    def act(client: "ControlClient", arguments: argparse.Namespace) -> int:
        return print_facts(client.call(method, {"mac": arguments.mac}), arguments)

    return act
