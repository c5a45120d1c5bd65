"""Netstrings, incremental and bounded, without I/O: ``<length>:<payload>,`` (djb, 1997)."""

from collections.abc import Iterator

from appliance.errors import PeerProtocolError

MAX_PAYLOAD = 16 * 1024 * 1024
"""A dump of every registration of a large office is a few megabytes."""

_MAX_DIGITS = len(str(MAX_PAYLOAD))


def encode(payload: bytes) -> bytes:
    """One netstring."""
    return b"%d:%b," % (len(payload), payload)


class Decoder:
    """Collects received bytes and gives whole payloads, however they were cut."""

    def __init__(self, max_payload: int = MAX_PAYLOAD) -> None:
        self._max_payload = max_payload
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add received bytes, give every payload now complete; raises PeerProtocolError on anything else."""
        self._buffer += data
        start = 0
        try:
            while True:
                colon = self._buffer.find(b":", start, start + _MAX_DIGITS + 1)
                if colon < 0:
                    self._check_digits(bytes(self._buffer[start : start + _MAX_DIGITS + 1]))
                    return
                length = self._length(bytes(self._buffer[start:colon]))
                end = colon + 1 + length
                if end >= len(self._buffer):
                    return
                if self._buffer[end] != ord(","):
                    raise PeerProtocolError("netstring does not end with a comma", error_id="edge.netstring")
                payload = bytes(self._buffer[colon + 1 : end])
                start = end + 1
                yield payload
        finally:
            del self._buffer[:start]

    def _length(self, digits: bytes) -> int:
        if not digits.isdigit():
            raise PeerProtocolError("netstring has no length", error_id="edge.netstring")
        length = int(digits)
        if length > self._max_payload:
            raise PeerProtocolError(f"netstring of {length} bytes is too long", error_id="edge.netstring")
        return length

    @staticmethod
    def _check_digits(head: bytes) -> None:
        if head and (not head.isdigit() or len(head) > _MAX_DIGITS):
            raise PeerProtocolError("netstring has no length", error_id="edge.netstring")
