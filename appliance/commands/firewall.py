"""``ortsamt firewall``: the packet filter for the box's settings, for ``nft -f -``."""

import argparse

from appliance.commands.box import add_box_argument, box_of

HELP = "print the packet filter that fits box.toml (systemd loads it)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print commands for nft(8)."""
    from appliance.firewall import rules

    print(rules(box_of(arguments)), end="")
    return 0
