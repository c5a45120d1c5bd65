"""``ortsamt run``: the core, in the foreground, as systemd starts it."""

import argparse

from appliance.commands.box import add_box_argument, box_of

HELP = "run the core: call engine, routing, configuration (systemd starts it)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-json", action="store_true", help="log as JSON lines even on a terminal")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.app.core import Core
    from appliance.telemetry.logs import configure

    configure(arguments.log_level, json=arguments.log_json)
    core = Core(box_of(arguments))
    core.start()
    core.run()
    return 0
