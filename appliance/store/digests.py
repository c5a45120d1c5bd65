"""Digests of the log: by origin, and by origin and day, to find out what another node has not got."""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.store.operations import HLC_COUNTER_BITS

DAY = 86_400_000 << HLC_COUNTER_BITS
"""A bucket: a day of the hybrid clock."""


@dataclass(slots=True)
class _Sum:
    count: int = 0
    mixed: int = 0

    def text(self) -> str:
        return f"{self.count}:{self.mixed:016x}"


class Digests:
    """Order does not matter: a count and the exclusive-or of hashed ids. Safe to use from any thread."""

    def __init__(self, stamps: Iterable[tuple[str, int, str]]) -> None:
        """``stamps``: (node, clock, id) of every operation there is."""
        self._guard = threading.Lock()
        self._origins: dict[str, _Sum] = {}
        self._buckets: dict[tuple[str, int], _Sum] = {}
        self.add(stamps)

    def add(self, stamps: Iterable[tuple[str, int, str]]) -> None:
        """Take in new operations, each once."""
        with self._guard:
            for node, hlc, identity in stamps:
                hashed = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "big")
                for found in (
                    self._origins.setdefault(node, _Sum()),
                    self._buckets.setdefault((node, hlc // DAY), _Sum()),
                ):
                    found.count += 1
                    found.mixed ^= hashed

    def origins(self) -> Mapping[str, str]:
        """Node that made operations → digest of these."""
        with self._guard:
            return {node: found.text() for node, found in self._origins.items()}

    def buckets(self, node: str) -> Mapping[str, str]:
        """Day → digest of what that node made then."""
        with self._guard:
            return {
                str(day): found.text() for (origin, day), found in self._buckets.items() if origin == node
            }
