"""``ortsamt ctl list``, ``get``, ``set``, ``log``, ``undo`` …: the configuration, document by document."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_facts, print_rows, print_words, who
from appliance.commands.output import local, print_json
from appliance.commands.values import fields_of_words, moment

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the actions."""
    action("kinds", _kinds, "kinds of documents and their fields")
    listing = action("list", _list, "documents of a kind")
    listing.add_argument("kind", metavar="KIND")
    listing.add_argument("--reveal", action="store_true", help="show secrets")
    getting = action("get", _get, "one document")
    _entity(getting)
    getting.add_argument("--reveal", action="store_true", help="show secrets")
    setting = action("set", _set, "create or change a document: ctl set extension 21 number=21 name=Anna")
    _entity(setting)
    setting.add_argument("fields", nargs="*", metavar="FIELD=VALUE", help="lists and tables as JSON")
    unsetting = action("unset", _unset, "put fields of a document back to their defaults")
    _entity(unsetting)
    unsetting.add_argument("fields", nargs="+", metavar="FIELD")
    _entity(action("delete", _delete, "delete a document"))
    logging = action("log", _log, "who changed what, when")
    logging.add_argument("kind", metavar="KIND", nargs="?")
    logging.add_argument("id", metavar="ID", nargs="?")
    logging.add_argument("--since", type=moment, help="2h, 3d, today, 2026-01-31T08:00")
    logging.add_argument("--limit", type=int, default=100)
    undoing = action("undo", _undo, "take one operation of the log back")
    undoing.add_argument("operation")
    undoing.add_argument("--dry-run", action="store_true", help="only say whether it can be")


def _entity(made: argparse.ArgumentParser) -> None:
    made.add_argument("kind", metavar="KIND", help="site, extension, device, number, trunk, service")
    made.add_argument("id", metavar="ID")


def _kinds(client: "ControlClient", arguments: argparse.Namespace) -> int:
    kinds = client.call("config.kinds")
    rows = [{"kind": kind, **field} for kind, fields in kinds.items() for field in fields]
    return print_rows(kinds if arguments.json else rows, arguments, "")


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("config.list", {"kind": arguments.kind, "reveal": arguments.reveal})
    return print_rows(rows, arguments, f"no {arguments.kind} yet")


def _get(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = {"kind": arguments.kind, "id": arguments.id, "reveal": arguments.reveal}
    return print_facts(client.call("config.get", params), arguments)


def _set(client: "ControlClient", arguments: argparse.Namespace) -> int:
    fields = fields_of_words(arguments.kind, arguments.id, arguments.fields)
    return _change(client, arguments, {"fields": fields})


def _unset(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _change(client, arguments, {"unset": arguments.fields, "create": False})


def _change(client: "ControlClient", arguments: argparse.Namespace, what: Mapping[str, Any]) -> int:
    result = client.call("config.set", {"kind": arguments.kind, "id": arguments.id, "who": who(), **what})
    if arguments.json:
        print_json(result)
        return 0
    done = "created" if result["created"] else "changed" if result["operations"] else "is so already"
    print(f"{arguments.kind} {arguments.id} {done}")
    return 0


def _delete(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("config.delete", {"kind": arguments.kind, "id": arguments.id, "who": who()})
    return print_words(result, arguments, f"{arguments.kind} {arguments.id} deleted")


def _log(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(kind=arguments.kind, id=arguments.id, since=arguments.since, limit=arguments.limit)
    rows = client.call("config.log", params)
    if not arguments.json:
        rows = [{**row, "at": local(row["at"])} for row in rows]
    columns = ["id", "at", "who", "kind", "entity", "action", "field", "old", "value"]
    return print_rows(rows, arguments, "no operations", columns)


def _undo(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"operation": arguments.operation, "dry_run": arguments.dry_run, "who": who()}
    result = client.call("config.undo", asked)
    if arguments.json:
        print_json(result)
    else:
        count = len(result["changes"])
        done = "undone by" if result["applied"] else "would be undone by"
        print(f"{done} {count} operations" if count else "is so already")
    return 0
