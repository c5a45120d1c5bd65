"""A whole box under test: edge and core as real processes in a private folder, reached like a user would.

with Box(tmp_path) as box:
    with box.phone("21") as anna, box.phone("22") as ben:
        call = anna.call("22")
        ben.answer()
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.control.client import ControlClient
from appliance.control.protocol import Event
from appliance.errors import OrtsamtError
from tests.support.phone import Phone
from tests.support.processes import ROOT, Process, free_ports, ortsamt

PROMPTS = ROOT / "build" / "prompts"
PUBLIC = "+492215550100"
SECRET = "secret-of-{}"

Documents = Mapping[str, Mapping[str, Mapping[str, Any]]]


def office(*extensions: str, **kinds: Mapping[str, Any]) -> Documents:
    """The documents of a small office: these extensions with a phone each, echo on *43, more as given."""
    documents: dict[str, Any] = {
        "site": {"main": {"area_code": "221", "default_caller_number": PUBLIC}},
        "extension": {number: {"number": number, "name": f"Phone {number}"} for number in extensions},
        "device": {
            number: {"extension": number, "username": number, "secret": SECRET.format(number)}
            for number in extensions
        },
        "service": {"echo": {"number": "*43", "application": "echo", "prompt": "echo_intro"}},
    }
    for kind, entities in kinds.items():
        documents.setdefault(kind, {}).update(entities)
    return documents


def ring(*targets: str, seconds: int = 20) -> dict[str, Any]:
    """A step of a distribution: ``21`` an extension, ``+49…`` an external number."""
    return {
        "targets": [
            {"kind": "external" if target.startswith("+") else "extension", "ref": target}
            for target in targets
        ],
        "seconds": seconds,
    }


class Box:
    """Edge and core with free ports; ``settings`` are sections of box.toml that differ from the defaults."""

    def __init__(
        self,
        folder: Path,
        documents: Documents | None = None,
        *,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        address: str = "127.0.0.1",
        inside: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.address = address
        self.inside = inside
        """Before each command: how to get into the network where the box is."""
        self.documents = office("21", "22", "23") if documents is None else documents
        first = free_ports(10)[0]
        names = ("sip_port", "tls_port", "edge_core_port", "evapi_port", "core_port", "trunk_port")
        self.ports = {name: first + offset for offset, name in enumerate(names)}
        self.provider_port = first + 6
        self.ports["fax_port"] = first + 7
        self.ports["t38_port"] = first + 8
        self.ports["link_port"] = first + 9
        rtp = 32000 + (first - 10000) // 2 % 14000 * 2
        sections: dict[str, dict[str, Any]] = {
            "network": {"listen": [address], **self.ports, "rtp_first": rtp, "rtp_last": rtp + 600},
            "paths": {
                "state": str(folder / "state"),
                "runtime": str(folder / "run"),
                "prompts": str(PROMPTS),
            },
        }
        for section, values in (settings or {}).items():
            sections.setdefault(section, {}).update(values)
        self.settings = folder / "box.toml"
        self.settings.write_text(
            "\n".join(
                f"[{section}]\n"
                + "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
                for section, values in sections.items()
            ),
            encoding="utf-8",
        )
        self.socket = folder / "run" / "control.sock"
        self.edge: Process | None = None
        self.core: Process | None = None
        self.fax: Process | None = None
        self._stack = ExitStack()

    # -- life ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self.start_edge()
            self.start_core()
            if self.documents:
                self.control("config.import", configuration=self.documents)
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop what runs."""
        self._stack.close()
        for process in (self.fax, self.core, self.edge):
            if process is not None:
                process.stop()

    def start_edge(self) -> None:
        """Start the edge; its folders are there, as systemd would see to."""
        for name in ("state", "run"):
            (self.folder / name).mkdir(exist_ok=True)
        self.edge = Process(
            "edge",
            [*self.inside, *ortsamt("edge", "--box", str(self.settings))],
            log=self.folder / "edge.log",
        )

    def start_core(self) -> None:
        """Start the core and wait until it answers."""
        self.core = Process(
            "core",
            [*self.inside, *ortsamt("run", "--log-json", "--box", str(self.settings))],
            log=self.folder / "core.log",
        )
        self.core.wait_line("ready for calls", timeout=40)

    def start_fax(self) -> None:
        """Start the fax service and wait until it takes calls for every box."""
        self.fax = Process(
            "fax", ortsamt("fax", "--log-json", "--box", str(self.settings)), log=self.folder / "fax.log"
        )
        boxes = len(self.control("config.list", kind="fax_box"))

        def ready() -> bool:
            status = self.control("fax.status")
            return bool(status["ready"] and status["boxes"] == boxes)

        self.eventually(ready, "the fax service to be ready", 40)

    def wait_ready(self, timeout: float = 30) -> None:
        """Wait until core and edge know each other."""
        self.eventually(lambda: bool(self.control("status")["edge"]["up"]), "the edge to be up", timeout)

    def restart_core(self) -> None:
        """Start a core again that was stopped or killed."""
        if self.core is not None:
            self.core.stop()
        self.start_core()
        self.wait_ready()

    def restart_edge(self) -> None:
        """Start an edge again that was stopped or killed."""
        if self.edge is not None:
            self.edge.stop()
        self.start_edge()
        self.wait_ready()

    # -- what a user sees ------------------------------------------------------------------------

    def control(self, method: str, /, **params: Any) -> Any:
        """Ask over the control socket."""
        with ControlClient(self.socket) as client:
            return client.call(method, params)

    @contextlib.contextmanager
    def watching(self, *events: str) -> Iterator["Watcher"]:
        """Collect events of these names meanwhile."""
        watcher = Watcher(self.socket, events)
        try:
            yield watcher
        finally:
            watcher.close()

    def phone(self, user: str, **options: Any) -> Phone:
        """A phone of the office; register it with ``register`` or enter :meth:`registered`."""
        port = self.ports["tls_port" if options.get("transport") == "tls" else "sip_port"]
        options.setdefault("secret", SECRET.format(user))
        options.setdefault("inside", self.inside)
        log = self.folder / f"phone-{user}.log"
        return Phone(server=f"{self.address}:{port}", user=user, log=log, **options)

    @contextlib.contextmanager
    def phones(self, *users: str, **options: Any) -> Iterator[list[Phone]]:
        """Registered phones, each saying its own tone: 21 → 621 Hz, 22 → 722 Hz, 23 → 823 Hz …"""
        with ExitStack() as stack:
            phones = []
            for user in users:
                phones.append(self.phone(user, **{"tone": tone_of(user), **options}))
            for phone in phones:
                stack.enter_context(phone)
            for phone in phones:
                phone.register()
            yield phones

    def calls(self) -> list[dict[str, Any]]:
        """Calls in progress."""
        found: list[dict[str, Any]] = self.control("calls.list")
        return found

    def records(self, count: int, timeout: float = 20) -> list[dict[str, Any]]:
        """The newest ended calls with legs, oldest first, once there are so many."""
        found: list[dict[str, Any]] = []

        def complete() -> bool:
            found.clear()
            for call in self.control("records.calls", limit=count):
                whole = self.control("records.call", call=call["call"])
                if whole["call"]["ended"] and all(leg["ended"] for leg in whole["legs"]):
                    found.append(whole)
            return len(found) >= count

        self.control("status")  # the engine answers after it has written what its peers heard before
        self.eventually(complete, f"{count} ended calls in the records", timeout)
        return sorted(found, key=lambda one: str(one["call"]["started"]))

    def idle(self, timeout: float = 20) -> None:
        """Wait until no leg is left."""
        self.eventually(lambda: self.control("status")["legs"] == 0, "all legs to be gone", timeout)

    def eventually(self, holds: Callable[[], bool], what: str, timeout: float = 20) -> None:
        """Wait until something holds that only asking can tell."""
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while True:
            try:
                if holds():
                    return
            except OrtsamtError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                core = self.core.output[-3000:] if self.core is not None else ""
                raise AssertionError(f"waited {timeout} s for {what}; the core said:\n{core}")
            pause.wait(0.05)


def tone_of(user: str) -> int:
    """The tone a phone of the office says: far enough apart to be told from each other."""
    return 400 + 101 * (int(user[-2:]) % 20)


class Watcher:
    """Events of the control socket, collected on a thread."""

    def __init__(self, socket: Path, events: tuple[str, ...]) -> None:
        self.seen: list[Event] = []
        self._changed = threading.Condition()
        self._client = ControlClient(socket)
        self._client.__enter__()
        self._stream = self._client.watch(events)
        self._thread = threading.Thread(target=self._collect, name="watcher", daemon=True)
        self._thread.start()

    def wait(self, name: str, timeout: float = 20, **fields: Any) -> Any:
        """The payload of the first event of this name with these values."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for event in self.seen:
                    payload: Any = event.payload
                    if event.event == name and all(
                        payload.get(key) == value for key, value in fields.items()
                    ):
                        return payload
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no event {name} {fields} among {self.seen}")
                self._changed.wait(left)

    def close(self) -> None:
        """Stop watching."""
        self._client.close()
        self._thread.join(5)

    def _collect(self) -> None:
        try:
            for event in self._stream:
                with self._changed:
                    self.seen.append(event)
                    self._changed.notify_all()
        except (OrtsamtError, OSError, ValueError):
            return
