"""``ortsamt ctl qr``: a QR code with which an app on a smartphone becomes a phone of the office."""

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder
from appliance.commands.output import print_json
from appliance.errors import ConfigError
from appliance.provisioning import qr, softphone

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the action."""
    showing = action("qr", _qr, "a QR code that sets up a softphone: ctl qr 21 --url https://…/21.xml")
    showing.add_argument("device", metavar="DEVICE")
    showing.add_argument("--app", choices=["linphone", "acrobits"], default="linphone")
    showing.add_argument("--url", metavar="URL", help="Linphone: where its document will lie (https)")
    showing.add_argument("--cloud-id", metavar="ID", help="Acrobits, Groundwire: the id from the provider")
    showing.add_argument("--host", metavar="HOST", help="how the smartphone reaches the box")
    showing.add_argument("--document", type=Path, metavar="FILE", help="write the app's document, too")
    showing.add_argument("--svg", type=Path, metavar="FILE")
    showing.add_argument("--png", type=Path, metavar="FILE")


def _qr(client: "ControlClient", arguments: argparse.Namespace) -> int:
    account = softphone.SoftphoneAccount(**client.call("softphones.account", {"device": arguments.device}))
    if arguments.host:
        account = dataclasses.replace(account, host=arguments.host)
    if arguments.app == "linphone":
        link = softphone.linphone_link(arguments.url or "")
        document = softphone.linphone_document(account)
    else:
        link = softphone.acrobits_link(account, arguments.cloud_id or "")
        document = softphone.acrobits_document(account)
    if arguments.document:
        _write(arguments.document, document.encode())
    if arguments.svg:
        _write(arguments.svg, qr.svg(link).encode())
    if arguments.png:
        _write(arguments.png, qr.png(link))
    if arguments.json:
        print_json({"link": link})
    elif not (arguments.svg or arguments.png):
        sys.stdout.write(qr.blocks(link))
    return 0


def _write(path: Path, content: bytes) -> None:
    """For its owner alone: there is a password in it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", hint="choose another place") from error
