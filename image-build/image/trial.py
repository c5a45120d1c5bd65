"""``./dev image test``: an image in QEMU starts, telephones, is updated, and has its plug pulled."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assembly import Builder, Order, Result, digest_of
from boards import Board
from console import Failure, report, say
from contained import Contained, no_failures
from environment import Workshop
from foreign import NATIVE
from guest import BOX, HOST, Guest, Net, machine_of
from power import WRITER
from serving import PORT, Quiet, served
from variants import Variants
from workshop import entering

DISK_MB = 4096
READY = "ready"
"""The state of the box that a later trial may go on from."""
READY_S = 900.0
RESTART_S = 900.0
MOST_IMAGE_MB = 700
CONTAINED = ("content", "services", "full", "unplugged", "crashes")
"""Parts that need no QEMU."""
BOOTED = (
    *("start", "memory", "page", "bare", "call", "clock", "update", "refused", "cut", "broken", "headless"),
    *("hanging", "pulls", "reset", "damaged"),
)
"""Parts on one box in QEMU; the first makes it."""
PARTS = (*CONTAINED, *BOOTED, "again")
MOST_MEMORY_MB = 400
LINK_LOCAL, FALLBACK = "169.254.100.1", "192.168.181.1"
RESUME_S = 120.0
SETTLE_S = 20.0
PULLS = 10
CUT_S = 4.0
_UNITS = "for unit in /sys/fs/cgroup/system.slice/*.service; do "
_LARGEST = ' $(basename $unit)"; done | sort -rn | head -n 12'
EFFORT = (
    _UNITS
    + "echo \"$(sed -n 's/usage_usec \\(.*\\).\\{6\\}$/\\1/p' $unit/cpu.stat) s of processor"
    + _LARGEST
)
MEMORY = _UNITS + 'echo "$(($(cat $unit/memory.current) >> 20)) MB' + _LARGEST


def parts_of(wanted: Sequence[str], *, go_on: bool = False) -> list[str]:
    """All parts or those named, in that order; a start before the first in QEMU, unless a box is there."""
    names = list(wanted or PARTS)
    if go_on:
        return [name for name in names if wanted or name != BOOTED[0]]
    if BOOTED[0] not in names and set(names) & set(BOOTED):
        names.insert(0, BOOTED[0])
    return names


def suited(board: Board, wanted: Sequence[str]) -> Sequence[str]:
    """The parts for this board: a container has this machine's processor. Raises Failure for others."""
    machine_of(board)
    if board.architecture == NATIVE:
        return wanted
    alien = set(wanted) & set(CONTAINED[1:])
    if alien:
        raise Failure(
            f"{', '.join(sorted(alien))}: a container cannot run {board.architecture}",
            f"There are: {', '.join((CONTAINED[0], *BOOTED))}",
        )
    return wanted or (CONTAINED[0], *BOOTED)


def _meminfo(text: str) -> int:
    facts = dict(re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE))
    return (int(facts["MemTotal"]) - int(facts["MemAvailable"])) // 1024


