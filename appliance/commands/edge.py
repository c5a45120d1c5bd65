"""``ortsamt edge``: render the SIP edge's configuration and become Kamailio."""

import argparse

from appliance.commands.box import add_box_argument, box_of
from appliance.errors import DeviceUnavailable

HELP = "run the SIP edge: registrar, security, lamps (systemd starts it)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Never returns; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.app.settings import edge_settings
    from appliance.sip.edge.run import exec_edge
    from appliance.store.reserve import give_up_reserve, is_full

    box = box_of(arguments)
    try:
        exec_edge(edge_settings(box), follow=not box.network.listen)
    except DeviceUnavailable:
        if not (is_full(box.paths.state_dir) and give_up_reserve(box.paths.state_dir)):
            raise
        exec_edge(edge_settings(box), follow=not box.network.listen)
