"""``ortsamt verify-recordings``: was anything changed that was recorded? The box may run or not."""

import argparse

from appliance.commands.box import add_box_argument, box_of
from appliance.commands.output import print_json

HELP = "check the chain of hashes over all recordings; says the first link that is broken"
BROKEN = 3
"""Exit code when something was changed; 1 is for what could not be looked at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when everything is as it was recorded, 3 when not."""
    from appliance.model.decode import encode
    from appliance.store.recordings import verify

    state = box_of(arguments).paths.state_dir
    verdict = verify(state, state / "voice")
    if arguments.json:
        print_json(encode(verdict))
    elif verdict.broken:
        of = f" (recording {verdict.tape})" if verdict.tape else ""
        print(f"broken at link {verdict.broken}{of}: {verdict.what}")
    else:
        print(
            f"{verdict.recordings} recordings, {verdict.deleted} deleted, {verdict.links} links: all in order"
        )
        print(f"last link: {verdict.last_hash}")
    return BROKEN if verdict.broken else 0
