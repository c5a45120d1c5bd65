"""``./dev image test``: an image in QEMU starts, telephones, is updated, and has its plug pulled."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from assembly import Builder, Order, Result, digest_of
from console import Failure, say
from environment import Workshop
from guest import BOX, HOST, Guest, Net
from power import WRITER, PowerCuts
from variants import Variants
from workshop import entering

DISK_MB = 4096
READY_S = 900.0
RESTART_S = 900.0
MOST_IMAGE_MB = 700
MOST_MEMORY_MB = 400
PULLS = 10
PORT = 8000


def _meminfo(text: str) -> int:
    facts = dict(re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE))
    return (int(facts["MemTotal"]) - int(facts["MemAvailable"])) // 1024


class Trial:
    """One box in QEMU and the parts that are tried on it, in order."""

    def __init__(self, workshop: Workshop, builder: Builder, made: Result) -> None:
        self._shop, self._builder, self._made = workshop, builder, made
        self.folder = workshop.build / "image" / "trial"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.tools = builder.tools.root
        self.net = Net(self.tools, self.folder)
        self.guest = Guest(self.tools, self.folder, "disk.qcow2", self.net)
        self.variants = Variants(builder, self.folder)
        self.figures: dict[str, float | str] = {}

    def new_disk(self, megabytes: int = DISK_MB) -> None:
        """The image, written to a larger disk."""
        raw = self.folder / "disk.raw"
        subprocess.run(["cp", "--sparse=always", str(self._made.image), str(raw)], check=True)
        with raw.open("r+b") as file:
            file.truncate(megabytes << 20)
        self.inside("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "/work/disk.raw", "/work/disk.qcow2")
        raw.unlink()

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
        return self.guest.until(
            "ready for calls", lambda: self.guest.try_sh("ortsamt update check", 300)[0] == 0, READY_S
        )

    def status(self) -> dict[str, str]:
        """``ortsamt update status``."""
        found: dict[str, str] = json.loads(self.guest.sh("ortsamt update --json status"))
        return found

    # --- the parts

    def start(self) -> None:
        """From an empty box to a call."""
        if self._made.image.stat().st_size > MOST_IMAGE_MB * 1_000_000:
            raise Failure(f"the image is larger than {MOST_IMAGE_MB} MB")
        self.figures["image MB"] = round(self._made.image.stat().st_size / 1e6)
        self.new_disk()
        self.guest.start()
        self.guest.until("the shell", self.answers, READY_S)
        self.figures["seconds to a shell"] = round(time.monotonic() - self.guest.started)
        self.figures["seconds to ready for calls"] = round(self.ready())
        failed = self.guest.sh("systemctl --failed --no-legend --plain").strip()
        if failed:
            raise Failure("services failed", failed)
        time.sleep(10)
        self.figures["MB of memory in use"] = used = _meminfo(self.guest.sh("cat /proc/meminfo"))
        if used > MOST_MEMORY_MB:
            raise Failure(f"{used} MB of memory are in use, {MOST_MEMORY_MB} are allowed")
        mounted = self.guest.sh(
            "findmnt -rn -o TARGET,FSTYPE,OPTIONS / /data /var /etc; df -m /data | tail -1"
        )
        say(mounted.strip())
        self.guest.sh("! touch /usr/x 2>/dev/null && touch /data/x /var/x && rm /data/x /var/x")
        self.guest.sh(
            "! grep -rlE 'BEGIN.*PRIVATE KEY' /etc /usr/share/ortsamt /usr/lib/ortsamt --include=*.pem"
        )

    def page(self) -> None:
        """The first page and the name on the wire."""
        done = self.outside("curl", "-ksS", "-o", "/dev/null", "-w", "%{http_code}", f"https://{BOX}/")
        if done.stdout not in ("200", "302", "303"):
            raise Failure(f"the page says {done.stdout}", done.stderr)
        self.guest.sh(
            "test -s /var/lib/ortsamt/web/first-password || test -s /data/var/lib/ortsamt/web/first-password"
        )
        host = self.guest.sh("cat /etc/hostname").strip()
        if not re.fullmatch(r"ortsamt-[0-9a-f]{4}", host):
            raise Failure(f"the name is {host}")
        self.guest.sh("resolvectl mdns | grep -q yes")
        self.guest.sh("ip -4 -o addr show | grep -q 169.254.")

    def call(self) -> None:
        """Two-way sound between a phone outside and the box."""
        self.guest.sh("ortsamt ctl set extension 21 number=21 name=Trial")
        self.guest.sh("ortsamt ctl set device trial extension=21 username=trial secret=trial-secret-1")
        self.guest.sh("ortsamt ctl set service echo number=*43 application=echo")
        done = self.outside(
            *(str(self._shop.venv / "bin" / "ortsamt"), "phone", "--server", BOX, "--user", "trial"),
            *("--secret", "trial-secret-1", "--bind", HOST, "--tone", "700", "--call", "*43"),
            *("--for", "12", "--expect-tone", "700"),
        )
        if done.returncode:
            raise Failure(
                f"the call from outside failed ({done.returncode})", done.stdout[-1500:] + done.stderr
            )

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
        good = self.variants.good()
        begun = time.monotonic()
        self.fetch(good)
        self.guest.until("slot b on trial or confirmed", lambda: self.status()["slot"] == "b", RESTART_S)
        self.guest.until("confirmed", lambda: self._confirmed() == "b", RESTART_S)
        self.figures["seconds for an update"] = round(time.monotonic() - begun)
        if self.status()["version"] != self.variants.GOOD:
            raise Failure(f"the version is {self.status()['version']}")
        self.ready()

    def _confirmed(self) -> str:
        return (
            self.guest.sh("ortsamt update boot-slots get-primary").strip()
            if self._running_is_primary()
            else ""
        )

    def _running_is_primary(self) -> bool:
        code, text = self.guest.try_sh("journalctl -b -u ortsamt-confirm -o cat | grep -c confirmed", 20)
        return code == 0 and int(text.strip() or 0) > 0

    def bad(self) -> None:
        """Bundles that must not stay: one without a telephone service, one that does not even start."""
        for name, bundle in (("broken", self.variants.broken()), ("headless", self.variants.headless())):
            before = self.status()["slot"]
            begun = time.monotonic()
            self.fetch(bundle)
            self.guest.until(
                f"{name}: back in slot {before}",
                partial(self._back_in, before),
                2 * RESTART_S,
            )
            shown = self.status()
            self.figures[f"seconds until back from {name}"] = round(time.monotonic() - begun)
            say(f"  {shown['error']}")
            if shown["error_id"] != "update.returned" or shown["version"] != self.variants.GOOD:
                raise Failure(f"{name}: {shown}")
            self.ready()

    def _back_in(self, slot: str) -> bool:
        shown = self.status()
        return shown["phase"] == "failed" and shown["slot"] == slot

    def refused(self) -> None:
        """Foreign signature, other board: not even kept."""
        for bundle, error_id in (
            (self.variants.foreign(), "update.signature"),
            (self.variants.other_board(), "update.wrong_board"),
        ):
            self.fetch(bundle)
            shown = self._until_phase("failed")
            if shown["error_id"] != error_id:
                raise Failure(f"{bundle.name}: {shown}")
            say(f"  {shown['error']}")

    def pulls(self) -> None:
        """Ten times the plug is pulled while the configuration is written; nothing acknowledged is lost."""
        for run in range(1, PULLS + 1):
            self.guest.sh(f"RUN={run}; rm -f /run/acknowledged; ({WRITER}) >/dev/null 2>&1 &")
            last = ""
            deadline = time.monotonic() + 20 + run
            while time.monotonic() < deadline:
                code, text = self.guest.try_sh("tail -n 1 /run/acknowledged", 20)
                last = text.strip() if code == 0 else last
                time.sleep(0.2)
            self.guest.pull_the_plug()
            self.guest.start()
            self.ready()
            found = json.loads(self.guest.sh("ortsamt ctl --json get service echo"))["name"]
            number = [int(one.split("-")[1]) if one.startswith(f"{run}-") else 0 for one in (last, found)]
            if number[1] < number[0] or not number[0]:
                raise Failure(f"acknowledged was {last}, after the pull there is {found}")
            say(f"  pull {run}: {last} was acknowledged, {found} is there")
        self.figures["plug pulls survived"] = PULLS

    def crashes(self) -> None:
        """A hundred power cuts, replayed from one record of the disk's writes."""
        self.figures["crash points replayed"] = PowerCuts(self.folder, self.inside).run(self)

    def damaged(self) -> None:
        """A data partition that is not one any more: reachable, and it says so; a reset mends it."""
        self.guest.sh("dd if=/dev/zero of=/dev/disk/by-partlabel/data bs=1M count=300 conv=fsync; sync")
        self.guest.pull_the_plug()
        self.guest.start()
        self.guest.until("the shell", self.answers, READY_S)
        self.guest.until("the rescue page", self._rescue, READY_S)
        if self.guest.try_sh("systemctl is-active ortsamt-core")[0] == 0:
            raise Failure("the core runs without its data")
        with_reset = "ortsamt update factory-reset --yes"
        self.guest.try_sh(with_reset, 20)
        time.sleep(15)
        self.ready()

    def _rescue(self) -> bool:
        return "damaged" in self.outside("curl", "-sS", f"http://{BOX}/").stdout

    def run(self, wanted: Sequence[str]) -> None:
        """All parts, or those that are named (the start always)."""
        parts: tuple[Callable[[], None], ...] = (
            *(
                self.start,
                self.page,
                self.call,
                self.update,
                self.bad,
                self.refused,
                self.pulls,
                self.damaged,
            ),
        )
        self.net.open()
        self.net.give_addresses()
        handler = partial(_Quiet, directory=str(self.folder))
        with _in_network(self.net, handler):
            for part in parts:
                if part != self.start and wanted and part.__name__ not in wanted:
                    continue
                begun = time.monotonic()
                part()
                what = (part.__doc__ or "").splitlines()[0]
                say(f"✓ {part.__name__}: {what} ({time.monotonic() - begun:.0f} s)")

    def close(self) -> None:
        """Switch everything off."""
        self.guest.pull_the_plug()
        self.net.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_said: object) -> None:
        pass


