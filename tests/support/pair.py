"""Two boxes on one site: each in a network namespace with its keepalived, joined by a switch, phones beside.

with Pair(tmp_path) as pair, pair.phone("21") as anna:
    anna.register()
    pair.active().kill()
    pair.other.wait_active()

Nothing outside of the namespaces is reached. Needs root.
"""

import itertools
import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.box import SECRET, Box, Documents, office, ring, tone_of
from tests.support.phone import Phone
from tests.support.processes import Process, ortsamt
from tests.support.provider import Provider

FLOATING, NETWORK = "10.88.0.10", "10.88.0.10/24"
OWN = {"box-a": "10.88.0.1", "box-b": "10.88.0.2"}
DESKS, PROVIDER = "10.88.0.50", "10.88.0.60"
PUBLIC = "+49221555100"
PORTS = {
    "sip_port": 5060, "tls_port": 5061, "edge_core_port": 5062, "evapi_port": 5063,
    "core_port": 5070, "trunk_port": 5080, "fax_port": 5064, "t38_port": 5065,
}  # fmt: skip
_numbers = itertools.count(1)


def ip(*words: str) -> str:
    """``ip WORDS``; what it says."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


class OneOf:
    """One box of the pair."""

    def __init__(
        self, node: str, folder: Path, space: str, port: str, switch: str, documents: Documents
    ) -> None:
        self.node = node
        self.space, self._port, self._switch = space, port, switch
        inside = ("ip", "netns", "exec", space)
        folder.mkdir()
        self.box = Box(
            folder,
            documents,
            address=OWN[node],
            inside=inside,
            settings={"network": PORTS, "standby": {"address": NETWORK}},
        )
        self.box.ports.update(PORTS)
        text = self.box.settings.read_text(encoding="utf-8")
        self.box.settings.write_text(f'node = "{node}"\n{text}', encoding="utf-8")
        self.standby: Process | None = None
        self.keepalived: Process | None = None

    def launch(self) -> None:
        """Start the processes, as systemd would, without waiting."""
        self.start_standby()
        self.box.start_edge()
        command = [*self.box.inside, *ortsamt("run", "--log-json", "--box", str(self.box.settings))]
        self.box.core = Process("core", command, log=self.box.folder / "core.log")
        self.start_keepalived()

    def start(self) -> None:
        """Start the processes and wait until calls can be made."""
        self.launch()
        assert self.box.core is not None
        self.box.core.wait_line("ready for calls", timeout=60)
        self.box.wait_ready(60)

    def start_standby(self) -> None:
        """Start the process that keeps the link."""
        for name in ("state", "run"):
            (self.box.folder / name).mkdir(exist_ok=True)
        self.standby = Process(
            f"standby {self.node}",
            [*self.box.inside, *ortsamt("standby", "--log-json", "--box", str(self.box.settings))],
            log=self.box.folder / "standby.log",
        )

    def start_keepalived(self) -> None:
        """Start keepalived with the settings that we render."""
        folder = self.box.folder
        back = folder / "run" / "standby" / "back"
        back.parent.mkdir(exist_ok=True)
        if not back.exists():
            back.write_text("0\n")
        settings = folder / "keepalived.conf"
        subprocess.run(
            [*self.box.inside, *ortsamt("standby", "keepalived", "--box", str(self.box.settings)),
             "--out", str(settings)],
            check=True, capture_output=True,
        )  # fmt: skip
        pid = folder / "run" / "keepalived"
        self.keepalived = Process(
            f"keepalived {self.node}",
            [*self.box.inside, "/usr/sbin/keepalived", "--dont-fork", "--vrrp", "--log-console",
             "-f", str(settings), "-p", f"{pid}.pid", "-r", f"{pid}-vrrp.pid"],
            log=folder / "keepalived.log",
        )  # fmt: skip

    def processes(self) -> list[Process]:
        """Those that run."""
        found = (self.keepalived, self.standby, self.box.core, self.box.edge)
        return [one for one in found if one is not None]

    def kill(self) -> None:
        """SIGKILL to everything at once; the address goes as when the power fails."""
        for process in self.processes():
            process.kill()
        subprocess.run(
            ["ip", "-n", self.space, "addr", "del", NETWORK, "dev", "lan"], check=False, capture_output=True
        )

    def cut(self) -> None:
        """Pull the cable at the other end of a switch: the link stays up, nothing comes through."""
        ip("-n", self._switch, "link", "set", self._port, "nomaster")

    def join(self) -> None:
        """Put it back."""
        ip("-n", self._switch, "link", "set", self._port, "master", "br0")

    def has_address(self) -> bool:
        """Whether the floating address is here."""
        return f"{FLOATING}/" in ip("-n", self.space, "addr", "show", "dev", "lan")

    def show(self) -> dict[str, Any]:
        """``standby.show``."""
        found: dict[str, Any] = self.box.control("standby.show")
        return found

    def close(self) -> None:
        """End everything."""
        for process in self.processes():
            process.stop()


class Pair:
    """Everything runs, paired and in step, when it is entered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tag = f"p{os.getpid():x}{next(_numbers)}"
        self._switch, self._desks = f"{tag}-switch", f"{tag}-desks"
        self._spaces = {node: f"{tag}-{node}" for node in OWN}
        self._stack = ExitStack()
        self.boxes: dict[str, OneOf] = {}
        self.provider: Provider | None = None

    def __enter__(self) -> Self:
        try:
            self._network()
            account = ("trunk:secret-of-trunk:+49221555",)
            desks = ("ip", "netns", "exec", self._desks)
            self.provider = self._stack.enter_context(
                Provider(accounts=account, options=("--listen", PROVIDER), inside=desks)
            )
            for number, node in enumerate(OWN):
                documents = self._documents(self.provider.port) if not number else {}
                one = OneOf(
                    node, self.folder / node, self._spaces[node], f"p{number}", self._switch, documents
                )
                self.boxes[node] = one
                one.launch()
            self._pair()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything."""
        for one in self.boxes.values():
            one.close()
        self._stack.close()
        for space in (*self._spaces.values(), self._desks, self._switch):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)

    def _network(self) -> None:
        switch = self._switch
        spaces = {**self._spaces, "desks": self._desks}
        for space in (switch, *spaces.values()):
            ip("netns", "add", space)
            ip("-n", space, "link", "set", "lo", "up")
        ip("-n", switch, "link", "add", "br0", "type", "bridge")
        ip("-n", switch, "link", "set", "br0", "up")
        for number, (name, space) in enumerate(spaces.items()):
            port = f"p{number}"
            words = ("type", "veth", "peer", "name", port, "netns", switch)
            ip("link", "add", "lan", "netns", space, *words)
            ip("-n", switch, "link", "set", port, "master", "br0", "up")
            ip("-n", space, "link", "set", "lan", "up")
            for address in (OWN[name],) if name in OWN else (DESKS, PROVIDER):
                ip("-n", space, "addr", "add", f"{address}/24", "dev", "lan")

    def _documents(self, port: int) -> Documents:
        trunk = {
            "host": PROVIDER, "port": port, "username": "trunk", "secret": "secret-of-trunk",
            "kind": "registering", "default_number": PUBLIC,
        }  # fmt: skip
        number = {"main": {"number": PUBLIC, "steps": [ring("21")]}}
        return office("21", "22", trunk={"main": trunk}, number=number)

    def _pair(self) -> None:
        first, second = self.boxes.values()
        for one in (first, second):
            assert one.box.core is not None
            one.box.core.wait_line("ready for calls", timeout=60)
            one.box.wait_ready(60)
            one.box.eventually(lambda one=one: one.show()["running"], "the pair's process", 60)  # type: ignore[misc]
        first.box.control("config.import", configuration=first.box.documents)
        code = first.box.control("standby.code")["code"]
        second.box.control("standby.pair", address=OWN[first.node], code=code)
        self.in_step()
        first.box.eventually(lambda: self.who() is not None, "somebody to have the address", 60)

    def in_step(self, timeout: float = 60) -> None:
        """Wait until both have the same, and nothing waits."""
        first = next(iter(self.boxes.values())).box

        def equal() -> bool:
            states = [one.show() for one in self.boxes.values()]
            return all(
                one.get("peer_can_call")
                and one["equal"]
                and not one["ill"]
                and not one["waiting"]
                and not one["records_waiting"]
                for one in states
            )

        first.eventually(equal, "both boxes to be in step", timeout)

    def who(self) -> OneOf | None:
        """The one that has the address; None when it is none or both."""
        having = [one for one in self.boxes.values() if one.has_address()]
        return having[0] if len(having) == 1 else None

    def active(self) -> OneOf:
        """The active box, which knows it."""
        found: list[OneOf] = []

        def known() -> bool:
            one = self.who()
            found[:] = [one] if one is not None and one.show()["active"] else []
            return bool(found)

        next(iter(self.boxes.values())).box.eventually(known, "one box to be active", 60)
        return found[0]

    def other(self, one: OneOf) -> OneOf:
        """The one that is not it."""
        return next(box for box in self.boxes.values() if box is not one)

    def phone(self, user: str, **options: Any) -> Phone:
        """A phone that knows the floating address alone."""
        options = {"secret": SECRET.format(user), "tone": tone_of(user), **options}
        inside = ("ip", "netns", "exec", self._desks)
        log = self.folder / f"phone-{user}.log"
        return Phone(server=f"{FLOATING}:5060", user=user, log=log, inside=inside, **options)


def seconds_until(holds: Any, most: float = 60) -> float:
    """How long it takes until it holds, looked at 50 times a second."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > most:
            raise AssertionError(f"not within {most} s")
        time.sleep(0.02)
    return time.monotonic() - began
