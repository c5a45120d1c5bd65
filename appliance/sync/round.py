"""One round of exchange: a connection to the core and one to the hub, and the tasks between them."""

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from appliance.errors import OrtsamtError, PeerProtocolError
from appliance.sync import envelope, subjects
from appliance.sync.core_link import CoreLink
from appliance.sync.credentials import Credentials
from appliance.sync.hub_link import HubLink, Message
from appliance.sync.state import Peer, Shared

LOOK_S = 5.0
"""How often the log is looked at without being told."""
IN_FLIGHT = 8
"""Envelopes on their way to the hub at once."""
SEND_AGAIN_S = 30.0
MAX_PEERS = 32
MAX_SENT_REMEMBERED = 5000
TAKEN_AT_ONCE = 1000
GIVEN_AT_ONCE = 1000
_log = structlog.get_logger("sync")


class Round:
    """One connection to core and hub."""

    def __init__(
        self,
        shared: Shared,
        core: CoreLink,
        hub: HubLink,
        credentials: Credentials,
        places: Mapping[str, str],
    ) -> None:
        self._shared = shared
        self._state = shared.state
        self._core = core
        self._hub = hub
        self._credentials = credentials
        self._keys = [bytes.fromhex(one) for one in (credentials.key, *credentials.old_keys)]
        sent = places.get("sent", "0")
        self._sent = int(sent) if sent.isdigit() else 0
        self._place = places.get("cfg", "")
        self._own: OrderedDict[str, float] = OrderedDict()
        """Hashes of envelopes that we sent in this round, and when: they come back and are not news."""
        self._everything = False
        self._digests: Mapping[str, str] = {}
        self._slots = asyncio.Semaphore(IN_FLIGHT)

    # -- out ---------------------------------------------------------------------------------------

    async def out(self) -> None:
        """Send what is new in the log, as soon as there is something."""
        nudge = self._shared.nudge
        nudge.set()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(nudge.wait(), LOOK_S)
            nudge.clear()
            while True:
                given = await self._core.call("sync.give", {"after": self._sent, "limit": GIVEN_AT_ONCE})
                self._state.waiting = len(given["operations"]) + given["waiting"]
                if not given["operations"]:
                    break
                await self._publish(given["operations"])
                self._sent = 0 if self._everything else given["last"]
                self._everything = False
                await self._core.call("sync.keep", {"places": {"sent": str(self._sent)}})
                self._state.waiting = given["waiting"]
                if not given["waiting"] and self._sent:
                    break

    async def _publish(self, rows: list[envelope.Row], again: str = "") -> None:
        credentials = self._credentials
        packed = envelope.packs(rows, tenant=credentials.tenant, node=credentials.node, key=self._keys[0])
        subject = subjects.operations_of(credentials.tenant, credentials.node)

        async def send(data: bytes, count: int) -> None:
            async with self._slots:
                digest = hashlib.sha256(data).hexdigest()[:32]
                self._own[digest] = time.time()
                if len(self._own) > MAX_SENT_REMEMBERED:
                    self._own.popitem(last=False)
                await self._hub.publish(subject, data, digest + again)
                self._state.sent += count

        async with asyncio.TaskGroup() as group:
            for data, count in packed:
                group.create_task(send(data, count))

    # -- in ----------------------------------------------------------------------------------------

    async def take_in(self) -> None:
        """Give the core what other nodes sent."""
        shard = self._credentials.shard
        feed = self._hub.feed(subjects.configuration_stream(shard), "cfg", self._place)
        async for messages, anew in feed:
            if anew:
                # What the hub lost, others may lack: send everything again, it is merged once.
                self._sent, self._everything = 0, True
                self._own.clear()
                self._shared.nudge.set()
            try:
                await self._take(messages)
            except envelope.NewerVersion as error:
                # Nothing is lost: this place in the stream is taken up again after an update.
                self._state.fault, self._state.detail = error.error_id, error.message
                self._state.hint = error.hint
                await asyncio.Event().wait()

    async def _take(self, messages: list[Message]) -> None:
        rows: list[envelope.Row] = []
        for message in messages:
            rows += self._opened(message)
        if not messages:
            self._state.pending = 0
            return
        self._state.pending = messages[-1].pending + len(messages)
        place = messages[-1].place
        if rows:
            for first in range(0, len(rows), TAKEN_AT_ONCE):
                part = rows[first : first + TAKEN_AT_ONCE]
                last = first + TAKEN_AT_ONCE >= len(rows)
                answer = await self._core.call(
                    "sync.take", {"operations": part, "places": {"cfg": place} if last else {}}
                )
                self._state.taken += answer["new"]
                for why in answer["refused"]:
                    self._refuse(why)
        else:
            await self._core.call("sync.keep", {"places": {"cfg": place}})
        self._place = place
        self._state.pending = messages[-1].pending

    def _opened(self, message: Message) -> list[envelope.Row]:
        """The operations in a message; none of our own."""
        credentials = self._credentials
        sender = message.subject.split(".")[2]
        if sender == credentials.node:
            sent = self._own.get(hashlib.sha256(message.data).hexdigest()[:32])
            if sent is not None:
                self._state.clock_s = round(sent - message.stored_ns / 1e9, 1)
                return []
        try:
            found = envelope.unpack(message.data, tenant=credentials.tenant, sender=sender, keys=self._keys)
        except PeerProtocolError as error:
            if isinstance(error, envelope.NewerVersion):
                raise
            self._refuse(error.message)
            return []
        for why in found.refused:
            self._refuse(f"{sender}: {why}")
        return list(found.rows)

    def _refuse(self, why: str) -> None:
        self._shared.refused(why)
        _log.warning("an operation was refused", why=why)

    # -- beat --------------------------------------------------------------------------------------

    async def beat(self) -> None:
        """Tell the others what we have, compare with what they say."""
        await self._hub.listen(subjects.talk("*", "beat"), self._heard)
        await self._hub.listen(subjects.talk(self._credentials.node, "ask"), self._asked)
        await self._hub.listen(subjects.talk("*", "tell"), self._told)
        while True:
            shared = self._shared
            self._digests = digests = await self._core.call("sync.digests")
            await self._hub.say(
                subjects.talk(self._credentials.node, "beat"),
                msgspec.json.encode(
                    {
                        "instance": shared.instance,
                        "version": shared.version,
                        "digests": digests,
                        "pending": self._state.pending,
                    }
                ),
            )
            await self._compare(digests)
            await asyncio.sleep(shared.beat_s)

    async def _heard(self, subject: str, data: bytes) -> None:
        node = subject.split(".")[1]
        shared = self._shared
        try:
            said = msgspec.json.decode(data, type=_Beat)
        except msgspec.MsgspecError:
            return
        if node == self._credentials.node:
            if said.instance != shared.instance:
                if not shared.twins():
                    _log.error("another box has the identity of this one", node=node)
                shared.twin_at = time.monotonic()
            return
        peers = shared.peers
        before = peers.get(node)
        peers[node] = Peer(
            at=time.monotonic(),
            said=datetime.now(UTC).isoformat(),
            version=said.version,
            digests=said.digests,
            same=0 if said.pending or before is None or before.digests != said.digests else before.same + 1,
        )
        while len(peers) > MAX_PEERS:
            peers.popitem(last=False)

    async def _compare(self, digests: Mapping[str, str]) -> None:
        """Ask those who stay behind what they lack of what is ours to send."""
        shared, now = self._shared, time.monotonic()
        for node, peer in shared.peers.items():
            if peer.same < 1 or now - peer.at > 3 * shared.beat_s or self._state.waiting:
                continue
            for origin, digest in digests.items():
                ours = origin == self._credentials.node or self._credentials.slot == 0
                due = shared.asked.get((node, origin), 0.0) <= now
                if ours and due and peer.digests.get(origin) != digest:
                    shared.asked[node, origin] = now + SEND_AGAIN_S
                    asked = msgspec.json.encode({"origin": origin})
                    await self._hub.say(subjects.talk(node, "ask"), asked)

    async def _asked(self, _subject: str, data: bytes) -> None:
        with contextlib.suppress(msgspec.MsgspecError, OrtsamtError):
            origin = msgspec.json.decode(data, type=_Ask).origin
            buckets = await self._core.call("sync.buckets", {"node": origin})
            told = msgspec.json.encode({"origin": origin, "buckets": buckets})
            await self._hub.say(subjects.talk(self._credentials.node, "tell"), told)

    async def _told(self, subject: str, data: bytes) -> None:
        node = subject.split(".")[1]
        with contextlib.suppress(msgspec.MsgspecError, OrtsamtError, ExceptionGroup):
            told = msgspec.json.decode(data, type=_Tell)
            if (node, told.origin) not in self._shared.asked or node == self._credentials.node:
                return
            mine = await self._core.call("sync.buckets", {"node": told.origin})
            for day, digest in mine.items():
                if told.buckets.get(day) != digest:
                    given = await self._core.call("sync.give_again", {"node": told.origin, "day": int(day)})
                    _log.warning(
                        "sent again what another node lacks", to=node, count=len(given["operations"])
                    )
                    await self._publish(given["operations"], again=f".{secrets.token_hex(4)}")

    def peers(self) -> list[dict[str, Any]]:
        """The other nodes, for people."""
        now = time.monotonic()
        return [
            {
                "node": node,
                "heard_s": round(now - peer.at, 1),
                "version": peer.version,
                "equal": dict(peer.digests) == dict(self._digests),
            }
            for node, peer in self._shared.peers.items()
        ]


class _Beat(msgspec.Struct):
    instance: str
    version: str
    digests: dict[str, str]
    pending: int = 0
    """What it has not taken in yet: until then nothing is missing."""


class _Ask(msgspec.Struct):
    origin: str


class _Tell(msgspec.Struct):
    origin: str
    buckets: dict[str, str]
