"""``ortsamt selftest``: the box tries itself and prints what works; exit code 1 when something does not."""

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from appliance.commands.answers import print_rows
from appliance.commands.box import add_box_argument, box_of

HELP = "let the box try itself: edge, trunks, analog ports, fax; exit code 1 when something fails"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--socket", default=os.environ.get("ORTSAMT_SOCKET"), metavar="PATH")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-fax", action="store_true", help="leave the fax out, which takes half a minute")
    parser.add_argument("--no-analog", action="store_true", help="ring no telephones")
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Try everything; raises OrtsamtError when the core does not answer."""
    from appliance.control.client import ControlClient
    from appliance.control.trying import trying

    path = Path(arguments.socket or box_of(arguments).paths.runtime_dir / "control.sock")
    with ControlClient(path) as client:
        simulation = path.with_name("simulation.sock")
        tried = list(trying(client, simulation, analog=not arguments.no_analog, fax=not arguments.no_fax))
    print_rows([asdict(one) for one in tried], arguments, "nothing to try")
    return 1 if any(one.result == "failed" for one in tried) else 0
