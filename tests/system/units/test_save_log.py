"""What the journal in memory says is kept once, packed, and never more than agreed."""

import gzip
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import ROOT

SCRIPT = ROOT / "rootfs/usr/lib/ortsamt/save-log"
JOURNAL = """#!/bin/sh
# stands for journalctl: its cursor is the number of lines that were read
for word in "$@"; do
    case $word in
        --cursor-file=*) cursor=${word#--cursor-file=} ;;
    esac
done
after=$(cat "$cursor" 2> /dev/null)
tail -n +$((${after:-0} + 1)) "$LINES_FILE"
wc -l < "$LINES_FILE" > "$cursor"
"""


class Log:
    """A journal, the script, and the folder it keeps."""

    def __init__(self, folder: Path) -> None:
        self.lines, self.kept, self.cursor = folder / "lines", folder / "kept", folder / "cursor"
        self.kept.mkdir()
        self.lines.touch()
        tools = folder / "bin"
        tools.mkdir()
        (tools / "journalctl").write_text(JOURNAL)
        (tools / "journalctl").chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "LINES_FILE": str(self.lines),
        }

    def say(self, *lines: str) -> None:
        with self.lines.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def save(self, most_kb: int = 65536) -> int:
        command = [str(SCRIPT), str(self.kept), str(self.cursor), str(most_kb)]
        return subprocess.run(command, env=self.environment, check=False, timeout=30).returncode

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.kept.iterdir() if not path.name.startswith("."))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def test_each_line_is_kept_once(log: Log) -> None:
    log.say("one", "two")
    assert log.save() == 0
    assert [text(path) for path in log.files] == ["one\ntwo\n"]
    assert log.save() == 0
    assert len(log.files) == 1, "nothing new, nothing written"
    for path in log.files:
        path.rename(path.with_name("20260101T000000Z.log.gz"))
    log.say("three")
    assert log.save() == 0
    assert [text(path) for path in log.files] == ["one\ntwo\n", "three\n"]


def test_the_oldest_go_when_it_becomes_too_much(log: Log) -> None:
    for day in range(5):
        (log.kept / f"2026010{day}T000000Z.log.gz").write_bytes(os.urandom(100_000))
    log.say("new")
    assert log.save(most_kb=300) == 0
    assert 1 <= len(log.files) <= 3
    assert text(log.files[-1]) == "new\n"


def test_a_disk_without_room_keeps_what_is_there_and_tries_again(log: Log) -> None:
    log.say("one")
    (log.kept / ".new").mkdir()  # nothing can be written there
    assert log.save() != 0
    assert not log.cursor.exists(), "the lines are not taken for kept"
    (log.kept / ".new").rmdir()
    assert log.save() == 0
    assert text(log.files[0]) == "one\n"
