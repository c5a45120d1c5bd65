"""The systems under load: our box, edge and core as systemd would start them, and the baseline."""

import json
import resource
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError
from tests.bench.load import asterisk
from tests.bench.load.phones import Account, Office, Server
from tests.support.processes import ROOT, Process, free_ports, ortsamt, release_port
from tests.support.sip import NoAnswer, SipClient

START_S = 60.0
STOP_S = 15.0
REALM = "ortsamt"
_ADDRESS = "127.0.0.1"
_RTP_PORTS = 8000
_RTP_FIRST = {"ortsamt": 40000, "asterisk": 48000}
"""Among the ports the kernel hands out itself; both systems step over one that is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAudio:
    """What arrived on a leg so far."""

    received: int
    lost: int
    jitter_ms: float


class System(ABC):
    """Something phones register with. ``start`` may be called again after ``stop``: the state stays."""

    name: str

    def __init__(self, folder: Path, office: Office) -> None:
        self.folder = folder
        self.office = office
        self.processes: dict[str, Process] = {}

    @property
    @abstractmethod
    def server(self) -> Server:
        """Where phones find it."""

    @property
    def rtp(self) -> tuple[int, int]:
        """First and last port for media."""
        first = _RTP_FIRST[self.name]
        return first, first + _RTP_PORTS - 1

    @property
    def version(self) -> str:
        """Name and version, as far as it is known once it runs."""
        return self.name

    @abstractmethod
    def start(self) -> float:
        """Start its processes without waiting for anything; the time on the monotonic clock before."""

    @abstractmethod
    def records(self) -> int:
        """Call records on disk."""

    @abstractmethod
    def legs(self) -> int | None:
        """Legs that exist now; None: not known."""

    def media(self) -> tuple[LegAudio, ...]:
        """The callers' legs that hear something now; none when that is not known."""
        return ()

    def prepare(self) -> None:  # noqa: B027 - the baseline reads them from its files
        """Once after the first start: give it the phones' accounts."""

    def parts(self) -> dict[str, int]:
        """Name and root process of each part that is measured."""
        return {name: process.pid for name, process in self.processes.items()}

    def stop(self) -> None:
        """End everything in reverse order; the state on disk stays."""
        for process in reversed(self.processes.values()):
            process.stop(STOP_S)
        self.processes.clear()

    def close(self) -> None:
        """Stop and give back what was claimed."""
        self.stop()

    def wait_ready(self) -> None:
        """Wait until a phone may register; raises RuntimeError with the last lines of the logs."""
        one = self.office.callers[0]
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            self.check()
            with SipClient(
                server=(_ADDRESS, self.server.port), user=one.user, password=one.secret,
                realm=self.server.domain, timeout_s=1.0,
            ) as phone:  # fmt: skip
                try:
                    if phone.register(expires_s=60).status == 200:
                        phone.register(expires_s=0)
                        return
                except (NoAnswer, OSError, KeyError):
                    pass
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not let phones register:\n{self.tail()}")

    def check(self) -> None:
        """Raise RuntimeError when a process has ended."""
        for name, process in self.processes.items():
            if not process.alive:
                raise RuntimeError(f"{self.name}: {name} has ended:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of every process."""
        return "\n".join(
            f"[{name}] {line}" for name, process in self.processes.items() for line in process.lines[-15:]
        )


class Box(System):
    """Our appliance: ``ortsamt edge`` and ``ortsamt run`` with one box.toml."""

    name = "ortsamt"

    def __init__(self, folder: Path, office: Office, *, max_legs: int, clock_rate: int = 0) -> None:
        super().__init__(folder, office)
        folder.mkdir(parents=True, exist_ok=True)
        self._ports = free_ports(6)
        sip, tls, trunk, edge_core, core, evapi = self._ports
        first, last = self.rtp
        prompts = ROOT / "build" / "prompts"
        clock = f"clock_rate = {clock_rate}\n" if clock_rate else ""
        self._runtime = folder / "run"
        self._box = folder / "box.toml"
        self._sip_port = sip
        self._box.write_text(
            f'[network]\nlisten = ["{_ADDRESS}"]\nsip_port = {sip}\ntls_port = {tls}\ntrunk_port = {trunk}\n'
            f"edge_core_port = {edge_core}\ncore_port = {core}\nevapi_port = {evapi}\n"
            f"rtp_first = {first}\nrtp_last = {last}\n"
            f'name_servers = ["{_ADDRESS}"]\n'
            f"[engine]\nmax_legs = {max_legs}\n{clock}"
            f'[security]\nrealm = "{REALM}"\nnever_ban = ["127.0.0.0/8"]\n'
            f'[paths]\nstate = "{folder / "state"}"\nruntime = "{self._runtime}"\nprompts = "{prompts}"\n'
        )

    @property
    def server(self) -> Server:
        return Server(port=self._sip_port, domain=REALM)

    def start(self) -> float:
        began = time.monotonic()
        for name, word in (("edge", "edge"), ("core", "run")):
            command = [*ortsamt(word), "--box", str(self._box)]
            if name == "core":
                command += ["--log-json"]
            self.processes[name] = Process(name, command, log=self.folder / f"{name}.log")
        return began

    def prepare(self) -> None:
        """Import the accounts over the control socket, as an installer would with ``ortsamt ctl import``."""
        self._wait_control()
        path = self.folder / "office.json"
        path.write_text(json.dumps(_documents(self.office)))
        with Process("import", ortsamt("ctl", "--box", str(self._box), "import", str(path))) as process:
            if process.wait(120) != 0:
                raise RuntimeError(f"the accounts were not imported: {process.output[-2000:]}")

    def records(self) -> int:
        with sqlite3.connect(f"file:{self.folder / 'state' / 'records.db'}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT count(*) FROM calls").fetchone()[0])

    def legs(self) -> int | None:
        return int(self.ask("status")["legs"])

    def media(self) -> tuple[LegAudio, ...]:
        return tuple(
            LegAudio(
                received=leg["media"]["received_packets"],
                lost=leg["media"]["lost_packets"],
                jitter_ms=leg["media"]["jitter_ms"],
            )
            for one in self.ask("calls.list")
            for leg in one["legs"]
            if leg["media"] and leg["direction"] == "incoming"
        )

    def ask(self, method: str, **params: Any) -> Any:
        """Ask the core over its control socket; raises OrtsamtError."""
        with ControlClient(self._runtime / "control.sock") as client:
            return client.call(method, params)

    def close(self) -> None:
        super().close()
        for port in self._ports:
            release_port(port)

    def _wait_control(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            self.check()
            try:
                self.ask("status")
                return
            except OrtsamtError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the core does not answer: {error}\n{self.tail()}") from error
            time.sleep(0.05)


class Peer(System):
    """The baseline: Asterisk, started by a command line that is told its folder in ``PEER_DIR``."""

    name = "asterisk"

    def __init__(self, folder: Path, office: Office, command: str) -> None:
        super().__init__(folder, office)
        self._command = command
        self._ports = free_ports(1)
        asterisk.write_configuration(folder, office.accounts, port=self._ports[0], rtp=self.rtp, domain=REALM)

    @property
    def server(self) -> Server:
        return Server(port=self._ports[0], domain=REALM)

    @property
    def version(self) -> str:
        return asterisk.version(self.folder) or self.name

    def start(self) -> float:
        began = time.monotonic()
        self.processes["asterisk"] = Process(
            "asterisk",
            ["sh", "-c", f"exec {self._command}"],
            env={"PEER_DIR": str(self.folder), "PEER_CONFIG": str(self.folder / "asterisk.conf")},
            cwd=self.folder,
            log=self.folder / "asterisk.out",
        )
        return began

    def records(self) -> int:
        return asterisk.records_written(self.folder)

    def legs(self) -> int | None:
        return None

    def close(self) -> None:
        super().close()
        for port in self._ports:
            release_port(port)


def _documents(office: Office) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    def extension(one: Account) -> dict[str, object]:
        return {"number": one.user, "name": f"Phone {one.user}"}

    def device(one: Account) -> dict[str, object]:
        return {"extension": one.user, "username": one.user, "secret": one.secret, "max_calls": 64}

    return {
        "extension": {one.user: extension(one) for one in office.accounts},
        "device": {one.user: device(one) for one in office.accounts},
    }


def wait_until_quiet(system: System, timeout_s: float = 40.0) -> int | None:
    """Wait until no leg is left; the legs that are left then (None: not known)."""
    deadline = time.monotonic() + timeout_s
    while True:
        legs = system.legs()
        if not legs or time.monotonic() > deadline:
            return legs
        time.sleep(0.1)


def allow_many_files() -> None:
    """Raise the limit of open files for all we start: every call takes several sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most != resource.RLIM_INFINITY and most < 8192:
        raise RuntimeError(f"at least 8192 open files are needed, {most} are allowed: ulimit -n")
