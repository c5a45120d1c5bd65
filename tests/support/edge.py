"""A real edge on free ports with a link to it, for tests of anything that stands behind Kamailio."""

import base64
import contextlib
import dataclasses
import os
import pickle
import queue
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from appliance.sip.edge.events import Account, Aor, Credential, EdgeEvent, EdgeUp
from appliance.sip.edge.link import EdgeLink
from appliance.sip.edge.settings import EdgeSettings
from tests.support.processes import Process, free_ports, release_port
from tests.support.sip import SipClient, Transport, ha1

_EXEC = (
    "import base64, pickle, sys; from appliance.sip.edge.run import exec_edge; "
    "exec_edge(pickle.loads(base64.b64decode(sys.argv[1])))"
)
_E = TypeVar("_E", bound=EdgeEvent)


def edge_settings(folder: Path, *, tls: bool = False, **changes: Any) -> EdgeSettings:
    """Settings on free ports with state under ``folder``; give the ports back with ``release_edge_ports``."""
    sip, tls_port, core_listen, core, evapi = free_ports(5)
    defaults: dict[str, Any] = {
        "state_dir": folder / "edge-state",
        "runtime_dir": folder / "edge-run",
        "listen": ("127.0.0.1",),
        "sip_port": sip,
        "tls_port": tls_port if tls else 0,
        "core_listen": f"127.0.0.1:{core_listen}",
        "core_address": f"127.0.0.1:{core}",
        "evapi_port": evapi,
        "link_token": "test-token",
        "shared_memory_mb": 48,
        "write_back_s": 1,
    }
    return EdgeSettings(**{**defaults, **changes})


def credential(user: str, password: str, aor: str | None = None, realm: str = "ortsamt") -> Credential:
    """A credential for ``update_credentials``."""
    return Credential(ha1=ha1(user, realm, password), aor=Aor(aor or user))


class Edge:
    """One edge process and, once ``connect`` was called, the link to it; accounts have the password
    ``secret-<name>``."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.settings = settings
        self.events: queue.SimpleQueue[EdgeEvent] = queue.SimpleQueue()
        self.seen: list[EdgeEvent] = []
        self.link: EdgeLink | None = None
        self.process: Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- process

    def start(self) -> None:
        """Start Kamailio; it answers once ``connect`` has given it credentials."""
        packed = base64.b64encode(pickle.dumps(self.settings)).decode()
        self.process = Process("edge", [sys.executable, "-c", _EXEC, packed])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Signal the main process alone, as a supervisor or the kernel would, and wait for its end."""
        assert self.process is not None
        os.kill(self.process.pid, number)
        self.process.wait(10)

    def close(self) -> None:
        """Stop link and process, leave nobody behind."""
        if self.link is not None:
            self.link.stop()
            self.link = None
        if self.process is not None:
            self.process.stop()
            self.process = None
        for port in _ports(self.settings):
            release_port(port)

    @property
    def log(self) -> str:
        """What Kamailio has said."""
        return self.process.output if self.process is not None else ""

    # --- link

    def connect(self, accounts: Mapping[str, str] | tuple[str, ...] = ("20", "21", "22")) -> EdgeLink:
        """Start a link with these accounts (name → extension) and wait until the edge is up."""
        self.link = EdgeLink(
            port=self.settings.evapi_port,
            token=self.settings.link_token,
            realm=self.settings.realm,
            on_event=self.events.put,
        )
        named = accounts if isinstance(accounts, Mapping) else {name: name for name in accounts}
        self.link.set_credentials(
            {Account(name): credential(name, f"secret-{name}", aor) for name, aor in named.items()}
        )
        self.link.start()
        self.wait_event(EdgeUp)
        return self.link

    def wait_event(
        self, kind: type[_E], wanted: Callable[[_E], bool] = lambda _: True, timeout_s: float = 10
    ) -> _E:
        """The next event of a kind that fits; others are kept in ``seen``."""
        for event in self.seen:
            if isinstance(event, kind) and wanted(event):
                self.seen.remove(event)
                return event
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                event = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(
                    f"no {kind.__name__} within {timeout_s} s; seen {self.seen}\n{self.log[-2000:]}"
                ) from None
            if isinstance(event, kind) and wanted(event):
                return event
            self.seen.append(event)

    # --- peers

    def phone(self, user: str = "20", *, transport: Transport = "udp", **more: Any) -> SipClient:
        """A phone of that account; ``password`` and ``local`` may be given."""
        host = self.settings.listen[0]
        port = self.settings.tls_port if transport == "tls" else self.settings.sip_port
        more.setdefault("password", f"secret-{user}")
        return SipClient(
            server=(host, port), user=user, realm=self.settings.realm, transport=transport, **more
        )

    def core(self) -> SipClient:
        """Somebody who plays the core."""
        host, _, port = self.settings.core_listen.rpartition(":")
        own = int(self.settings.core_address.rpartition(":")[2])
        return SipClient(server=(host, int(port)), user="core", realm=self.settings.realm, port=own)


def eventually(holds: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
    """Look again and again at something that tells nobody when it changes (a file, a counter)."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        pause.wait(0.02)


def saved_rows(file: Path, table: str) -> int:
    """How many rows the edge has written to a table of its database."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        (rows,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(rows)


def with_changes(settings: EdgeSettings, **changes: Any) -> EdgeSettings:
    """The same settings but for ``changes``."""
    return dataclasses.replace(settings, **changes)


def _ports(settings: EdgeSettings) -> list[int]:
    core = [int(text.rpartition(":")[2]) for text in (settings.core_listen, settings.core_address)]
    return [port for port in (settings.sip_port, settings.tls_port, settings.evapi_port, *core) if port]
