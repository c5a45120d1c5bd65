"""Which network settings are refused, with what words; what files are made of the rest."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.model.decode import decode, encode
from appliance.model.network import Connection, Ipv4, Ipv6, NetworkSettings
from appliance.network.render import netdevs, render

STATIC: dict[str, Any] = {"device": "enp1s0", "ipv4": "static", "address": "192.168.1.10/24"}
STATIC6: dict[str, Any] = {"device": "enp1s0", "ipv6": "static", "address6": "2001:db8::10/64"}


def refused(*connections: dict[str, Any], **others: Any) -> tuple[str, str]:
    """Field and message of the first problem."""
    with pytest.raises(ConfigError) as told:
        decode(NetworkSettings, {"connections": list(connections), **others}, where="network")
    problem = told.value.problems[0]
    assert problem.remedy, "what can be done about it"
    return problem.field, problem.message


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"gateway": "192.168.2.1"}, "gateway", "outside the network 192.168.1.0/24"),
        ({"gateway": "192.168.1.10"}, "gateway", "own address"),
        ({"gateway": "192.168.1.255"}, "gateway", "broadcast"),
        ({"gateway": "192.168.1.0"}, "gateway", "network's own"),
        ({"gateway": "fe80::1"}, "gateway", "no IPv4 address"),
        ({"address": "192.168.1.0/24"}, "address", "network 192.168.1.0/24 itself"),
        ({"address": "192.168.1.255/24"}, "address", "broadcast"),
        ({"address": "192.168.1.10"}, "address", "with its network"),
        ({"address": "192.168.1.300/24"}, "address", "with its network"),
        ({"address": "127.0.0.2/8"}, "address", "loop-back"),
        ({"address": "224.0.0.9/24"}, "address", "multicast"),
        ({"address": "0.0.0.0/24"}, "address", "nobody's"),
        ({"address": "250.0.0.1/24"}, "address", "reserved"),
        ({"address": "192.168.1.10/0"}, "address", "/0 is no network"),
        ({"address": ""}, "address", "missing"),
        ({"ipv4": "dhcp"}, "address", "belongs to static"),
        ({"ipv4": "off", "address": "", "gateway": "192.168.1.1"}, "gateway", "belongs to static"),
        ({"dns": ["ns.example.com"]}, "dns", "no address"),
        ({"dns": ["192.168.1.1"] * 4}, "dns", "too many"),
        ({"dns": ["0.0.0.0"]}, "dns", "nobody's"),
        ({"domains": ["not a domain"]}, "domains", "no domain"),
        ({"vlan": 4095}, "vlan", "4095"),
        ({"mtu": 90}, "mtu", "90"),
        ({"mtu": 1000}, "mtu", "IPv6"),
        ({"device": "lo"}, "device", "no wire"),
        ({"device": "vlan20"}, "device", "no wire"),
        ({"device": "a/../b"}, "device", "no interface"),
        ({"device": "x\n[Match]"}, "device", "no interface"),
        ({"domains": ["a\nDNS=192.0.2.1"]}, "domains", "no domain"),
    ],
)
def test_what_is_wrong_with_a_connection(changed: dict[str, Any], field: str, words: str) -> None:
    place, message = refused({**STATIC, **changed})
    assert place == f"connections[0].{field}"
    assert words in message


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"gateway6": "2001:db9::1"}, "gateway6", "outside the network"),
        ({"gateway6": "2001:db8::10"}, "gateway6", "own address"),
        ({"gateway6": "192.168.1.1"}, "gateway6", "no IPv6 address"),
        ({"gateway6": "fe80::1%eth0"}, "gateway6", "no IPv6 address"),
        ({"address6": "fe80::10/64"}, "address6", "link-local"),
        ({"address6": "2001:db8::/64"}, "address6", "all routers"),
        ({"address6": "::1/128"}, "address6", "loop-back"),
        ({"address6": "ff02::1/64"}, "address6", "multicast"),
        ({"address6": ""}, "address6", "missing"),
        ({"ipv6": "auto"}, "address6", "belongs to static"),
    ],
)
def test_what_is_wrong_with_ipv6(changed: dict[str, Any], field: str, words: str) -> None:
    place, message = refused({**STATIC6, **changed})
    assert place == f"connections[0].{field}"
    assert words in message


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (({"device": "enp1s0"},), "enp1s0 is set twice"),
        (({"device": "enp1s0", "vlan": 20}, {"device": "enp2s0", "vlan": 20}), "VLAN 20 is set twice"),
        (({**STATIC, "vlan": 20},), "same network"),
        (
            ({**STATIC, "vlan": 20, "address": "10.0.0.2/24", "gateway": "10.0.0.1"},),
            "enp1s0 and vlan20 both have a gateway",
        ),
        (({"device": "enp1s0", "vlan": 20, "mtu": 9000},), "larger MTU"),
    ],
)
def test_what_does_not_fit_together(others: tuple[dict[str, Any], ...], words: str) -> None:
    place, message = refused({**STATIC, "gateway": "192.168.1.1"}, *others)
    assert place == "connections"
    assert words in message


@pytest.mark.parametrize("name", ["-pbx", "p_bx", "pbx.example.com", "123", "localhost", "x" * 64, "a\nb"])
def test_names_that_are_none(name: str) -> None:
    assert refused(host_name=name)[0] == "host_name"


@pytest.mark.parametrize("server", ["ntp server", "224.0.1.1", "1.2.3.4.5", "-x.example.com", "a\nNTP=b"])
def test_time_servers_that_are_none(server: str) -> None:
    assert refused(ntp=[server])[0] == "ntp"


def test_a_gateway_may_be_anywhere_in_the_smallest_networks() -> None:
    Connection(device="e", ipv4=Ipv4.STATIC, address="192.0.2.0/31", gateway="192.0.2.1")
    Connection(device="e", ipv6=Ipv6.STATIC, address6="2001:db8::/127", gateway6="2001:db8::1")
    Connection(device="e", ipv6=Ipv6.STATIC, address6="2001:db8::2/64", gateway6="fe80::1")


def test_files() -> None:
    files = render(
        NetworkSettings(
            connections=(
                Connection(
                    device="enp1s0", ipv4=Ipv4.STATIC, address="192.168.1.10/24", gateway="192.168.1.1",
                    dns=("192.168.1.1",), domains=("office.example.com",),
                    ipv6=Ipv6.STATIC, address6="2001:db8::10/64", gateway6="fe80::1", mtu=1400,
                ),
                Connection(device="enp1s0", vlan=20, way_out=False, ipv6=Ipv6.OFF),
                Connection(device="enp2s0", vlan=30),
            ),
            ntp=("ntp.example.com",),
        )
    )  # fmt: skip
    assert set(files) == {
        "20-ortsamt-enp1s0.network", "20-ortsamt-enp2s0.network", "20-ortsamt-vlan20.netdev",
        "20-ortsamt-vlan20.network", "20-ortsamt-vlan30.netdev", "20-ortsamt-vlan30.network",
        "80-ortsamt.network.d/20-ortsamt-time.conf",
    }  # fmt: skip
    wire = files["20-ortsamt-enp1s0.network"].splitlines()
    for line in (
        "Name=enp1s0", "DHCP=no", "IPv6AcceptRA=no", "VLAN=vlan20", "DNS=192.168.1.1", "MTUBytes=1400",
        "Domains=office.example.com", "Address=192.168.1.10/24", "Gateway=192.168.1.1", "NTP=ntp.example.com",
        "Address=2001:db8::10/64", "Gateway=fe80::1", "LinkLocalAddressing=yes",
        "IPv4LLStartAddress=169.254.100.1",
    ):  # fmt: skip
        assert line in wire
    assert "VLAN=vlan30" not in wire
    assert "DHCP=ipv4" in files["20-ortsamt-enp2s0.network"].splitlines(), "the wire of a VLAN, left as it is"
    tag = files["20-ortsamt-vlan20.network"].splitlines()
    assert {"DHCP=ipv4", "UseGateway=no", "UseRoutes=no", "IPv6AcceptRA=no"} <= set(tag)
    assert {"Kind=vlan", "Id=20"} <= set(files["20-ortsamt-vlan20.netdev"].splitlines())


def test_a_vlan_that_moves_is_another_device() -> None:
    here, there = (
        NetworkSettings(connections=(Connection(device=one, vlan=20),)) for one in ("enp1s0", "enp2s0")
    )
    assert netdevs(here)["vlan20"] != netdevs(there)["vlan20"]
    assert netdevs(here) == netdevs(decode(NetworkSettings, encode(here), where="network"))


_networks = st.ip_addresses(v=4).map(lambda one: ipaddress.ip_interface(f"{one}/24").network)


@given(
    network=_networks,
    own=st.integers(0, 255),
    gateway=st.integers(0, 255),
    name=st.text(max_size=20),
    domain=st.text(max_size=30),
    server=st.text(max_size=30),
    mtu=st.integers(0, 10_000),
    vlan=st.integers(-1, 5000),
)
def test_whatever_is_asked_nothing_but_what_was_meant_gets_into_a_file(
    network: ipaddress.IPv4Network,
    own: int,
    gateway: int,
    name: str,
    domain: str,
    server: str,
    mtu: int,
    vlan: int,
) -> None:
    raw = {
        "connections": [
            {
                "device": name, "vlan": vlan, "ipv4": "static", "address": f"{network[own]}/24",
                "gateway": str(network[gateway]), "dns": [server], "domains": [domain], "mtu": mtu,
            }
        ],
        "ntp": [domain],
    }  # fmt: skip
    try:
        settings = decode(NetworkSettings, raw, where="network")
    except ConfigError:
        return
    for file, text in render(settings).items():
        assert "\0" not in text
        assert file.removesuffix(".network").removesuffix(".netdev").removesuffix(".conf").isascii()
        keys = [line.partition("=")[0] for line in text.splitlines() if "=" in line]
        assert keys.count("Gateway") <= 1
        assert all(one.isalnum() for one in keys)
