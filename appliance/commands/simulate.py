"""``ortsamt simulate``: use the emulated analog telephones of a running box."""

import argparse
import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.commands import simulate_dect
from appliance.commands.box import add_box_argument, box_of

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

HELP = "use emulated analog telephones (lift, dial, speak, flash, fax) and DECT handsets (dect …)"
SOCKET_VARIABLE = "ORTSAMT_SIMULATION"
_POLL_S = 0.1
_PATIENCE_S = 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What a user of a telephone can do."""
    add_box_argument(parser)
    parser.add_argument(
        "--socket",
        default=os.environ.get(SOCKET_VARIABLE),
        metavar="FILE",
        help=f"simulation socket; default ${SOCKET_VARIABLE} or by the box settings",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--wait", action="store_true", help="return when the user has finished")
    deeds = parser.add_subparsers(metavar="DEED", required=True)

    def deed(name: str, help_: str) -> argparse.ArgumentParser:
        made = deeds.add_parser(name, help=help_, description=help_)
        made.set_defaults(deed=name)
        if name != "show":
            made.add_argument("phone", help="the port it hangs on, as in box.toml")
        return made

    deed("show", "what every telephone does, rings, shows and hears")
    deed("lift", "take the handset")
    deed("hangup", "put it back")
    dial = deed("dial", "press keys, or turn the disc")
    dial.add_argument("digits")
    dial.add_argument(
        "--pulses", nargs="?", type=float, const=10.0, metavar="PER_SECOND", help="with a disc; default 10"
    )
    flash = deed("flash", "press the R key, or tap the hook")
    flash.add_argument("milliseconds", nargs="?", type=int, default=100, help="default 100")
    speak = deed("speak", "say a WAV file into the handset")
    speak.add_argument("file", type=Path)
    load = deed("load", "put a fax machine there, with a document for the next number that is dialled")
    load.add_argument("document", type=Path, nargs="?", help="PDF, TIFF or text; without: only to receive")
    load.add_argument("--ident", default="", help="what the machine says of itself")
    load.add_argument("--no-ecm", action="store_true", help="without error correction")
    simulate_dect.add(deeds)
    take = deed("take", "fetch the fax that the machine received last")
    take.add_argument("file", type=Path, help="a TIFF file is written")


def run(arguments: argparse.Namespace) -> int:
    """Do it; raises NotRunning when no box with emulated telephones runs, ConfigError for what cannot be."""
    from appliance.control.client import ControlClient
    from appliance.fxs.emulator.desk import desk_path

    if arguments.deed == "dect":
        return simulate_dect.run(arguments, box_of(arguments).paths.runtime_dir)
    path = Path(arguments.socket) if arguments.socket else desk_path(box_of(arguments).paths.runtime_dir)
    with ControlClient(path) as client:
        if arguments.deed == "show":
            _show(client, arguments)
            return 0
        _do(client, arguments)
        if arguments.wait:
            _await_user(client, arguments.phone)
            _show(client, arguments)
    return 0


def _do(client: "ControlClient", arguments: argparse.Namespace) -> None:
    phone = {"phone": arguments.phone}
    match arguments.deed:
        case "lift":
            client.call("phones.lift", phone)
        case "hangup":
            client.call("phones.hang_up", phone)
        case "flash":
            client.call("phones.flash", {**phone, "milliseconds": arguments.milliseconds})
        case "dial":
            pulses = (
                {} if arguments.pulses is None else {"how": "pulses", "pulses_per_second": arguments.pulses}
            )
            client.call("phones.dial", {**phone, "digits": arguments.digits, **pulses})
        case "speak":
            from appliance.fxs.emulator.wav import read_wav

            sound = base64.b64encode(read_wav(arguments.file)).decode("ascii")
            client.call("phones.speak", {**phone, "sound": sound})
        case "load":
            document = "" if arguments.document is None else _as_fax(arguments.document)
            ecm = not arguments.no_ecm
            client.call("phones.load", {**phone, "document": document, "ident": arguments.ident, "ecm": ecm})
        case "take":
            arguments.file.write_bytes(base64.b64decode(client.call("phones.take", phone)["document"]))


def _as_fax(document: Path) -> str:
    import tempfile

    from appliance.errors import ConfigError
    from appliance.fax.documents import to_fax

    with tempfile.TemporaryDirectory() as folder:
        tiff = Path(folder) / "loaded.tif"
        try:
            to_fax([document], tiff)
        except OSError as error:
            raise ConfigError(
                f"{document} cannot be read: {error.strerror}", error_id="simulate.file"
            ) from None
        return base64.b64encode(tiff.read_bytes()).decode("ascii")


def _await_user(client: "ControlClient", phone: str) -> None:
    import time

    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if all(one["idle"] for one in client.call("phones.show") if one["phone"] == phone):
            return
        time.sleep(_POLL_S)


def _show(client: "ControlClient", arguments: argparse.Namespace) -> None:
    from appliance.commands.output import print_json, table

    phones = client.call("phones.show")
    if arguments.json:
        print_json(phones)
        return
    for one in phones:
        one.pop("idle")
        one.pop("bells")
        one["rings"] = "rings" if one["rings"] else ""
    print("\n".join(table(phones)) if phones else "no emulated telephone: write emulated = true in [[fxs]]")
