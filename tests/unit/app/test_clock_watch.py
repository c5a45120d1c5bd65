"""A clock that is wrong is told: one behind what was written down, one that no server sets."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.app.clock_watch import ClockWatch
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.languages import Language
from appliance.network.facts import TimeFacts
from appliance.network.reading import read_time
from appliance.telemetry.alarms import Alarms

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


class Rig:
    def __init__(self, tmp_path: Path) -> None:
        self.now, self.newest = NOW, NOW - timedelta(days=1)
        self.synchronised: bool | None = True
        self.told: list[Alarm] = []
        self.alarms = Alarms(self.told.append)
        release = tmp_path / "clock-epoch"
        release.touch()
        os.utime(release, (NOW.timestamp() - 86400 * 30,) * 2)
        self.watch = ClockWatch(
            self.alarms, lambda: self.newest, self._time, now=lambda: self.now, release=release
        )

    def _time(self) -> TimeFacts:
        return TimeFacts(now="", synchronised=self.synchronised, since="", server="")

    def active(self) -> list[AlarmKind]:
        return [one.kind for one in self.alarms.active()]


def test_a_clock_in_1970_is_told_and_over_when_it_is_set(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.watch.look()
    assert rig.active() == []
    rig.now = datetime(1970, 1, 1, 0, 2, tzinfo=UTC)
    rig.watch.look()
    assert rig.active() == [AlarmKind.CLOCK_BEHIND]
    assert "1970-01-01" in rig.told[0].said(Language.GERMAN)
    assert "2026-11-22" in rig.told[0].said(Language.ENGLISH)
    rig.now = NOW
    rig.watch.look()
    assert rig.active() == []
    assert rig.told[-1].over


def test_the_date_of_the_software_counts_too(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.newest = None  # type: ignore[assignment]
    rig.now = NOW - timedelta(days=60)
    rig.watch.look()
    assert rig.active() == [AlarmKind.CLOCK_BEHIND]


def test_a_clock_that_nobody_sets_is_told_after_a_while(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.synchronised = False
    for _ in range(9):
        rig.watch.look()
    assert rig.active() == []
    rig.watch.look()
    assert rig.active() == [AlarmKind.CLOCK_UNSET]
    rig.synchronised = True
    rig.watch.look()
    assert rig.active() == []


def test_where_nobody_watches_the_clock_nothing_is_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.synchronised = None
    for _ in range(20):
        rig.watch.look()
    assert rig.told == []


def test_how_systemd_says_it(tmp_path: Path) -> None:
    def said(_command: object) -> str:
        return "ServerName=ntp.example.com\nServerAddress=192.0.2.7\n"

    mark, daemon = tmp_path / "timesync/synchronized", tmp_path / "timesync"
    assert read_time(lambda _: "", mark=mark, daemon=daemon).synchronised is None
    daemon.mkdir()
    assert read_time(said, mark=mark, daemon=daemon).synchronised is False
    mark.touch()
    found = read_time(said, mark=mark, daemon=daemon)
    assert found.synchronised
    assert found.server == "ntp.example.com (192.0.2.7)"
