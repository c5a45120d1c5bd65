"""``ortsamt ctl audio …``: own recordings: announcements, music, greetings, other voices for prompts."""

import argparse
import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_facts, print_rows, print_words, who
from appliance.commands.output import print_json
from appliance.errors import ConfigError

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

CONVERT_SECONDS = 200.0
COLUMNS = ["id", "name", "use", "prompt", "language", "seconds", "named", "used_by"]
USES = ["announcement", "greeting", "music", "prompt"]


def add(action: Adder) -> None:
    """Offer the actions."""
    adding = action(
        "audio-add", _add, "upload a recording (WAV, MP3, M4A, Ogg …) or let the box speak a text"
    )
    adding.add_argument("id", metavar="ID", help="announcements are named audio/ID, music is named music/ID")
    adding.add_argument("file", nargs="?", type=Path, metavar="FILE")
    adding.add_argument("--text", help="spoken by the box instead of a file")
    adding.add_argument("--use", choices=USES, default="announcement")
    adding.add_argument("--prompt", help="the built-in prompt that it replaces: sets --use prompt")
    adding.add_argument("--language", choices=["de", "en"], help="of a replacement or of the text")
    adding.add_argument("--name")
    listing = action("audio", _list, "own recordings")
    listing.add_argument("--use", choices=USES)
    action("audio-info", _info, "one recording").add_argument("id", metavar="ID")
    getting = action("audio-get", _get, "write a recording to a WAV file, to be listened to")
    getting.add_argument("id", metavar="ID")
    getting.add_argument("file", type=Path, metavar="FILE")
    action("audio-remove", _remove, "remove a recording that nothing uses").add_argument("id", metavar="ID")
    action("audio-prompts", _prompts, "the built-in prompts, what they say, what replaces them")


def _add(client: "ControlClient", arguments: argparse.Namespace) -> int:
    if (arguments.file is None) == (arguments.text is None):
        raise ConfigError("either a file or --text is needed", field="file", hint="give one of them")
    params = given(
        id=arguments.id,
        text=arguments.text,
        use="prompt" if arguments.prompt else arguments.use,
        prompt=arguments.prompt,
        language=arguments.language,
        name=arguments.name,
        who=who(),
    )
    if arguments.file is not None:
        params["upload"] = upload(client, arguments.file)
    result = client.call("audio.add", params, CONVERT_SECONDS)
    if arguments.json:
        print_json(result)
        return 0
    document = result["document"]
    print(f"audio {document['id']} {'added' if result['created'] else 'changed'}, {_seconds(document)} s")
    for note in result["notes"]:
        print(f"note: {note['message']}")
    return 0


def upload(client: "ControlClient", path: Path) -> str:
    """Send a file in pieces; returns the upload's name. Raises ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            begun = client.call("audio.begin")
            name: str = begun["upload"]
            while piece := file.read(begun["piece_bytes"]):
                client.call("audio.piece", {"upload": name, "data": base64.b64encode(piece).decode()})
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}",
            field="file",
            hint="check its name and rights",
        ) from error
    return name


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("audio.list", given(use=arguments.use))
    if not arguments.json:
        rows = [{**row, "seconds": _seconds(row)} for row in rows]
    return print_rows(rows, arguments, "no recordings", COLUMNS)


def _info(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("audio.info", {"id": arguments.id}), arguments)


def _get(client: "ControlClient", arguments: argparse.Namespace) -> int:
    offset: int | None = 0
    try:
        with arguments.file.open("wb") as file:
            while offset is not None:
                piece = client.call("audio.read", {"id": arguments.id, "offset": offset})
                file.write(base64.b64decode(piece["data"]))
                offset = piece["next"]
    except OSError as error:
        raise ConfigError(
            f"{arguments.file} cannot be written: {error.strerror or error}",
            field="file",
            hint="choose another",
        ) from error
    print(f"audio {arguments.id} written to {arguments.file}")
    return 0


def _remove(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("audio.remove", {"id": arguments.id, "who": who()})
    return print_words(result, arguments, f"audio {result['removed']} removed")


def _prompts(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows: list[dict[str, Any]] = client.call("audio.prompts")
    if not arguments.json:
        rows = [
            {
                "name": row["name"],
                **row["texts"],
                "replaced by": " ".join(f"{language}:{by}" for language, by in row["replaced_by"].items()),
            }
            for row in rows
        ]
    return print_rows(rows, arguments, "no prompts are built in")


def _seconds(row: Any) -> str:
    return f"{row['length_ms'] / 1000:.1f}"
