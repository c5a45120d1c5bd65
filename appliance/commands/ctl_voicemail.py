"""``ortsamt ctl voicemail``: boxes, messages, their audio as a file."""

import argparse
import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, print_rows, print_words
from appliance.commands.output import local, print_json
from appliance.errors import ConfigError

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

COLUMNS = ["message", "box", "state", "urgent", "received", "from", "name", "seconds"]
VERBS = {
    "boxes": ("", 0, 0),
    "list": ("[BOX]", 0, 1),
    "export": ("MESSAGE FILE.wav", 2, 2),
    "mark": ("MESSAGE new|old|deleted", 2, 2),
    "delete": ("MESSAGE", 1, 1),
}


def add(action: Adder) -> None:
    """Offer the actions."""
    made = action("voicemail", _voicemail, "voicemail: ctl voicemail boxes, ctl voicemail list 21")
    made.add_argument(
        "verb", choices=list(VERBS), help="; ".join(f"{name} {what}" for name, (what, _, _) in VERBS.items())
    )
    made.add_argument("words", nargs="*", metavar="WORD")
    made.add_argument("--deleted", action="store_true", help="list: also what can be had back")


def _voicemail(client: "ControlClient", arguments: argparse.Namespace) -> int:
    verb, words = arguments.verb, arguments.words
    what, least, most = VERBS[verb]
    if not least <= len(words) <= most:
        raise ConfigError(f"'voicemail {verb}' goes like this: ctl voicemail {verb} {what}".rstrip())
    match verb:
        case "boxes":
            rows = client.call("voicemail.boxes")
            return print_rows(rows, arguments, "no voicemail box yet")
        case "list":
            params: dict[str, Any] = {"box": words[0]} if words else {}
            rows = client.call("voicemail.list", {**params, "deleted": arguments.deleted})
            shown = rows if arguments.json else [_row(row) for row in rows]
            return print_rows(shown, arguments, "no messages", COLUMNS)
        case "export":
            return _export(client, words[0], Path(words[1]), json=arguments.json)
        case "mark":
            message = client.call("voicemail.mark", {"message": words[0], "state": words[1]})
        case _:
            message = client.call("voicemail.delete", {"message": words[0]})
    return print_words(message, arguments, f"message {message['message']} is {message['state']}")


def _export(client: "ControlClient", message: str, path: Path, *, json: bool) -> int:
    from appliance.store.writing import write_file

    data = bytearray()
    offset: int | None = 0
    while offset is not None:
        piece = client.call("voicemail.audio", {"message": message, "offset": offset})
        data += base64.b64decode(piece["data"])
        offset = piece["next"]
    write_file(path, bytes(data))
    if json:
        print_json({"message": message, "file": str(path), "bytes": len(data)})
    else:
        print(f"{len(data)} bytes written to {path}")
    return 0


def _row(message: dict[str, Any]) -> dict[str, Any]:
    caller = message["caller"]
    return {
        **message,
        "received": local(message["received"]),
        "from": caller["number"] or ("withheld" if caller["withheld"] else ""),
        "name": caller["name"],
        "seconds": round(message["length_ms"] / 1000),
    }
