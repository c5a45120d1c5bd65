"""What one sync process knows over all its rounds."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Peer:
    """Another node, as last heard."""

    at: float
    said: str
    version: str
    digests: Mapping[str, str]
    same: int = 0
    """Beats in a row with the same digests while nothing was coming in."""


@dataclass(slots=True, kw_only=True)
class State:
    """What people are told; see ``ortsamt ctl sync``."""

    state: str = "off"
    tenant: str = ""
    node: str = ""
    server: str = ""
    fault: str = ""
    detail: str = ""
    hint: str = ""
    since: str = ""
    waiting: int = 0
    pending: int = 0
    sent: int = 0
    taken: int = 0
    parcels_waiting: int = 0
    parcels_sent: int = 0
    parcels_taken: int = 0
    refused: int = 0
    refusal: str = ""
    twin: bool = False
    clock_s: float = 0.0
    peers: list[dict[str, Any]] = field(default_factory=list)


class Shared:
    """Kept from round to round."""

    def __init__(self, node: str, beat_s: float, version: str) -> None:
        self.state = State(node=node)
        self.beat_s = beat_s
        self.version = version
        self.instance = secrets.token_hex(8)
        self.peers: OrderedDict[str, Peer] = OrderedDict()
        self.asked: dict[tuple[str, str], float] = {}
        """(peer, origin) → when it may be asked again what it lacks."""
        self.own: OrderedDict[str, None] = OrderedDict()
        """Records that this process sent lately."""
        self.chunks: dict[str, int] = {}
        """Hash of a file → how many of its chunks the hub has."""
        self.again: dict[tuple[str, str], int] = {}
        """(kind, id) of a record → how often others asked for it again: message ids differ by it."""
        self.nudge = asyncio.Event()
        """There may be something to send."""
        self.twin_at = 0.0

    def refused(self, why: str) -> None:
        """Count something that was refused."""
        self.state.refused += 1
        self.state.refusal = why

    def twins(self) -> bool:
        """Whether another box with our identity was heard lately."""
        return bool(self.twin_at) and time.monotonic() - self.twin_at < 6 * self.beat_s
