"""Faxes through the real box: every dot that is sent arrives, as pages, as mail, at a machine outside."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.fax.documents import dots
from tests.support.box import Box, office
from tests.support.fax import make_pdf

BOXES = {
    "main": {
        "name": "Zentrale",
        "number": "80",
        "extension": "21",
        "recipients": ["anna@example.com"],
        "ident": "+49 221 555080",
    },
    "sales": {"name": "Verkauf", "number": "81", "extension": "22", "ident": "+49 221 555081"},
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path, office("21", "22", fax_box=BOXES)) as made:
        made.start_fax()
        yield made


def upload(box: Box, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return str(box.control("fax.upload", data=data, name=path.name)["upload"])


def ended(box: Box, count: int, direction: str, timeout: float = 120) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def over() -> bool:
        found[:] = [one for one in box.control("fax.journal", direction=direction) if one["ended"]]
        return len(found) >= count

    box.eventually(over, f"{count} faxes {direction} to be over", timeout)
    return found


def test_a_fax_goes_from_box_to_box_dot_by_dot(box: Box, tmp_path: Path) -> None:
    pdf = make_pdf(tmp_path / "brief.pdf", ["Guten Tag", "Zweite Seite"])
    box.control("fax.send", box="main", to=["81"], uploads=[upload(box, pdf)])
    (sent,) = ended(box, 1, "out")
    assert sent["state"] == "done", sent
    (received,) = ended(box, 1, "in")
    assert (received["state"], received["cause"], received["pages"]) == ("done", "received", 2)
    assert (received["rate"], received["ecm"], received["resolution"]) == (14400, True, [204, 196])
    assert received["remote_ident"] == "+49 221 555080"
    assert (received["box"], received["peer"], received["peer_name"]) == ("sales", "80", "Zentrale")
    folder = box.folder / "state" / "fax"
    assert dots(folder / f"{sent['fax']}.tif") == dots(folder / f"{received['fax']}.tif")
