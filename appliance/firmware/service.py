"""The update service: takes bundles, installs them at a quiet moment, knows what became of it."""

import queue
import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import structlog

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.firmware import rauc
from appliance.firmware.bootstore import boot_store
from appliance.firmware.fetching import fetch
from appliance.firmware.order import Phase, Step, Update, after_start, failed, next_step, waits_for
from appliance.firmware.shelf import MAX_BUNDLE, Shelf
from appliance.firmware.slots import BootChoice, Mode, Running, may_write, running, try_once

LOOK_S = 5.0
AGAIN_S = 60.0
BUSY = (Phase.INSTALLING, Phase.TRIAL)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_URL = re.compile(r"https?://[^\s/]+/\S*")
_log = structlog.get_logger("update")


class Machine(Protocol):
    """What the service does to the box; the tests bring one without a disk."""

    def running(self) -> Running | None:
        """What was started."""

    def version(self) -> str:
        """Of the software that runs."""

    def choice(self) -> BootChoice:
        """The boot loader's choice."""

    def choose(self, choice: BootChoice) -> None:
        """Change it."""

    def look(self, path: Path) -> rauc.Bundle:
        """Verify and read a bundle; raises ConfigError."""

    def check(self, bundle: rauc.Bundle) -> None:
        """Raise ConfigError when it is not for this box."""

    def install(self, path: Path) -> None:
        """Write it into the other slot."""

    def restart(self) -> None:
        """Restart the box."""


