"""``ortsamt machine``: the box's screen and its page in need, as systemd starts them."""

import argparse

from appliance.commands.box import add_box_argument, box_of

HELP = "the box's screen, and its page when its data cannot be used (systemd starts them)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("what", choices=["console", "rescue"])
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM."""
    from appliance.app.updating import serve_rescue, show_console

    (show_console if arguments.what == "console" else serve_rescue)(box_of(arguments))
    return 0
