"""``ortsamt explain``: where a call would go and why, asked from the running core or of a file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.box import add_box_argument, box_of
from appliance.commands.ctl import SOCKET_VARIABLE
from appliance.commands.output import print_json

if TYPE_CHECKING:
    from appliance.model.snapshot import Snapshot

HELP = "say where a call would go, and why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--call", default="", metavar="ID", help="a call that was, as 'ctl records' shows it")
    parser.add_argument(
        "--from",
        dest="caller",
        default="",
        metavar="NUMBER",
        help="an extension's number, a public number, or 'anonymous'",
    )
    parser.add_argument("--to", dest="dialled", default="", metavar="NUMBER", help="exactly as dialled")
    parser.add_argument(
        "--at", default="", metavar="TIME", help='"saturday 12:00" or 2026-12-24T18:30; default now'
    )
    parser.add_argument(
        "--trunk", default="", metavar="ID", help="the call comes from outside over this trunk"
    )
    parser.add_argument(
        "--suppose",
        action="append",
        default=[],
        metavar="WHAT",
        help="a status or switch as it is not: 21=dnd, night=on; may be given again",
    )
    parser.add_argument("--language", choices=["de", "en"], help="default: the site's")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--config", type=Path, metavar="FILE", help="a configuration file (JSON or TOML) instead of the core"
    )
    source.add_argument(
        "--socket",
        type=Path,
        default=None,
        metavar="PATH",
        help=f"the core's control socket; default ${SOCKET_VARIABLE} or by the box settings",
    )
    add_box_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation; raises OrtsamtError for what the user must put right."""
    from appliance.model.decode import decode
    from appliance.routing.explain import Explanation
    from appliance.routing.explain_past import PastCall

    _check(arguments)
    raw = _from_file(arguments) if arguments.config is not None else _from_core(arguments)
    if arguments.json:
        print_json(raw)
    else:
        kind: type[PastCall | Explanation] = PastCall if arguments.call else Explanation
        print("\n".join(decode(kind, raw, where="the explanation").lines()))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    from appliance.errors import ConfigError

    if arguments.call:
        if arguments.config is not None:
            raise ConfigError("a file holds no calls", field="--config", hint="leave --config out")
    elif not arguments.caller or not arguments.dialled:
        raise ConfigError(
            "which call is to be explained?", field="--from", hint="give --from and --to, or --call"
        )


def _from_core(arguments: argparse.Namespace) -> Any:
    from appliance.control.client import ControlClient

    asked = {
        "call": arguments.call,
        "from": arguments.caller,
        "to": arguments.dialled,
        "at": arguments.at,
        "trunk": arguments.trunk,
        "language": arguments.language,
        "suppose": " ".join(arguments.suppose),
    }
    path = arguments.socket or os.environ.get(SOCKET_VARIABLE)
    socket = Path(path) if path else box_of(arguments).paths.runtime_dir / "control.sock"
    with ControlClient(socket) as client:
        return client.call("explain", {name: value for name, value in asked.items() if value})


def _from_file(arguments: argparse.Namespace) -> Any:
    from datetime import UTC, datetime

    from appliance.model.decode import encode
    from appliance.model.documents import Language
    from appliance.model.snapshot import check
    from appliance.routing.explain import explain
    from appliance.routing.imagine import imagine, suppose
    from appliance.routing.plan import plan

    snapshot = _snapshot(arguments.config)
    for problem in check(snapshot):
        print(f"warning: {problem}", file=sys.stderr)
    snapshot = suppose(snapshot, " ".join(arguments.suppose))
    imagined = imagine(
        snapshot,
        caller=arguments.caller,
        dialled=arguments.dialled,
        at=arguments.at,
        trunk=arguments.trunk,
        now=datetime.now(UTC),
    )
    language = Language(arguments.language) if arguments.language else snapshot.site.language
    return encode(explain(plan(imagined.request, snapshot, imagined.at), language))


def _snapshot(path: Path) -> Snapshot:
    """The configuration as it would be after importing the file; raises ConfigError with every problem."""
    from appliance.errors import ConfigError
    from appliance.model.snapshot import build
    from appliance.store.edits import Delete, new_secret
    from appliance.store.importing import changes_of, read_file
    from appliance.store.reading import decode_values

    changes, shape = changes_of(read_file(path))
    problems = list(shape)
    documents = []
    for change in changes:
        if isinstance(change, Delete):
            continue
        fields = dict(change.fields)
        if change.kind in ("device", "dect_handset"):
            # Exported files come without secrets, and an explanation needs none.
            fields.setdefault("secret", new_secret())
        document, wrong = decode_values((change.kind, change.id), fields)
        problems += wrong
        if document is not None:
            documents.append(document)
    if problems:
        raise ConfigError.of(problems)
    return build(documents)
