"""Telling the servers of a hub: streams, new tenants, revocations. For people, not for the box."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import RetentionPolicy, StorageType, StreamConfig

from appliance.errors import DeviceUnavailable
from appliance.sync import subjects
from appliance.sync.claims import Key
from appliance.sync.hub import Hub
from appliance.sync.quiet import quiet

DUPLICATE_WINDOW_S = 600.0
MAX_MESSAGE = 1_000_000
RECORDS_DAYS = 30
PATIENCE_S = 10
CONNECT_S = 60.0
"""For every server of the hub in turn."""
quiet()


@asynccontextmanager
async def _as_user(hub: Hub, user: tuple[str, Key]) -> AsyncIterator[Client]:
    signed, key = user
    client = Client()

    async def ignore(_error: Exception) -> None:
        """Servers that do not answer are tried in turn."""

    try:
        # Its own patience ends where a server's certificate is not good: it would wait for ever.
        async with asyncio.timeout(CONNECT_S):
            await client.connect(
                servers=[one for one in hub.state.servers if one.startswith("tls")],
                tls=ssl.create_default_context(cadata=hub.authority),
                user_jwt_cb=lambda: bytearray(signed.encode()),
                signature_cb=lambda nonce: base64.b64encode(key.sign(nonce.encode())),
                error_cb=ignore,
                connect_timeout=PATIENCE_S,
                max_reconnect_attempts=2,
            )
        yield client
    except (nats.errors.Error, nats.js.errors.Error, OSError) as error:
        raise DeviceUnavailable(
            f"the hub does not do it: {str(error) or type(error).__name__}", error_id="hub.servers",
            hint="do its servers run, most of them?",
        ) from error  # fmt: skip
    finally:
        with contextlib.suppress(nats.errors.Error, OSError):
            async with asyncio.timeout(PATIENCE_S):
                await client.close()


async def make_streams(
    hub: Hub, replicas: int, *, records_max_bytes: int = -1, records_days: int = RECORDS_DAYS
) -> None:
    """Make the streams of every shard, or give them these limits. Raises DeviceUnavailable.

    Records stay in the hub for ``records_days``: longer than any node is away, not longer than they may.
    """
    async with _as_user(hub, hub.hub_user()) as client:
        streams = client.jetstream(timeout=PATIENCE_S)
        for shard in range(hub.state.shards):
            for name, part, most, age in (
                (subjects.configuration_stream(shard), "cfg", -1, 0),
                (subjects.records_stream(shard), "rec", records_max_bytes, records_days * 86_400),
            ):
                wanted = StreamConfig(
                    name=name,
                    subjects=[f"{part}.>"] if hub.state.shards == 1 else _of_shard(hub, part, shard),
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    num_replicas=replicas,
                    duplicate_window=DUPLICATE_WINDOW_S,
                    max_msg_size=MAX_MESSAGE,
                    max_bytes=most,
                    max_age=age,
                )
                try:
                    await streams.add_stream(wanted)
                except nats.js.errors.BadRequestError:  # there with other limits
                    await streams.update_stream(wanted)


def _of_shard(hub: Hub, part: str, shard: int) -> list[str]:
    return [f"{part}.{one.name}.>" for one in hub.state.tenants.values() if one.shard == shard]


async def tell_account(hub: Hub, tenant: str) -> int:
    """Give the servers a tenant's account as it is now; how many took it. Raises DeviceUnavailable."""
    signed = hub.account_of(tenant)
    async with _as_user(hub, hub.system_user()) as client:
        inbox = client.new_inbox()
        answers = await client.subscribe(inbox)
        await client.publish("$SYS.REQ.CLAIMS.UPDATE", signed.encode(), reply=inbox)
        taken = 0
        with contextlib.suppress(nats.errors.TimeoutError):
            while True:
                answer = await answers.next_msg(timeout=2 if not taken else 0.5)
                taken += b'"code":200' in answer.data
        if not taken:
            raise DeviceUnavailable("no server of the hub took the account", error_id="hub.servers")
        return taken
