"""System calls upon one DAHDI channel, and what their errors mean."""

import errno
import fcntl
import os
import select
import time
from typing import Protocol

from appliance.errors import DeviceUnavailable
from appliance.fxs.dahdi import codec
from appliance.fxs.dahdi.codec import ELAST, EventCode, Request

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.EIO, errno.EBADF})


class SystemCalls(Protocol):
    """The kernel, as far as a channel needs it. Errors are OSError with the errno of the call."""

    def open(self, path: str, flags: int) -> int:
        """Return a file descriptor."""

    def close(self, fd: int) -> None:
        """Let go of it."""

    def ioctl(self, fd: int, request: int, argument: bytearray) -> None:
        """``argument`` is read and written in place."""

    def read(self, fd: int, count: int) -> bytes:
        """At most so many bytes."""

    def write(self, fd: int, data: bytes) -> int:
        """How many were taken."""

    def poll(self, fd: int, events: int, timeout_ms: int) -> int:
        """What of these (and errors) is the case; 0 after the time."""

    def monotonic_ms(self) -> int:
        """A clock that never jumps."""


class Kernel:
    """The real one."""

    def open(self, path: str, flags: int) -> int:
        """See SystemCalls."""
        return os.open(path, flags)

    def close(self, fd: int) -> None:
        """See SystemCalls."""
        os.close(fd)

    def ioctl(self, fd: int, request: int, argument: bytearray) -> None:
        """See SystemCalls."""
        fcntl.ioctl(fd, request, argument, True)

    def read(self, fd: int, count: int) -> bytes:
        """See SystemCalls."""
        return os.read(fd, count)

    def write(self, fd: int, data: bytes) -> int:
        """See SystemCalls."""
        return os.write(fd, data)

    def poll(self, fd: int, events: int, timeout_ms: int) -> int:
        """See SystemCalls."""
        poller = select.poll()
        poller.register(fd, events)
        found = poller.poll(timeout_ms)
        return found[0][1] if found else 0

    def monotonic_ms(self) -> int:
        """See SystemCalls."""
        return time.monotonic_ns() // 1_000_000


class Link:
    """An open channel. Every method raises DeviceUnavailable when the card is gone."""

    def __init__(self, calls: SystemCalls, channel: int) -> None:
        self._calls = calls
        self._channel = channel
        try:
            self._fd = calls.open(codec.CHANNEL_PATH, os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            raise _unavailable(channel, "DAHDI cannot be opened", error, _HINT_DRIVER) from None
        try:
            calls.ioctl(self._fd, Request.SPECIFY, codec.integer(channel))
        except OSError as error:
            calls.close(self._fd)
            hint = _HINT_BUSY if error.errno == errno.EBUSY else _HINT_CHANNEL
            raise _unavailable(channel, "cannot be taken", error, hint) from None

    def close(self) -> None:
        """Let go of the channel."""
        try:
            self._calls.close(self._fd)
        except OSError:
            # A card that was pulled out: there is nothing left to close.
            return

    def ask(self, request: Request, argument: bytearray) -> bytearray:
        """An ioctl that must work."""
        error = self.attempt(request, argument)
        if error:
            raise _unavailable(
                self._channel, f"refuses {request.name}", OSError(error, os.strerror(error)), ""
            )
        return argument

    def attempt(self, request: Request, argument: bytearray) -> int:
        """An ioctl that equipment may not know, or refuse now: its errno, 0 when done (or under way)."""
        try:
            self._calls.ioctl(self._fd, request, argument)
        except OSError as error:
            if error.errno == errno.EINPROGRESS:
                return 0
            if error.errno in _GONE:
                raise _unavailable(self._channel, "is gone", error, "") from None
            return error.errno or errno.EIO
        return 0

    def events(self) -> list[int]:
        """Every event that waits, the oldest first."""
        found: list[int] = []
        # The kernel keeps 64; more than that in one go is a driver gone wild.
        for _ in range(256):
            argument = codec.integer()
            event = codec.read_integer(self.ask(Request.GETEVENT, argument))
            if event == EventCode.NONE:
                return found
            if event == EventCode.REMOVED:
                raise DeviceUnavailable(f"DAHDI channel {self._channel} was removed", error_id="fxs.removed")
            found.append(event)
        return found

    def wait(self, timeout_ms: int) -> tuple[bool, bool]:
        """Wait for (sound, events)."""
        try:
            ready = self._calls.poll(self._fd, select.POLLIN | select.POLLPRI, timeout_ms)
        except OSError as error:
            raise _unavailable(self._channel, "is gone", error, "") from None
        if ready & (select.POLLERR | select.POLLHUP | select.POLLNVAL) and not ready & select.POLLIN:
            raise DeviceUnavailable(f"DAHDI channel {self._channel} was removed", error_id="fxs.removed")
        return bool(ready & select.POLLIN), bool(ready & select.POLLPRI)

    def read(self) -> bytes | None:
        """A block of sound; None: an event must be taken first, or there is none after all."""
        try:
            return self._calls.read(self._fd, codec.BLOCK_BYTES)
        except OSError as error:
            self._not_now(error)
            return None

    def write(self, frame: bytes) -> bool | None:
        """Whether the card took it; None: an event must be taken first."""
        try:
            return self._calls.write(self._fd, frame) == len(frame)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return False
            self._not_now(error)
            return None

    def _not_now(self, error: OSError) -> None:
        if error.errno not in (ELAST, errno.EAGAIN, errno.EINTR):
            raise _unavailable(self._channel, "is gone", error, "") from None


_HINT_DRIVER = "load the driver (modprobe dahdi and the card's), then run dahdi_cfg"
_HINT_CHANNEL = "compare box.toml with /proc/dahdi and run dahdi_cfg"
_HINT_BUSY = "another program has this channel: stop it"


def _unavailable(channel: int, what: str, error: OSError, hint: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"DAHDI channel {channel}: {what}: {error.strerror or error}", error_id="fxs.unavailable", hint=hint
    )
