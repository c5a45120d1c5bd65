"""What there is of network now, as people and pages see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFacts:
    """``source``: ``dhcp``, ``router``, ``static``, ``link`` (the link's own), ``fallback``, ``other``."""

    address: str
    """With its prefix: ``192.168.1.10/24``."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The switch at the other end of the wire, as it says itself (LLDP, IEEE 802.1AB)."""

    name: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts:
    """One wire or VLAN."""

    name: str
    device: str
    """The wire."""
    vlan: int
    mac: str
    link: bool
    """Whether there is somebody at the other end."""
    speed: int
    """Mbit/s; 0: not known."""
    mtu: int
    state: str
    """Of systemd-networkd: ``configured``, ``configuring``, ``failed``, ``unmanaged``; empty: not known."""
    addresses: tuple[AddressFacts, ...]
    gateways: tuple[str, ...]
    dns: tuple[str, ...]
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFacts:
    """The clock. ``synchronised`` None: not known here."""

    now: str
    synchronised: bool | None
    since: str
    """When it was set by a server last; empty: not since the start."""
    server: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """All of it."""

    host_name: str
    interfaces: tuple[InterfaceFacts, ...]
    time: TimeFacts
