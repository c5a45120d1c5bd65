"""Network settings as files of systemd-networkd (systemd.network(5), systemd.netdev(5)). Pure."""

from collections.abc import Mapping

from appliance.model.network import Connection, Ipv4, Ipv6, NetworkSettings

HEAD = "# Written by Ortsamt (page Network, 'ortsamt ctl network'). Changes made here are lost.\n"
PREFIX = "20-ortsamt-"
"""Sorts before the default for all wires (``80-ortsamt.network``): the first that fits is taken."""
LINK_LOCAL_START = "169.254.100.1"


def render(settings: NetworkSettings) -> Mapping[str, str]:
    """File name → content; nothing for wires that are left to the default."""
    wires = {one.device: one for one in settings.connections if not one.vlan}
    for one in settings.connections:
        wires.setdefault(one.device, Connection(device=one.device))
    files = {}
    for wire in wires.values():
        tags = [one for one in settings.connections if one.vlan and one.device == wire.device]
        files[f"{PREFIX}{wire.device}.network"] = _network(wire, settings, tags)
    for one in settings.connections:
        if one.vlan:
            files[f"{PREFIX}{one.name}.netdev"] = _netdev(one)
            files[f"{PREFIX}{one.name}.network"] = _network(one, settings, [])
    if settings.ntp:  # for wires that are left to the default
        files[f"80-ortsamt.network.d/{PREFIX}time.conf"] = f"{HEAD}[Network]\nNTP={' '.join(settings.ntp)}\n"
    return files


def netdevs(settings: NetworkSettings) -> Mapping[str, str]:
    """VLAN devices and how each is made: networkd makes new ones, but never changes or deletes one."""
    return {one.name: _netdev(one) for one in settings.connections if one.vlan}


def _netdev(one: Connection) -> str:
    # The wire is part of the text, so that a VLAN that moves to another wire is another device.
    mtu = f"MTUBytes={one.mtu}\n" if one.mtu else ""
    return f"{HEAD}# On {one.device}\n[NetDev]\nName={one.name}\nKind=vlan\n{mtu}\n[VLAN]\nId={one.vlan}\n"


def _network(one: Connection, settings: NetworkSettings, tags: list[Connection]) -> str:
    lines = ["[Match]", f"Name={one.name}", *([] if one.vlan else ["Type=ether"])]
    lines += ["", "[Link]", "RequiredForOnline=" + ("no" if one.vlan else "degraded")]
    if one.mtu:
        lines.append(f"MTUBytes={one.mtu}")
    lines += ["", "[Network]", *_ways(one)]
    lines += [f"VLAN={tag.name}" for tag in tags]
    lines += [f"DNS={server}" for server in one.dns]
    if one.domains:
        lines.append(f"Domains={' '.join(one.domains)}")
    if settings.ntp:
        lines.append(f"NTP={' '.join(settings.ntp)}")
    lines += ["MulticastDNS=yes", "LLMNR=no", "LLDP=yes"]
    for address, gateway in ((one.address, one.gateway), (one.address6, one.gateway6)):
        if address:
            lines += ["", "[Address]", f"Address={address}"]
        if gateway:
            lines += ["", "[Route]", f"Gateway={gateway}", *(["GatewayOnLink=yes"] if _far(gateway) else [])]
    lines += _leases(one, settings)
    return HEAD + "\n".join(lines) + "\n"


def _far(gateway: str) -> bool:
    return gateway.lower().startswith("fe80:")


def _ways(one: Connection) -> list[str]:
    """Whence addresses come; an address of the link itself is the last way in, where DHCP gives none."""
    link_local = "no" if one.ipv6 is Ipv6.OFF else "ipv6"
    if not one.vlan:
        link_local = "ipv4" if one.ipv6 is Ipv6.OFF else "yes"
    # DHCPv6 begins by itself where routers say that there is one.
    lines = [f"DHCP={'ipv4' if one.ipv4 is Ipv4.DHCP else 'no'}", f"LinkLocalAddressing={link_local}"]
    if not one.vlan:
        lines.append(f"IPv4LLStartAddress={LINK_LOCAL_START}")
    return [*lines, f"IPv6AcceptRA={'yes' if one.ipv6 is Ipv6.AUTO else 'no'}"]


def _leases(one: Connection, settings: NetworkSettings) -> list[str]:
    """What is taken of what DHCP and routers tell."""
    lines: list[str] = []
    use_dns = "no" if one.dns else "yes"
    if one.ipv4 is Ipv4.DHCP:
        lines += [
            "",
            "[DHCPv4]",
            "SendHostname=yes",
            "UseHostname=no",
            "RequestBroadcast=no",
            f"UseDNS={use_dns}",
        ]
        lines.append(f"UseDomains={'no' if one.domains else 'yes'}")
        lines.append(f"UseNTP={'no' if settings.ntp else 'yes'}")
        lines += [] if one.way_out else ["UseGateway=no", "UseRoutes=no"]
    if one.ipv6 is Ipv6.AUTO:
        lines += ["", "[DHCPv6]", f"UseDNS={use_dns}", f"UseNTP={'no' if settings.ntp else 'yes'}"]
        lines += ["", "[IPv6AcceptRA]", f"UseDNS={use_dns}"]
        lines += [] if one.way_out else ["UseGateway=no"]
    return lines
