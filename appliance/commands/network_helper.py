"""``ortsamt network-helper``: sets the network of the box for the core, as systemd starts it."""

import argparse
from pathlib import Path

HELP = "set the network of the box for the core; started by systemd"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where settings are kept, on a machine that is no box."""
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="default: the data partition's")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    from appliance.app.network import run_service
    from appliance.network.places import Places
    from appliance.telemetry.logs import configure

    configure("info", json=True)
    kept = arguments.kept
    run_service(Places() if kept is None else Places(kept=kept / "network", host=kept / "hostname"))
    return 0
