"""``ortsamt simulate dect …``: use emulated handsets, pull the plugs of emulated bases."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_BASES = ["base", "mac", "system", "powered"]
_HANDSETS = [
    "handset", "ipei", "state", "base", "registered", "display", "hears", "messages", "missed", "system",
]  # fmt: skip


def add(deeds: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """What a user of a handset can do."""
    help_ = "DECT handsets: dect enrol H1 --pin 1234, dect dial H1 22, dect walk H1 away, dect pull base2"
    made = deeds.add_parser("dect", help=help_, description=help_)
    made.set_defaults(deed="dect")
    made.add_argument(
        "act",
        nargs="?",
        default="show",
        choices=[
            "show",
            "enrol",
            "lift",
            "dial",
            "speak",
            "hold",
            "resume",
            "hangup",
            "walk",
            "find",
            "pull",
            "plug",
            "press",
        ],
    )
    made.add_argument(
        "who", nargs="?", default="", metavar="HANDSET", help="or a base, for pull, plug and press"
    )
    made.add_argument(
        "what", nargs="?", default="", help="the number; where to walk: a base, or away; a name; Hz"
    )
    made.add_argument("--of", default="", metavar="NAME", help="of several emulators: the one of this name")
    made.add_argument("--pin", default="0000", help="typed to enrol; default 0000")


def run(arguments: argparse.Namespace, runtime: Path) -> int:
    """Do it; raises NotRunning when nothing is emulated, ConfigError for what cannot be."""
    from appliance.control.client import ControlClient
    from appliance.dect.emulator.desk import desk_path

    # Beside the socket of the analog telephones, which the variable and the option name.
    path = desk_path(Path(arguments.socket).parent if arguments.socket else runtime, arguments.of)
    handset: dict[str, Any] = {"handset": arguments.who}
    with ControlClient(path, timeout=20) as client:
        match arguments.act:
            case "enrol":
                print(client.call("air.enrol", {**handset, "pin": arguments.pin})["display"])
            case "lift":
                client.call("air.lift", handset)
            case "hangup":
                client.call("air.hang_up", handset)
            case "dial":
                client.call("air.dial", {**handset, "digits": arguments.what})
            case "speak":
                client.call(
                    "air.speak", {**handset, "hz": int(arguments.what) if arguments.what.isdecimal() else 0}
                )
            case "hold" | "resume":
                client.call("air.hold", {**handset, "on": arguments.act == "hold"})
            case "walk":
                client.call("air.walk", {**handset, "to": arguments.what or "away"})
            case "find":
                for one in client.call("air.look_up", {**handset, "words": arguments.what}):
                    print(f"{one['number']}  {one['name']}")
            case "press":
                client.call("air.press", {"base": arguments.who})
            case "pull" | "plug":
                client.call("air.power", {"base": arguments.who, "on": arguments.act == "plug"})
            case _:
                _show(client.call("air.show"), json=arguments.json)
    return 0


def _show(found: dict[str, list[dict[str, Any]]], *, json: bool) -> None:
    from appliance.commands.output import print_json, table

    if json:
        print_json(found)
        return
    print("\n".join(table(found["bases"], _BASES)) if found["bases"] else "no base")
    print()
    print("\n".join(table(found["handsets"], _HANDSETS)) if found["handsets"] else "no handset")
