"""The sound of a module: all its calls at once in the slots of one bus, 20 ms at a time.

The bus runs at 8 kHz with sixteen slots of 8 bits. Two neighbours are a *lane* of 16 bit samples; a call has
one lane, or four slots as two lanes side by side when it is wide-band: its even samples in the first, its
odd ones in the second. The sound device shows lanes as channels of 16 bit little-endian samples: eight.
"""

import os
import select
import threading
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from appliance.drivers.serial_link import Line, SerialLine
from appliance.errors import DeviceUnavailable
from appliance.fxs.gpio.codec_card import CodecCard
from appliance.media.priority import hurry
from appliance.ports import SoundUser

LANES = 8
LANE_BYTES = 320
"""20 ms of a lane."""
BUS_BYTES = LANES * LANE_BYTES
OPENING = "its sound is being opened"
_RETRY_S = 1.0
_DEAD_S = 1.0
_QUIET_S = 0.004
"""Frames come every 20 ms."""
_STOP_S = 3.0
log = structlog.get_logger(__name__)


class BusDevice(Protocol):
    """What the bus hangs on; its clock is ours. Raises DeviceUnavailable when it is gone or stands still."""

    def read(self) -> bytes:
        """Wait for the next 20 ms of all lanes."""

    def write(self, frame: bytes) -> None:
        """20 ms for all lanes; what does not fit is dropped."""

    def close(self) -> None:
        """Let go."""


class SerialBus:
    """A line of octets with whole frames of all lanes, each written at once by the other side.

    What lies there from before is thrown away until the line is quiet: what comes then begins with a frame.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._line: Line = SerialLine(path, 921600)
        self._heard = bytearray()
        self._out = bytearray()
        until = time.monotonic() + _DEAD_S
        try:
            while select.select([self._line.fileno()], [], [], _QUIET_S)[0]:
                self._line.read()
                if time.monotonic() > until:
                    raise DeviceUnavailable(
                        f"{path} has no pause between its frames", error_id="dect.no_frames"
                    )
        except DeviceUnavailable:
            self._line.close()
            raise

    def read(self) -> bytes:
        """Wait for the next 20 ms."""
        while len(self._heard) < BUS_BYTES:
            if not select.select([self._line.fileno()], [], [], _DEAD_S)[0]:
                raise DeviceUnavailable(f"{self._path} gives no sound", error_id="dect.no_sound")
            self._heard += self._line.read()
        frame = bytes(self._heard[:BUS_BYTES])
        del self._heard[:BUS_BYTES]
        return frame

    def write(self, frame: bytes) -> None:
        """Whole frames only: lanes must not be mixed up."""
        if len(self._out) <= BUS_BYTES:
            self._out += frame
        del self._out[: self._line.write(bytes(self._out))]

    def close(self) -> None:
        """Let go."""
        self._line.close()


def open_bus(name: str) -> BusDevice:
    """By path or ALSA name; raises DeviceUnavailable."""
    return SerialBus(name) if os.path.isabs(name) else CodecCard(name, channels=LANES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Of a call: its first lane, and one or two of them."""

    lane: int
    wideband: bool

    @property
    def slots(self) -> int:
        """As the module wants it: a bit for every slot of 8 bits."""
        return (0xF if self.wideband else 0x3) << (2 * self.lane)

    @property
    def lanes(self) -> frozenset[int]:
        """Those in use."""
        return frozenset((self.lane, self.lane + 1) if self.wideband else (self.lane,))


def free_place(taken: frozenset[int], *, wideband: bool) -> Place | None:
    """The first that fits; wide-band begins at an even lane. None: the bus is full."""
    for lane in range(0, LANES - wideband, 1 + wideband):
        place = Place(lane=lane, wideband=wideband)
        if not place.lanes & taken:
            return place
    return None


def take_out(bus: "array[int]", place: Place) -> bytes:
    """What a call says; ``bus`` has samples of all lanes in turn."""
    first = bus[place.lane :: LANES]
    if not place.wideband:
        return first.tobytes()
    both = array("h", bytes(2 * LANE_BYTES))
    both[0::2], both[1::2] = first, bus[place.lane + 1 :: LANES]
    return both.tobytes()


def put_in(bus: "array[int]", place: Place, frame: bytes) -> None:
    """What a call is to hear; a frame of the wrong length is not heard."""
    samples = array("h", frame)
    if len(frame) != LANE_BYTES * (2 if place.wideband else 1):
        return
    if place.wideband:
        bus[place.lane :: LANES] = samples[0::2]
        bus[place.lane + 1 :: LANES] = samples[1::2]
    else:
        bus[place.lane :: LANES] = samples


class SlotBus:
    """The bus at work on a thread of its own. ``use`` may be called on any thread."""

    def __init__(self, name: str, open_device: Callable[[], BusDevice]) -> None:
        self._name = name
        self._open = open_device
        self._users: Mapping[str, tuple[Place, SoundUser]] = {}
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"dect-sound-{name}", daemon=True)
        self.trouble = OPENING
        """Why there is no sound; empty: there is."""
        self.frames = 0
        """How many 20 ms have passed."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)

    def use(self, call: str, place: Place | None, user: SoundUser | None = None) -> None:
        """The user speaks and hears there; no place or user: nobody does any more."""
        with self._guard:
            users = {key: value for key, value in self._users.items() if key != call}
            if place is not None and user is not None:
                users[call] = (place, user)
            self._users = users

    def _run(self) -> None:
        hurry([threading.get_native_id()])
        while not self._stopping.is_set():
            try:
                device = self._open()
            except DeviceUnavailable as error:
                self._lost(error)
                self._stopping.wait(_RETRY_S)
                continue
            try:
                self._work(device)
            except DeviceUnavailable as error:
                self._lost(error)
            finally:
                device.close()
            self._stopping.wait(_RETRY_S)

    def _lost(self, error: DeviceUnavailable) -> None:
        if error.message != self.trouble:
            log.warning("cmbs.sound_lost", module=self._name, error=str(error))
        self.trouble = error.message

    def _work(self, device: BusDevice) -> None:
        while not self._stopping.is_set():
            data = device.read()
            if self.trouble:
                log.info("cmbs.sound", module=self._name)
                self.trouble = ""
            self.frames += 1
            device.write(self._exchanged(data))

    def _exchanged(self, data: bytes) -> bytes:
        users = self._users
        out = array("h", bytes(BUS_BYTES))
        if users:
            heard = array("h", data)  # samples are moved only: their byte order does not matter
            for call, (place, user) in users.items():
                try:
                    put_in(out, place, user.exchange(take_out(heard, place)))
                except Exception:
                    log.exception("cmbs.sound_defect", call=call)
        return out.tobytes()
