"""The demo office: everything a newcomer needs for the first call, on emulated equipment.

It is an ordinary box that lives in one folder: box.toml, state, logs. The first start writes settings and
configuration; later starts go on with what is there.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.app.settings import listen_addresses
from appliance.app.supervisor import Program, Supervisor
from appliance.control.client import ControlClient
from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.model.box import BoxSettings
from appliance.store.box import load_box

READY_S = 20.0
PUBLIC_NUMBER = "+492215550100"
PROVIDER_ACCOUNT = "4922155501"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What ``ortsamt demo`` was asked for. ``ports``: first of a row of ports, 0: the usual ones."""

    state: Path
    prompts: Path | None
    listen: tuple[str, ...] = ()
    ports: int = 0
    provider_port: int = 5090


def write_settings(options: DemoOptions) -> Path:
    """Write box.toml on the first start, or when addresses or ports are named; else leave it as it is."""
    path = options.state / "box.toml"
    try:
        options.state.mkdir(parents=True, exist_ok=True)
        if not path.exists() or options.listen or options.ports:
            _write(path, "\n".join(_settings(options)) + "\n")
    except OSError as error:
        raise DeviceUnavailable(
            f"the folder {options.state} cannot be used: {error.strerror}",
            error_id="demo.state",
            hint="choose another with --state, or change its rights",
        ) from error
    return path


def _settings(options: DemoOptions) -> Iterator[str]:
    """The lines of box.toml."""
    yield "# Settings of the demo box; written by the first start, yours to change."
    yield "[network]"
    if options.listen:
        yield f"listen = {json.dumps(list(options.listen))}"
    if options.ports:
        names = ("sip_port", "tls_port", "edge_core_port", "evapi_port", "core_port", "trunk_port")
        for offset, name in enumerate(names):
            yield f"{name} = {options.ports + offset}"
    yield "[paths]"
    yield f"state = {json.dumps(str(options.state / 'state'))}"
    yield f"runtime = {json.dumps(str(options.state / 'run'))}"
    if options.prompts is not None:
        yield f"prompts = {json.dumps(str(options.prompts))}"


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def check_ports(box: BoxSettings, provider_port: int) -> None:
    """Raise DeviceUnavailable naming the first port that is taken, before anything is started."""
    network = box.network
    wanted = [(address, network.sip_port, "phones") for address in listen_addresses(box)]
    wanted += [
        ("127.0.0.1", network.edge_core_port, "the edge"),
        ("127.0.0.1", network.core_port, "the core"),
        ("127.0.0.1", network.trunk_port, "trunks"),
        ("127.0.0.1", provider_port, "the emulated provider"),
    ]
    for address, port, purpose in wanted:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, port))
            except OSError as error:
                raise DeviceUnavailable(
                    f"port {port} for {purpose} on {address} cannot be used: {error.strerror}",
                    error_id="demo.port",
                    hint="stop the other program (another demo?) or choose other ports with --ports",
                ) from error


