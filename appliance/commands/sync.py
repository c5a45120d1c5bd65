"""``ortsamt sync``: exchange with the other nodes, in the foreground, as systemd starts it; and enrolling."""

import argparse
import asyncio
import logging
from pathlib import Path

from appliance.commands.box import add_box_argument, box_of
from appliance.commands.until_told import until_told

HELP = "exchange configuration with the cloud (systemd starts it), or enrol this box there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-json", action="store_true", help="log as JSON lines even on a terminal")
    parser.add_argument(
        "--beat", type=float, default=10.0, help="seconds between looks at each other's state"
    )
    parser.add_argument("what", nargs="?", choices=["run", "enrol", "install"], default="run")
    parser.add_argument("cloud", nargs="?", help="enrol: host[:port] of the cloud; install: credentials file")
    parser.add_argument("code", nargs="?", help="enrol: the one-time code that the cloud gave")
    parser.add_argument("--authority", type=Path, metavar="PEM", help="who signed the cloud's certificate")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT, or enrol; raises OrtsamtError."""
    from appliance.errors import ConfigError

    box = box_of(arguments)
    folder = box.paths.state_dir / "sync"
    if arguments.what == "run":
        from appliance.sync.process import SyncProcess, locked
        from appliance.telemetry.logs import configure

        configure(arguments.log_level, json=arguments.log_json)
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # the NATS client makes it warn of nothing
        with locked(folder):
            process = SyncProcess(
                socket=box.paths.runtime_dir / "control.sock",
                folder=folder,
                node=box.node,
                beat_s=arguments.beat,
            )
            asyncio.run(until_told(process.run))
        return 0
    from appliance.sync import enrolling

    if not arguments.cloud or (arguments.what == "enrol" and not arguments.code):
        raise ConfigError(
            "what is missing: ortsamt sync enrol CLOUD CODE, ortsamt sync install FILE", error_id="sync.usage"
        )
    if arguments.what == "install":
        made = enrolling.install(Path(arguments.cloud), folder, box.node)
    else:
        made = enrolling.enrol(arguments.cloud, arguments.code, folder, box.node, arguments.authority)
    print(f"this is node {made.node} of {made.tenant} now")
    return 0
