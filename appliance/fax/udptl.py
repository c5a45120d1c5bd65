"""UDPTL (ITU-T T.38 §9.1): packets of T.38, each with those before it once more. Pure."""

from collections import deque

from appliance.errors import PeerProtocolError

_REDUNDANCY = 3
"""Earlier packets in each one: three lost in a row cost nothing."""
_FEC = 0x80
_AHEAD = 0x8000
"""Half of all sequence numbers: what is farther ahead is old."""
_MOST = 0x4000


class Packer:
    """Makes packets, numbered from 0 on."""

    def __init__(self, redundancy: int = _REDUNDANCY) -> None:
        self._sequence = 0
        self._earlier: deque[bytes] = deque(maxlen=redundancy)

    def pack(self, ifp: bytes) -> bytes:
        """The next packet with this message and the earlier ones."""
        packet = bytearray(
            self._sequence.to_bytes(2, "big") + _open(ifp) + b"\0" + _length(len(self._earlier))
        )
        for earlier in self._earlier:
            packet += _open(earlier)
        self._earlier.appendleft(ifp)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return bytes(packet)


class Unpacker:
    """Gives every message once and in order, also those whose own packet was lost."""

    def __init__(self) -> None:
        self._expected = 0

    def unpack(self, packet: bytes) -> list[tuple[int, bytes]]:
        """Messages that are new, each with its number; raises PeerProtocolError for nonsense."""
        if len(packet) < 4:
            raise PeerProtocolError("UDPTL: the packet is too short", error_id="t38.packet")
        sequence = int.from_bytes(packet[:2], "big")
        primary, at = _read_open(packet, 2)
        messages = [(sequence, primary)]
        if at < len(packet) and not packet[at] & _FEC:
            count, at = _read_length(packet, at + 1)
            for back in range(1, min(count, _MOST) + 1):
                earlier, at = _read_open(packet, at)
                messages.append(((sequence - back) & 0xFFFF, earlier))
        new = [one for one in reversed(messages) if (one[0] - self._expected) & 0xFFFF < _AHEAD and one[1]]
        if new:
            self._expected = (new[-1][0] + 1) & 0xFFFF
        return new


def _length(length: int) -> bytes:
    return bytes([length]) if length < 0x80 else (0x8000 | length).to_bytes(2, "big")


def _open(body: bytes) -> bytes:
    return _length(len(body)) + body


def _read_length(packet: bytes, at: int) -> tuple[int, int]:
    head = packet[at : at + 2]
    if not head or (head[0] & 0x80 and len(head) < 2):
        raise PeerProtocolError("UDPTL: the packet ends early", error_id="t38.packet")
    if not head[0] & 0x80:
        return head[0], at + 1
    if head[0] & 0x40:
        raise PeerProtocolError("UDPTL: a message in fragments", error_id="t38.packet")
    return int.from_bytes(head, "big") & 0x3FFF, at + 2


def _read_open(packet: bytes, at: int) -> tuple[bytes, int]:
    length, at = _read_length(packet, at)
    if at + length > len(packet):
        raise PeerProtocolError("UDPTL: the packet ends early", error_id="t38.packet")
    return packet[at : at + length], at + length
