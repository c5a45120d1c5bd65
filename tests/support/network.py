"""Networks of a test's own: an office and an internet in network namespaces, joined by one wire.

The office has 10.77.0.2, the world 10.77.0.1 and whatever addresses a test gives it; the office's default
route leads to the world. Nothing outside the two is reached. Needs root, as the tests of the firmware have.
"""

import itertools
import os
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_numbers = itertools.count(1)
OFFICE, WORLD = "10.77.0.2", "10.77.0.1"


class Internet:
    """``office`` and ``world`` are prefixes of commands that run there."""

    def __init__(self, *addresses: str) -> None:
        tag = f"o{os.getpid():x}{next(_numbers)}"
        self._office, self._world, self._tag = f"{tag}-office", f"{tag}-world", tag
        self._addresses = addresses
        self.wire = f"{tag}a"
        """The office's interface."""
        self.office: Sequence[str] = ("ip", "netns", "exec", self._office)
        self.world: Sequence[str] = ("ip", "netns", "exec", self._world)

    def __enter__(self) -> Self:
        try:
            for name in (self._office, self._world):
                _ip("netns", "add", name)
                _ip("-n", name, "link", "set", "lo", "up")
            here, there = self.wire, f"{self._tag}b"
            _ip(
                "link",
                "add",
                here,
                "netns",
                self._office,
                "type",
                "veth",
                "peer",
                "name",
                there,
                "netns",
                self._world,
            )
            _ip("-n", self._office, "addr", "add", f"{OFFICE}/24", "dev", here)
            _ip("-n", self._world, "addr", "add", f"{WORLD}/24", "dev", there)
            for name, wire in ((self._office, here), (self._world, there)):
                _ip("-n", name, "link", "set", wire, "up")
            for address in self._addresses:
                _ip("-n", self._world, "addr", "add", f"{address}/32", "dev", "lo")
            _ip("-n", self._office, "route", "add", "default", "via", WORLD)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take both away."""
        for name in (self._office, self._world):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def swallow(self) -> None:
        """From now on nothing that the office sends is answered, as behind a broken router."""
        _ip("-n", self._world, "route", "add", "blackhole", f"{OFFICE}/32")

    def restore(self) -> None:
        """Answers come again."""
        _ip("-n", self._world, "route", "del", "blackhole", f"{OFFICE}/32")

    def unplug(self) -> None:
        """The office has no way out any more."""
        _ip("-n", self._office, "route", "del", "default")

    def plug(self) -> None:
        """The way out is back."""
        _ip("-n", self._office, "route", "add", "default", "via", WORLD)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
