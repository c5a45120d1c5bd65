"""One RTP stream (RFC 3550) of G.711 with RFC 4733 digits: says a tone or an echo, tells what is heard."""

import asyncio
import random
import secrets
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from appliance.errors import DeviceUnavailable
from appliance.phone.analysis import Impression, Listener
from appliance.provider import g711
from appliance.provider.fax import FaxParty
from appliance.provider.sdp import PCMA, Flow, Remote
from appliance.provider.transport import bind_udp

FRAME = 160
_PERIOD = 0.02
_DIGITS = "0123456789*#ABCD"
_DIGIT_FRAMES = 8
_MAX_LATE = 0.2
_MAX_READS = 20
"""Packets taken at once, so that a flood leaves time for others."""


class Stream:
    """The audio of one call. ``heard`` and ``digit`` are told on the loop."""

    def __init__(self, heard: Callable[[Impression], None], digit: Callable[[str], None]) -> None:
        self._heard = heard
        self._digit = digit
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._listener = Listener(g711.RATE)
        self._target: tuple[str, int] | None = None
        self._echo: deque[bytes] = deque(maxlen=25)
        self._waiting_digits: deque[str] = deque(maxlen=64)
        self._last_digit = -1
        self._tone_hz = 0
        self._echoing = False
        self._machine: FaxParty | None = None
        self._at = 0
        self._sequence = secrets.randbelow(30000)
        self._timestamp = secrets.randbelow(1 << 30)
        self._source = secrets.randbits(32)
        self._payload = PCMA
        self._event_payload: int | None = None
        self.muted = False
        self.jitter = 0.0
        """Packets of sound leave late by up to so many seconds."""
        self.loss = 0.0
        """This share of them never leaves."""
        self.port = 0
        self.received = 0

    def open(self, host: str) -> None:
        """Bind a port; raises DeviceUnavailable."""
        try:
            self._socket = bind_udp(host, 0)
        except OSError as error:
            raise DeviceUnavailable(f"no port for audio: {error.strerror}") from error
        self.port = self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Fall silent for good."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def aim(self, remote: Remote, payload: int) -> None:
        """Send to where the other side wants it, in this codec; starts the sending."""
        self._target = (remote.host, remote.port) if remote.flow in (Flow.BOTH, Flow.RECEIVE) else None
        self._payload = payload
        self._event_payload = remote.digits
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send_steadily())

    def say_tone(self, hz: int) -> None:
        """A tone from now on; 0 is silence."""
        self._tone_hz, self._echoing = hz, False

    def say_echo(self) -> None:
        """What is heard, at once."""
        self._echoing = True

    def say_fax(self, machine: FaxParty) -> None:
        """A fax machine is at this end from now on."""
        self._machine = machine

    def say_digits(self, digits: str) -> None:
        """Send digits one after the other."""
        self._waiting_digits.extend(digits)

    def _readable(self) -> None:
        with suppress(OSError):
            for _ in range(_MAX_READS):
                if self._socket is None:
                    return
                self._take(self._socket.recv(2048))

    def _take(self, data: bytes) -> None:
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        payload = data[1] & 0x7F
        start = 12 + 4 * (data[0] & 15)
        if data[0] & 0x10 and len(data) >= start + 4:
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
        body = data[start:]
        if payload == self._event_payload:
            self._take_digit(body, int.from_bytes(data[4:8]))
        elif payload in (0, 8) and 0 < len(body) <= 8 * FRAME:
            self.received += 1
            if self._machine is not None:
                self._machine.hear(payload, body)
                return
            if self._echoing:
                self._echo.append(body)
            changed = self._listener.feed(g711.decode(payload, body))
            if changed is not None:
                self._heard(changed)

    def _take_digit(self, body: bytes, timestamp: int) -> None:
        # An event is sent many times with one time stamp: the first one counts.
        if len(body) >= 4 and body[0] < len(_DIGITS) and timestamp != self._last_digit:
            self._last_digit = timestamp
            self._digit(_DIGITS[body[0]])

    async def _send_steadily(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if self._waiting_digits and self._event_payload is not None:
                due = await self._send_digit(self._waiting_digits.popleft(), self._event_payload, due)
                continue
            if self.jitter:
                late = due + random.random() * self.jitter
                await asyncio.sleep(max(0.0, late - loop.time()))
            if not self.muted:
                self._send(self._payload, self._next_frame(), lost=random.random() < self.loss)
            self._timestamp += FRAME
            due = await self._next_turn(due)

    async def _next_turn(self, due: float) -> float:
        loop = asyncio.get_running_loop()
        due += _PERIOD
        if loop.time() - due > _MAX_LATE:
            due = loop.time()
        await asyncio.sleep(max(0.0, due - loop.time()))
        return due

    async def _send_digit(self, digit: str, payload: int, due: float) -> float:
        code = _DIGITS.index(digit)
        for frame in range(_DIGIT_FRAMES + 2):
            end = frame >= _DIGIT_FRAMES - 1
            duration = FRAME * min(frame + 1, _DIGIT_FRAMES)
            self._send(payload, struct.pack("!BBH", code, 0x80 * end | 10, duration), marker=frame == 0)
            due = await self._next_turn(due)
        self._timestamp += FRAME * (_DIGIT_FRAMES + 2)
        for _ in range(3):
            due = await self._next_turn(due)
            self._timestamp += FRAME
        return due

    def _next_frame(self) -> bytes:
        if self._machine is not None:
            return self._machine.say(self._payload)
        if self._echoing:
            return self._echo.popleft() if self._echo else g711.tone(self._payload, 0)[:FRAME]
        sound = g711.tone(self._payload, self._tone_hz)
        self._at = (self._at + FRAME) % len(sound)
        return sound[self._at : self._at + FRAME]

    def _send(self, payload: int, body: bytes, *, marker: bool = False, lost: bool = False) -> None:
        if self._socket is None or self._target is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        if lost:
            return
        head = struct.pack(
            "!BBHII",
            0x80,
            payload | 0x80 * marker,
            self._sequence,
            self._timestamp & 0xFFFFFFFF,
            self._source,
        )
        with suppress(OSError):
            self._socket.sendto(head + body, self._target)
