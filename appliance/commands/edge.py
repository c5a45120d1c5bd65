"""``ortsamt edge``: render the SIP edge's configuration and become Kamailio."""

import argparse

from appliance.commands.box import add_box_argument, box_of

HELP = "run the SIP edge: registrar, security, lamps (systemd starts it)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Never returns; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.app.settings import edge_settings
    from appliance.sip.edge.run import exec_edge

    exec_edge(edge_settings(box_of(arguments)))
