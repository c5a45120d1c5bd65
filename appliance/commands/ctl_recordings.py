"""``ortsamt ctl recordings`` and what is done with one: start, pause, stop, play, export, delete."""

import argparse
import base64
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_facts, print_rows, who
from appliance.commands.output import local, print_json
from appliance.commands.values import moment

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

COLUMNS = ["started", "own", "party", "name", "seconds", "by", "end", "recording"]


def add(action: Adder) -> None:
    """Offer the actions."""
    listing = action("recordings", _list, "recordings of calls, newest first")
    listing.add_argument("--extension", metavar="NUMBER", help="only those of this extension")
    listing.add_argument("--call", help="only those of this call")
    listing.add_argument("--party", help="the other's number ends so")
    listing.add_argument("--since", type=moment, help="2h, 3d, today, 2026-01-31T08:00")
    listing.add_argument("--until", type=moment)
    listing.add_argument("--limit", type=int, default=30)
    acting = action("record", _act, "record a call in progress: ctl record CALL start")
    acting.add_argument("call", metavar="CALL", help="its id, as 'ctl calls' shows it")
    acting.add_argument("what", choices=["start", "stop", "pause", "resume"])
    acting.add_argument("--extension", metavar="NUMBER", help="whose side of the call")
    playing = action("recording-play", _play, "ring an extension and play a recording to it")
    playing.add_argument("recording", metavar="RECORDING")
    playing.add_argument("to", metavar="EXTENSION")
    exporting = action("recording-export", _export, "write a recording to a WAV file")
    exporting.add_argument("recording", metavar="RECORDING")
    exporting.add_argument("file", type=Path, nargs="?", help="a file or folder; default: here")
    deleting = action("recording-delete", _delete, "delete a recording for good")
    deleting.add_argument("recording", metavar="RECORDING")


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = given(
        extension=arguments.extension,
        call=arguments.call,
        party=arguments.party,
        since=arguments.since,
        until=arguments.until,
        limit=arguments.limit,
    )
    rows = client.call("recordings.list", asked)
    if arguments.json:
        print_json(rows)
        return 0
    return print_rows([_row(one) for one in rows], arguments, "no recordings", COLUMNS)


def _row(kept: dict[str, Any]) -> dict[str, Any]:
    tape = kept["tape"]
    return {
        "started": local(tape["started"]),
        "own": tape["own_number"],
        "party": tape["party_number"],
        "name": tape["party_name"],
        "seconds": round(kept["length_ms"] / 1000),
        "by": tape["by"],
        "end": kept["end"],
        "recording": tape["tape"],
    }


def _act(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = given(call=arguments.call, act=arguments.what, who=who(), extension=arguments.extension)
    result = client.call("recordings.act", asked)
    if arguments.json:
        print_json(result)
        return 0
    rows = [one for one in result["recordings"] if one["call"] == arguments.call]
    return print_rows(rows, arguments, "not recorded", ["tape", "own_number", "by", "paused"])


def _play(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"tape": arguments.recording, "to": arguments.to, "who": who()}
    return print_facts(client.call("recordings.play", asked), arguments)


def _delete(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"tape": arguments.recording, "who": who()}
    return print_facts(client.call("recordings.delete", asked), arguments)


def _export(client: "ControlClient", arguments: argparse.Namespace) -> int:
    """The file piece by piece, checked against its hash."""
    asked = {"tape": arguments.recording, "who": who()}
    piece = client.call("recordings.read", {**asked, "offset": 0})
    path = arguments.file or Path()
    if path.is_dir():
        path /= piece["name"]
    digest, written = hashlib.sha256(), 0
    with path.open("xb") as file:
        while True:
            data = base64.b64decode(piece["data"])
            file.write(data)
            digest.update(data)
            written += len(data)
            if not data or written >= piece["size"]:
                break
            piece = client.call("recordings.read", {**asked, "offset": written})
    if digest.hexdigest() != piece["sha256"]:
        print(f"ortsamt: {path} is not what was recorded: see ortsamt verify-recordings", file=sys.stderr)
        return 1
    print(path)
    return 0
