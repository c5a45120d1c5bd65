"""The option that names box.toml, shared by the commands that run a part of the box."""

import argparse
import os
from pathlib import Path

from appliance.model.box import BoxSettings

BOX_VARIABLE = "ORTSAMT_BOX"


def add_box_argument(parser: argparse.ArgumentParser) -> None:
    """``--box FILE``; without it the environment, then the usual place."""
    parser.add_argument(
        "--box",
        type=Path,
        default=os.environ.get(BOX_VARIABLE),
        metavar="FILE",
        help=f"box settings; default ${BOX_VARIABLE} or /etc/ortsamt/box.toml",
    )


def box_of(arguments: argparse.Namespace) -> BoxSettings:
    """Load them; raises ConfigError with every mistake."""
    from appliance.store.box import load_box

    return load_box(Path(arguments.box) if arguments.box else None)
