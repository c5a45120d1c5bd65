"""Sockets of a multicast group, at the addresses of the box."""

import socket
import struct


def listening(group: str, port: int, addresses: tuple[str, ...]) -> socket.socket:
    """Hear what is sent to the group. Raises OSError."""
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound to the group itself: others keep the port at the box's own addresses.
        heard.bind((group, port))
        for address in addresses:
            member = struct.pack("=4s4s", socket.inet_aton(group), socket.inet_aton(address))
            heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        heard.setblocking(False)
    except OSError:
        heard.close()
        raise
    return heard


def towards(address: str) -> str:
    """The own address that this one reaches. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return str(probe.getsockname()[0])
