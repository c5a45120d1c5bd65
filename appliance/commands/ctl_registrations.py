"""``ortsamt ctl registrations``, ``bans``, ``unban``: who registered, who is refused."""

import argparse
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, print_rows, print_words

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the actions."""
    action("registrations", _registrations, "registered phones")
    action("bans", _bans, "addresses and accounts that are refused now")
    lifting = action("unban", _unban, "lift a ban")
    lifting.add_argument("address")
    lifting.add_argument("account", nargs="?", default="", help="only this account from there")


def _registrations(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_rows(client.call("registrations.list"), arguments, "no phone is registered")


def _bans(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_rows(client.call("bans.list"), arguments, "nobody is banned")


def _unban(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("bans.remove", {"address": arguments.address, "account": arguments.account})
    return print_words(result, arguments, f"{arguments.address} may come again")
