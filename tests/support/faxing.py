"""What a user does with faxes over the control socket."""

import base64
from pathlib import Path
from typing import Any

from appliance.fax.documents import dots
from tests.support.box import Box


def upload(box: Box, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return str(box.control("fax.upload", data=data, name=path.name)["upload"])


def send(box: Box, path: Path, *numbers: str, **fields: Any) -> list[str]:
    ordered = box.control(
        "fax.send", box=fields.pop("box", "main"), to=numbers, uploads=[upload(box, path)], **fields
    )
    faxes: list[str] = ordered["faxes"]
    return faxes


def over(box: Box, fax: str, timeout: float = 120) -> dict[str, Any]:
    """The fax once it is over."""
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(box.control("fax.show", fax=fax))
        return found["ended"] is not None

    box.eventually(ended, f"fax {fax} to be over", timeout)
    return found


def received(box: Box, of: str) -> dict[str, Any]:
    """The newest fax that came into a box, once it is over."""
    (newest,) = box.control("fax.journal", direction="in", box=of, limit=1)
    return over(box, newest["fax"])


def pages(box: Box, fax: str) -> list[tuple[int, bytes]]:
    return dots(box.folder / "state" / "fax" / f"{fax}.tif")
