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
    "core": (
        ("commands.run", "app.core"),
        ("nats", "aiohttp", "PIL", "fpdf", "openpyxl", "icalendar", "holidays"),
    ),
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
    assert _said(program) == "[]", f"{process} loads what it does not need while it idles"


def test_public_holidays_load_the_country_asked_for_alone() -> None:
    program = (
        "import sys; from datetime import date; from appliance.model.public_holidays import holiday;"
        "print(holiday('DE', 'BY', date(2026, 1, 6)),"
        "[one for one in sys.modules if one.startswith('holidays.countries.')])"
    )
    assert _said(program) == "Epiphany ['holidays.countries.germany']"


def test_the_engine_library_takes_what_its_calls_need() -> None:
    program = """
import pjsua2 as pj
def resident():
    lines = open("/proc/self/smaps_rollup").readlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024
before = resident()
library = pj.Endpoint()
library.libCreate()
config = pj.EpConfig()
config.uaConfig.maxCalls = 160
config.uaConfig.threadCnt = config.logConfig.level = config.logConfig.consoleLevel = 0
library.libInit(config)
print(round(resident() - before))
library.libDestroy()
"""
    assert int(_said(program).split()[0]) < 20, "MB for 160 legs: 12 were seen"


def _said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()
