"""The floating address: whether it is here, and on which interface it belongs."""

import errno
import ipaddress
import json
import socket
import subprocess

from appliance.errors import ConfigError, DeviceUnavailable


def is_here(address: str) -> bool:
    """Whether this machine has the IPv4 address now: only then a socket can be bound to it (ip(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind((address, 0))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return False
            raise DeviceUnavailable(
                f"whether {address} is here cannot be told: {error.strerror}", error_id="standby.address"
            ) from error
    return True


def interface_of(network: str) -> tuple[str, str]:
    """(interface, its own address) in the network of ``192.168.1.10/24``. Raises ConfigError."""
    wanted = ipaddress.IPv4Interface(network)
    try:
        listing = subprocess.run(
            ["ip", "-j", "-4", "addr", "show"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
        links = json.loads(listing)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise DeviceUnavailable(
            f"the addresses of this machine cannot be read: {error}", error_id="standby.address"
        ) from error
    for link in links:
        for one in link.get("addr_info", ()):
            own = str(one.get("local", ""))
            if own != str(wanted.ip) and own and ipaddress.IPv4Address(own) in wanted.network:
                return str(link["ifname"]), own
    raise ConfigError(
        f"no interface of this machine has an address of its own in {wanted.network}",
        error_id="standby.interface",
        hint="give each box a fixed address beside the floating one",
        field="standby.address",
    )
