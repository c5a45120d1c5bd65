"""``ortsamt ctl contacts`` and its neighbours: address books, import, export, and who a number is."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, given, print_facts, print_rows
from appliance.errors import ConfigError

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the actions."""
    listing = action("contacts", _list, "address books: ctl contacts meier --book 21")
    listing.add_argument("query", nargs="?", default="", metavar="WORDS")
    listing.add_argument("--book", nargs="+", metavar="BOOK", help="global, or numbers of extensions")
    listing.add_argument("--limit", type=int, default=50)
    adding = action("contact", _put, "make a contact: ctl contact 'Anna Amsel' --number 030123 --company Zoo")
    adding.add_argument("name")
    adding.add_argument("--book", default="global", help="global, or the number of an extension")
    adding.add_argument("--number", nargs="+", default=[], metavar="NUMBER")
    for field in ("company", "address", "note"):
        adding.add_argument(f"--{field}", default="")
    action("contact-delete", _delete, "delete a contact by its id").add_argument("contact", metavar="ID")
    importing = action("contacts-import", _import, "contacts of a file: a table (CSV) or vCards")
    importing.add_argument("file", type=Path)
    importing.add_argument("--book", default="global")
    importing.add_argument("--replace", action="store_true", help="empty the book first")
    importing.add_argument("--dry-run", action="store_true", help="only say what would change")
    exporting = action("contacts-export", _export, "a whole address book, to stdout")
    exporting.add_argument("--book", default="global")
    exporting.add_argument("--format", choices=["csv", "vcard"], default="vcard")
    action("who-is", _who_is, "who has these numbers").add_argument("number", nargs="+")


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = given(query=arguments.query, books=arguments.book, limit=arguments.limit)
    rows = client.call("contacts.list", asked)
    if not arguments.json:
        rows = [{**row, "numbers": ", ".join(one["number"] for one in row["numbers"])} for row in rows]
    return print_rows(rows, arguments, "no contacts", ["id", "book", "name", "company", "numbers"])


def _put(client: "ControlClient", arguments: argparse.Namespace) -> int:
    numbers = [{"number": one} for one in arguments.number]
    fields = {name: getattr(arguments, name) for name in ("name", "book", "company", "address", "note")}
    return print_facts(client.call("contacts.put", {**fields, "numbers": numbers}), arguments)


def _delete(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("contacts.delete", {"contact": arguments.contact}), arguments)


def _import(client: "ControlClient", arguments: argparse.Namespace) -> int:
    try:
        raw = arguments.file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot read {arguments.file}: {error.strerror}", hint="look at its name"
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    asked = {"book": arguments.book, "text": text, "replace": arguments.replace, "dry_run": arguments.dry_run}
    return print_facts(client.call("contacts.import", asked), arguments)


def _export(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"book": arguments.book, "format": arguments.format}
    sys.stdout.write(client.call("contacts.export", asked))
    return 0


def _who_is(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("contacts.lookup", {"numbers": arguments.number})
    return print_rows(rows, arguments, "nobody", ["asked", "number", "name", "company"])
