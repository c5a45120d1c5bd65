"""The units as systemd sees them: without a fault, and each in its sandbox."""

import configparser
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import ROOT

UNITS = sorted((ROOT / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
EXPOSURE = {
    "ortsamt-core": 4.0,
    "ortsamt-log-end": 10.0,
    "ortsamt-confirm": 10.0,
    "ortsamt-panel": 8.0,
    "ortsamt-rescue": 6.5,
    "ortsamt-update": 6.5,
}
"""The most that is allowed; 2.5 for all others (docs/units.md)."""
LONG = ("core", "edge", "web", "fax", "sync", "standby")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def settings(unit: Path) -> dict[str, list[str]]:
    """Every setting of all sections with its values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_systemd_has_nothing_to_say_against_them(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        for program in ("/usr/bin/ortsamt", "/usr/lib/ortsamt/save-log"):
            text = text.replace(f"={program}", "=/bin/true")  # they are on the box, not here
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = analyze("verify", *(str(tmp_path / unit.name) for unit in UNITS))
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "ortsamt" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: str(unit.stem))
def test_each_service_is_exposed_no_more_than_agreed(unit: Path) -> None:
    most = EXPOSURE.get(unit.stem, 2.5)
    done = analyze("security", "--offline=yes", f"--threshold={round(most * 10)}", str(unit))
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", LONG)
def test_what_runs_all_the_time_is_restarted_bounded_and_its_own_user(name: str) -> None:
    found = settings(ROOT / "systemd" / f"ortsamt-{name}.service")
    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"], "it is tried for ever"
    assert "MemoryMax" in found
    assert "TasksMax" in found
    assert found["User"] == ["ortsamt" if name == "core" else f"ortsamt-{name}"]
    assert found["WantedBy"] == ["multi-user.target"]
    assert "StateDirectory" not in found, "it would take the folder away from the others"
    assert found["Type"] == ["notify"]
    assert found["WatchdogSec"] == ["10s" if name == "core" else "30s"]
    assert found["NoNewPrivileges"] == ["yes"]


def test_every_user_and_folder_that_a_unit_names_is_made() -> None:
    users = (ROOT / "rootfs/usr/lib/sysusers.d/ortsamt.conf").read_text(encoding="utf-8").split()
    folders = (ROOT / "rootfs/usr/lib/tmpfiles.d/ortsamt.conf").read_text(encoding="utf-8").split()
    for unit in SERVICES:
        found = settings(unit)
        assert set(found.get("User", [])) <= set(users)
        for path in " ".join(found.get("ReadWritePaths", [])).split():
            assert path in folders or path == "/run" or path.startswith("-"), f"{unit.name}: {path}"


def test_users_and_folders_are_made_as_written(tmp_path: Path) -> None:
    for name in ("sysusers", "tmpfiles"):
        conf = ROOT / f"rootfs/usr/lib/{name}.d/ortsamt.conf"
        if name == "sysusers":
            for file in ("passwd", "group", "shadow", "gshadow"):
                (tmp_path / "etc").mkdir(exist_ok=True)
                (tmp_path / "etc" / file).write_text(
                    {"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\nadm:x:4:\n"}.get(
                        file, ""
                    )
                )
        words = ["--create"] if name == "tmpfiles" else []
        done = subprocess.run(
            [f"systemd-{name}", f"--root={tmp_path}", *words, str(conf)],
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    state = tmp_path / "var/lib/ortsamt"
    assert oct(state.stat().st_mode)[-4:] == "3770"
    assert oct((state / "web").stat().st_mode)[-3:] == "700"
    assert (state / "edge/tls").is_dir()
    owners = {
        line.split(":")[0]: int(line.split(":")[2])
        for line in (tmp_path / "etc/passwd").read_text().split("\n")
        if ":" in line
    }
    assert (state / "edge").stat().st_uid == owners["ortsamt-edge"]
    assert (state / "fax").stat().st_uid == owners["ortsamt-fax"]


def test_the_journal_stays_in_memory_and_small() -> None:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "rootfs/etc/systemd/journald.conf.d/50-ortsamt.conf")
    assert parser["Journal"]["Storage"] == "volatile"
    assert parser["Journal"]["RuntimeMaxUse"] == "32M"
