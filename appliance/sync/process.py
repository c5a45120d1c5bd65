"""The process ``ortsamt sync``: sends what the core's log has, takes in what other nodes sent.

Theory of operation: the core's log is outbox and truth, this process keeps nothing on disk. One round is a
connection to the core and one to the hub; whatever breaks ends the round, the next begins after a pause.
In a round four tasks run: *out* sends operations and remembers up to where the hub has stored them; *in*
reads the tenant's stream and gives batches to the core, which keeps operations and place in one
transaction; *beat* compares digests with other nodes and sends again what they lack; *watch* throws a
silent connection away. A node that is not enrolled looks for its credentials now and then, and loads no
more than that takes.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.sync import credentials as kept
from appliance.sync.alive import tell_alive
from appliance.sync.core_link import CoreLink
from appliance.sync.credentials import Credentials
from appliance.sync.state import Shared, State

if TYPE_CHECKING:
    from appliance.sync.round import Round

LOOK_S = 5.0
"""How often a node that is not enrolled looks whether it is."""
KNOCK_AGAIN_S = 0.7
"""Pause before the next knock where none was heard: that burdens nobody, and a link that is back is used."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.3, 1.2
LONG_S, LONG_PAUSE_S = 900.0, 15.0
"""Who knocks and is not let in waits longer after a quarter of an hour: all sites do the same then."""
BEAT_S = 10.0
REPORT_S = 2.0
_log = structlog.get_logger("sync")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one sync process of a folder while the block runs. Raises DeviceUnavailable."""
    descriptor = -1
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise DeviceUnavailable(f"another process uses {folder}", error_id="sync.in_use") from error
    except OSError as error:
        raise DeviceUnavailable(f"{folder} cannot be used: {error}", error_id="sync.folder") from error
    finally:
        if descriptor >= 0:
            os.close(descriptor)


class SyncProcess:
    """Runs until it is cancelled."""

    def __init__(
        self, *, socket: Path, folder: Path, node: str, beat_s: float = BEAT_S, version: str = ""
    ) -> None:
        """``socket`` of the core, ``folder`` with the credentials, ``node`` as box.toml names it."""
        self._socket = socket
        self._folder = folder
        self._node = node
        self._shared = Shared(node, beat_s, version)
        self._tries = 0
        self._last_good = ""
        self._outside = False
        """Nobody took our connection."""
        self._back = asyncio.Event()

    @property
    def _state(self) -> State:
        return self._shared.state

    async def run(self) -> None:
        """Round after round, until cancelled."""
        alive = asyncio.create_task(tell_alive(), name="alive")
        try:
            await self._rounds()
        finally:
            alive.cancel()

    async def _rounds(self) -> None:
        pause, good = FIRST_PAUSE_S, time.monotonic()
        while True:
            self._back.clear()
            try:
                core = await CoreLink.open(self._socket)
            except DeviceUnavailable:
                await asyncio.sleep(1)
                continue
            try:
                await self._with_core(core)
                pause = FIRST_PAUSE_S
            except* Exception as group:  # noqa: BLE001 - a defect here must not end exchange for ever
                error = _first(group)
                self._outside = self._outside and error.error_id == "sync.hub"
                if self._state.state == "connected":
                    pause, good = FIRST_PAUSE_S, time.monotonic()
                self._broken(error)
                with contextlib.suppress(OrtsamtError):
                    await self._report(core)
                if self._outside:
                    await self._wait(KNOCK_AGAIN_S)
                else:
                    most = LAST_PAUSE_S if time.monotonic() - good < LONG_S else LONG_PAUSE_S
                    pause = min(most, pause * 2)
                    await self._wait(pause)
            finally:
                await core.close()

    async def _wait(self, pause: float) -> None:
        """About so long, or until the internet comes back: sites must not come all at once."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._back.wait(), pause * (0.5 + secrets.randbelow(1000) / 1000))

    def _broken(self, error: OrtsamtError) -> None:
        if error.error_id.startswith(("control.", "device.")):
            return  # the core's end: it will be back
        if (error.error_id, error.message) != (self._state.fault, self._state.detail):
            _log.warning("exchange is interrupted", error_id=error.error_id, detail=error.message)
        self._state.fault, self._state.detail = error.error_id, error.message
        self._state.hint = error.hint
        if self._state.state != "off":
            self._state.state = "connecting"
        self._tries += 1

    async def _with_core(self, core: CoreLink) -> None:
        await core.watch({"operations": lambda _: self._shared.nudge.set(), "internet": self._internet})
        while (credentials := kept.read(self._folder)) is None:
            self._shared.state = State(node=self._node)
            await self._report(core)
            await asyncio.sleep(LOOK_S)
        await self._exchange(core, credentials)

    async def _exchange(self, core: CoreLink, credentials: Credentials) -> None:
        # Only now: the NATS client and what it needs is 20 MB, of no use to a box that is not enrolled.
        from appliance.sync.hub_link import connected, knock
        from appliance.sync.parcels import ParcelRound
        from appliance.sync.round import Round

        self._state.tenant = credentials.tenant
        if self._state.state == "off":
            self._state.state = "connecting"
        if credentials.node != self._node:
            raise DeviceUnavailable(
                f"this node is enrolled as {credentials.node}, but box.toml calls it {self._node}",
                error_id="sync.name",
                hint="set node in box.toml, or enrol again",
            )
        await self._report(core)
        server = self._next(credentials.servers)
        if self._state.fault:
            self._outside = True
            await knock(server)
        self._outside = False
        async with connected(credentials, server) as hub:
            opened = await core.call("sync.open")
            work = Round(self._shared, core, hub, credentials, opened["places"])
            parcels = ParcelRound(
                self._shared, core, hub, credentials, opened["places"].get("rec", ""), self._folder
            )
            self._state.state, self._state.server = "connected", server
            self._last_good, self._tries = server, 0
            self._state.fault = self._state.detail = self._state.hint = ""
            self._state.since = datetime.now(UTC).isoformat()
            _log.info("connected to the hub", server=server)
            async with asyncio.TaskGroup() as group:
                for task in (work.out, work.take_in, work.beat, hub.watch):
                    group.create_task(task(), name=task.__name__)
                if opened["parcels"]:
                    group.create_task(parcels.send(), name="send parcels")
                    group.create_task(parcels.take_in(), name="take in parcels")
                    group.create_task(parcels.ask_again(), name="ask for parcels")
                group.create_task(self._keep_reporting(core, work), name="report")
                group.create_task(_until(core.lost), name="core")

    def _next(self, servers: Sequence[str]) -> str:
        """Which server to try: the last that was good every other time, between them all in turn."""
        if self._last_good in servers and self._tries % 2:
            return self._last_good
        turn = self._tries // 2 if self._last_good else self._tries
        return servers[turn % len(servers)]

    def _internet(self, _payload: object) -> None:
        """The core saw the internet come or go: no need to wait any longer."""
        self._back.set()

    async def _report(self, core: CoreLink) -> None:
        await core.call("sync.report", msgspec.to_builtins(self._state))

    async def _keep_reporting(self, core: CoreLink, work: "Round") -> None:
        while True:
            self._state.peers = work.peers()
            self._state.twin = self._shared.twins()
            await self._report(core)
            await asyncio.sleep(REPORT_S)


async def _until(event: asyncio.Event) -> None:
    await event.wait()
    raise DeviceUnavailable("the core went away", error_id="control.closed")


def _first(group: BaseExceptionGroup[Exception]) -> OrtsamtError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, OrtsamtError):
        return error
    _log.error("a round of exchange failed", exc_info=error)
    return OrtsamtError(f"unexpected: {type(error).__name__}: {error}", error_id="sync.internal")
