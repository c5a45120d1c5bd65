"""``ortsamt machine``: the box's front panel and its page in need, as systemd starts them."""

import argparse
import signal

from appliance.commands.box import add_box_argument, box_of

HELP = "the box's front panel, and its page when its data cannot be used (systemd starts them)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("what", choices=["panel", "rescue"])
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM; raises DeviceUnavailable when the pins cannot be had."""
    from appliance.app.updating import serve_rescue
    from appliance.telemetry.logs import configure

    box = box_of(arguments)
    configure("info", json=True)
    if arguments.what == "panel":
        return _panel(arguments)
    serve_rescue(box)
    return 0


def _panel(arguments: argparse.Namespace) -> int:
    from appliance.app.panel import PanelProcess

    box = box_of(arguments)
    if not box.panel.any:
        signal.pause()  # a box without a front is none in trouble
        return 0
    process = PanelProcess(box)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.stop())
    process.run()
    return 0
