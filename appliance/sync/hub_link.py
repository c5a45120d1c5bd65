"""The hub as a node sees it: one connection that is used until anything is wrong with it, and feeds.

Theory of operation: nothing is repaired. A connection that is refused, silent or broken is thrown away with
everything that hangs on it, and a new one is made after a pause; what was not acknowledged is sent again,
and a feed goes on behind the last message that was kept. Whatever arrives twice is merged once.
"""

import asyncio
import base64
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from appliance.errors import DeviceUnavailable
from appliance.sync import subjects
from appliance.sync.claims import Key
from appliance.sync.credentials import Credentials
from appliance.sync.quiet import quiet

KNOCK_S = 1.5
"""A hub that takes no connection within so long is not reached: two SYNs, a second between them."""
CONNECT_S = 8.0
ASK_S = 10.0
PULL_S = 20.0
PULL_MESSAGES = 64
WATCH_S = 4.0
"""Every so often the hub must answer within the same time, or the connection is thrown away."""
TAKEN_BYTES = 100_000
"""A feed hands out no more at once."""
_log = structlog.get_logger("sync.hub")


quiet()


class HubLost(DeviceUnavailable):
    """The connection is of no use any more; ``error_id`` names why where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One stored message: ``sequence`` is its place in the stream."""

    subject: str
    data: bytes
    sequence: int
    stored_ns: int
    """When the hub stored it, nanoseconds since 1970 by its clock."""
    pending: int
    """How many more there were then."""

    @property
    def place(self) -> str:
        """Where a feed that has kept this message goes on: sequence and what must be there."""
        return f"{self.sequence}:{hashlib.sha256(self.data).hexdigest()[:16]}"


