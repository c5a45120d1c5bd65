"""How the box is connected: addresses, VLANs, name servers, its name, its time servers.

Box settings, not the office's: they belong to this machine and are not shared between nodes.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.validation import check_count, require

DEVICE = re.compile(r"[a-zA-Z][a-zA-Z0-9._-]{0,14}\Z")
"""A network interface (netdevice(7): 15 characters); narrower than the kernel, safe in a file's name."""
_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)\Z")
MAX_CONNECTIONS = 32
CONFIRM_SECONDS = 90
"""So long a change holds that nobody has confirmed."""

Address4 = ipaddress.IPv4Interface
Address6 = ipaddress.IPv6Interface


class Ipv4(StrEnum):
    """Where the IPv4 address comes from."""

    DHCP = "dhcp"
    STATIC = "static"
    OFF = "off"


class Ipv6(StrEnum):
    """Where IPv6 addresses come from; ``auto``: what routers announce (SLAAC, DHCPv6 where they say so)."""

    AUTO = "auto"
    STATIC = "static"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One network: the wire itself (``vlan`` 0) or a VLAN on it (IEEE 802.1Q)."""

    device: str
    """The wire: ``enp1s0``."""
    vlan: int = 0
    ipv4: Ipv4 = Ipv4.DHCP
    address: str = ""
    """Static: ``192.168.1.10/24``."""
    gateway: str = ""
    ipv6: Ipv6 = Ipv6.AUTO
    address6: str = ""
    """Static: ``2001:db8::10/64``."""
    gateway6: str = ""
    dns: tuple[str, ...] = ()
    """Name servers; empty: those that the network tells."""
    domains: tuple[str, ...] = ()
    """Searched for short names."""
    mtu: int = 0
    """Bytes; 0: as it is."""
    way_out: bool = True
    """Whether the way outside that DHCP or routers tell is taken; not for a network of phones alone."""

    def __post_init__(self) -> None:
        require(
            DEVICE.match(self.device), f"device: '{self.device[:40]}' is no interface: for example enp1s0"
        )
        require(
            self.device != "lo" and not re.match(r"vlan[0-9]", self.device),
            f"device: '{self.device}' is no wire: name the wire, and the VLAN by its number",
        )
        require(0 <= self.vlan <= 4094, f"vlan: {self.vlan} is no VLAN: 1 to 4094, or 0 for none")
        require(
            self.mtu == 0 or 576 <= self.mtu <= 9200, f"mtu: {self.mtu} is out of range: 1280 to 9200 bytes"
        )
        require(
            not self.mtu or self.ipv6 is Ipv6.OFF or self.mtu >= 1280,
            f"mtu: {self.mtu} is too small for IPv6: at least 1280 bytes",
        )
        check_count("dns", self.dns, 3)
        check_count("domains", self.domains, 6)
        for server in self.dns:
            _server_address("dns", server)
        for domain in self.domains:
            require(is_name(domain), f"domains: '{domain[:60]}' is no domain: for example office.example.com")
        self._check_ipv4()
        self._check_ipv6()

    def _check_ipv4(self) -> None:
        if self.ipv4 is not Ipv4.STATIC:
            require(not self.address, "address: belongs to static addresses: choose static, or empty it")
            require(not self.gateway, "gateway: belongs to static addresses: choose static, or empty it")
            return
        require(self.address, "address: is missing: write it with its network, for example 192.168.1.10/24")
        own = _interface4("address", self.address)
        if self.gateway:
            gateway = _plain("gateway", self.gateway, 4)
            require(
                gateway in own.network,
                f"gateway: '{gateway}' is outside the network {own.network}: the router must be in it",
            )
            require(gateway != own.ip, "gateway: is the box's own address: give the router's")
            require(
                own.network.prefixlen >= 31
                or gateway not in (own.network.network_address, own.network.broadcast_address),
                f"gateway: '{gateway}' is the network's own or its broadcast address: give the router's",
            )

    def _check_ipv6(self) -> None:
        if self.ipv6 is not Ipv6.STATIC:
            require(not self.address6, "address6: belongs to static addresses: choose static, or empty it")
            require(not self.gateway6, "gateway6: belongs to static addresses: choose static, or empty it")
            return
        require(self.address6, "address6: is missing: write it with its network, for example 2001:db8::10/64")
        own = _interface6("address6", self.address6)
        if self.gateway6:
            gateway = _plain("gateway6", self.gateway6, 6)
            require(
                gateway.is_link_local or gateway in own.network,
                f"gateway6: '{gateway}' is outside the network {own.network}: the router must be in it, or "
                "link-local (fe80::…)",
            )
            require(gateway != own.ip, "gateway6: is the box's own address: give the router's")

    @property
    def name(self) -> str:
        """As the kernel calls it."""
        return f"vlan{self.vlan}" if self.vlan else self.device


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """All of it. Wires that are not named take DHCP and what routers announce."""

    connections: tuple[Connection, ...] = ()
    host_name: str = ""
    """Empty: the one that the box gave itself."""
    ntp: tuple[str, ...] = ()
    """Time servers; empty: those that DHCP tells, else Debian's pool."""

    def __post_init__(self) -> None:
        check_count("connections", self.connections, MAX_CONNECTIONS)
        require(
            not self.host_name or (_LABEL.match(self.host_name) and not self.host_name.isdigit()),
            f"host_name: '{self.host_name[:70]}' is no name: letters, digits and hyphens, at most 63",
        )
        require(self.host_name.lower() != "localhost", "host_name: localhost is every machine: take another")
        check_count("ntp", self.ntp, 4)
        for server in self.ntp:
            require(
                is_name(server) or _is_address(server),
                f"ntp: '{server[:60]}' is no server: write a name or an address, for example ntp.example.com",
            )
        _once((one.name for one in self.connections if not one.vlan), "device", "the wire {} is set twice")
        _once((str(one.vlan) for one in self.connections if one.vlan), "vlan", "VLAN {} is set twice")
        _fits(self.connections)
        _ways_out(self.connections)
        _apart(self.connections)


