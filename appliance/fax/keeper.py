"""Keeps the line process: starts it when needed, again when it dies, kills it when its loop stands still.

While nobody needs it there is none (it takes 70 MB): the keeper itself is at its port, the *door*, and the
first INVITE that comes there starts it. The core repeats it (RFC 3261 §17.1.1.2), so no call is lost.
"""

import contextlib
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

import msgspec
import structlog

from appliance.fax import wire

SILENT_S = 10.0
"""Without a beat for so long the process hangs."""
START_S = 30.0
"""For the first one: a machine under load starts it slowly."""
FIRST_PAUSE_S = 0.2
LAST_PAUSE_S = 10.0
HEALTHY_S = 60.0
STOP_S = 5.0
_LONGEST_LINE = 1_000_000
_log = structlog.get_logger(__name__)


class LineKeeper:
    """Owner of the line process and of the thread ``fax-line`` that reads it. ``news`` is called on it."""

    def __init__(
        self,
        command: Sequence[str],
        news: Callable[[wire.News], None],
        down: Callable[[], None],
        *,
        silent_s: float = SILENT_S,
        door: int | None = None,
        resting: Callable[[], None] = lambda: None,
    ) -> None:
        """``down`` is called each time the process has ended, whatever it was doing.

        ``door``: the UDP port of the process, when it need not run all the time; ``resting`` is called each
        time the keeper is there instead.
        """
        self._command = list(command)
        self._news, self._down = news, down
        self._silent_s = silent_s
        self._door, self._resting = door, resting
        self._awake = threading.Event()
        """The process is wanted."""
        self._poked, self._poke = socket.socketpair()
        self._poke.setblocking(False)
        if door is None:
            self._awake.set()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="fax-line", daemon=True)
        self._watch = threading.Thread(target=self._watch_beat, name="fax-line-watch", daemon=True)

    def start(self) -> None:
        """Start the process and keep it running."""
        self._thread.start()
        self._watch.start()

    def stop(self) -> None:
        """Let the process end its calls, then end."""
        self._stopping.set()
        self.wake()
        with self._guard:
            process = self._process
            if process is not None and process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            self._kill()
            self._thread.join(STOP_S)
        self._watch.join(STOP_S)
        self._poke.close()
        self._poked.close()

    def wake(self) -> None:
        """Have the process started if there is none; any thread."""
        self._awake.set()
        with contextlib.suppress(OSError):
            self._poke.send(b".")

    def rest(self) -> None:
        """Let the process end unless it has a call: it is started again when it is needed."""
        if self._door is not None:
            self._awake.clear()
            self.tell(wire.Rest())

    def tell(self, order: wire.Order) -> bool:
        """Give an order; False when nobody is there to take it."""
        with self._guard:
            process = self._process
            if process is None or process.stdin is None:
                return False
            try:
                process.stdin.write(wire.write(order))
                process.stdin.flush()
            except (OSError, ValueError):
                return False
        return True

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            if self._door is not None and not self._awake.is_set():
                self._wait_at(self._door)
                continue
            began = time.monotonic()
            rested = False
            try:
                rested = self._once()
            except OSError as error:
                _log.error("the fax line process cannot be started", error=str(error))
            if self._stopping.is_set():
                break
            self._down()
            if rested:
                continue
            pause = FIRST_PAUSE_S if time.monotonic() - began > HEALTHY_S else min(LAST_PAUSE_S, 2 * pause)
            self._stopping.wait(pause)

    def _wait_at(self, port: int) -> None:
        """Be at the process's port until a call comes or somebody else needs it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            try:
                door.bind(("127.0.0.1", port))
            except OSError:  # the process meets the same and says so
                self._awake.set()
                return
            self._resting()
            while not self._awake.is_set():
                readable, _, _ = select.select([door, self._poked], [], [])
                if self._poked in readable:
                    self._poked.recv(4096)
                # What else comes belongs to calls of long ago.
                if door in readable and door.recv(16).startswith(b"INVITE "):
                    self._awake.set()

    def _once(self) -> bool:
        """Run it until it ends; True: because it was let rest."""
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if process.stdout is None:
            raise OSError("no pipe")
        self._beat = time.monotonic() + START_S - self._silent_s
        with self._guard:
            self._process = process
        try:
            while line := process.stdout.readline(_LONGEST_LINE):
                self._beat = time.monotonic()
                try:
                    news = wire.read_news(line)
                except msgspec.MsgspecError as error:
                    _log.error("the fax line process says nonsense", error=str(error))
                    continue
                if not isinstance(news, wire.Beat):
                    self._news(news)
        finally:
            with self._guard:
                self._process = None
            with contextlib.suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
            rested = self._door is not None and process.returncode == 0
            if not self._stopping.is_set() and not rested:
                _log.error("the fax line process ended", code=process.returncode)
        return rested

    def _watch_beat(self) -> None:
        while not self._stopping.wait(1.0):
            if time.monotonic() - self._beat > self._silent_s:
                self._beat = time.monotonic()
                if self._process is not None:
                    _log.error("the fax line process hangs and is killed")
                    self._kill()

    def _kill(self) -> None:
        process = self._process  # without the guard: who holds it may wait for this very process
        if process is not None:
            process.kill()
