"""``ortsamt network-helper``: sets the network of the box for the core, as systemd starts it."""

import argparse
from pathlib import Path

HELP = "set the network of the box for the core; started by systemd"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where settings are kept, on a machine that is no box; how long DHCP is waited for."""
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="default: the data partition's")
    parser.add_argument("--dhcp-seconds", type=float, default=30.0, help="then the fixed address is taken")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    from appliance.app.network import run_service
    from appliance.network.places import Places
    from appliance.telemetry.logs import configure

    configure("info", json=True)
    kept = arguments.kept
    places = Places() if kept is None else Places(kept=kept / "network", host=kept / "hostname")
    run_service(places, arguments.dhcp_seconds)
    return 0