def _once(names: Iterable[str], field: str, message: str) -> None:
    seen: set[str] = set()
    for name in names:
        require(name not in seen, f"connections: {message.format(name)}: each {field} once")
        seen.add(name)


def _fits(connections: tuple[Connection, ...]) -> None:
    wires = {one.device: one.mtu for one in connections if not one.vlan}
    for one in connections:
        room = wires.get(one.device, 0) or 1500
        require(
            not one.vlan or one.mtu <= room,
            f"connections: VLAN {one.vlan} has a larger MTU than its wire {one.device} ({room}): lower it",
        )


def _ways_out(connections: tuple[Connection, ...]) -> None:
    for field in ("gateway", "gateway6"):
        found = [one.name for one in connections if getattr(one, field)]
        require(
            len(found) < 2,
            f"connections: {' and '.join(found)} both have a {field}: give it to the one that leads outside",
        )


def _apart(connections: tuple[Connection, ...]) -> None:
    """Two wires in one network: answers would leave by the wrong one."""
    taken: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for one in connections:
        for text in (one.address, one.address6):
            if not text:
                continue
            network = ipaddress.ip_interface(text).network
            for name, other in taken:
                require(
                    network.version != other.version or not network.overlaps(other),
                    f"connections: {one.name} and {name} are in the same network {network}: they need two",
                )
            taken.append((one.name, network))


def is_name(text: str) -> bool:
    """Whether it is a host or domain name (RFC 1123 §2.1) in ASCII."""
    labels = text.rstrip(".").split(".")
    return 0 < len(text) <= 253 and all(map(_LABEL.match, labels)) and not labels[-1].isdigit()


def _is_address(text: str) -> bool:
    try:
        return "%" not in text and not ipaddress.ip_address(text).is_multicast
    except ValueError:
        return False


def _server_address(field: str, text: str) -> None:
    require(_is_address(text), f"{field}: '{text[:60]}' is no address: name servers are given by address")
    address = ipaddress.ip_address(text)
    require(
        not address.is_unspecified and address != ipaddress.IPv4Address("255.255.255.255"),
        f"{field}: '{address}' is nobody's address: give the server's",
    )


def _plain(field: str, text: str, version: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    require(
        address is not None and address.version == version and "%" not in text,
        f"{field}: '{text[:60]}' is no IPv{version} address: for example "
        f"{'192.168.1.1' if version == 4 else 'fe80::1'}",
    )
    assert address is not None  # noqa: S101 - required above
    return address


def _interface4(field: str, text: str) -> Address4:
    try:
        own = ipaddress.IPv4Interface(text)
    except ValueError:
        own = None
    require(
        own is not None and "/" in text,
        f"{field}: '{text[:60]}' is no address with its network: for example 192.168.1.10/24",
    )
    assert own is not None  # noqa: S101 - required above
    _usable(field, own.ip)
    require(
        1 <= own.network.prefixlen <= 32, f"{field}: /{own.network.prefixlen} is no network: /24 is usual"
    )
    if own.network.prefixlen < 31:
        require(
            own.ip != own.network.network_address,
            f"{field}: '{own.ip}' is the address of the network {own.network} itself: take another in it",
        )
        require(
            own.ip != own.network.broadcast_address,
            f"{field}: '{own.ip}' is the broadcast address of {own.network}: take another in it",
        )
    return own


def _interface6(field: str, text: str) -> Address6:
    try:
        own = ipaddress.IPv6Interface(text)
    except ValueError:
        own = None
    require(
        own is not None and "/" in text and "%" not in text,
        f"{field}: '{text[:60]}' is no address with its network: for example 2001:db8::10/64",
    )
    assert own is not None  # noqa: S101 - required above
    _usable(field, own.ip)
    require(not own.ip.is_link_local, f"{field}: link-local addresses are made by themselves: take another")
    require(own.network.prefixlen >= 3, f"{field}: /{own.network.prefixlen} is no network: /64 is usual")
    require(
        own.network.prefixlen >= 127 or own.ip != own.network.network_address,
        f"{field}: '{own.ip}' belongs to all routers of the network: take another in it",
    )
    return own


def _usable(field: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    what = next(
        (
            word
            for word, bad in (
                ("nobody's", address.is_unspecified),
                ("this machine's own loop-back", address.is_loopback),
                ("a group's (multicast)", address.is_multicast),
                ("reserved", address.version == 4 and int(address) >> 28 == 15),
                ("of no network", address.version == 4 and int(address) >> 24 == 0),
            )
            if bad
        ),
        "",
    )
    require(not what, f"{field}: '{address}' is {what} address: take one of your network")
