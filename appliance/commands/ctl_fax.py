"""``ortsamt ctl fax …``: send, journal, one fax, its document, cancel, retry."""

import argparse
import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_facts, print_rows, print_words
from appliance.commands.output import local

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

COLUMNS = ["fax", "created", "box", "direction", "peer", "state", "pages", "rate", "attempts", "reason"]
CHUNK = 2_000_000


def add(action: Adder) -> None:
    """Offer the actions."""
    sending = action("fax-send", _send, "send documents: ctl fax-send --box main --to 030123456 letter.pdf")
    sending.add_argument("files", nargs="*", type=Path, metavar="FILE", help="PDF, TIFF or text")
    sending.add_argument("--box", required=True, help="the fax box that sends")
    sending.add_argument("--to", required=True, action="append", metavar="NUMBER", help="may be repeated")
    sending.add_argument("--subject", default="")
    sending.add_argument("--cover", default="", metavar="TEXT", help="text of a cover page")
    sending.add_argument("--submitter", default="", metavar="ADDRESS", help="told by mail what became of it")
    listing = action("faxes", _journal, "faxes sent and received, newest first")
    listing.add_argument("--box")
    listing.add_argument("--direction", choices=["in", "out"])
    listing.add_argument("--job", help="only those of one order")
    listing.add_argument("--before", metavar="FAX", help="only faxes older than that one")
    listing.add_argument("--limit", type=int, default=30)
    action("fax", _show, "one fax with its attempts").add_argument("fax", metavar="FAX")
    saving = action("fax-save", _save, "write the pages of a fax into a file (*.pdf or *.tif)")
    saving.add_argument("fax", metavar="FAX")
    saving.add_argument("file", type=Path)
    action("fax-cancel", _cancel, "give a fax up").add_argument("fax", metavar="FAX")
    action("fax-retry", _retry, "try a fax now").add_argument("fax", metavar="FAX")
    action("fax-status", _status, "how the fax service is")


def _send(client: "ControlClient", arguments: argparse.Namespace) -> int:
    uploads = [_upload(client, path) for path in arguments.files]
    result = client.call(
        "fax.send",
        {
            "box": arguments.box,
            "to": arguments.to,
            "uploads": uploads,
            "subject": arguments.subject,
            "cover": arguments.cover,
            "submitter": arguments.submitter,
        },
        30.0,
    )
    return print_words(result, arguments, "\n".join(f"fax {fax}" for fax in result["faxes"]))


def _upload(client: "ControlClient", path: Path) -> str:
    from appliance.errors import ConfigError

    name = ""
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK):
                params = {"data": base64.b64encode(data).decode(), "name": path.name, "upload": name}
                name = str(client.call("fax.upload", params, 30.0)["upload"])
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", error_id="fax.file") from None
    if not name:
        raise ConfigError(f"{path} is empty", error_id="fax.file")
    return name


def _journal(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params: dict[str, Any] = given(
        box=arguments.box,
        direction=arguments.direction,
        job=arguments.job,
        before=arguments.before,
        limit=arguments.limit,
    )
    rows = client.call("fax.journal", params, 20.0)
    if not arguments.json:
        rows = [{**row, "created": local(row["created"]), "reason": row["reason"]["en"]} for row in rows]
    return print_rows(rows, arguments, "no faxes", COLUMNS)


def _show(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("fax.show", {"fax": arguments.fax}, 20.0), arguments)


def _save(client: "ControlClient", arguments: argparse.Namespace) -> int:
    form = "pdf" if arguments.file.suffix.lower() == ".pdf" else "tiff"
    offset = 0
    with arguments.file.open("wb") as file:
        while True:
            part = client.call("fax.document", {"fax": arguments.fax, "form": form, "offset": offset}, 60.0)
            data = base64.b64decode(part["data"])
            file.write(data)
            offset += len(data)
            if not data or offset >= part["size"]:
                break
    return print_words(
        {"file": str(arguments.file), "size": offset}, arguments, f"{arguments.file}: {offset} bytes"
    )


def _cancel(client: "ControlClient", arguments: argparse.Namespace) -> int:
    client.call("fax.cancel", {"fax": arguments.fax}, 20.0)
    if not arguments.json:
        print(f"fax {arguments.fax} is cancelled")
    return 0


def _retry(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("fax.retry", {"fax": arguments.fax}, 20.0)
    return print_words(
        result,
        arguments,
        f"fax {arguments.fax} is tried now" if result["tried"] else "there is nothing to try",
    )


def _status(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return print_facts(client.call("fax.status", {}, 20.0), arguments)