class Trial:
    """One box in QEMU and the parts that are tried on it, in order."""

    def __init__(
        self, workshop: Workshop, builder: Builder, made: Result, *, keep: bool = False, go_on: bool = False
    ) -> None:
        """``go_on``: with the box of the trial before, as it was when it was ready."""
        self._shop, self._builder, self._made, self._keep = workshop, builder, made, keep
        self._go_on = go_on
        self.folder = workshop.build / "image" / "trial"
        if not go_on:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tools = builder.tools.root
        self.net = Net(self.tools, self.folder)
        self.guest = Guest(self.tools, self.folder, "disk.qcow2", self.net, builder.order.board)
        self.variants = Variants(builder, self.folder)
        self.contained = Contained(builder.made / "root.tar", self.folder / "container", self.tools)
        self.figures: dict[str, float | str] = {}

    def new_disk(self, megabytes: int = DISK_MB) -> None:
        """The image, written to a larger disk."""
        raw = self.folder / "disk.raw"
        subprocess.run(["cp", "--sparse=always", str(self._made.image), str(raw)], check=True)
        with raw.open("r+b") as file:
            file.truncate(megabytes << 20)
        self.inside("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "/work/disk.raw", "/work/disk.qcow2")
        raw.unlink()
        # A format that keeps states beside the disk's.
        variables = machine_of(self._builder.order.board).variables
        self.inside("qemu-img", "convert", "-f", "raw", "-O", "qcow2", variables, "/work/vars.qcow2")

    def inside(self, *argv: str) -> str:
        """Run a program of the builder's Debian on the trial's folder."""
        done = subprocess.run(
            entering(self.tools, {self.folder: "/work"}, argv), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failure(f"{argv[0]} failed", done.stderr[-1000:])
        return done.stdout

    def outside(self, *argv: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the guest's network."""
        return subprocess.run(
            [*self.net.inside, *argv], capture_output=True, text=True, check=False, timeout=seconds
        )

    def answers(self) -> bool:
        """Whether the box's shell does."""
        return self.guest.try_sh("true", 5)[0] == 0

    def ready(self) -> float:
        """Wait until the box makes a call to itself; seconds since it was switched on."""
        self.guest.until("the shell", self.answers, READY_S)
        return self.guest.until("ready for calls", self._calls_itself, READY_S)

    def _calls_itself(self) -> bool:
        return self.guest.try_sh("ortsamt update check", 300)[0] == 0

    def status(self) -> dict[str, str]:
        """``ortsamt update status``."""
        found: dict[str, str] = json.loads(self.guest.sh("ortsamt update --json status"))
        return found

    # --- the parts

    def start(self) -> None:
        """From an empty box to a call."""
        size = round(self._made.image.stat().st_size / 1e6)
        self.figures["image MB"] = size
        if size > MOST_IMAGE_MB:
            raise Failure(f"the image has {size} MB, {MOST_IMAGE_MB} are allowed")
        self.new_disk()
        self.guest.start()
        self.guest.until("the shell", self.answers, READY_S)
        self.figures["seconds to a shell"] = round(time.monotonic() - self.guest.started)
        self.figures["seconds to ready for calls"] = round(self.ready())
        no_failures(self.guest)
        say(self.guest.sh(EFFORT).strip())
        say(
            self.guest.sh(
                "findmnt -rn -o TARGET,FSTYPE,OPTIONS / /data /var /etc; df -m /data | tail -1"
            ).strip()
        )
        self.guest.sh("! touch /usr/x 2>/dev/null && touch /data/x /var/x && rm /data/x /var/x")

        self.guest.save(READY)

    def memory(self) -> None:
        """How much the idle box has in use."""
        time.sleep(SETTLE_S)
        self.figures["MB of memory in use"] = used = _meminfo(self.guest.sh("cat /proc/meminfo"))
        say(self.guest.sh(MEMORY).strip())
        if used > MOST_MEMORY_MB:
            raise Failure(f"{used} MB of memory are in use, {MOST_MEMORY_MB} are allowed")

    def again(self) -> None:
        """The image made a second time, from nothing, has the same bytes; so has what it consists of."""
        second = Builder(self._shop, self._builder.order, "-again")
        made = second.make()
        try:
            for one, other in (
                (self._made.root, made.root),
                (self._made.image, made.image),
                (self._made.inventory, made.inventory),
            ):
                if digest_of(one) != digest_of(other):
                    raise Failure(f"{one.name} is another one each time", f"compare {one} {other}")
        finally:
            if not self._keep:
                shutil.rmtree(second.made)

    def page(self) -> None:
        """The first page and the name on the wire; both, and the first password, stand on the screen."""
        self._page_answers()
        for word in (BOX, ".local", "First login", "Ready for calls"):
            self.guest.until(f"'{word}' on the screen", partial(self._on_screen, word), 300)
        self.guest.sh("test -s /var/lib/ortsamt/web/first-password")
        host = self.guest.sh("cat /etc/hostname").strip()
        if not re.fullmatch(r"ortsamt-[0-9a-f]{4}", host):
            raise Failure(f"the name is {host}")
        self.guest.sh("resolvectl mdns | grep -q yes")

    def bare(self) -> None:
        """Nobody gives addresses: the page is at those that the box takes by itself, until one is given."""
        self.net.take_addresses()
        self._plug_in_again()
        for address in (LINK_LOCAL, FALLBACK):
            self.guest.until(f"the page at {address}", partial(self._page_at, address), 300)
        self.net.give_addresses()
        self._plug_in_again()
        self.guest.until("the page at the address that was given", partial(self._page_at, BOX), 300)
        self.guest.until("no other address", lambda: FALLBACK not in self.guest.sh("ip -4 -o addr show"), 120)
        self.guest.until("calls at the address that was given", self._calls_itself, READY_S)
        # Edge and core start anew with new addresses while nobody telephones: not in the midst of what comes.
        self._back_to_ready()

    def _plug_in_again(self) -> None:
        for state in ("off", "on"):
            self.guest.tell(f"set_link n0 {state}")
            time.sleep(3)

    def _page_at(self, address: str) -> bool:
        return (
            self.outside("curl", "-ksSf", "-m", "30", "-o", "/dev/null", f"https://{address}/").returncode
            == 0
        )

    def _on_screen(self, word: str) -> bool:
        # A box that goes on from a state that was saved has said it before.
        screens = self.folder.glob("console-*.log")
        return any(word in one.read_text(encoding="utf-8", errors="replace") for one in screens)

    def _page_answers(self) -> None:
        done = self.outside("curl", "-ksS", "-o", "/dev/null", "-w", "%{http_code}", f"https://{BOX}/")
        if done.stdout not in ("200", "302", "303"):
            raise Failure(f"the page says {done.stdout}", done.stderr)

    def echo(self) -> None:
        """An extension, a telephone and the echo service are there."""
        self.guest.sh("ortsamt ctl set extension 21 number=21 name=Trial")
        self.guest.sh("ortsamt ctl set device trial extension=21 username=trial secret=trial-secret-1")
        self.guest.sh("ortsamt ctl set service echo number=*43 application=echo")

    def call(self) -> None:
        """Two-way sound between a phone outside and the box."""
        self.echo()
        done = self.outside(
            *(str(self._shop.venv / "bin" / "ortsamt"), "phone", "--server", BOX, "--user", "trial"),
            *("--secret", "trial-secret-1", "--bind", HOST, "--tone", "700", "--call", "*43"),
            *("--for", "12", "--expect-tone", "700"),
        )
        if done.returncode:
            raise Failure(
                f"the call from outside failed ({done.returncode})", done.stdout[-1500:] + done.stderr
            )

    def clock(self) -> None:
        """A clock that says 1970: the box starts at the latest time it knows, and telephones."""
        before = int(self.guest.sh("sync; date +%s"))
        self.guest.pull_the_plug()
        self.guest.start(clock="1970-01-01T00:00:00")
        self.ready()
        now = int(self.guest.sh("date +%s"))
        known = int(self.guest.sh("stat -c %Y /usr/lib/clock-epoch"))
        say(f"  the clock says {self.guest.sh('date -u').strip()}")
        if now < known or now > before + 3600:
            raise Failure(f"the clock says {now}, the release is of {known}, it was {before}")
        # The page's service starts after the core's, so a box that telephones may not have it yet.
        self.guest.until("the page", partial(self._page_at, BOX), 120)

    def fetch(self, bundle: Path, *words: str) -> None:
        """Let the box fetch a bundle from a web server beside it and install it."""
        self.guest.sh(
            f"ortsamt update fetch http://{HOST}:{PORT}/{bundle.name} --sha256 {digest_of(bundle)} --install "
            + " ".join(words)
        )

    def _until_phase(self, *phases: str) -> dict[str, str]:
        self.guest.until(
            f"an update that is {' or '.join(phases)}", lambda: self.status()["phase"] in phases, RESTART_S
        )
        return self.status()

    def update(self) -> None:
        """A good bundle: installed, tried, confirmed."""
        good, before = self.variants.good(), self.status()["slot"]
        begun = time.monotonic()
        self.fetch(good)
        shown = self._until_phase("done", "failed")
        self.figures["seconds for an update"] = round(time.monotonic() - begun)
        if (shown["phase"], shown["version"]) != ("done", self.variants.GOOD) or shown["slot"] == before:
            raise Failure(f"after an update: {shown}")
        self.ready()

    def cut(self) -> None:
        """The plug is pulled while a slot is written: the old software goes on, and says so."""
        before = self.status()
        self.fetch(self.variants.good())
        self._until_phase("installing")
        time.sleep(CUT_S)
        self.guest.pull_the_plug()
        self.guest.start()
        self.ready()
        shown = self.status()
        say(f"  {shown['error']}")
        if shown["error_id"] != "update.cut" or shown["slot"] != before["slot"]:
            raise Failure(f"after a cut: {shown}")

    def broken(self) -> None:
        """Software without a telephone service is left by itself, with the reason."""
        self._returns("broken", self.variants.broken())

    def headless(self) -> None:
        """Software that does not even start is left."""
        self._returns("headless", self.variants.headless())

    def hanging(self) -> None:
        """Software that hangs at its start is left by the watchdog."""
        self._returns("hanging", self.variants.hanging())

    def _returns(self, name: str, bundle: Path) -> None:
        before = self.status()
        begun = time.monotonic()
        self.fetch(bundle)
        self.guest.until(
            f"{name}: back in slot {before['slot']}", partial(self._back_in, before["slot"]), 2 * RESTART_S
        )
        shown = self.status()
        self.figures[f"seconds until back from {name}"] = round(time.monotonic() - begun)
        say(f"  {shown['error']}")
        if shown["error_id"] != "update.returned" or shown["version"] != before["version"]:
            raise Failure(f"{name}: {shown}")
        self.ready()

    def _back_in(self, slot: str) -> bool:
        shown = self.status()
        return shown["phase"] == "failed" and shown["slot"] == slot

    def refused(self) -> None:
        """Foreign signature, other board, larger than a slot: not even kept."""
        for bundle, error_id in (
            (self.variants.foreign(), "update.signature"),
            (self.variants.other_board(), "update.wrong_board"),
            (self.variants.too_large(), "update.too_large"),
        ):
            self.fetch(bundle)
            shown = self._until_phase("failed")
            if shown["error_id"] != error_id:
                raise Failure(f"{bundle.name}: {shown}")
            say(f"  {shown['error']}")
            self.guest.sh("! ls /var/lib/ortsamt-update/*.raucb /var/lib/ortsamt-update/*.part 2>/dev/null")

    def pulls(self) -> None:
        """Ten times the plug is pulled while the configuration is written; nothing acknowledged is lost."""
        self.echo()
        for run in range(1, PULLS + 1):
            self.guest.sh(f"RUN={run}; rm -f /run/acknowledged; ({WRITER}) >/dev/null 2>&1 &")
            last = ""
            deadline = time.monotonic() + 20 + run
            while time.monotonic() < deadline or not last:
                code, text = self.guest.try_sh("tail -n 1 /run/acknowledged", 20)
                last = text.strip() if code == 0 else last
                time.sleep(0.2)
            self.guest.pull_the_plug()
            self.guest.start()
            found = self._after_start("ortsamt ctl --json get service echo")["name"]
            number = [int(one.split("-")[1]) if one.startswith(f"{run}-") else 0 for one in (last, found)]
            if number[1] < number[0] or not number[0]:
                raise Failure(f"acknowledged was {last}, after the pull there is {found}")
            say(f"  pull {run}: {last} was acknowledged, {found} is there")
        self.ready()
        self.figures["plug pulls survived"] = PULLS

    def _after_start(self, line: str) -> dict[str, str]:
        """What the core says as soon as it is there."""
        self.guest.until("the shell", self.answers, READY_S)
        self.guest.until("the core", lambda: self.guest.try_sh(line, 60)[0] == 0, READY_S)
        found: dict[str, str] = json.loads(self.guest.sh(line))
        return found

    def reset(self) -> None:
        """A factory reset: another box with another password, and nothing of the old one."""
        self.echo()
        before = self.guest.sh("cat /etc/machine-id")
        self._reset()
        if self.guest.sh("cat /etc/machine-id") == before:
            raise Failure("after a factory reset it is the same box")
        if self.guest.try_sh("ortsamt ctl get extension 21")[0] == 0:
            raise Failure("after a factory reset the extension is there")

    def _reset(self) -> None:
        """Ask for it, and wait for a box that telephones again."""
        start = self.guest.sh("cat /proc/sys/kernel/random/boot_id")
        with contextlib.suppress(Failure):
            self.guest.try_sh("ortsamt update factory-reset --yes", 30)
        self.guest.until(
            "the restart",
            lambda: self.guest.sh("cat /proc/sys/kernel/random/boot_id", 10) != start,
            RESTART_S,
        )
        self.ready()

    def damaged(self) -> None:
        """A data partition that is not one any more: reachable, and it says so; a reset mends it."""
        self.guest.sh("dd if=/dev/zero of=/dev/disk/by-partlabel/data bs=1M count=300 conv=fsync; sync")
        self.guest.pull_the_plug()
        self.guest.start()
        self.guest.until("the shell", self.answers, READY_S)
        self.guest.until("the rescue page", self._rescue, READY_S)
        if self.guest.try_sh("systemctl is-active ortsamt-core")[0] == 0:
            raise Failure("the core runs without its data")
        self._reset()

    def _rescue(self) -> bool:
        return "The data partition" in self.outside("curl", "-sS", f"http://{BOX}/").stdout

    def run(self, wanted: Sequence[str]) -> None:
        """All parts, or those that are named; raises Failure at the end when one failed."""
        self.net.open()
        self.net.give_addresses()
        handler = partial(Quiet, directory=str(self.folder))
        with served(self.net, handler):
            if self._go_on:
                self._back_to_ready()
            failed = [name for name in parts_of(wanted, go_on=self._go_on) if not self._passes(name)]
        if failed:
            raise Failure(f"these parts failed: {', '.join(failed)}")

    def _passes(self, name: str) -> bool:
        """Try a part. After one that failed, the others have the box as it was when it was ready."""
        part: Callable[[], None] = getattr(self.contained if name in CONTAINED else self, name)
        begun = time.monotonic()
        try:
            part()
        except Failure as failure:
            if name == BOOTED[0]:
                raise
            say(f"✗ {name} ({time.monotonic() - begun:.0f} s)")
            report(failure)
            if name in BOOTED:
                self._keep_journal(name)
                self._back_to_ready()
            return False
        what = (part.__doc__ or "").splitlines()[0]
        say(f"✓ {name}: {what} ({time.monotonic() - begun:.0f} s)")
        return True

    def _keep_journal(self, name: str) -> None:
        """Write the box's journal after a part that failed beside the trial's other files, if it answers."""
        kept = self.folder / f"journal-{name}.log"
        with contextlib.suppress(OSError, Failure):
            kept.write_text(self.guest.sh("journalctl -b --no-pager -o short-monotonic | tail -n 250", 300))
            say(f"  the journal is in {kept}")

    def _back_to_ready(self) -> None:
        """The box as it was after its start."""
        self.guest.pull_the_plug()
        self.guest.start(state=READY)
        self.guest.until("the shell", self.answers, RESUME_S)

    def close(self) -> None:
        """Switch everything off."""
        self.guest.pull_the_plug()
        self.net.close()


def run_trials(
    workshop: Workshop, order: Order, wanted: Sequence[str], *, keep: bool, go_on: bool = False
) -> int:
    """Build what is missing, then try it; returns the exit status. Raises Failure."""
    keep = keep or go_on
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise Failure(f"there is no part {', '.join(sorted(unknown))}", f"There are: {', '.join(PARTS)}")
    wanted = suited(order.board, wanted)
    builder = Builder(workshop, order)
    trial = Trial(workshop, builder, builder.make(), keep=keep, go_on=go_on)
    try:
        trial.run(wanted)
    finally:
        trial.close()
        for name, value in (trial.contained.figures | trial.figures).items():
            say(f"{name}: {value}")
        if not keep:
            for path in trial.folder.glob("*.qcow2"):
                path.unlink()
    return 0
