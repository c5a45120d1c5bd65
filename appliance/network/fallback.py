"""An address for a box that nobody gives one: fixed, so that it can stand on a label and in the manual.

A box without an IPv4 address but the link's own, whose wire waits for DHCP in vain, takes it when nobody else
has it, and gives it back as soon as there is another. It runs out by itself when nobody renews it.
"""

import ipaddress
import threading
from collections.abc import Callable, Sequence

import structlog

from appliance.errors import DeviceUnavailable
from appliance.network.arp import is_taken
from appliance.network.facts import InterfaceFacts, NetworkFacts
from appliance.network.machine import order
from appliance.network.reading import FALLBACK

PATIENCE_S = 30.0
"""So long DHCP is waited for: switches let nothing through for a while after a start."""
LOOKS = 6
VALID_S = 30
_log = structlog.get_logger("network")


def wants(one: InterfaceFacts) -> bool:
    """Whether a wire is managed, and has somebody at its other end."""
    return one.link and not one.vlan and one.state in ("configuring", "configured")


def given(one: InterfaceFacts) -> bool:
    """Whether it has an IPv4 address that it was given."""
    return any(":" not in each.address and each.source not in ("link", "fallback") for each in one.addresses)


def has(one: InterfaceFacts) -> bool:
    """Whether it has the fixed address."""
    return any(each.address == FALLBACK for each in one.addresses)


class Fallback:
    """Owns the thread ``network-fallback``. ``waits``: the wires that are to ask for DHCP, by name."""

    def __init__(
        self, facts: Callable[[], NetworkFacts], may: Callable[[str], bool],
        taken: Callable[[str, ipaddress.IPv4Address], bool] = is_taken,
        run: Callable[..., None] = order, patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self._facts, self._may, self._taken, self._run = facts, may, taken, run
        self._look_s = patience_s / LOOKS
        self._waited: dict[str, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._turn, name="network-fallback", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; the address runs out by itself."""
        self._stopping.set()
        self._thread.join(5)

    def _turn(self) -> None:
        while not self._stopping.wait(self._look_s):
            try:
                self.look(self._facts().interfaces)
            except (OSError, DeviceUnavailable) as error:
                _log.warning("no fixed address", error=str(error))

    def look(self, interfaces: Sequence[InterfaceFacts]) -> None:
        """Once: give it to one wire, renew it there, or take it away. Raises OSError, DeviceUnavailable."""
        holder = next((one for one in interfaces if has(one)), None)
        reached = any(given(one) for one in interfaces)
        for one in interfaces:
            waits = not reached and self._may(one.name) and wants(one)
            self._waited[one.name] = self._waited.get(one.name, 0) + 1 if waits else 0
            if one is holder and not waits:
                self._run("ip", "addr", "del", FALLBACK, "dev", one.name, missing=True)
                _log.info("the fixed address is given back", device=one.name)
            elif one is holder:
                self._put(one.name)
            elif holder is None and self._waited[one.name] >= LOOKS:
                self._waited[one.name] = 0
                if self._taken(one.name, ipaddress.IPv4Interface(FALLBACK).ip):
                    _log.warning("the fixed address is somebody else's", device=one.name)
                    continue
                self._put(one.name)
                _log.info("no DHCP answer: the fixed address is taken", device=one.name, address=FALLBACK)
                return

    def _put(self, device: str) -> None:
        life = ["valid_lft", str(VALID_S), "preferred_lft", str(VALID_S)]
        self._run("ip", "addr", "replace", FALLBACK, "dev", device, *life)
