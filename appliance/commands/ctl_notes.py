"""``ortsamt ctl note``, ``notes``, ``note-change``, ``note-delete``: what people write on calls."""

import argparse
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_rows, print_words, who
from appliance.commands.output import local, print_json
from appliance.commands.values import moment

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

COLUMNS = ["note", "written", "call", "author", "reference", "text", "mailed"]


def add(action: Adder) -> None:
    """Offer the actions."""
    adding = action("note", _add, "note something on a call, running or over: ctl note CALL 'wants an offer'")
    adding.add_argument("call", metavar="CALL", help="its id, as 'ctl calls' and 'ctl records' show it")
    adding.add_argument("text")
    adding.add_argument("--author", default=who(), help="default: the user of this command")
    changing = action("note-change", _change, "change a note by its id, or send it to somebody else")
    changing.add_argument("note", metavar="NOTE")
    changing.add_argument("--text")
    changing.add_argument("--author")
    for one in (adding, changing):
        one.add_argument("--reference", help="the matter, as another system calls it")
        one.add_argument("--mail", nargs="+", default=[], metavar="ADDRESS", help="who gets it by mail")
        one.add_argument("--language", choices=["de", "en"], help="of the mail; default: the site's")
    action("note-delete", _delete, "delete a note by its id").add_argument("note", metavar="NOTE")
    listing = action("notes", _list, "notes on calls, newest first")
    listing.add_argument("call", nargs="?", metavar="CALL", help="only on this call")
    listing.add_argument("--reference", help="only with this reference")
    listing.add_argument("--since", type=moment, help="2h, 3d, today, 2026-01-31T08:00")
    listing.add_argument("--until", type=moment)
    listing.add_argument("--limit", type=int, default=30)


def _add(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _write(client, arguments, "notes.add", call=arguments.call)


def _change(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _write(client, arguments, "notes.change", note=arguments.note)


def _write(client: "ControlClient", arguments: argparse.Namespace, method: str, **of: str) -> int:
    params = given(
        **of,
        text=arguments.text,
        author=arguments.author,
        reference=arguments.reference,
        language=arguments.language,
    )
    note = client.call(method, {**params, "emails": arguments.mail})
    if arguments.json:
        print_json(note)
    else:
        sent = f", sent to {', '.join(arguments.mail)}" if arguments.mail else ""
        print(f"note {note['note']} on call {note['call']}{sent}")
    return 0


def _delete(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("notes.delete", {"note": arguments.note})
    return print_words(result, arguments, f"note {result['deleted']} deleted")


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params: dict[str, Any] = given(
        call=arguments.call,
        reference=arguments.reference,
        since=arguments.since,
        until=arguments.until,
        limit=arguments.limit,
    )
    rows = client.call("notes.list", params)
    if not arguments.json:
        rows = [{**row, "written": local(row["written"])} for row in rows]
    return print_rows(rows, arguments, "no notes", COLUMNS)
