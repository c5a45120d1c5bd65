"""``ortsamt standby``: the link to the second box, and keepalived's settings, as systemd starts them."""

import argparse
import asyncio
import logging
import sys
from importlib import metadata
from pathlib import Path

from appliance.commands.box import add_box_argument, box_of
from appliance.commands.until_told import until_told

HELP = "a second box on site: keep both in step (systemd starts it), or write keepalived's settings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-json", action="store_true", help="log as JSON lines even on a terminal")
    parser.add_argument(
        "what",
        nargs="?",
        choices=["run", "keepalived", "wanted"],
        default="run",
        help="keepalived: print its settings; wanted: exit code 1 when box.toml names no floating address",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="keepalived: write them there instead")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT, or print; raises OrtsamtError."""
    box = box_of(arguments)
    if not box.standby.address:
        return 1 if arguments.what == "wanted" else _alone()
    if arguments.what == "wanted":
        return 0
    runtime = box.paths.runtime_dir / "standby"
    if arguments.what == "keepalived":
        return _settings(arguments, runtime)
    from appliance.standby.process import StandbyProcess
    from appliance.sync.process import locked
    from appliance.telemetry.logs import configure

    configure(arguments.log_level, json=arguments.log_json)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    folder = box.paths.state_dir / "standby"
    with locked(folder):
        process = StandbyProcess(box, folder, runtime, metadata.version("ortsamt"))
        asyncio.run(until_told(process.run))
    return 0


def _alone() -> int:
    print("box.toml names no floating address ([standby] address): this box is alone", file=sys.stderr)
    return 0


def _settings(arguments: argparse.Namespace, runtime: Path) -> int:
    from appliance.errors import DeviceUnavailable
    from appliance.standby.address import interface_of
    from appliance.standby.keepalived import render

    box = box_of(arguments)
    interface = box.standby.interface or interface_of(box.standby.address)[0]
    text = render(box.standby, interface, box.node, runtime)
    if arguments.out is None:
        print(text, end="")
        return 0
    try:
        arguments.out.write_text(text, encoding="ascii")
    except OSError as error:
        raise DeviceUnavailable(
            f"{arguments.out} cannot be written: {error.strerror}", error_id="standby.unwritable"
        ) from error
    return 0
