"""The packet filter of the box (nftables), rendered from its settings. Pure.

Only what is used is open. Floods are held back per source, before connection tracking: a source that sends
more is cut to the limit, nobody else is. Sound is not tracked at all: it is most of what there is.
"""

import ipaddress
from dataclasses import dataclass

from appliance.model.box import BoxSettings

TABLE = "ortsamt"
SIP_RATE, SIP_BURST = 200, 600
"""SIP packets a second from one address: an office of a hundred phones behind one router stays below."""
TCP_RATE, TCP_BURST, TCP_MOST = 30, 120, 200
"""New connections a second, and connections at a time, from one address: to SIP streams, and to pages."""
ICMP_RATE = 50
IDLE_S = 60
MOST_SOURCES = 16384
"""Addresses remembered for each limit, for a minute; those beyond are not limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    name: str
    protocol: str
    ports: tuple[int, ...]
    rate: int
    burst: int
    most: int = 0


def rules(box: BoxSettings) -> str:
    """Commands for ``nft -f``: they replace the table in one step."""
    network = box.network
    sip = _ports(network.sip_port, network.trunk_port)
    link = (network.link_port,) if box.in_cloud else ()
    streams = _ports(network.sip_port, network.tls_port, network.trunk_port, *link)
    doors = [
        _Door(name="sip", protocol="udp", ports=sip, rate=SIP_RATE, burst=SIP_BURST),
        _Door(name="streams", protocol="tcp", ports=streams, rate=TCP_RATE, burst=TCP_BURST, most=TCP_MOST),
        _Door(
            name="web",
            protocol="tcp",
            ports=_ports(network.https_port, network.http_port),
            rate=TCP_RATE,
            burst=TCP_BURST,
            most=TCP_MOST,
        ),
    ]
    if box.fax.mail_port and not ipaddress.ip_address(box.fax.mail_listen).is_loopback:
        doors.append(
            _Door(
                name="mail",
                protocol="tcp",
                ports=(box.fax.mail_port,),
                rate=TCP_RATE,
                burst=TCP_BURST,
                most=TCP_MOST,
            )
        )
    if box.standby.floating:
        doors.append(
            _Door(name="pair", protocol="tcp", ports=(box.standby.port,), rate=TCP_RATE, burst=TCP_BURST)
        )
    vrrp = f"ip saddr {ipaddress.IPv4Interface(box.standby.address).network} " if box.standby.floating else ""
    sound = f"udp dport {network.rtp_first}-{network.rtp_last}"
    lines = [
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *(line for door in doors for line in _sets(door)),
        "\tchain untracked {",
        "\t\ttype filter hook prerouting priority raw; policy accept;",
        f"\t\tiif != lo {sound} notrack",
        *(f"\t\t{rule}" for door in doors for rule in _limits(door)),
        "\t}",
        "\tchain untracked_out {",
        "\t\ttype filter hook output priority raw; policy accept;",
        f"\t\toif != lo {sound.replace('dport', 'sport')} notrack",
        "\t}",
        "\tchain input {",
        "\t\ttype filter hook input priority filter; policy drop;",
        "\t\tiif lo accept",
        f"\t\t{sound} accept",
        "\t\tct state established,related accept",
        "\t\tct state invalid drop",
        f"\t\tip protocol icmp limit rate {ICMP_RATE}/second accept",
        f"\t\tmeta l4proto ipv6-icmp limit rate {ICMP_RATE}/second accept",
        "\t\tip protocol igmp limit rate 10/second accept",
        '\t\tudp sport 67 udp dport 68 accept comment "DHCP"',
        '\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept comment "DHCPv6"',
        '\t\tudp dport 5353 ip daddr 224.0.0.251 accept comment "the box\'s name in the office"',
        "\t\tudp dport 5353 ip6 daddr ff02::fb accept",
        *([f'\t\t{vrrp}ip protocol vrrp accept comment "the other box"'] if vrrp else []),
        *(f"\t\t{rule}" for door in doors for rule in _opens(door)),
        "\t}",
        "\tchain forward {",
        "\t\ttype filter hook forward priority filter; policy drop;",
        "\t}",
        "}",
        "",
    ]
    return "\n".join(lines)


def _ports(*ports: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(port for port in ports if port))


def _wanted(door: _Door) -> str:
    return f"{door.protocol} dport {{ {', '.join(str(port) for port in door.ports)} }}"


def _families() -> tuple[tuple[str, str, str], ...]:
    return ("4", "ip saddr", "ipv4_addr"), ("6", "ip6 saddr", "ipv6_addr")


def _sets(door: _Door) -> list[str]:
    found = []
    for number, _, kind in _families():
        head = f"type {kind}; size {MOST_SOURCES}; flags dynamic,timeout; timeout {IDLE_S}s;"
        found.append(f"\tset {door.name}{number} {{ {head} }}")
        if door.most:
            found.append(
                f"\tset {door.name}{number}_open {{ type {kind}; size {MOST_SOURCES}; flags dynamic; }}"
            )
    return found


def _limits(door: _Door) -> list[str]:
    """What is too much is dropped before anything else looks at it."""
    first = "tcp flags & (syn | ack) == syn " if door.protocol == "tcp" else ""
    return [
        f"iif != lo {_wanted(door)} {first}update @{door.name}{number} "
        f"{{ {source} limit rate over {door.rate}/second burst {door.burst} packets }} drop"
        for number, source, _ in _families()
    ]


def _opens(door: _Door) -> list[str]:
    """What is open, after what one source may have open at a time."""
    crowded = [
        f"{_wanted(door)} ct state new add @{door.name}{number}_open "
        f"{{ {source} ct count over {door.most} }} drop"
        for number, source, _ in _families()
        if door.most
    ]
    return [*crowded, f"{_wanted(door)} accept"]
