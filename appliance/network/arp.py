"""Whether somebody has an IPv4 address already: ARP probes (RFC 5227 §2.1)."""

import contextlib
import ipaddress
import socket
import struct
import time

PROBES = 3
WAIT_S = 0.7
_ARP = 0x0806
_REQUEST = 1


def probe(mac: bytes, address: ipaddress.IPv4Address) -> bytes:
    """A frame to everybody that asks for the address and claims none."""
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, _REQUEST) + mac + bytes(4) + bytes(6) + address.packed
    return b"\xff" * 6 + mac + struct.pack("!H", _ARP) + body


def claims(frame: bytes, address: ipaddress.IPv4Address, own: bytes) -> bool:
    """Whether a frame says that somebody else has the address, or wants it just now."""
    if len(frame) < 42 or frame[12:14] != struct.pack("!H", _ARP) or frame[22:28] == own:
        return False
    operation = struct.unpack("!H", frame[20:22])[0]
    sender, target = frame[28:32], frame[38:42]
    return sender == address.packed or (
        operation == _REQUEST and sender == bytes(4) and target == address.packed
    )


def is_taken(device: str, address: ipaddress.IPv4Address) -> bool:
    """Ask the wire, for some two seconds. Raises OSError."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as wire:
        wire.bind((device, _ARP))
        own: bytes = wire.getsockname()[4]
        for _ in range(PROBES):
            with contextlib.suppress(OSError):
                wire.send(probe(own, address))
            until = time.monotonic() + WAIT_S
            while (left := until - time.monotonic()) > 0:
                wire.settimeout(left)
                try:
                    if claims(wire.recv(128), address, own):
                        return True
                except TimeoutError:
                    break
    return False