class Box:
    """The box this runs on."""

    def running(self) -> Running | None:
        """From the kernel's command line; the boot loader's choice counts unless that says *confirmed*."""
        line = Path("/proc/cmdline").read_text(encoding="ascii", errors="replace")
        found = running(line)
        if found is None or "ortsamt.mode=confirmed" in line:
            return found
        return running(line, self.choice())

    def version(self) -> str:
        """From /etc/os-release."""
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
        values = dict(line.partition("=")[::2] for line in lines)
        return values.get("IMAGE_VERSION", "").strip('"')

    def choice(self) -> BootChoice:
        """From the boot partition."""
        with boot_store() as store:
            return store.read()

    def choose(self, choice: BootChoice) -> None:
        """On the boot partition."""
        with boot_store() as store:
            store.write(choice)

    def look(self, path: Path) -> rauc.Bundle:
        """By RAUC."""
        return rauc.info(path)

    def check(self, bundle: rauc.Bundle) -> None:
        """By the board in RAUC's configuration and the size of the slots."""
        compatible = rauc.compatible_of(rauc.SYSTEM.read_text(encoding="utf-8"))
        blocks = Path("/dev/disk/by-partlabel/root-b").resolve().name
        sectors = int((Path("/sys/class/block") / blocks / "size").read_text(encoding="ascii"))
        rauc.check(bundle, compatible, sectors * 512)

    def install(self, path: Path) -> None:
        """By RAUC."""
        rauc.install(path)

    def restart(self) -> None:
        """By systemd; a Raspberry Pi's loader is told that it is a trial."""
        argument = Path("/run/systemd/reboot-param")
        if "ortsamt.loader=tryboot" in Path("/proc/cmdline").read_text(encoding="ascii", errors="replace"):
            argument.write_text("0 tryboot", encoding="ascii")
        subprocess.run(["systemctl", "reboot"], check=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How it stands, for people and programs."""

    version: str
    slot: str
    mode: str
    phase: str
    new_version: str
    wanted: bool
    due: datetime | None
    waits_for: str
    fetched: int
    size: int
    error_id: str
    error: str


class UpdateService:
    """Owns the story; methods come from the control socket's threads, steps are done on ``run``'s."""

    def __init__(
        self,
        shelf: Shelf,
        machine: Machine,
        calls: Callable[[], int],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._shelf, self._machine, self._calls, self._clock = shelf, machine, calls, clock
        self._lock = threading.Lock()
        self._wake: queue.Queue[None] = queue.Queue()
        self._stopping = threading.Event()
        self._quiet_since: datetime | None = None
        self._again: datetime | None = None
        shelf.folder.mkdir(parents=True, exist_ok=True)
        self._now = machine.running()
        self._update = shelf.load()
        self._go_on()
        if self._update.phase in (Phase.DONE, Phase.FAILED):
            shelf.clear()

    def _go_on(self) -> None:
        """What the start of the box, or the proof of what runs on trial, means for the story."""
        after = after_start(
            self._update, self._clock(), self._now, self._machine.version(), self._shelf.why_left()
        )
        if after != self._update:
            self._keep(after)
            _log.info("update", phase=after.phase.value, version=after.version, error=after.error)

    def _keep(self, update: Update) -> None:
        self._shelf.save(update)
        self._update = update

    # --- asked from outside

    def show(self) -> Shown:
        """How it stands."""
        update, now = self._update, self._clock()
        part = self._shelf.part
        return Shown(
            version=self._machine.version(),
            slot=self._now.slot.value if self._now is not None else "",
            mode=self._now.mode.value if self._now is not None else "",
            phase=update.phase.value,
            new_version=update.version,
            wanted=update.wanted,
            due=update.due,
            waits_for=waits_for(update, now, quiet_since=self._quiet_since),
            fetched=part.stat().st_size if part.exists() else 0,
            size=update.size,
            error_id=update.error_id,
            error=update.error,
        )

    def bring(self, name: str, sha256: str, *, install: bool, due: datetime | None) -> Shown:
        """Take a file that was brought in pieces; raises ConfigError when it is no update for this box."""
        with self._lock:
            self._free_to_change()
            path = self._shelf.received(name)
            try:
                self._stage(path, Update(sha256=_hash(sha256), wanted=install, due=due))
            except OrtsamtError:
                path.unlink(missing_ok=True)
                raise
        self.wake()
        return self.show()

    def fetch(self, url: str, sha256: str, *, install: bool, due: datetime | None) -> Shown:
        """Fetch a bundle from the web, in the background."""
        if not _URL.fullmatch(url) or len(url) > 2000:
            raise ConfigError(
                "url: is no web address",
                field="url",
                hint="write https://…/update.raucb",
                error_id="update.url",
            )
        with self._lock:
            self._free_to_change()
            if self._update.url != url:
                self._shelf.clear()
            self._keep(
                Update(
                    phase=Phase.FETCHING,
                    url=url,
                    sha256=_hash(sha256),
                    wanted=install,
                    due=due,
                    since=self._clock(),
                )
            )
            self._again = None
        self.wake()
        return self.show()

    def order(self, due: datetime | None) -> Shown:
        """Install what is staged, at ``due`` or at the next quiet moment."""
        with self._lock:
            if self._update.phase not in (Phase.FETCHING, Phase.STAGED, Phase.INSTALLED):
                raise ConfigError(
                    "there is no update to install", error_id="update.none", hint="bring or fetch one first"
                )
            self._keep(replace(self._update, wanted=True, due=due))
        self.wake()
        return self.show()

    def cancel(self) -> Shown:
        """Forget an update that does not run yet."""
        with self._lock:
            self._free_to_change()
            if self._update.phase is Phase.INSTALLED:
                self._machine.choose(replace(self._machine.choice(), trial=None))
            self._shelf.clear()
            self._keep(Update(since=self._clock()))
        return self.show()

    def _free_to_change(self) -> None:
        if self._update.phase in BUSY:
            raise ConfigError(
                "an update is being installed or tried",
                error_id="update.busy",
                hint="wait until it is done: see 'ortsamt update status'",
            )

    # --- done by itself

    def wake(self) -> None:
        """Look at once."""
        self._wake.put(None)

    def stop(self) -> None:
        """Come to an end."""
        self._stopping.set()
        self.wake()

    def run(self) -> None:
        """Do what is due until :meth:`stop`."""
        while not self._stopping.is_set():
            if self.turn() is Step.RESTART:
                self._stopping.wait(AGAIN_S)
            try:
                self._wake.get(timeout=LOOK_S)
            except queue.Empty:
                continue

    def turn(self) -> Step:
        """Look once and do the next step; returns which one."""
        now = self._clock()
        self._look_for_calls(now)
        self._look_for_proof()
        with self._lock:
            step = next_step(self._update, now, quiet_since=self._quiet_since)
        try:
            match step:
                case Step.FETCH if self._again is None or now >= self._again:
                    self._fetch()
                case Step.INSTALL:
                    self._install()
                case Step.RESTART:
                    _log.info("restarting into the new software", version=self._update.version)
                    self._machine.restart()
        except OrtsamtError as error:
            self._give_up(error)
        return step

    def _look_for_calls(self, now: datetime) -> None:
        try:
            calls = self._calls()
        except OrtsamtError:
            calls = 0  # without a core there is nobody on the line
        self._quiet_since = None if calls else self._quiet_since or now

    def _look_for_proof(self) -> None:
        """Software on trial that has been confirmed is no trial any more; no restart is needed for that."""
        if self._now is None or self._now.mode is Mode.CONFIRMED:
            return
        try:
            found = self._machine.running()
        except OrtsamtError:
            return  # asked again at the next look
        with self._lock:
            if found is not None and found.mode is Mode.CONFIRMED:
                self._now = found
                self._go_on()

    def _give_up(self, error: OrtsamtError) -> None:
        _log.warning("update", error_id=error.error_id, error=str(error))
        with self._lock:
            if self._update.phase is Phase.FETCHING and isinstance(error, DeviceUnavailable):
                self._again = datetime.fromtimestamp(self._clock().timestamp() + AGAIN_S, UTC)
                self._keep(replace(self._update, error_id=error.error_id, error=str(error)))
                return
            self._keep(failed(self._update, self._clock(), error.error_id, str(error)))
            self._shelf.clear()

    def _fetch(self) -> None:
        update, part = self._update, self._shelf.part
        fetch(update.url, part, MAX_BUNDLE, self._shelf.free, self._stopping.is_set)
        with self._lock:
            if self._update.url == update.url and self._update.phase is Phase.FETCHING:
                self._stage(part, self._update)

    def _stage(self, path: Path, update: Update) -> None:
        """With the lock held: verify and keep. Raises ConfigError."""
        size = path.stat().st_size
        self._shelf.take(path, update.sha256)
        try:
            bundle = self._machine.look(self._shelf.bundle)
            self._machine.check(bundle)
        except OrtsamtError:
            self._shelf.clear()
            raise
        self._keep(
            replace(
                update,
                phase=Phase.STAGED,
                version=bundle.version,
                size=size,
                error="",
                error_id="",
                since=self._clock(),
            )
        )
        _log.info("update staged", version=bundle.version, size=size)

    def _install(self) -> None:
        now = self._now
        if now is None:
            raise ConfigError("no image of Ortsamt runs here", error_id="update.no_image")
        with self._lock:
            target = may_write(self._machine.choice(), now)
            installing = replace(
                self._update,
                phase=Phase.INSTALLING,
                from_slot=now.slot,
                from_version=self._machine.version(),
                since=self._clock(),
            )
            self._keep(installing)
            self._shelf.left.unlink(missing_ok=True)
        _log.info("installing", version=installing.version, slot=target.value)
        self._machine.install(self._shelf.bundle)
        with self._lock:
            self._keep(replace(installing, phase=Phase.INSTALLED, since=self._clock()))
            self._machine.choose(try_once(self._machine.choice(), target))
            self._shelf.bundle.unlink(missing_ok=True)


def _hash(text: str) -> str:
    if text and not _SHA256.fullmatch(text):
        raise ConfigError("sha256: is no SHA-256", field="sha256", hint="64 hexadecimal digits")
    return text.lower()


def facts(shown: Shown) -> Mapping[str, Any]:
    """As the control socket tells it."""
    row = asdict(shown)
    return {**row, "due": shown.due.isoformat() if shown.due is not None else None}
