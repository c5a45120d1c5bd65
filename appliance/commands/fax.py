"""``ortsamt fax``: the fax service, in the foreground, as systemd starts it."""

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.commands.box import add_box_argument, box_of

if TYPE_CHECKING:
    from appliance.fax.settings import LineSettings

HELP = "run the fax service: boxes, queue, journal (systemd starts it)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-json", action="store_true", help="log as JSON lines even on a terminal")
    parser.add_argument("--line", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.app.settings import fax_settings, listen_addresses
    from appliance.telemetry.logs import configure

    configure(arguments.log_level, json=arguments.log_json)
    box = box_of(arguments)
    settings = fax_settings(box)
    if arguments.line:
        return _line(settings.line)
    from appliance.app.fax import FaxProcess

    command = [sys.executable, "-P", "-m", "appliance", "fax", "--line", "--log-level", arguments.log_level]
    command += ["--log-json"] * arguments.log_json
    if arguments.box is not None:
        command += ["--box", str(Path(arguments.box).resolve())]
    process = FaxProcess(settings, command, lambda: listen_addresses(box)[0])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.stop())
    process.run()
    return 0


def _line(settings: "LineSettings") -> int:
    """The line process: orders on stdin, news on stdout; whatever else prints goes to stderr."""
    import os

    from appliance.fax.line import Line

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # who keeps it says when to end
    news = os.dup(1)
    os.dup2(2, 1)
    Line(settings, 0, news).run()
    return 0
