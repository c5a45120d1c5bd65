"""``ortsamt backup``: make, list, look, restore, reset by the control socket, files where one likes."""

import argparse
import base64
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.commands.answers import print_facts, print_rows, who
from appliance.commands.box import add_box_argument, box_of
from appliance.errors import ConfigError

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

HELP = "make backups and put them back; reset to factory settings"
VARIABLE = "ORTSAMT_PASSPHRASE"
PIECE = 256 * 1024
LONG_S = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    making = actions.add_parser("make", help=f"into a file; the passphrase is asked for or ${VARIABLE}")
    making.add_argument("file", type=Path, nargs="?", help="default: kept in the box")
    making.set_defaults(act=_make)
    actions.add_parser("list", help="backups in the box").set_defaults(act=_list)
    looking = actions.add_parser("look", help="what a file would change; nothing is done")
    restoring = actions.add_parser("restore", help="put a file back; the core starts anew with it")
    for one in (looking, restoring):
        one.add_argument("file", type=Path)
        one.set_defaults(act=_restore, dry_run=one is looking)
    for one in (making, looking, restoring):
        one.add_argument("--kind", nargs="+", default=[], metavar="KIND", help="default: everything")
    resetting = actions.add_parser("reset", help="factory settings; the core starts anew")
    resetting.add_argument("scope", choices=["settings", "all"])
    resetting.add_argument("--confirm", required=True, metavar="NAME", help="the name of this box")
    resetting.set_defaults(act=_reset)


def run(arguments: argparse.Namespace) -> int:
    """0 when it was done."""
    from appliance.control.client import ControlClient

    with ControlClient(box_of(arguments).paths.runtime_dir / "control.sock", timeout=LONG_S) as client:
        code: int = arguments.act(client, arguments)
        return code


def passphrase(*, twice: bool) -> str:
    """From the environment, else asked for."""
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if not sys.stdin.isatty():
        raise ConfigError("the passphrase is missing", field="passphrase", hint=f"set {VARIABLE}")
    given = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Again: ") != given:
        raise ConfigError("the passphrases are not the same", field="passphrase", hint="try again")
    return given


def _make(client: "ControlClient", arguments: argparse.Namespace) -> int:
    made = client.call("backup.make", {"passphrase": passphrase(twice=True), "kinds": arguments.kind})
    if arguments.file is None:
        return print_facts(made, arguments)
    try:
        beside = arguments.file.with_name(arguments.file.name + ".new")
        with open(os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            while file.tell() < made["bytes"]:
                piece = client.call("backup.read", {"backup": made["backup"], "offset": file.tell()})
                file.write(base64.b64decode(piece["data"]))
            os.fsync(file.fileno())
        beside.replace(arguments.file)
    except OSError as error:
        raise ConfigError(f"cannot write {arguments.file}: {error.strerror}", hint="another place") from error
    client.call("backup.delete", {"backup": made["backup"]})
    return print_facts({"file": str(arguments.file), "bytes": made["bytes"]}, arguments)


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    columns = ["backup", "made", "node", "bytes", "kinds"]
    return print_rows(client.call("backup.list")["backups"], arguments, "no backups", columns)


def _restore(client: "ControlClient", arguments: argparse.Namespace) -> int:
    upload = ""
    try:
        with arguments.file.open("rb") as file:
            while data := file.read(PIECE):
                piece = {"upload": upload, "data": base64.b64encode(data).decode()}
                upload = client.call("backup.piece", piece)["upload"]
    except OSError as error:
        raise ConfigError(f"cannot read {arguments.file}: {error.strerror}", hint="look at it") from error
    asked = {
        "upload": upload, "passphrase": passphrase(twice=False), "kinds": arguments.kind,
        "dry_run": arguments.dry_run, "who": who(),
    }  # fmt: skip
    found = client.call("backup.restore", asked)
    if arguments.json:
        return print_facts(found, arguments)
    for problem in found["problems"]:
        print(f"{problem['where']}: {problem['message']} ({problem['remedy']})")
    count = len(found["changes"])
    print(f"{count} documents would change" if arguments.dry_run else "restored: the core starts anew")
    return 1 if found["problems"] else 0


def _reset(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"scope": arguments.scope, "confirm": arguments.confirm, "who": who()}
    return print_facts(client.call("factory.reset", asked), arguments)
