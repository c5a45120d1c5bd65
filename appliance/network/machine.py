"""The orders that change the network: systemd-networkd reads its files again, VLANs go, the name changes."""

import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Protocol

from appliance.errors import DeviceUnavailable
from appliance.network import reading
from appliance.network.arp import is_taken
from appliance.network.facts import NetworkFacts

ORDER_S = 20.0


class Machine(Protocol):
    """What the service does to the machine; a test has one of its own in a network namespace."""

    def reload(self, leaving: Sequence[str]) -> None:
        """Take changed files into use, after VLAN devices were deleted; raises DeviceUnavailable."""

    def name(self, host: str) -> None:
        """Be called so."""

    def facts(self) -> NetworkFacts:
        """What there is now."""

    def taken(self, device: str, address: IPv4Address) -> bool:
        """Whether somebody else on the wire has the address; takes two seconds when nobody has."""


class Box:
    """The machine this runs on."""

    def reload(self, leaving: Sequence[str]) -> None:
        """See :class:`Machine`."""
        for device in leaving:
            order("ip", "link", "delete", "dev", device, missing=True)
        order("networkctl", "reload")

    def name(self, host: str) -> None:
        """See :class:`Machine`."""
        order("hostnamectl", "hostname", host)

    def facts(self) -> NetworkFacts:
        """See :class:`Machine`."""
        return reading.read()

    def taken(self, device: str, address: IPv4Address) -> bool:
        """See :class:`Machine`."""
        try:
            return is_taken(device, address)
        except OSError:  # a wire that is down or gone: nobody is there
            return False


def order(*command: str, missing: bool = False) -> None:
    """Run a program; raises DeviceUnavailable when it fails, with what it said. ``missing``: it may."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=ORDER_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceUnavailable(f"{command[0]} failed: {error}", error_id="network.order") from error
    if done.returncode != 0 and not missing:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DeviceUnavailable(f"{command[0]} failed: {said[:200]}", error_id="network.order")
