"""The audio side of a test peer: RTP with A-law over a socket, tones out, whatever comes in kept."""

import socket
import struct
import threading
import time
from collections.abc import Iterable
from typing import Self

from tests.support.tones import goertzel, rms_dbfs, tone

PACKET = 160
_EVENTS = "0123456789*#ABCD"


def alaw_encode(sample: int) -> int:
    """One 16-bit sample as G.711 A-law (ITU-T G.711, table 1a)."""
    value = (~sample if sample < 0 else sample) >> 4
    if value > 15:
        exponent = 1
        while value > 31:
            value >>= 1
            exponent += 1
        value = value - 16 + (exponent << 4)
    return (value if sample < 0 else value | 0x80) ^ 0x55


def alaw_decode(octet: int) -> int:
    """One A-law octet as a 16-bit sample."""
    value = octet ^ 0x55
    exponent, mantissa = (value & 0x70) >> 4, value & 0x0F
    if exponent:
        mantissa += 16
    magnitude = (mantissa << 4) + 8
    if exponent > 1:
        magnitude <<= exponent - 1
    return magnitude if value & 0x80 else -magnitude


_DECODE = [alaw_decode(octet) for octet in range(256)]


class Audio:
    """An RTP end on loop-back. Speaks to where it is told, hears from anybody."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port: int = self.socket.getsockname()[1]
        self.payload_types: set[int] = set()
        self.packets = 0
        self.events: list[tuple[int, int]] = []
        """Event code and RTP timestamp of telephone-events (payload type 101), first packet of each."""
        self._heard = bytearray()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._target: tuple[str, int] | None = None
        self._sound = bytes([0xD5]) * PACKET
        self._sequence = 1000
        self._timestamp = 0
        self._threads = [
            threading.Thread(target=self._listen, name="rtp in", daemon=True),
            threading.Thread(target=self._speak, name="rtp out", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(2)
        self.socket.close()

    def say(self, target_port: int, hz: int, *, dbfs: float = -12.0) -> None:
        """From now on send this tone there."""
        samples = tone(hz, seconds=1.0, rate=8000, dbfs=dbfs)
        self._sound = bytes(alaw_encode(sample) for sample in samples)
        self._target = ("127.0.0.1", target_port)

    def be_silent(self) -> None:
        """Send nothing any more."""
        self._target = None

    def press(
        self, target_port: int, digit: str, *, packets: Iterable[int] = (1, 2, 3), end: bool = True
    ) -> int:
        """Send a telephone-event (RFC 4733); returns its timestamp."""
        timestamp = self._timestamp = self._timestamp + 4000
        numbers = list(packets)
        for i, number in enumerate(numbers):
            self._event(target_port, digit, timestamp, number * PACKET, marker=i == 0, end=False)
        if end:
            for _ in range(3):
                self._event(target_port, digit, timestamp, (numbers[-1] + 1) * PACKET, marker=False, end=True)
        return timestamp

    def press_on(self, target_port: int, digit: str, timestamp: int, *, number: int, end: bool) -> None:
        """Send one more packet of an event that began."""
        self._event(target_port, digit, timestamp, number * PACKET, marker=False, end=end)

    def _event(self, port: int, digit: str, stamp: int, duration: int, *, marker: bool, end: bool) -> None:
        payload = struct.pack("!BBH", _EVENTS.index(digit), 0x80 | 10 if end else 10, duration)
        self._send(("127.0.0.1", port), 101, payload, stamp, marker=marker)

    def heard(self, seconds: float = 0.5, timeout_s: float = 5.0) -> list[int]:
        """The next so many seconds of what comes in, as samples at 8 kHz."""
        with self._lock:
            self._heard.clear()
        wanted = int(seconds * 8000)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._lock:
                if len(self._heard) >= wanted:
                    return [_DECODE[octet] for octet in self._heard[:wanted]]
            self._stop.wait(0.01)
        with self._lock:
            return [_DECODE[octet] for octet in self._heard]

    def hears(self, hz: int, timeout_s: float = 5.0) -> bool:
        """Wait until this tone, and little else, is heard for 200 ms."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            samples = self.heard(0.2, max(0.1, deadline - time.monotonic()))
            if len(samples) >= 1600 and rms_dbfs(samples) > -35 and goertzel(samples, hz, rate=8000) > 0.7:
                return True
        return False

    def hears_silence(self, timeout_s: float = 5.0) -> bool:
        """Wait until nothing but silence is heard for 200 ms."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            samples = self.heard(0.2, min(0.4, max(0.1, deadline - time.monotonic())))
            if rms_dbfs(samples) < -50:
                return True
        return False

    def _send(self, target: tuple[str, int], kind: int, payload: bytes, stamp: int, *, marker: bool) -> None:
        with self._lock:
            self._sequence = (self._sequence + 1) & 0xFFFF
            head = struct.pack(
                "!BBHII", 0x80, kind | (0x80 if marker else 0), self._sequence, stamp & 0xFFFFFFFF, 0x5EED
            )
        self.socket.sendto(head + payload, target)

    def _speak(self) -> None:
        start = time.monotonic()
        number = 0
        while not self._stop.is_set():
            number += 1
            wait = start + number * 0.02 - time.monotonic()
            if wait > 0:
                self._stop.wait(wait)
            target = self._target
            if target is None:
                continue
            self._timestamp += PACKET
            at = number * PACKET % len(self._sound)
            payload = (self._sound + self._sound)[at : at + PACKET]
            self._send(target, 8, payload, self._timestamp, marker=False)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                data = self.socket.recv(2048)
            except TimeoutError:
                continue
            if len(data) < 12:
                continue
            kind = data[1] & 0x7F
            stamp = struct.unpack("!I", data[4:8])[0]
            with self._lock:
                self.packets += 1
                self.payload_types.add(kind)
                if kind == 8:
                    self._heard += data[12:]
                elif kind == 101 and (data[12], stamp) not in self.events:
                    self.events.append((data[12], stamp))
