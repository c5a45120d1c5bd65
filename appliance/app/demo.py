"""The demo office: everything a newcomer needs for the first call, on emulated equipment.

It is an ordinary box that lives in one folder: box.toml, state, logs. The first start writes settings and
configuration; later starts go on with what is there.
"""

import fcntl
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.app.demo_settings import DemoOptions, write_settings
from appliance.app.settings import listen_addresses
from appliance.app.supervisor import Program, Supervisor, last_line
from appliance.control.client import ControlClient
from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError
from appliance.fxs.emulator.desk import desk_path
from appliance.model.box import BoxSettings
from appliance.model.dect import ipei_from
from appliance.store.box import load_box

READY_S = 60.0
"""For a very busy machine; a part that refuses is noticed at once."""
REFUSALS = 2
"""A program that ends so often with an error before the box is ready will not start at all."""
PORTS_S = 3.0
"""A demo that was killed a moment ago needs so long to give its ports back."""
_CODE = Path(__file__).resolve().parents[2]
"""Children run the code their parent runs, whatever folder both are started in."""
PUBLIC_NUMBER = "+492215550100"
PROVIDER_ACCOUNT = "4922155501"
SIM_NUMBER = "+491761112233"
DECT_HOST = "127.0.0.2"
"""Of the emulated OMM; at the provider's port, which is free there."""
DECT_PIN = "1234"


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: socket.SocketKind
    address: str
    port: int
    purpose: str

    def error(self) -> OSError | None:
        """Why the port cannot be had now."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        with socket.socket(family, self.kind) as probe:
            if self.kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.address, self.port))
            except OSError as error:
                return error
        return None


def check_ports(box: BoxSettings, provider_port: int, patience_s: float = PORTS_S) -> None:
    """Raise DeviceUnavailable naming the first port that is taken, before anything is started."""
    deadline = time.monotonic() + patience_s
    pause = threading.Event()
    for wanted in _wanted_ports(box, provider_port):
        while (error := wanted.error()) is not None:
            if time.monotonic() > deadline:
                protocol = "UDP" if wanted.kind is socket.SOCK_DGRAM else "TCP"
                raise DeviceUnavailable(
                    f"{protocol} port {wanted.port} on {wanted.address} for {wanted.purpose}"
                    f" cannot be used: {error.strerror}",
                    error_id="demo.port",
                    hint="stop the other program (another demo?) or choose other ports with --ports",
                ) from error
            pause.wait(0.1)


def _wanted_ports(box: BoxSettings, provider_port: int) -> Iterator[_Wanted]:
    network = box.network
    udp, tcp = socket.SOCK_DGRAM, socket.SOCK_STREAM
    for address in listen_addresses(box):
        yield _Wanted(udp, address, network.sip_port, "phones")
        yield _Wanted(tcp, address, network.sip_port, "phones")
        if network.tls_port:
            yield _Wanted(tcp, address, network.tls_port, "phones with TLS")
        yield _Wanted(tcp, address, network.https_port, "pages")
        if network.http_port:
            yield _Wanted(tcp, address, network.http_port, "sending browsers to HTTPS")
    yield _Wanted(udp, "127.0.0.1", network.edge_core_port, "the edge")
    yield _Wanted(tcp, "127.0.0.1", network.evapi_port, "edge and core")
    yield _Wanted(udp, "127.0.0.1", network.core_port, "the core")
    yield _Wanted(udp, "127.0.0.1", network.fax_port, "the fax engine")
    yield _Wanted(udp, "127.0.0.1", network.trunk_port, "trunks")
    yield _Wanted(tcp, "127.0.0.1", network.trunk_port, "trunks")
    yield _Wanted(udp, "127.0.0.1", provider_port, "the emulated provider")
    yield _Wanted(tcp, "127.0.0.1", provider_port, "the emulated provider")
    yield _Wanted(tcp, DECT_HOST, provider_port, "the emulated DECT system")


def office(provider_port: int) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The demo office as an import: three extensions, a public number, a trunk, echo and an announcement."""
    extensions = {"21": "Anna Berger", "22": "Ben Schulz", "23": "Clara Weiß"}
    analog = {"24": "Dora Lang", "25": "Emil Roth"}
    cordless = {"26": "Frida Kern", "27": "Gerd Holm"}
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
        "extension": {
            number: {"number": number, "name": name}
            for number, name in (extensions | analog | cordless).items()
        },
        "device": {
            number: {"extension": number, "username": number}  # the store makes the passwords
            for number in extensions
        },
        "analog": {
            "24": {"extension": "24", "port": "fxs1", "name": "Emulated telephone"},
            "25": {"extension": "25", "port": "fxs2", "name": "Emulated telephone"},
        },
        "dect_system": {
            "house": {
                "name": "Emulated DECT", "family": "mitel", "host": DECT_HOST, "port": provider_port,
                "username": "omm", "secret": "demo-omm-secret",
                "pin": DECT_PIN,
            }
        },
        "dect_handset": {
            number: {
                "system": "house", "extension": number, "ipei": ipei_from(3074, 220001 + place),
            }
            for place, number in enumerate(cordless)
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
            "clock": {"number": "*46", "name": "Speaking clock", "application": "clock"},
            "line-test": {"number": "*47", "name": "Line test", "application": "line_test"},
        },
        "conference_room": {"demo": {"number": "90", "name": "Conference", "pin": "1234", "owner": "21"}},
        "recording": {"main": {"may_record": list(extensions)}},
        "fax_box": {
            "main": {"name": "Fax", "number": "80", "extension": "21"},
            "archive": {"name": "Archive", "number": "81", "extension": "22"},
        },
        "trunk": {
            "provider": {
                "name": "Emulated provider",
                "host": "127.0.0.1",
                "port": provider_port,
                "username": PROVIDER_ACCOUNT,
                "secret": "demo-trunk-secret",
                "default_number": PUBLIC_NUMBER,
            },
            "mobile": {"name": "Emulated GSM module", "kind": "gsm", "module": "mobile", "priority": 20},
        },
        "gsm_module": {"mobile": {"name": "Emulated", "number": SIM_NUMBER}},
        "number": {
            "mobile": {
                "number": SIM_NUMBER,
                "name": "Mobile",
                "steps": [{"targets": ring_all, "seconds": 20}],
            },
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

    def __init__(self, options: DemoOptions) -> None:
        """Take the folder and write its settings; raises ConfigError, DeviceUnavailable."""
        self._options = options
        self._lock = _take_folder(options.state)
        self.settings = write_settings(options)
        self.box = load_box(self.settings)
        self.socket = self.box.paths.runtime_dir / "control.sock"
        self.supervisor = Supervisor(lambda text: print(text, flush=True))

    def start(self, stopping: threading.Event) -> bool:
        """Start everything and wait until calls are possible; False when told to stop meanwhile.

        Raises DeviceUnavailable, ConfigError with what keeps it from that; then nothing runs.
        """
        check_ports(self.box, self._options.provider_port)
        for folder in (self.box.paths.state_dir, self.box.paths.runtime_dir):
            folder.mkdir(parents=True, exist_ok=True)
        box = ["--box", str(self.settings)]
        try:
            self._start_program("edge", ["edge", *box])
            self._start_program("core", ["run", "--log-json", *box])
            if not self._await_ready(stopping):
                self.stop()
                return False
            self._furnish()
            self._start_program("fax", ["fax", "--log-json", *box])
            self._start_program("web", ["web", "--log-json", *box])
            self._start_provider()
            self._start_module()
            self._start_dect(box)
        except BaseException:
            self.stop()
            raise
        return True

    def stop(self) -> None:
        """Stop everything in reverse order."""
        self.supervisor.stop()

    def _start_program(self, name: str, words: list[str]) -> None:
        log = self._log(name)
        program = Program(
            name=name,
            command=[sys.executable, "-P", "-m", "appliance", *words],
            log=log,
            environment={"PYTHONPATH": str(_CODE)},
        )
        self.supervisor.start(program)

    def _first_password(self) -> str:
        """How to log in; empty once the password is somebody's own."""
        path = self.box.paths.state_dir / "web" / "first-password"
        pause = threading.Event()
        with ControlClient(self.socket) as client:
            for _ in range(300):  # the web process makes the account in a moment
                somebody = client.call("config.list", {"kind": "account"})
                if path.exists() or (somebody and not path.with_suffix(".new").exists()) or pause.wait(0.1):
                    break
        try:
            return f"user admin, password {path.read_text(encoding='utf-8').strip()}"
        except OSError:
            return ""

    def _log(self, name: str) -> Path:
        return self._options.state / "log" / f"{name}.log"

    def _await_ready(self, stopping: threading.Event) -> bool:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                with ControlClient(self.socket) as client:
                    if client.call("status", {})["edge"]["up"]:
                        return True
            except OrtsamtError:
                pass  # not yet
            if stopping.wait(0.1):
                return False
            for name in ("edge", "core"):
                if self.supervisor.refusals(name) >= REFUSALS:
                    raise self._not_started(name)
        for name in ("edge", "core"):
            if not self.supervisor.running(name):
                raise self._not_started(name)
        raise DeviceUnavailable(
            "the box did not become ready", error_id="demo.start", hint=f"see {self._options.state / 'log'}"
        )

    def _not_started(self, name: str) -> DeviceUnavailable:
        said = last_line(self._log(name)).removeprefix("ortsamt: ") or "it said nothing"
        return DeviceUnavailable(
            f"the {name} does not start: {said}", error_id="demo.start", hint=f"see {self._log(name)}"
        )

    def _furnish(self) -> None:
        """Write the demo office when there is no extension yet."""
        with ControlClient(self.socket) as client:
            if not client.call("config.list", {"kind": "extension"}):
                client.call(
                    "config.import",
                    {"configuration": office(self._options.provider_port), "who": "demo"},
                )

    def _start_provider(self) -> None:
        """Start the provider the demo's trunk belongs to, unless its user has taken that trunk away."""
        port = self._options.provider_port
        with ControlClient(self.socket) as client:
            asked = {"kind": "trunk", "id": "provider"}
            try:
                trunk = client.call("config.get", {**asked, "reveal": True})
            except NotFound:
                return
            if trunk["host"] != "127.0.0.1":
                return
            if trunk["port"] != port:
                client.call("config.set", {**asked, "fields": {"port": port}, "who": "demo"})
        account = f"{trunk['username']}:{trunk['secret']}"
        self._start_program("provider", ["provider", "--port", str(port), "--account", account])

    def _start_module(self) -> None:
        """Plug an emulated GSM module in, where the box looks for modules in our folder."""
        if self.box.gsm.sysfs_dir == self._options.state / "usb/sys":
            self._start_program("gsm", ["gsm-emulator", "--folder", str(self._options.state / "usb")])

    def _start_dect(self, box: list[str]) -> None:
        """Switch the emulated DECT system on, unless its user has taken it away."""
        port = self._options.provider_port
        with ControlClient(self.socket) as client:
            asked = {"kind": "dect_system", "id": "house"}
            try:
                system = client.call("config.get", asked)
            except NotFound:
                return
            if system["host"] != DECT_HOST:
                return
            if system["port"] != port:
                client.call("config.set", {**asked, "fields": {"port": port}, "who": "demo"})
        words = ["dect-emulator", *box, "--listen", DECT_HOST, "--port", str(port), "--bases", "1"]
        words += ["--handsets", "3", "--enrolled", "2", "--state", str(self._options.state / "dect")]
        self._start_program("dect", words)

    def card(self) -> Iterator[str]:
        """What to tell the newcomer."""
        address = listen_addresses(self.box)[0]
        host = f"[{address}]" if ":" in address else address
        network = self.box.network
        server = host if network.sip_port == 5060 else f"{host}:{network.sip_port}"
        password = self._first_password()
        tls = f", TLS {network.tls_port}" if network.tls_port else ""
        yield ""
        yield "Ortsamt is ready: a demo office on this machine."
        yield ""
        yield f"  Server for SIP phones   {server}   (UDP and TCP{tls})"
        yield f"  Pages and API           https://{host}:{network.https_port}/   {password}"
        yield "                          (browsers warn: the box made its certificate itself)"
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
        command = _as_typed()
        yield ""
        yield "  Dial 21, 22, 23 for each other; *43 echo; *44 a German, *45 an English announcement;"
        yield "  *46 the speaking clock; *47 a line test; 90 a conference, PIN 1234; *78 records a call;"
        yield "  any public number (030 123456) goes to an emulated provider that answers with a tone."
        if self.box.gsm.sysfs_dir == self._options.state / "usb/sys":
            yield "  An emulated GSM module is plugged in; let somebody call or write to its SIM:"
            folder = shlex.quote(str(self._options.state / "usb"))
            yield f"    {_as_typed()} gsm-emulator --folder {folder} call +491701234567"
        if any(port.emulated for port in self.box.fxs):
            yield "  Two analog telephones, 24 and 25, are plugged in; use the first:"
            desk = shlex.quote(str(desk_path(self.box.paths.runtime_dir)))
            yield f"    {command} simulate --socket {desk} lift fxs1"
            yield "    and then: dial fxs1 25, show, hangup fxs1"
        runtime = shlex.quote(str(desk_path(self.box.paths.runtime_dir)))
        yield "  A DECT base with two handsets, 26 and 27, is there; use the first, enrol a third:"
        yield f"    {command} simulate --socket {runtime} dect dial H1 27      dect lift H2, dect show"
        yield f"    {command} ctl dect enrol 21, and meanwhile: dect enrol H3 --pin {DECT_PIN}"
        yield ""
        yield "  No phone at hand? In another terminal:"
        account = f"--user {first['username']} --secret {first['secret']}"
        yield f"    {command} phone --server {server} {account}"
        yield "    and type: call *43"
        yield "  Look inside:"
        yield f"    export ORTSAMT_SOCKET={shlex.quote(str(self.socket))}"
        yield f"    {command} ctl status      {command} ctl watch      {command} ctl calls"
        yield f"    {command} explain --from 21 --to {PUBLIC_NUMBER}"
        yield "  A fax from box to box:"
        yield f"    {command} ctl fax-send --box main --to 81 letter.pdf      {command} ctl faxes"
        yield ""
        yield f"  State and logs: {self._options.state}     Stop: Ctrl-C"
        yield ""


def _as_typed() -> str:
    """How to call ``ortsamt`` from the folder this one was started in."""
    script = _CODE / "dev"
    if not script.is_file():
        return "ortsamt"
    place = "./dev" if script.parent == Path.cwd() else shlex.quote(str(script))
    return f"{place} ortsamt"


def _take_folder(state: Path) -> int:
    """Keep a second demo out of the folder for as long as this process lives; raises DeviceUnavailable."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(state / "demo.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DeviceUnavailable(
            f"another demo runs in {state}",
            error_id="demo.running",
            hint="stop it, or choose another folder with --state",
        ) from None
    except OSError as error:
        raise DeviceUnavailable(
            f"the folder {state} cannot be used: {error.strerror}",
            error_id="demo.state",
            hint="choose another with --state, or change its rights",
        ) from error
    return descriptor


def require_room(state: Path) -> None:
    """Raise ConfigError when the state folder's path is unusable for a Unix socket (108 bytes, unix(7))."""
    if len(os.fsencode(state / "run" / "control.sock")) > 100:
        raise ConfigError(
            f"the path {state} is too long",
            error_id="demo.path",
            field="--state",
            hint="choose a shorter folder",
        )
