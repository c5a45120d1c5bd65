"""What processes of the box do not load while they idle: memory is scarce on a small box."""

import subprocess
import sys

import pytest

NATS = ("nats", "aiohttp", "nkeys")
SOUND = ("pjsua2", "appliance.media.spandsp")
OFFICE = ("appliance.model.documents", "appliance.model.snapshot", "phonenumbers")
PAPER = ("PIL", "fpdf", "openpyxl", "cryptography")

LOADED = {
    "sync": (("commands.sync", "sync.process"), (*NATS, *SOUND, *OFFICE, *PAPER)),
    "network": (("commands.network_helper", "app.network"), (*NATS, *SOUND, *OFFICE, *PAPER)),
    "update": (("commands.update", "app.updating"), (*NATS, *SOUND, *OFFICE, *PAPER)),
    "fax": (("commands.fax", "app.fax"), (*NATS, *SOUND, *PAPER)),
    "pulse": (("sip.edge.pulse",), (*NATS, *SOUND, *OFFICE, *PAPER, "asyncio", "structlog")),
    "web": (("commands.web",), (*NATS, *SOUND)),
}
"""Process → what its start loads (of ``appliance``), and what must not be among it."""


@pytest.mark.parametrize("process", LOADED)
def test_a_process_loads_nothing_it_has_no_use_for(process: str) -> None:
    modules, forbidden = LOADED[process]
    words = [f"import appliance.{name}" for name in ("cli", *modules)]
    if process != "pulse":
        words.append("import appliance.telemetry.logs")
    if process == "web":
        words.append("import webui.process")
    program = "; ".join(
        [*words, "import sys", f"print([one for one in {forbidden!r} if one in sys.modules])"]
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]", f"{process} loads what it does not need while it idles"
