"""``ortsamt ctl steer`` and ``parties``: call control in the name of an extension."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from appliance.commands.answers import given, print_facts, print_rows
from appliance.model.parties import SteerAct

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

Adder = Callable[[str, Callable[["ControlClient", argparse.Namespace], int], str], argparse.ArgumentParser]


def add(action: Adder) -> None:
    """Offer the actions."""
    steering = action("steer", _steer, "what keys of a telephone do: ctl steer CALL 21 transfer 22")
    steering.add_argument("call", metavar="CALL", help="its id, as 'ctl parties' shows it")
    steering.add_argument("extension", metavar="EXTENSION")
    steering.add_argument("act", choices=[one.value for one in SteerAct])
    steering.add_argument("to", nargs="?", metavar="NUMBER", help="where to transfer, or digits")
    steering.add_argument("--device", metavar="DEVICE", help="which of its telephones")
    steering.add_argument("--other", metavar="CALL", help="the call to join; default: its other one")
    action("parties", _parties, "calls in progress as each extension in them sees them")


def _steer(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(
        call=arguments.call,
        extension=arguments.extension,
        act=arguments.act,
        to=arguments.to,
        device=arguments.device,
        other=arguments.other,
    )
    return print_facts(client.call("calls.steer", params), arguments)


def _parties(client: "ControlClient", arguments: argparse.Namespace) -> int:
    columns = ["extension", "state", "number", "name", "call", "device", "since"]
    return print_rows(client.call("calls.parties"), arguments, "no calls", columns)
