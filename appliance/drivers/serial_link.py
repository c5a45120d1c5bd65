"""A serial line that never waits: octets as they are there, and as many written as fit."""

import contextlib
import os
import select
import termios
from typing import Protocol

import serial

from appliance.errors import DeviceUnavailable

_AT_ONCE = 4096


class Line(Protocol):
    """A line of octets, be it a serial port or a sound card's stream."""

    def fileno(self) -> int:
        """To be watched for input; -1: it must be looked at from time to time."""

    def read(self) -> bytes:
        """What is there; raises DeviceUnavailable when the line is gone."""

    def write(self, data: bytes) -> int:
        """How much of it was taken, 0 when nothing fits; raises DeviceUnavailable when the line is gone."""

    def close(self) -> None:
        """Let go of it."""


class SerialLine:
    """A serial port for us alone; raises DeviceUnavailable when it cannot be had."""

    def __init__(self, path: str, baud: int = 115200) -> None:
        self._path = path
        try:
            self._port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
            os.set_blocking(self._port.fileno(), False)
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise DeviceUnavailable(f"serial port {path}: {error}", error_id="serial.open") from None

    def fileno(self) -> int:
        """To be watched for input."""
        return int(self._port.fileno())

    def read(self) -> bytes:
        """What is there."""
        try:
            data = os.read(self.fileno(), _AT_ONCE)
        except BlockingIOError:
            return b""
        except (OSError, TypeError) as error:
            raise self._gone(error) from None
        if not data and self._hung_up():  # else the port was set up to say nothing with nothing
            raise self._gone("closed by the other side")
        return data

    def write(self, data: bytes) -> int:
        """As much as fits."""
        try:
            return os.write(self.fileno(), data)
        except BlockingIOError:
            return 0
        except (OSError, TypeError) as error:
            raise self._gone(error) from None

    def close(self) -> None:
        """Let go of it; what is not sent yet is dropped."""
        with contextlib.suppress(OSError, ValueError, termios.error):
            self._port.reset_output_buffer()
        with contextlib.suppress(OSError):
            self._port.close()

    def _hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def _gone(self, why: object) -> DeviceUnavailable:
        return DeviceUnavailable(f"serial port {self._path} is gone: {why}", error_id="serial.gone")
