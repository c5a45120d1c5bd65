"""A NATS cluster for tests, and nodes: real stores behind control sockets, real sync processes."""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError
from appliance.sync import claims, cluster
from appliance.sync import credentials as kept
from appliance.sync.claims import Key
from appliance.sync.credentials import Credentials
from appliance.sync.hub import Hub, ServerPlan, node_claims
from tests.support import loops
from tests.support.processes import ROOT, Process, free_ports, ortsamt

NATS = "/usr/sbin/nats-server"


class Cluster:
    """Servers of a hub, each a process of its own that may be killed and started again."""

    def __init__(
        self, folder: Path, size: int = 1, *, host: str = "127.0.0.1", inside: Sequence[str] = ()
    ) -> None:
        """``inside``: a prefix of commands that leads into a network; ``host``: their address there."""
        self._inside = inside
        ports = free_ports(3 * size)
        self.plans = [
            ServerPlan(
                name=f"n{i}", host=host, port=ports[3 * i], cluster_port=ports[3 * i + 1],
                websocket=ports[3 * i + 2],
            )
            for i in range(size)
        ]  # fmt: skip
        self.hub = Hub.make(folder, self.plans)
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        """Start all and make the streams."""
        for plan in self.plans:
            self.start_server(plan.name)
        deadline = time.monotonic() + 40
        while True:
            try:
                loops.run(cluster.make_streams(self.hub, len(self.plans)))
                return
            except OrtsamtError:
                assert time.monotonic() < deadline, self.output()
                time.sleep(0.1)

    def start_server(self, name: str) -> None:
        """Start one."""
        folder = self.hub.folder / name
        self.processes[name] = Process(
            name, [*self._inside, NATS, "-c", "server.conf"], cwd=folder, log=folder / "log"
        )

    def kill(self, name: str) -> None:
        """SIGKILL to one."""
        self.processes[name].kill()

    def output(self) -> str:
        """What the servers said."""
        return "\n".join(one.output[-1500:] for one in self.processes.values())

    def stop(self) -> None:
        """End all."""
        for process in self.processes.values():
            process.kill()

    def tenant(self, name: str) -> Credentials:
        """A new tenant, known to the servers: credentials of its node ``cloud``."""
        self.hub.add_tenant(name)
        loops.run(cluster.tell_account(self.hub, name))
        return self.hub.credentials(name, "cloud")

    def node(self, cloud: Credentials, node: str, slot: int) -> Credentials:
        """Credentials of a further node, as enrolment makes them."""
        key = claims.new_key(claims.USER)
        jwt = node_claims(
            cloud.tenant, node, slot, cloud.shard, key.public, Key(seed=cloud.signing_seed), cloud.account
        )
        return dataclasses.replace(cloud, node=node, slot=slot, seed=key.seed, jwt=jwt, signing_seed="")


class Node:
    """A store behind a control socket and its sync process, each a process of its own."""

    def __init__(
        self, folder: Path, credentials: Credentials, *, beat: float = 0.5, inside: Sequence[str] = ()
    ) -> None:
        """``inside``: a prefix of commands that leads into a network: there its sync process runs."""
        self._inside = inside
        self.folder = folder
        self.name = credentials.node
        self.beat = beat
        (folder / "state").mkdir(parents=True)
        (folder / "run").mkdir()
        self.socket = folder / "run" / "control.sock"
        self.settings = folder / "box.toml"
        self.settings.write_text(
            f'node = "{self.name}"\n[paths]\nstate = {json.dumps(str(folder / "state"))}\n'
            f"runtime = {json.dumps(str(folder / 'run'))}\n"
        )
        self.use(credentials)
        self.store: Process | None = None
        self.sync: Process | None = None

    def use(self, credentials: Credentials) -> None:
        """Have the sync process use these from its next connection on."""
        self.credentials = credentials
        kept.write(self.folder / "state" / "sync", credentials)

    def start(self, *, offset_s: float = 0.0) -> None:
        """Start both; ``offset_s``: how wrong its clock is."""
        self.start_store(offset_s=offset_s)
        self.start_sync()

    def start_store(self, *, offset_s: float = 0.0) -> None:
        """Start what holds the configuration."""
        self.store = Process(
            f"{self.name} store",
            [sys.executable, "-m", "tests.support.store_node", str(self.folder), self.name, str(offset_s)],
            log=self.folder / "store.log",
        )
        self.store.wait_line("ready", timeout=30)

    def start_sync(self) -> None:
        """Start what exchanges it."""
        self.sync = Process(
            f"{self.name} sync",
            [
                *self._inside,
                *ortsamt("sync", "--box", str(self.settings), "--beat", str(self.beat), "--log-json"),
            ],
            log=self.folder / "sync.log",
            cwd=ROOT,
        )

    def kill_store(self) -> None:
        assert self.store is not None
        self.store.kill()

    def kill_sync(self) -> None:
        assert self.sync is not None
        self.sync.kill()

    def stop(self) -> None:
        """End both."""
        for process in (self.sync, self.store):
            if process is not None:
                process.kill()

    def ask(self, method: str, **params: Any) -> Any:
        """Ask the store."""
        with ControlClient(self.socket, timeout=60) as client:
            return client.call(method, params)

    def put(self, entity: str, **fields: Any) -> None:
        """Create or change an extension."""
        self.ask("config.set", kind="extension", id=entity, fields=fields)

    def names(self) -> dict[str, str]:
        """Extension → name."""
        return {one["id"]: one["name"] for one in self.ask("config.list", kind="extension")}

    def operations(self) -> set[str]:
        """Ids of all operations it has."""
        return {one["id"] for one in self.ask("config.log", limit=100_000)}

    def show(self) -> dict[str, Any]:
        """What the sync process reported last."""
        found: dict[str, Any] = self.ask("sync.show")
        return found

    def wait_connected(self) -> None:
        """Wait until its sync process has the hub."""
        until(lambda: self.show().get("state") == "connected", self)

    def said(self) -> str:
        """What both said."""
        return "\n".join(one.output[-3000:] for one in (self.store, self.sync) if one is not None)


def until(what: Callable[[], Any], *nodes: Node, timeout: float = 40, pause: float = 0.05) -> Any:
    """Wait until ``what`` gives something true, which is returned; else show what the nodes said."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            if found := what():
                return found
        except (OrtsamtError, OSError):
            pass  # something was killed just now
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen:\n" + "\n".join(node.said() for node in nodes))
        time.sleep(pause)


def converged(*nodes: Node) -> bool:
    """Whether all have the same operations."""
    first, *others = (node.operations() for node in nodes)
    return all(one == first for one in others)
