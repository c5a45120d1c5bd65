"""Many faxes at once through the whole box: how many arrive dot by dot, how long it takes, what it costs.

FAXES=10 FAX_PAGES=3 build/venv/bin/python -m pytest -s -n 0 tests/bench/test_fax.py
"""

import os
import time
from pathlib import Path

from appliance.fax import wire
from appliance.fax.documents import dots, to_fax
from tests.support.box import PUBLIC, Box, office
from tests.support.fax import FaxMachine, make_pdf
from tests.support.processes import free_port

FAXES = int(os.environ.get("FAXES", "10"))
PAGES = int(os.environ.get("FAX_PAGES", "3"))
NUMBER = "+492215550180"
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def test_many_faxes_at_once(tmp_path: Path) -> None:
    """A machine outside sends the same document over as many calls at once to one box."""
    port = free_port()
    fax_box = {"kind": "fax_box", "ref": "main"}
    documents = office(
        "21",
        fax_box={"main": {"number": "80", "extension": "21"}},
        number={"fax": {"number": NUMBER, "steps": [{"targets": [fax_box], "seconds": 20}]}},
        trunk={"main": {"kind": "static", "host": "127.0.0.1", "port": port, "default_number": PUBLIC}},
    )
    texts = [f"Seite {number}" for number in range(PAGES)]
    to_fax([make_pdf(tmp_path / "a.pdf", texts)], tmp_path / "theirs.tif", header="{page}/{pages}")
    wanted = dots(tmp_path / "theirs.tif")
    with Box(tmp_path, documents) as box:
        box.start_fax()
        assert box.core is not None
        with FaxMachine(port, box.ports["trunk_port"], tmp_path / "outside") as machine:
            before, began = cpu_seconds(box.core.pid), time.monotonic()
            for number in range(FAXES):
                machine.send(NUMBER, tmp_path / "theirs.tif", fax=f"f{number}")
            ends = [machine.wait(wire.Over, timeout=600) for _ in range(FAXES)]
            took, used = time.monotonic() - began, cpu_seconds(box.core.pid) - before
        rows = box.control("fax.journal", direction="in", limit=1000)
        folder = box.folder / "state" / "fax"
        same = sum(dots(folder / f"{row['fax']}.tif") == wanted for row in rows if row["document"])
    print(f"\n{FAXES} faxes of {PAGES} pages at once: {same} arrived dot by dot in {took:.0f} s;")
    print(
        f"core {100 * used / took / FAXES:.2f} % of a processor a fax; sender's word:",
        sorted({e.cause for e in ends}),
    )
    assert same == FAXES
