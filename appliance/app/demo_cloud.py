"""The demo's cloud: a cluster of three NATS servers and an instance without equipment beside it."""

import asyncio
import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from appliance.app.demo import Demo
from appliance.app.settings import listen_addresses
from appliance.app.supervisor import Program, Supervisor, last_line
from appliance.control.client import ControlClient
from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.model.box import BoxSettings
from appliance.store.box import load_box
from appliance.sync import claims, cluster
from appliance.sync import credentials as kept
from appliance.sync.enrolment import Enrolment
from appliance.sync.hub import Hub, ServerPlan

SERVERS = 3
TENANT, NODE = "demo", "cloud"
FIRST_PORT = 15060
"""Of the instance's row, then the cluster's, without ``--ports``; with it they follow the box's row."""
ROW = ("sip_port", "tls_port", "edge_core_port", "evapi_port", "core_port", "trunk_port", "fax_port",
       "https_port", "http_port", "t38_port")  # fmt: skip
READY_S = 90.0
_CODE = Path(__file__).resolve().parents[2]


class CloudDemo:
    """Runs under the supervisor of a demo that has started."""

    def __init__(self, demo: Demo, state: Path, supervisor: Supervisor, ports: int) -> None:
        """``ports``: the first of the box's row, 0: the usual ones. Raises ConfigError."""
        self._demo = demo
        self._folder = state / "cloud"
        self._supervisor = supervisor
        first = ports + 20 if ports else FIRST_PORT
        self._plans = [
            ServerPlan(
                name=f"n{i + 1}", host="127.0.0.1", port=first + 10 + 3 * i, cluster_port=first + 11 + 3 * i,
                websocket=first + 12 + 3 * i,
            )
            for i in range(SERVERS)
        ]  # fmt: skip
        self.settings = self._write_settings(first)
        self.box: BoxSettings = load_box(self.settings)
        self.socket = self.box.paths.runtime_dir / "control.sock"

    def start(self, stopping: threading.Event) -> bool:
        """Start everything, enrol the box; False when told to stop meanwhile. Raises OrtsamtError."""
        hub = self._start_hub(stopping)
        if hub is None:
            return False
        for folder in (self.box.paths.state_dir, self.box.paths.runtime_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self._credentials(hub)
        box = ["--box", str(self.settings)]
        self._start("cloud-edge", "edge", *box)
        self._start("cloud-core", "run", "--log-json", *box)
        if not self._await_core(stopping):
            return False
        self._start("cloud-fax", "fax", "--log-json", *box)
        self._start("cloud-web", "web", "--log-json", *box)
        self._start("cloud-sync", "sync", "--log-json", *box)
        self._start("sync", "sync", "--log-json", "--box", str(self._demo.settings))
        return True

    def card(self) -> Iterator[str]:
        """What to tell the newcomer."""
        address = listen_addresses(self.box)[0]
        yield "  In the cloud, the same office: edit here or there, stop one, go on, look again:"
        yield f"    https://{address}:{self.box.network.https_port}/   (same user and password)"
        yield f"    ORTSAMT_SOCKET={self.socket}  ctl sync | ctl conflicts | ctl list extension"
        yield f"  SIP server there: {address}:{self.box.network.sip_port}   (same users and passwords)"
        yield "  Register 22 there and call it from a phone at the box; ctl nodes shows the link."
        yield ""

    def _start_hub(self, stopping: threading.Event) -> Hub | None:
        folder = self._folder / "hub"
        program = shutil.which("nats-server", path="/usr/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise ConfigError(
                "nats-server is not installed", error_id="demo.nats", hint="apt install nats-server"
            )
        try:
            hub = Hub(folder)
        except ConfigError as error:
            if error.error_id != "hub.none":
                raise
            hub = Hub.make(folder, self._plans)
        if hub.state.servers[0] != f"tls://127.0.0.1:{self._plans[0].port}":
            raise ConfigError(
                "the demo's cluster was made for other ports",
                error_id="demo.ports",
                hint=f"use the same --ports, or delete {self._folder}",
            )
        for plan in self._plans:
            home = folder / plan.name
            self._supervisor.start(
                Program(
                    name=f"nats-{plan.name}",
                    command=["/bin/sh", "-c", f'cd "$0" && exec {program} -c server.conf', str(home)],
                    log=self._folder.parent / "log" / f"nats-{plan.name}.log",
                )
            )
        deadline = time.monotonic() + READY_S
        while True:
            try:
                asyncio.run(cluster.make_streams(hub, SERVERS))
                if TENANT not in hub.state.tenants:
                    hub.add_tenant(TENANT)
                asyncio.run(cluster.tell_account(hub, TENANT))
                return hub
            except DeviceUnavailable:
                if time.monotonic() > deadline:
                    raise
            if stopping.wait(0.3):
                return None

    def _credentials(self, hub: Hub) -> None:
        """Those of the instance, and of the box: as enrolment makes them, without the way over the pages."""
        folder = self.box.paths.state_dir / "sync"
        if kept.read(folder) is None:
            kept.write(folder, hub.credentials(TENANT, NODE))
        mine = self._demo.box.paths.state_dir / "sync"
        if kept.read(mine) is None:
            key, enrolment = claims.new_key(claims.USER), Enrolment(folder)
            made = enrolment.redeem(enrolment.code(self._demo.box.node), self._demo.box.node, key.public)
            kept.write(mine, replace(made, seed=key.seed))

    def _start(self, name: str, *words: str) -> None:
        self._supervisor.start(
            Program(
                name=name,
                command=[sys.executable, "-P", "-m", "appliance", *words],
                log=self._folder.parent / "log" / f"{name}.log",
                environment={"PYTHONPATH": str(_CODE)},
            )
        )

    def _await_core(self, stopping: threading.Event) -> bool:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                with ControlClient(self.socket) as client:
                    client.call("status", {})
                    return True
            except OrtsamtError:
                if stopping.wait(0.2):
                    return False
        said = last_line(self._folder.parent / "log" / "cloud-core.log")
        raise DeviceUnavailable(f"the cloud's core does not start: {said}", error_id="demo.start")

    def _write_settings(self, first: int) -> Path:
        path = self._folder / "box.toml"
        network: dict[str, object] = {name: first + i for i, name in enumerate(ROW)}
        network |= {
            "link_port": first + 19,
            "listen": list(self._demo.box.network.listen), "rtp_first": 40000, "rtp_last": 44999,
        }  # fmt: skip
        paths = {
            "state": str(self._folder / "state"),
            "runtime": str(self._folder / "run"),
            "prompts": self._demo.box.paths.prompts,
        }
        lines = [f'node = "{NODE}"', 'role = "cloud"', "[network]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in network.items()]
        lines += ["[paths]", *(f"{name} = {json.dumps(value)}" for name, value in paths.items())]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise DeviceUnavailable(f"{path} cannot be written: {error}", error_id="demo.state") from error
        return path
