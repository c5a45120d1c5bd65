"""``ortsamt ctl``: ask and change the running box through its control socket."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.commands import (
    ctl_analog,
    ctl_audio,
    ctl_calls,
    ctl_conference,
    ctl_contacts,
    ctl_dect,
    ctl_documents,
    ctl_fax,
    ctl_files,
    ctl_health,
    ctl_mail,
    ctl_mobile,
    ctl_network,
    ctl_notes,
    ctl_numbers,
    ctl_phones,
    ctl_recordings,
    ctl_registrations,
    ctl_softphone,
    ctl_standby,
    ctl_sync,
    ctl_voicemail,
)
from appliance.commands.answers import Action, print_facts
from appliance.commands.box import add_box_argument, box_of
from appliance.commands.output import text

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

HELP = "ask and change the running box"
SOCKET_VARIABLE = "ORTSAMT_SOCKET"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options and sub-commands; ``--json`` and ``--socket`` may stand before or behind these."""
    parser.set_defaults(socket=os.environ.get(SOCKET_VARIABLE), json=False)
    add_box_argument(parser)
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for one in (parser, shared):
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        one.add_argument(
            "--socket",
            metavar="PATH",
            default=argparse.SUPPRESS,
            help=f"control socket; default ${SOCKET_VARIABLE} or by the box settings",
        )
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, act: Action, words: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=words, description=words, parents=[shared])
        made.set_defaults(act=act)
        return made

    action("status", _status, "how the box is")
    watching = action("watch", _watch, "print events as they happen")
    watching.add_argument("events", nargs="*", metavar="EVENT", help="call, leg, registration, trunk, …")
    ctl_documents.add(action)
    ctl_files.add(action)
    ctl_analog.add(action)
    ctl_calls.add(action)
    ctl_contacts.add(action)
    ctl_notes.add(action)
    ctl_health.add(action)
    ctl_mail.add(action)
    ctl_mobile.add(action)
    ctl_network.add(action)
    ctl_dect.add(action)
    ctl_numbers.add(action)
    ctl_audio.add(action)
    ctl_fax.add(action)
    ctl_conference.add(action)
    ctl_recordings.add(action)
    ctl_registrations.add(action)
    ctl_softphone.add(action)
    ctl_phones.add(action)
    ctl_standby.add(action)
    ctl_sync.add(action)
    ctl_voicemail.add(action)


def run(arguments: argparse.Namespace) -> int:
    """Do one action; raises OrtsamtError for everything that fails."""
    from appliance.control.client import ControlClient

    with ControlClient(_socket(arguments)) as client:
        act: Action = arguments.act
        return act(client, arguments)


def _socket(arguments: argparse.Namespace) -> Path:
    if arguments.socket:
        return Path(arguments.socket)
    return box_of(arguments).paths.runtime_dir / "control.sock"


def _status(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("status"), arguments)


def _watch(client: "ControlClient", arguments: argparse.Namespace) -> int:
    for event in client.watch(arguments.events):
        if arguments.json:
            print(
                json.dumps({"event": event.event, "payload": event.payload}, ensure_ascii=False), flush=True
            )
        else:
            payload = event.payload if isinstance(event.payload, Mapping) else {"": event.payload}
            words = " ".join(f"{name}={text(value)}" for name, value in payload.items() if value is not None)
            print(f"{event.event}: {words}", flush=True)
    return 0