class _in_network:  # noqa: N801 - reads as a verb
    """A web server inside the guest's network: a thread that has entered it."""

    def __init__(self, net: Net, handler: Callable[..., SimpleHTTPRequestHandler]) -> None:
        self._net, self._handler = net, handler
        self._made: list[ThreadingHTTPServer] = []

    def __enter__(self) -> None:
        opened = threading.Event()

        def serve() -> None:
            import ctypes

            with Path(f"/run/netns/{self._net.name}").open("rb") as space:
                ctypes.CDLL(None, use_errno=True).setns(space.fileno(), 0x40000000)
            made = ThreadingHTTPServer((HOST, PORT), self._handler)
            self._made.append(made)
            opened.set()
            made.serve_forever()

        threading.Thread(target=serve, daemon=True, name="bundles").start()
        if not opened.wait(10):
            raise Failure("the web server for bundles does not start")

    def __exit__(self, *_: object) -> None:
        for made in self._made:
            made.shutdown()


def run_trials(workshop: Workshop, order: Order, wanted: Sequence[str], *, keep: bool) -> int:
    """Build what is missing, then try it; returns the exit status."""
    builder = Builder(workshop, order)
    trial = Trial(workshop, builder, builder.make())
    try:
        trial.run(wanted)
    finally:
        trial.close()
        for name, value in trial.figures.items():
            say(f"{name}: {value}")
        if not keep:
            for path in trial.folder.glob("*.qcow2"):
                path.unlink()
    return 0
