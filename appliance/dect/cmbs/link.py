"""The serial line to the module: frames out at its pace, frames in as they become whole. One thread's own."""

import os
import select
import time
from collections import deque
from collections.abc import Callable

import structlog

from appliance.dect.cmbs.codec import Broken, Decoder, Element, Frame, encode
from appliance.dect.cmbs.numbers import Command
from appliance.drivers.serial_link import Line
from appliance.errors import DeviceUnavailable

_PACE_S = 0.02
"""Between two frames: the module loses what comes faster."""
_STOPPED_S = 5.0
"""So long the module may stop us; a word to go on that was lost must not stop us for ever."""
_HALF_S = 0.3
"""The rest of a frame comes within this, or never."""
_DRAIN_S = 0.5
_MOST_QUEUED = 500
_CAN_CHECK = bytes((0, 0, 0, 0, 1, 0, 0, 0))
"""Our capabilities: bit 0 of octet 4 is the checksum."""
log = structlog.get_logger(__name__)


class Link:
    """Opened by being made; raises DeviceUnavailable then and in ``turn`` when the line is gone."""

    def __init__(self, open_line: Callable[[], Line]) -> None:
        self._line = open_line()
        self._decoder = Decoder()
        self._queue: deque[bytes] = deque()
        self._out = b""
        self._send_at = 0.0
        self._stopped_until = 0.0
        self._packet = 0
        self._heard_at = time.monotonic()
        self.broken = 0
        """Frames that came spoilt."""

    def close(self) -> None:
        """Let go of the line."""
        self._line.close()

    @property
    def checked(self) -> bool:
        """Whether events carry checksums."""
        return self._decoder.checked

    def check(self, on: bool) -> None:
        """From now on events carry checksums both ways, or do not."""
        self._decoder.checked = on

    @property
    def silent_s(self) -> float:
        """How long nothing has been heard."""
        return time.monotonic() - self._heard_at

    def send(self, event: int, *elements: Element) -> None:
        """When it is its turn."""
        self._put(Frame(event=event, elements=elements, packet=self._next_packet()))

    def command(self, command: Command, data: bytes = b"") -> None:
        """The same for a word about the link."""
        self._put(Frame(event=command, command=data, packet=self._next_packet()))

    def tell_capabilities(self) -> None:
        """We can check sums; the module says whether it can."""
        self.command(Command.CAPABILITIES, _CAN_CHECK)

    def _next_packet(self) -> int:
        self._packet = (self._packet + 1) & 0xFFFF
        return self._packet

    def _put(self, frame: Frame) -> None:
        if len(self._queue) >= _MOST_QUEUED:
            raise DeviceUnavailable("the module takes nothing any more", error_id="dect.cmbs_stuck")
        self._queue.append(encode(frame, checked=self._decoder.checked))

    def turn(self, wait_s: float, wake: int) -> list[Frame]:
        """Send what is due, wait so long for something to come or ``wake`` to be readable."""
        now = time.monotonic()
        self._push(now)
        if self._queue or self._out:
            wait_s = min(wait_s, max(0.001, max(self._send_at, self._stopped_until) - now))
        if self._decoder.waiting:
            wait_s = min(wait_s, _HALF_S)
        fd = self._line.fileno()
        readable, _, _ = select.select([fd, wake], [], [], wait_s)
        if wake in readable:
            os.read(wake, 4096)
        found = []
        if fd in readable:
            data = self._line.read()
            if data:
                self._heard_at = time.monotonic()
                found = self._decoder.feed(data)
        elif self._decoder.waiting and self.silent_s > _HALF_S:
            found = self._decoder.give_up()
        return [one for one in map(self._sorted, found) if one is not None]

    def drain(self) -> None:
        """Send what waits, for half a second at most."""
        until = time.monotonic() + _DRAIN_S
        while (self._queue or self._out) and (now := time.monotonic()) < until:
            self._push(now)
            select.select([], [], [], _PACE_S)

    def _push(self, now: float) -> None:
        if self._out:
            self._out = self._out[self._line.write(self._out) :]
        if self._out or not self._queue or now < max(self._send_at, self._stopped_until):
            return
        frame = self._queue.popleft()
        self._out = frame[self._line.write(frame) :]
        self._send_at = now + _PACE_S

    def _sorted(self, one: Frame | Broken) -> Frame | None:
        if isinstance(one, Broken):
            self.broken += 1
            log.info("cmbs.broken_frame", code=hex(one.event), why=one.why)
            return None
        match one.event:
            case Command.FLOW_STOP:
                self._stopped_until = time.monotonic() + _STOPPED_S
                return None
            case Command.FLOW_GO:
                self._stopped_until = 0.0
                return None
            case _:
                return one
