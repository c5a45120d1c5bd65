"""Frames of the Link Layer Discovery Protocol (IEEE 802.1AB §8): who is at the other end. Pure."""

import struct

from appliance.network.facts import Neighbour

_PORT, _PORT_TEXT, _NAME = 2, 4, 5
_MAC_PORT = 3
_MOST = 20


def neighbours(stored: bytes) -> tuple[Neighbour, ...]:
    """Read what systemd-networkd keeps: frames, each after its length (64 bit, little-endian)."""
    found: list[Neighbour] = []
    at = 0
    while at + 8 <= len(stored) and len(found) < _MOST:
        (length,) = struct.unpack_from("<Q", stored, at)
        frame = stored[at + 8 : at + 8 + length]
        if len(frame) < length:
            break
        found.append(_read(frame))
        at += 8 + length
    return tuple(dict.fromkeys(one for one in found if one.name or one.port))


def _read(frame: bytes) -> Neighbour:
    name = port = port_text = ""
    at = 14  # after both addresses and the type
    while at + 2 <= len(frame):
        (head,) = struct.unpack_from("!H", frame, at)
        kind, length = head >> 9, head & 0x1FF
        value = frame[at + 2 : at + 2 + length]
        at += 2 + length
        if kind == 0 or len(value) < length:
            break
        if kind == _PORT and value:
            port = value[1:].hex(":") if value[0] == _MAC_PORT else _text(value[1:])
        elif kind == _PORT_TEXT:
            port_text = _text(value)
        elif kind == _NAME:
            name = _text(value)
    return Neighbour(name=name, port=port_text or port)


def _text(value: bytes) -> str:
    return "".join(c for c in value.decode("utf-8", "replace") if c.isprintable())[:80].strip()
