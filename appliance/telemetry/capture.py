"""Packets recorded by tcpdump: SIP, and if wanted sound; bounded in time and size, one recording at a time.

The core may not listen to the network itself. On the box a service of its own does (``ortsamt-capture``),
which may do nothing but that: it is asked over a socket and writes the packets into it. Where there is no
such service (a developer's machine), tcpdump is started directly.
"""

import contextlib
import ipaddress
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from appliance.errors import ConfigError, DeviceUnavailable

SERVICE = Path("/run/ortsamt-capture.sock")
SNAP_BYTES = 2048
START_S = 10.0
_log = structlog.get_logger("capture")


class Capture:
    """Owns the thread ``capture`` while packets are recorded."""

    def __init__(
        self, path: Path, signalling: tuple[int, ...], media: tuple[int, int], service: Path = SERVICE
    ) -> None:
        """``path``: where the last recording is kept; ``signalling``, ``media``: ports."""
        self.path = path
        self._signalling = signalling
        self._media = media
        self._service = service
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None
        self._until = 0.0
        self._bytes = 0
        self._why = ""

    def filter(self, *, media: bool, host: str) -> str:
        """The filter (pcap-filter(7)); raises ConfigError for what is no address."""
        ports = " or ".join(f"port {one}" for one in sorted({*self._signalling, 5060, 5061}))
        words = f"({ports})"
        if media:
            words = f"({ports} or udp portrange {self._media[0]}-{self._media[1]})"
        if host:
            try:
                words += f" and host {ipaddress.ip_address(host)}"
            except ValueError:
                raise ConfigError(f"'{host[:60]}' is no address", field="host", hint="192.0.2.7") from None
        return words

    def start(self, seconds: int, megabytes: int, *, media: bool = False, host: str = "") -> None:
        """Begin; raises ConfigError while one is under way, DeviceUnavailable when it cannot begin."""
        words = self.filter(media=media, host=host)
        with self._guard:
            if self._thread is not None and self._thread.is_alive():
                raise ConfigError("packets are being recorded", field="seconds", hint="stop that first")
            read, stop = self._open(words, seconds)
            self.path.unlink(missing_ok=True)
            self._stop, self._bytes, self._why = stop, 0, ""
            self._until = time.monotonic() + seconds
            self._thread = threading.Thread(
                target=self._run, args=(read, seconds, megabytes * 1_000_000), name="capture", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End it and wait until the file is whole."""
        self._until = 0.0
        with contextlib.suppress(OSError):
            self._stop()
        thread = self._thread
        if thread is not None:
            thread.join(5)

    def state(self) -> dict[str, object]:
        """``running``, ``seconds_left``, ``bytes``, and ``why`` it ended."""
        running = self._thread is not None and self._thread.is_alive()
        left = max(0, round(self._until - time.monotonic())) if running else 0
        return {"running": running, "seconds_left": left, "bytes": self._bytes, "why": self._why}

    def _open(self, words: str, seconds: int) -> tuple[int, Callable[[], None]]:
        """A descriptor to read packets from, and how to end it."""
        if self._service.exists():
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(START_S)
            try:
                link.connect(str(self._service))
                link.sendall(f"{seconds}\n{words}\n".encode())
                link.setblocking(True)
            except OSError as error:
                link.close()
                raise DeviceUnavailable(f"the capture service does not answer: {error}") from error

            def hang_up() -> None:
                with contextlib.suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)
                link.close()

            return os.dup(link.fileno()), hang_up
        if shutil.which("tcpdump") is None:
            raise DeviceUnavailable("tcpdump is not installed", hint="apt-get install tcpdump")
        process = subprocess.Popen(
            command(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if process.stdout is None:
            raise DeviceUnavailable("tcpdump has no output")
        reading = os.dup(process.stdout.fileno())
        process.stdout.close()

        def end() -> None:
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

        return reading, end

    def _run(self, reading: int, seconds: int, most: int) -> None:
        timer = threading.Timer(seconds, self._over)
        timer.daemon = True
        timer.start()
        try:
            with open(reading, "rb", buffering=0) as source, open(self.path, "wb", opener=_private) as file:
                while data := source.read(64 * 1024):
                    if self._bytes + len(data) > most:
                        self._why = "size"
                        break
                    file.write(data)
                    self._bytes += len(data)
            self._why = self._why or ("nothing" if not self._bytes else "time")
        except OSError as error:
            self._why = str(error)
        finally:
            timer.cancel()
            with contextlib.suppress(OSError):
                self._stop()
        _log.info("packets recorded", bytes=self._bytes, why=self._why)

    def _over(self) -> None:
        with contextlib.suppress(OSError):
            self._stop()


def command(words: str) -> list[str]:
    """The words for tcpdump: to its standard output, packet by packet."""
    return ["tcpdump", "-i", "any", "-n", "-U", "-s", str(SNAP_BYTES), "-w", "-", *words.split()]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
