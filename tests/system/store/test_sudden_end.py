"""Whatever kills the process or fills the disk: what was acknowledged is there, and whole."""

import random
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from appliance.model.causes import Cause
from appliance.store.configuration import ConfigurationStore
from appliance.store.records import RecordStore
from tests.support.processes import ROOT, Process

SCRIBE = [sys.executable, "-m", "tests.support.scribe"]


def test_kill_in_the_middle_of_a_thousand_edits_loses_none_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    first = 1000
    for _ in range(4):
        with Process("scribe", [*SCRIBE, str(tmp_path), str(first)], cwd=ROOT) as scribe:
            last = first + random.randrange(150, 300)
            scribe.wait_line(f"acknowledged {last}$", timeout=60)
            scribe.kill()
            assert "do not settle" not in scribe.output
            acknowledged |= set(re.findall(r"acknowledged (\d+)", scribe.output))
        first = max(map(int, acknowledged)) + 2  # the next one may be written and not acknowledged
    assert len(acknowledged) > 600
    configuration = ConfigurationStore(tmp_path / "configuration.db", "box")
    there = set(configuration.snapshot().extensions)
    assert acknowledged <= there
    assert len(there - acknowledged) <= 4
    assert {one.extension for one in configuration.snapshot().devices.values()} == there  # a batch is whole
    assert configuration.problems() == ()
    configuration.close()
    records = RecordStore(tmp_path / "records.db")
    calls = {str(one.call): one for one in records.calls(limit=10_000)}
    assert acknowledged <= set(calls)
    assert {one.cause for one in calls.values()} == {Cause.RESTART}
    assert all(one.ended is not None and one.ended >= one.started for one in calls.values())
    records.close()


def test_a_disk_that_takes_no_more_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    with Process("scribe", [*SCRIBE, str(tmp_path), "1000", "400000"], cwd=ROOT) as scribe:
        refused = scribe.wait_line(r"refused (store\.\S+) after (\d+)", timeout=60)
        assert refused[1] in {"store.disk_full", "store.io"}
        assert scribe.wait_line(r"kept (-?\d+) more or less", timeout=20)[1] == "0"
        assert "Traceback" not in scribe.output
    configuration = ConfigurationStore(tmp_path / "configuration.db", "box")
    assert max(map(int, configuration.snapshot().extensions)) == int(refused[2])
    assert configuration.problems() == ()
    configuration.put("extension", "9999", {"number": "9999"}, "test")
    configuration.close()
    with closing(sqlite3.connect(tmp_path / "configuration.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    with Process("scribe", [*SCRIBE, str(tmp_path), "1000"], cwd=ROOT) as scribe:
        scribe.wait_line("acknowledged", timeout=20)
        with Process("second", [*SCRIBE, str(tmp_path), "1000"], cwd=ROOT) as second:
            assert second.wait(20) != 0
            assert f"already in use by process {scribe.pid}" in second.output
        scribe.kill()
    ConfigurationStore(tmp_path / "configuration.db", "box").close()
