"""``ortsamt update``: new software from a file or from the web, and what systemd and RAUC call."""

import argparse
import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import print_facts
from appliance.commands.box import add_box_argument, box_of

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

HELP = "update the box: file, fetch, install, status; its two slots of software"
CHUNK = 1_500_000
LONG_S = 200.0
Runner = Callable[[argparse.Namespace], int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_box_argument(parser)
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, run: Runner, text: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text)
        made.set_defaults(action=run)
        return made

    action("status", _status, "what runs, and how an update stands")
    bring = action("file", _file, "bring a bundle: it is verified and kept, with --install also put in")
    bring.add_argument("bundle", type=Path, metavar="FILE.raucb")
    fetch = action("fetch", _fetch, "fetch a bundle from the web in the background; goes on after a cut")
    fetch.add_argument("url")
    for one in (bring, fetch):
        one.add_argument("--sha256", default="", help="what it must be")
        one.add_argument("--install", action="store_true", help="then install it, never during calls")
        one.add_argument("--at", default="", metavar="TIME", help="not before: 2026-11-24T03:00:00+01:00")
    install = action("install", _install, "install what is there, when nobody telephones")
    install.add_argument("--at", default="", metavar="TIME", help="not before: 2026-11-24T03:00:00+01:00")
    action("cancel", _cancel, "forget an update that does not run yet")
    action("check", _check, "make a test call to the box itself; exit code 1 when it fails")
    action("factory-reset", _reset, "delete all data at the next start, and restart").add_argument(
        "--yes", action="store_true", help="do not ask"
    )
    action("reset-done", _reset_done, "forget the wish for a reset (the start calls it)")
    action("run", _run, "the update service (systemd starts it)")
    action("confirm", _confirm, "prove software on trial, or restart into the old one (systemd starts it)")
    action("boot-slots", _boot_slots, "RAUC's questions to the boot loader").add_argument("words", nargs="+")


def run(arguments: argparse.Namespace) -> int:
    """Do one action; raises OrtsamtError."""
    action: Runner = arguments.action
    return action(arguments)


def _client() -> "ControlClient":
    from appliance.control.client import ControlClient
    from appliance.control.update import SOCKET

    return ControlClient(SOCKET)


def _ask(arguments: argparse.Namespace, method: str, params: dict[str, Any]) -> int:
    with _client() as client:
        return print_facts(client.call(method, params, LONG_S), arguments)


def _status(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "update.show", {})


def _file(arguments: argparse.Namespace) -> int:
    from appliance.errors import ConfigError

    name = ""
    with _client() as client:
        try:
            with arguments.bundle.open("rb") as file:
                while data := file.read(CHUNK):
                    params = {"data": base64.b64encode(data).decode(), "upload": name}
                    name = client.call("update.upload", params, LONG_S)["upload"]
        except OSError as error:
            raise ConfigError(
                f"{arguments.bundle} cannot be read: {error.strerror}", error_id="update.file"
            ) from None
        params = {
            "upload": name,
            "sha256": arguments.sha256,
            "install": arguments.install,
            "at": arguments.at,
        }
        return print_facts(client.call("update.stage", params, LONG_S), arguments)


def _fetch(arguments: argparse.Namespace) -> int:
    params = {
        "url": arguments.url,
        "sha256": arguments.sha256,
        "install": arguments.install,
        "at": arguments.at,
    }
    return _ask(arguments, "update.fetch", params)


def _install(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "update.install", {"at": arguments.at})


def _cancel(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "update.cancel", {})


def _check(arguments: argparse.Namespace) -> int:
    from appliance.firmware.health import check

    health = check(box_of(arguments).paths.runtime_dir / "control.sock", 30.0)
    print(health.detail)
    return 0 if health.good else 1


def _reset(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from appliance.firmware.bootstore import boot_store
    from appliance.firmware.service import Box

    if not arguments.yes and input("All data of this box is deleted. Type 'delete' to go on: ") != "delete":
        print("nothing was done")
        return 1
    with boot_store() as store:
        store.write(replace(store.read(), reset=True))
    Box().restart()
    return 0


def _reset_done(_arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from appliance.firmware.bootstore import boot_store

    with boot_store() as store:
        store.write(replace(store.read(), reset=False))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from appliance.app.updating import run_service
    from appliance.telemetry.logs import configure

    configure("info", json=True)
    run_service(box_of(arguments))
    return 0


def _confirm(arguments: argparse.Namespace) -> int:
    from appliance.app.updating import confirm_trial
    from appliance.telemetry.logs import configure

    configure("info", json=True)
    return confirm_trial(box_of(arguments))


def _boot_slots(arguments: argparse.Namespace) -> int:
    from appliance.firmware.backend import answer
    from appliance.firmware.bootstore import boot_store
    from appliance.firmware.service import Box

    now = Box().running()
    with boot_store() as store:
        choice = store.read()
        said, changed = answer(arguments.words, choice, now)
        if changed != choice:
            store.write(changed)
    if said:
        print(said)
    return 0
