"""What an office of twenty people writes to its disk in a day: ``./dev bench writes`` (root).

The box's state lies on an ext4 file system of its own, made and mounted as on the box, upon a loop device;
the kernel counts the sectors written to it, journal of the file system included. Each thing an office does is
measured alone, spread as in life (nothing shares a commit that would not), and added up for a day.
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.box import SECRET, Box, office
from tests.support.phone import Phone
from tests.support.sip import SipClient

USERS = 20
OPTIONS = "noatime,nodev,nosuid,errors=remount-ro,data=ordered,commit=5"
SECTOR = 512
PAUSE_S = 0.25
LIMIT_MB = 1000
BEHIND_S = 15
"""The edge writes registrations behind, all of this time at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Something that happens so often a day."""

    what: str
    a_day: int
    kb: float

    @property
    def mb_a_day(self) -> float:
        """What it writes in a day."""
        return self.kb * self.a_day / 1000


class Disk:
    """A file system of its own; ``kb`` counts what reached the device."""

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.root = folder / "data"
        self._image = folder / "data.img"
        self._size_mb = size_mb
        self._loop = ""

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """Mounted while the block runs."""
        with self._image.open("wb") as file:
            file.truncate(self._size_mb * 1_000_000)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self._loop = _run("losetup", "--find", "--show", "--direct-io=off", str(self._image)).strip()
        try:
            self.root.mkdir()
            _run("mount", "-o", OPTIONS, self._loop, str(self.root))
            try:
                yield self.root
            finally:
                _run("umount", "--lazy", str(self.root))
        finally:
            _run("losetup", "--detach", self._loop)

    def kb(self) -> float:
        """Kilobytes written since it was made, once all that waits is written."""
        _run("sync", "--file-system", str(self.root))
        fields = Path(f"/sys/block/{Path(self._loop).name}/stat").read_text(encoding="ascii").split()
        return int(fields[6]) * SECTOR / 1000


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measured(disk: Disk, times: int, act: Callable[[], None]) -> float:
    """Kilobytes that one of so many acts wrote."""
    before = disk.kb()
    for _ in range(times):
        act()
        time.sleep(PAUSE_S)
    time.sleep(BEHIND_S + 1)
    return (disk.kb() - before) / times


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="how long the quiet box is watched")
    parser.add_argument("--times", type=int, default=12, help="how often each thing is done")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        disk = Disk(Path(name), 1000)
        root = stack.enter_context(disk.mounted())
        people = [str(21 + number) for number in range(USERS)]
        extensions = {one: {"number": one, "name": f"Phone {one}", "voicemail": True} for one in people}
        box = stack.enter_context(Box(root, office(*people, extension=extensions)))
        box.start_fax()
        habits = list(office_day(disk, box, people, arguments.seconds, arguments.times))
        total = sum(one.mb_a_day for one in habits)
        for one in habits:
            print(f"{one.what:<44} {one.kb:9.1f} kB x {one.a_day:6} a day = {one.mb_a_day:7.1f} MB")
        print(f"{'together':<44} {total:35.1f} MB a day (≤ {LIMIT_MB})")
    return 0


def office_day(disk: Disk, box: Box, people: list[str], seconds: int, times: int) -> Iterator[Habit]:
    """Everything that writes, one after another."""
    time.sleep(5)
    before = disk.kb()
    time.sleep(seconds)
    minute = (disk.kb() - before) * 60 / seconds
    yield Habit(what="a minute in which nothing happens", a_day=24 * 60, kb=minute)

    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                SipClient(server=(box.address, box.ports["sip_port"]), user=one, password=SECRET.format(one))
            )
            for one in people[2:]
        ]
        turn = iter(range(10**6))

        def register() -> None:
            client = clients[next(turn) % len(clients)]
            client.register()
            time.sleep(BEHIND_S + 1)  # each is written behind alone

        # once in five minutes, as phones do behind a router that forgets; some share what is written
        moments, renewals = 86400 / BEHIND_S, USERS * 288
        written = round(moments * (1 - math.exp(-renewals / moments)))
        yield Habit(what="registrations written", a_day=written, kb=measured(disk, times // 2, register))

    with box.phones("21", "22") as (anna, ben):

        def call() -> None:
            talk(anna, ben)

        yield Habit(what="a call that is answered", a_day=USERS * 20, kb=measured(disk, times, call))

        def message() -> None:
            made = anna.call("40")  # nobody is registered there
            anna.wait("answered", call=made)
            time.sleep(10)
            anna.hangup(made)
            box.idle()

        # of ten seconds here, of thirty in life
        yield Habit(what="a voice message of 30 s", a_day=USERS * 2, kb=3 * measured(disk, 3, message))

    number = iter(range(10**6))

    def change() -> None:
        box.control("config.set", kind="extension", id="23", fields={"name": f"Name {next(number)}"})

    yield Habit(what="a change of the configuration", a_day=50, kb=measured(disk, times, change))
    log_kb = sum((box.folder / name).stat().st_size for name in ("core.log", "edge.log")) / 1000
    # the bench's own log lies on the same disk and is not there on a box: its journal is kept packed
    calls = times + 3
    yield Habit(what="the journal kept, for each call", a_day=USERS * 20, kb=log_kb / calls / 8)


def talk(anna: Phone, ben: Phone) -> None:
    """One call, its steps far enough apart to be written one by one."""
    made = anna.call("22")
    ben.incoming()
    time.sleep(PAUSE_S)
    ben.answer()
    anna.wait("answered", call=made)
    time.sleep(PAUSE_S)
    anna.hangup(made)
    ben.wait("ended")


if __name__ == "__main__":
    sys.exit(main())
