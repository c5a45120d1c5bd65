"""A box and its office's instance in the cloud: edges and cores as real processes, joined by a link.

with Linked(tmp_path) as pair:
    with pair.box.phones("21") as (anna,), pair.cloud.phones("22") as (ben,):
        anna.call("22")

What one side's log has is given to the other as the process of exchange does, without a hub between. The link
for calls passes a relay that can be cut or be silent (``pair.wire``), or the ``routers``.
"""

import secrets
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.sync import credentials as kept
from appliance.sync.credentials import Credentials
from tests.support.box import Box, Documents, office
from tests.support.cut import Link
from tests.support.routers import CLOUD as MAPPED
from tests.support.routers import OFFICE, PUBLIC_CLOUD, Routers

BOX, CLOUD = "koeln", "cloud"


def credentials(node: str, key: str, tenant: str = "acme") -> Credentials:
    """What enrolment leaves on a node, as far as calls need it."""
    return Credentials(
        tenant=tenant, node=node, slot=0, shard=0, jwt="", seed="", key=key, servers=("tls://127.0.0.1:1",)
    )


class Linked:
    """Everything runs when it is entered, and the link is up unless ``wait`` is false."""

    def __init__(
        self,
        folder: Path,
        documents: Documents | None = None,
        *,
        wait: bool = True,
        routers: Routers | None = None,
    ) -> None:
        self._folder = folder
        self._documents = office("21", "22", "23") if documents is None else documents
        self._wait = wait
        self._routers = routers
        self._stack = ExitStack()
        self.key = secrets.token_hex(32)

    def make(self, name: str, role: str) -> Box:
        """An instance that is not started."""
        folder = self._folder / name
        folder.mkdir()
        made = self._instance(folder, role)
        text = made.settings.read_text(encoding="utf-8")
        made.settings.write_text(f'node = "{name}"\nrole = "{role}"\n{text}', encoding="utf-8")
        kept.write(folder / "state" / "sync", credentials(name, self.key))
        return made

    def _instance(self, folder: Path, role: str) -> Box:
        routers = self._routers
        if routers is None:
            return Box(folder, self._documents)
        if role == "box":
            return Box(folder, self._documents, address=OFFICE, inside=routers.office)
        mapped = {"network": {"public_address": PUBLIC_CLOUD}}
        return Box(folder, self._documents, settings=mapped, address=MAPPED, inside=routers.cloud)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.cloud = self.make(CLOUD, "cloud")
            if self._routers is None:
                self.wire = Link(self.cloud.ports["link_port"])
                stack.callback(self.wire.close)
                text = self.cloud.settings.read_text(encoding="utf-8")
                mapped = f"[network]\npublic_link_port = {self.wire.port}"
                self.cloud.settings.write_text(text.replace("[network]", mapped), encoding="utf-8")
            self.box = self.make(BOX, "box")
            self.box.documents = {}
            stack.enter_context(self.cloud)
            stack.enter_context(self.box)
            for one, name in ((self.cloud, CLOUD), (self.box, BOX)):
                one.eventually(partial(introduced, one, name), f"{name} to say who it is")
            self.exchange()
            if self._wait:
                self.wait_link()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def exchange(self) -> None:
        """Give each side what the other's log has."""
        for giver, taker in ((self.cloud, self.box), (self.box, self.cloud)):
            rows = giver.control("sync.give", after=0)["operations"]
            taken = taker.control("sync.take", operations=rows, places={})
            assert not taken["refused"], taken

    def wait_link(self, *, up: bool = True, timeout: float = 40) -> None:
        """Wait until both say so of the link."""
        for one in (self.box, self.cloud):
            one.eventually(
                partial(says_up, one, up=up),
                f"the link to be {'up' if up else 'down'}",
                timeout,
            )


def introduced(one: Box, name: str) -> bool:
    """Whether an instance has said who it is, with the certificate that its edge made."""
    found = {each["id"]: each for each in one.control("config.list", kind="instance")}
    return name in found and bool(found[name]["certificate"] or name != CLOUD)


def says_up(one: Box, *, up: bool) -> bool:
    """Whether an instance says so of its only other one."""
    return [node["up"] for node in one.control("nodes.show")["nodes"]] == [up]
