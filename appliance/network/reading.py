"""Reads what there is of network: iproute2, systemd-networkd and -timesyncd, sysfs.

What cannot be read is left out: without systemd-networkd there are still addresses.
"""

import ipaddress
import json
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.network.facts import AddressFacts, InterfaceFacts, Neighbour, NetworkFacts, TimeFacts
from appliance.network.lldp import neighbours

Ask = Callable[[Sequence[str]], str]
"""Runs a program, returns its output; empty when it fails."""

PATIENCE_S = 5.0
FALLBACK = "192.168.181.1/24"
"""What the box takes where nobody gives it an address (besides that of the link itself)."""
_SOURCES = {"DHCPv4": "dhcp", "DHCPv6": "dhcp", "NDisc": "router", "static": "static", "IPv4LL": "link"}
_SYS, _LLDP = Path("/sys/class/net"), Path("/run/systemd/netif/lldp")
_SET = Path("/run/systemd/timesync/synchronized")
_DAEMON = Path("/run/systemd/timesync")


def ask(command: Sequence[str]) -> str:
    """Run a program; whatever goes wrong is no output."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def read(run: Ask = ask, *, sys: Path = _SYS, lldp: Path = _LLDP) -> NetworkFacts:
    """All of it, within some ten milliseconds."""
    links = _rows(run(["ip", "-d", "-j", "addr", "show"]))
    routes = [
        *_rows(run(["ip", "-4", "-j", "route", "show", "default"])),
        *_rows(run(["ip", "-6", "-j", "route", "show", "default"])),
    ]
    managed = {str(one.get("Name")): one for one in _described(run(["networkctl", "--json=short", "list"]))}
    names = {str(one.get("ifname")): one for one in links}
    found = [
        _interface(one, managed.get(name, {}), routes, sys, lldp)
        for name, one in names.items()
        if _is_wire(one, sys / name) or _vlan(one)
    ]
    return NetworkFacts(host_name=_host_name(), interfaces=tuple(found), time=read_time(run))


def read_time(run: Ask = ask, *, mark: Path = _SET, daemon: Path = _DAEMON) -> TimeFacts:
    """The clock and who sets it."""
    try:
        since = datetime.fromtimestamp(mark.stat().st_mtime, UTC).isoformat(timespec="seconds")
    except OSError:
        since = ""
    said = run(["timedatectl", "show-timesync", "-p", "ServerName", "-p", "ServerAddress"])
    told = dict(line.partition("=")[::2] for line in said.splitlines())
    name, address = told.get("ServerName", ""), told.get("ServerAddress", "")
    return TimeFacts(
        now=datetime.now(UTC).isoformat(timespec="seconds"),
        synchronised=bool(since) if daemon.is_dir() else None,
        since=since,
        server=f"{name} ({address})" if name and address and name != address else name or address,
    )


def _host_name(file: Path = Path("/etc/hostname")) -> str:
    """From the file first: a sandbox may keep the name that was there when it began."""
    try:
        return file.read_text(encoding="ascii").strip() or socket.gethostname()
    except (OSError, UnicodeDecodeError):
        return socket.gethostname()


def _rows(text: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _described(text: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return _rows(json.dumps(found.get("Interfaces", []))) if isinstance(found, dict) else []


def _vlan(link: Mapping[str, Any]) -> int:
    about = link.get("linkinfo", {})
    return int(about.get("info_data", {}).get("id", 0)) if about.get("info_kind") == "vlan" else 0


def _is_wire(link: Mapping[str, Any], folder: Path) -> bool:
    """A wire has a socket; veth is one end of a wire, too (containers)."""
    kind = link.get("linkinfo", {}).get("info_kind")
    if link.get("link_type") != "ether" or (folder / "wireless").exists():
        return False
    return kind in (None, "veth")


def _interface(
    link: Mapping[str, Any],
    described: Mapping[str, Any],
    routes: Sequence[Mapping[str, Any]],
    sys: Path,
    lldp: Path,
) -> InterfaceFacts:
    name = str(link.get("ifname"))
    sources = {_address(one): _source(one) for one in described.get("Addresses", []) if isinstance(one, dict)}
    addresses = [
        f"{one['local']}/{one['prefixlen']}"
        for one in link.get("addr_info", [])
        if "local" in one and "prefixlen" in one and not one.get("tentative")
    ]
    vlan = _vlan(link)
    ways = [str(one["gateway"]) for one in routes if one.get("dev") == name and "gateway" in one]
    return InterfaceFacts(
        name=name,
        device=str(link.get("link", name)) if vlan else name,
        vlan=vlan,
        mac=str(link.get("address", "")),
        link="LOWER_UP" in link.get("flags", []),
        speed=_speed(sys / name / "speed"),
        mtu=int(link.get("mtu", 0)),
        state=str(described.get("AdministrativeState", "")),
        addresses=tuple(AddressFacts(address=one, source=_whence(one, sources)) for one in addresses),
        gateways=tuple(dict.fromkeys(ways)),
        dns=tuple(dict.fromkeys(_address(one) for one in described.get("DNS", []) if isinstance(one, dict))),
        neighbours=_neighbours(lldp / str(link.get("ifindex", 0))),
    )


def _neighbours(path: Path) -> tuple[Neighbour, ...]:
    try:
        return neighbours(path.read_bytes())
    except OSError:
        return ()


def _speed(path: Path) -> int:
    try:
        return max(0, int(path.read_text(encoding="ascii")))
    except (OSError, ValueError):  # a wire without a link has none
        return 0


def _address(one: Mapping[str, Any]) -> str:
    try:
        return str(ipaddress.ip_address(bytes(one.get("Address", []))))
    except (TypeError, ValueError):
        return ""


def _source(one: Mapping[str, Any]) -> str:
    return _SOURCES.get(str(one.get("ConfigSource", "")), "other")


def _whence(address: str, sources: Mapping[str, str]) -> str:
    own = ipaddress.ip_interface(address)
    if own.ip.is_link_local:
        return "link"
    if address == FALLBACK:
        return "fallback"
    return sources.get(str(own.ip), "other")
