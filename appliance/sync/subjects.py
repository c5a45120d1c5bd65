"""Names in the message engine: what each tenant and node may touch. See docs/sync.md for the layout.

A *shard* is a pair of streams that many tenants share: ``CFG_00`` for operations (``cfg.>``), ``REC_00`` for
records and media (``rec.>``). A tenant has its own account that imports nothing but its own part of both.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

SLOTS = 8
"""Nodes that a tenant may have: each slot is a name for the consumers of one node."""
TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
"""Tenants and nodes: one token of a subject."""
_API = "$JS.API"
API = "HUB.API"
"""The hub's interface as tenants call it: their own servers would answer to the usual name."""


def configuration_stream(shard: int) -> str:
    """The stream of operations."""
    return f"CFG_{shard:02d}"


def records_stream(shard: int) -> str:
    """The stream of records and media."""
    return f"REC_{shard:02d}"


def operations_of(tenant: str, node: str = "*") -> str:
    """Where a node publishes its operations."""
    return f"cfg.{tenant}.{node}.ops"


def records_of(tenant: str, node: str = "*", digest: str = "*", what: str = "*") -> str:
    """Where a node publishes a record or file: ``what`` is ``c`` (chunk) or ``m`` (manifest, last)."""
    return f"rec.{tenant}.{node}.{digest}.{what}"


def consumer(tenant: str, slot: int) -> str:
    """The consumer of the node in that slot, the same name on both streams."""
    return f"{tenant}_{slot}"


def talk(node: str, what: str = "*") -> str:
    """Plain messages among the nodes of a tenant (never stored): ``beat``, ``ask``, ``tell``, ``again``."""
    return f"node.{node}.{what}"


def inbox(node: str) -> str:
    """The prefix of a node's replies."""
    return f"_INBOX_{node}"


def services(tenant: str, shard: int) -> Iterator[str]:
    """Subjects of the hub that the tenant's account imports as services, as the hub calls them."""
    for stream, part in ((configuration_stream(shard), "cfg"), (records_stream(shard), "rec")):
        yield f"{part}.{tenant}.>"
        for slot in range(SLOTS):
            name = consumer(tenant, slot)
            yield f"{_API}.CONSUMER.CREATE.{stream}.{name}.{part}.{tenant}.>"
            yield f"{_API}.CONSUMER.DELETE.{stream}.{name}"
            yield f"{_API}.CONSUMER.MSG.NEXT.{stream}.{name}"


def imports(tenant: str, shard: int, hub: str) -> tuple[Mapping[str, Any], ...]:
    """The same as the account's claims say it; ``hub`` is the hub account's public key."""
    return tuple(
        {
            "name": subject,
            "subject": subject,
            "account": hub,
            "type": "service",
            "local_subject": subject.replace(_API, API),
        }
        for subject in services(tenant, shard)
    )


def exports() -> tuple[Mapping[str, Any], ...]:
    """What the hub account offers; accounts get only what the operator signs for them."""
    streamed = f"{_API}.CONSUMER.MSG.NEXT.>"
    single = ("cfg.>", "rec.>", f"{_API}.CONSUMER.CREATE.>", f"{_API}.CONSUMER.DELETE.>")
    return (
        *({"name": one, "subject": one, "type": "service", "response_type": "Singleton"} for one in single),
        {"name": streamed, "subject": streamed, "type": "service", "response_type": "Stream"},
    )


def may_publish(tenant: str, node: str, slot: int, shard: int) -> tuple[str, ...]:
    """What a node may send: its own operations and records, its own consumers, talk."""
    name = consumer(tenant, slot)
    streams = ((configuration_stream(shard), "cfg"), (records_stream(shard), "rec"))
    return (
        *(f"{part}.{tenant}.{node}.>" for _, part in streams),
        *(f"{API}.CONSUMER.CREATE.{stream}.{name}.{part}.{tenant}.>" for stream, part in streams),
        *(f"{API}.CONSUMER.DELETE.{stream}.{name}" for stream, _ in streams),
        *(f"{API}.CONSUMER.MSG.NEXT.{stream}.{name}" for stream, _ in streams),
        talk(node),
        talk("*", "ask"),
        talk("*", "again"),
    )


def may_subscribe(node: str) -> tuple[str, ...]:
    """What a node may hear: talk of its tenant, its own replies."""
    return (talk("*"), f"{inbox(node)}.>")