class HubLink:
    """A connection to the hub, made by :func:`connected`."""

    def __init__(self, client: Client, credentials: Credentials, server: str) -> None:
        self.server = server
        self.refusal = ""
        self._client = client
        self._credentials = credentials

    async def publish(self, subject: str, data: bytes, message_id: str) -> int:
        """Store a message; its sequence. Raises HubLost when that is not certain."""
        try:
            reply = await self._client.request(
                subject, data, timeout=ASK_S, headers={"Nats-Msg-Id": message_id}
            )
        except (nats.errors.Error, OSError) as error:
            raise _lost(
                error, f"the hub did not store a message: {self.refusal or str(error) or 'no answer'}"
            ) from error
        answer = _json(reply.data)
        fault = answer.get("error")
        if fault is not None or "seq" not in answer:
            words = fault.get("description", "") if isinstance(fault, dict) else ""
            raise HubLost(f"the hub refused a message: {words}", error_id="sync.hub_full")
        return _number(answer["seq"])

    async def say(self, subject: str, data: bytes) -> None:
        """Tell the tenant's nodes that listen now."""
        try:
            await self._client.publish(subject, data)
        except (nats.errors.Error, OSError) as error:
            raise _lost(error, "the hub is gone") from error

    async def listen(self, subject: str, hear: Callable[[str, bytes], Awaitable[None]]) -> None:
        """Call ``hear(subject, data)`` for everything said there."""

        async def take(message: Msg) -> None:
            await hear(message.subject, message.data)

        await self._client.subscribe(subject, cb=take)

    async def watch(self) -> None:
        """Return never; raises HubLost once the hub does not answer any more."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self._client.flush(timeout=round(WATCH_S))
            except (nats.errors.Error, OSError, ValueError) as error:
                raise _lost(error, "the hub does not answer any more") from error

    async def feed(self, stream: str, part: str, place: str) -> AsyncIterator[tuple[list[Message], bool]]:
        """Stored messages of the tenant (``part``: cfg, rec) behind ``place``, several at once, for ever.

        The second value is True once, at the beginning, when the stream is not the one that ``place`` is
        of (it was lost or cut off): then everything that it has comes again. Raises HubLost.
        """
        sequence, _, mark = place.partition(":")
        start = int(sequence) if sequence.isdigit() and int(sequence) > 0 else 1
        if not mark:
            async for found in self._pull(stream, part, 1):
                yield found, False
            return
        known = False
        async for found in self._pull(stream, part, start, must_wait=True):
            if not known and (not found or found[0].place != place):
                break
            rest = found if known else found[1:]
            known = True
            if rest:
                yield rest, False
        _log.warning("the hub's stream is not the one it was: everything is read again", stream=stream)
        anew = True
        async for found in self._pull(stream, part, 1, must_wait=True):
            if found or anew:
                yield found, anew
            anew = False

    async def _pull(
        self, stream: str, part: str, start: int, *, must_wait: bool = False
    ) -> AsyncIterator[list[Message]]:
        """Messages from sequence ``start`` on; ``must_wait``: at once nothing when there are none now."""
        credentials = self._credentials
        if not await self._consume(stream, part, start) and must_wait:
            yield []
        name = subjects.consumer(credentials.tenant, credentials.slot)
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox, pending_bytes_limit=256 * 1024 * 1024)
        asked, expected = 0, 1
        try:
            while True:
                if asked <= PULL_MESSAGES // 2:
                    pull = {"batch": PULL_MESSAGES, "expires": int(PULL_S * 1e9)}
                    await self._client.publish(
                        f"{subjects.API}.CONSUMER.MSG.NEXT.{stream}.{name}", _bytes(pull), reply=inbox
                    )
                    asked += PULL_MESSAGES
                raw, over = await self._received(subscription)
                found = []
                for one in raw:
                    message, number = _stored(one)
                    if number != expected:
                        raise HubLost("messages of the hub are missing", error_id="sync.gap")
                    expected, asked = expected + 1, asked - 1
                    found.append(message)
                if over:
                    asked = 0
                if found:
                    yield found
        except (nats.errors.Error, OSError) as error:
            raise _lost(error, "the hub is gone") from error
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _received(self, subscription: Subscription) -> tuple[list[Msg], bool]:
        """What has arrived, at least one message unless the pull is over (the second value)."""
        try:
            first = await subscription.next_msg(timeout=PULL_S + 2)
        except nats.errors.TimeoutError:
            return [], True
        taken, size, over = [], 0, False
        one: Msg | None = first
        while one is not None:
            if one.headers and "Status" in one.headers:
                over = True
                if one.headers["Status"] not in {"404", "408"}:
                    raise HubLost(f"the hub ended a feed: {one.headers}", error_id="sync.feed")
            else:
                taken.append(one)
                size += len(one.data)
            one = None
            if subscription.pending_msgs and size < TAKEN_BYTES:
                one = await subscription.next_msg(timeout=1)
        return taken, over

    async def _consume(self, stream: str, part: str, start: int) -> int:
        """Make our consumer anew; how many messages wait in it."""
        credentials = self._credentials
        name = subjects.consumer(credentials.tenant, credentials.slot)
        filtered = f"{part}.{credentials.tenant}.>"
        config = {
            "name": name, "deliver_policy": "by_start_sequence", "opt_start_seq": start, "ack_policy": "none",
            "filter_subject": filtered, "replay_policy": "instant", "inactive_threshold": 60_000_000_000,
            "num_replicas": 1, "mem_storage": True,
        }  # fmt: skip
        with contextlib.suppress(nats.errors.TimeoutError):
            await self._ask(f"{subjects.API}.CONSUMER.DELETE.{stream}.{name}", b"")
        answer = await self._ask(
            f"{subjects.API}.CONSUMER.CREATE.{stream}.{name}.{filtered}",
            _bytes({"stream_name": stream, "config": config}),
        )
        fault = answer.get("error")
        if fault is not None:
            raise HubLost(f"the hub gives no feed: {fault}", error_id="sync.feed")
        return _number(answer.get("num_pending"))

    async def _ask(self, subject: str, data: bytes) -> dict[str, object]:
        try:
            return _json((await self._client.request(subject, data, timeout=ASK_S)).data)
        except (nats.errors.Error, OSError) as error:
            raise _lost(error, f"the hub does not answer: {self.refusal or error}") from error


async def knock(server: str) -> None:
    """Return when something takes connections there. Raises HubLost after :data:`KNOCK_S`.

    Costs the hub nothing, so it may be done often while there is no link.
    """
    at = urlsplit(server)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(KNOCK_S):
            _, writer = await asyncio.open_connection(at.hostname, at.port)
    except (OSError, TimeoutError, ValueError) as error:
        raise _lost(error, "") from error
    finally:
        if writer is not None:
            writer.transport.abort()


@asynccontextmanager
async def connected(credentials: Credentials, server: str) -> AsyncIterator[HubLink]:
    """A connection to this server while the block runs. Raises HubLost with the reason."""
    key = Key(seed=credentials.seed)
    said: list[Exception] = []

    async def trouble(error: Exception) -> None:
        said.append(error)
        if made is not None and "permissions violation" in str(error).lower():
            made.refusal = str(error)
            _log.warning("the hub refused something", error=str(error))

    made: HubLink | None = None
    client = Client()
    try:
        try:
            await asyncio.wait_for(
                client.connect(
                    servers=[server],
                    tls=_tls(credentials),
                    name=f"{credentials.tenant}.{credentials.node}",
                    user_jwt_cb=lambda: bytearray(credentials.jwt.encode()),
                    signature_cb=lambda nonce: base64.b64encode(key.sign(nonce.encode())),
                    inbox_prefix=subjects.inbox(credentials.node).encode(),
                    error_cb=trouble,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,  # 0 is for ever where no connection is taken
                    reconnect_time_wait=0,
                    connect_timeout=round(CONNECT_S),
                    no_echo=True,
                    pending_size=2 * 1024 * 1024,
                ),
                CONNECT_S + 2,
            )
        except (nats.errors.Error, OSError, TimeoutError, ValueError) as error:
            reasons = [*said, error]
            raise _lost(
                next((one for one in reasons if isinstance(one, ssl.SSLError)), reasons[0]), ""
            ) from error
        made = HubLink(client, credentials, server)
        yield made
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.close(), 2)
        transport = getattr(client, "_transport", None)
        writer = getattr(transport, "_io_writer", None)
        if writer is not None and writer.transport is not None:
            writer.transport.abort()  # a dead link must not keep its buffers


def _tls(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=credentials.authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _stored(message: Msg) -> tuple[Message, int]:
    """A message and its number in the consumer, from ``$JS.ACK.stream.consumer.1.sseq.cseq.time.pending``."""
    parts = message.reply.split(".")
    if len(parts) < 9:
        raise HubLost("a message of the hub has no place", error_id="sync.feed")
    sequence, number, stored, pending = (int(one) for one in (parts[-4], parts[-3], parts[-2], parts[-1]))
    if len(parts) >= 11:  # with domain, account and a random token (NATS ADR-15)
        sequence, number, stored, pending = (int(one) for one in (parts[-5], parts[-4], parts[-3], parts[-2]))
    return (
        Message(
            subject=message.subject, data=message.data, sequence=sequence, stored_ns=stored, pending=pending
        ),
        number,
    )


def _lost(error: BaseException, words: str) -> HubLost:
    """Name why the hub cannot be used."""
    text = str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        expired = error.verify_code == 10
        return HubLost(
            f"the hub's certificate is not accepted: {error.verify_message}",
            error_id="sync.certificate_expired" if expired else "sync.certificate",
            hint="renew the hub's certificate; is this box's clock right?",
        )
    if "authorization" in text.lower() or "authentication" in text.lower():
        return HubLost(
            "the hub does not let this node in: its credentials were revoked or have expired",
            error_id="sync.refused",
            hint="enrol this node again",
        )
    if isinstance(error, nats.errors.NoRespondersError):
        return HubLost("the hub has no stream for this tenant", error_id="sync.no_stream", hint="ortsamt hub")
    return HubLost(words or f"the hub is not reachable: {text or type(error).__name__}", error_id="sync.hub")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _bytes(value: object) -> bytes:
    return msgspec.json.encode(value)


def _json(data: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise HubLost(f"the hub's answer makes no sense: {error}", error_id="sync.feed") from error
    if not isinstance(found, dict):
        raise HubLost("the hub's answer makes no sense", error_id="sync.feed")
    return found
