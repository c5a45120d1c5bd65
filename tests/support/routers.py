"""An office and a home behind routers that translate addresses, and a cloud that is mapped one to one.

Each is a network namespace, joined by a fourth that is all the routers. Office and home show public addresses
and another port for each connection, and nothing comes in that they have not asked for. The cloud's machine
has a private address and is ``PUBLIC_CLOUD`` for everybody else. Needs root.
"""

import os
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Self

OFFICE, HOME, CLOUD, PUBLIC_CLOUD = "192.168.77.2", "192.168.78.2", "10.9.0.2", "203.0.113.5"
_TRANSLATION = f"""
table ip routers {{
  chain to_cloud {{
    type nat hook prerouting priority dstnat
    ip daddr {PUBLIC_CLOUD} dnat to {CLOUD}
  }}
  chain from_inside {{
    type nat hook postrouting priority srcnat
    ip saddr {OFFICE} meta l4proto {{ tcp, udp }} snat to 198.51.100.1:20000-60000 fully-random
    ip saddr {HOME} meta l4proto {{ tcp, udp }} snat to 198.51.100.2:20000-60000 fully-random
  }}
  chain asked_for {{
    type filter hook forward priority filter; policy drop
    ct state established,related accept
    ct status dnat accept
  }}
}}
"""


class Routers:
    """``office``, ``home`` and ``cloud`` are prefixes of commands that run there."""

    def __init__(self) -> None:
        self._tag = tag = f"r{os.getpid():x}"
        self._between = f"{tag}-routers"
        self._places = {f"{tag}-office": OFFICE, f"{tag}-home": HOME, f"{tag}-cloud": CLOUD}
        self.office, self.home, self.cloud = (("ip", "netns", "exec", name) for name in self._places)

    def __enter__(self) -> Self:
        try:
            for name in (self._between, *self._places):
                _run("ip", "netns", "add", name)
                _run("ip", "-n", name, "link", "set", "lo", "up")
            for number, (name, address) in enumerate(self._places.items()):
                self._join(name, address, f"{self._tag}{number}")
            for address in ("198.51.100.1", "198.51.100.2"):
                _run("ip", "-n", self._between, "addr", "add", f"{address}/32", "dev", "lo")
            inside = ("ip", "netns", "exec", self._between)
            _run(*inside, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
            _run(*inside, "nft", "-f", "-", text=_TRANSLATION)
        except BaseException:
            self.close()
            raise
        return self

    def _join(self, name: str, address: str, wire: str) -> None:
        gateway = f"{address.rpartition('.')[0]}.1"
        link: Sequence[str] = ("ip", "link", "add", f"{wire}a", "netns", name, "type", "veth")
        _run(*link, "peer", "name", f"{wire}b", "netns", self._between)
        for place, own, end in ((name, address, f"{wire}a"), (self._between, gateway, f"{wire}b")):
            _run("ip", "-n", place, "addr", "add", f"{own}/24", "dev", end)
            _run("ip", "-n", place, "link", "set", end, "up")
        _run("ip", "-n", name, "route", "add", "default", "via", gateway)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take all away."""
        for name in (*self._places, self._between):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _run(*words: str, text: str | None = None) -> None:
    done = subprocess.run(words, input=text, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, (words, done.stderr)