def office(provider_port: int) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The demo office as an import: three extensions, a public number, a trunk, echo and an announcement."""
    extensions = {"21": "Anna Berger", "22": "Ben Schulz", "23": "Clara Weiß"}
    ring_all = [{"kind": "extension", "ref": number} for number in ("21", "22")]
    return {
        "site": {
            "main": {
                "name": "Demo",
                "country": "DE",
                "area_code": "221",
                "timezone": "Europe/Berlin",
                "default_caller_number": PUBLIC_NUMBER,
            }
        },
        "extension": {number: {"number": number, "name": name} for number, name in extensions.items()},
        "device": {
            number: {"extension": number, "username": number}  # the store makes the passwords
            for number in extensions
        },
        "service": {
            "echo": {"number": "*43", "name": "Echo", "application": "echo", "prompt": "echo_intro"},
            "welcome": {
                "number": "*44", "name": "Welcome", "application": "announcement", "prompt": "welcome",
            },
            "welcome-en": {
                "number": "*45", "name": "Welcome (English)", "application": "announcement",
                "prompt": "welcome", "language": "en",
            },
        },
        "trunk": {
            "provider": {
                "name": "Emulated provider",
                "host": "127.0.0.1",
                "port": provider_port,
                "username": PROVIDER_ACCOUNT,
                "secret": "demo-trunk-secret",
                "default_number": PUBLIC_NUMBER,
            }
        },
        "number": {
            "main": {
                "number": PUBLIC_NUMBER,
                "name": "Main number",
                "steps": [
                    {"targets": ring_all, "seconds": 15},
                    {"targets": [{"kind": "extension", "ref": "23"}], "seconds": 20},
                ],
            }
        },
    }  # fmt: skip


class Demo:
    """The running demo: edge, core and emulated provider under one supervisor."""

    def __init__(self, options: DemoOptions, program: str) -> None:
        self._options = options
        self._program = program
        self.settings = write_settings(options)
        self.box = load_box(self.settings)
        self.socket = self.box.paths.runtime_dir / "control.sock"
        self.supervisor = Supervisor(lambda text: print(text, flush=True))

    def start(self) -> None:
        """Start everything and wait until calls are possible; raises what keeps it from that."""
        check_ports(self.box, self._options.provider_port)
        logs = self._options.state / "log"
        box = ["--box", str(self.settings)]
        try:
            self._program_start("edge", [self._program, "edge", *box], logs)
            self._program_start("core", [self._program, "run", *box], logs)
            self._await_ready(logs)
            self._furnish()
            trunk = self._get("trunk", "provider")
            account = f"{trunk['username']}:{trunk['secret']}"
            self._program_start(
                "provider",
                [self._program, "provider", "--port", str(self._options.provider_port), "--account", account],
                logs,
            )
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything in reverse order."""
        self.supervisor.stop()

    def wait(self, stopping: threading.Event) -> None:
        """Return when asked to stop."""
        stopping.wait()

    def _program_start(self, name: str, command: list[str], logs: Path) -> None:
        self.supervisor.start(Program(name=name, command=command, log=logs / f"{name}.log"))

    def _await_ready(self, logs: Path) -> None:
        deadline = time.monotonic() + READY_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            try:
                with ControlClient(self.socket) as client:
                    if client.call("status", {})["edge"]["up"]:
                        return
            except (OrtsamtError, OSError):
                pass
            pause.wait(0.1)
        for name in ("edge", "core"):
            if not self.supervisor.running(name):
                raise DeviceUnavailable(
                    f"the {name} does not start: {_last_line(logs / f'{name}.log')}",
                    error_id="demo.start",
                    hint=f"see {logs / f'{name}.log'}",
                )
        raise DeviceUnavailable("the box did not become ready", error_id="demo.start", hint=f"see {logs}")

    def _furnish(self) -> None:
        """Write the demo office when there is no extension yet."""
        with ControlClient(self.socket) as client:
            if not client.call("config.list", {"kind": "extension"}):
                client.call(
                    "config.import",
                    {"configuration": office(self._options.provider_port), "who": "demo"},
                )

    def _get(self, kind: str, entity: str) -> Mapping[str, Any]:
        with ControlClient(self.socket) as client:
            found: Mapping[str, Any] = client.call("config.get", {"kind": kind, "id": entity, "reveal": True})
            return found

    def card(self) -> Iterator[str]:
        """What to tell the newcomer."""
        address = listen_addresses(self.box)[0]
        network = self.box.network
        server = address if network.sip_port == 5060 else f"{address}:{network.sip_port}"
        tls = f", TLS {network.tls_port}" if network.tls_port else ""
        yield ""
        yield "Ortsamt is ready: a demo office on this machine."
        yield ""
        yield f"  Server for SIP phones   {server}   (UDP and TCP{tls})"
        yield ""
        yield "  Number  Name           User  Password"
        with ControlClient(self.socket) as client:
            devices = client.call("config.list", {"kind": "device", "reveal": True})
            extensions = {one["id"]: one for one in client.call("config.list", {"kind": "extension"})}
        for device in devices:
            extension = extensions.get(device["extension"], {"number": "?", "name": ""})
            yield (
                f"  {extension['number']:<7} {extension['name']:<14} "
                f"{device['username']:<5} {device['secret']}"
            )
        first = devices[0] if devices else {"username": "21", "secret": "…"}
        yield ""
        yield "  Dial 21, 22, 23 for each other; *43 echo; *44 a German, *45 an English announcement;"
        yield "  any public number (030 123456) goes to an emulated provider that answers with a tone."
        yield ""
        yield "  No phone at hand? In another terminal, from this folder:"
        account = f"--user {first['username']} --secret {first['secret']}"
        yield f"    ./dev ortsamt phone --server {server} {account}"
        yield "    and type: call *43"
        yield "  Look inside:"
        yield f"    export ORTSAMT_SOCKET={self.socket}"
        yield "    ./dev ortsamt ctl status      ./dev ortsamt ctl watch      ./dev ortsamt ctl calls"
        yield f"    ./dev ortsamt explain --from 21 --to {PUBLIC_NUMBER}"
        yield ""
        yield f"  State and logs: {self._options.state}     Stop: Ctrl-C"
        yield ""


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "no log"
    return lines[-1] if lines else "no output"


def require_room(state: Path) -> None:
    """Raise ConfigError when the state folder's path is unusable for a Unix socket (108 bytes, unix(7))."""
    if len(str(state / "run" / "control.sock").encode()) > 100:
        raise ConfigError(
            f"the path {state} is too long",
            error_id="demo.path",
            field="--state",
            hint="choose a shorter folder",
        )
