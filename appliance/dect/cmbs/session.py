"""One connection with a module, from the greeting to its end: asking, waiting. One thread's own."""

import time
from collections.abc import Callable

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.link import Link
from appliance.dect.cmbs.numbers import Command, Event, Param
from appliance.dect.cmbs.view import version_text
from appliance.errors import DeviceUnavailable, PeerProtocolError
from appliance.model.dect_air import DectStatus

LEAST_VERSION = 0x2000
"""Of the module's language: 2.00.0. Before 1.00.0 versions were counted otherwise, lengths had one octet."""
BOOT_LOADER = 0x0001
_HELLO = bytes((0, 3, 0, 0xFF, 0xFF, 0))
"""The bus: the module is master, 2048 kHz, short frame sync, all slots, no flow control by wires."""
_ANSWER_S = 2.0
_TRIES = 3
TICK_S = 0.25


class Restarted(Exception):
    """The module has started anew in the middle of something."""


class Unsuited(Exception):
    """What answers cannot be used."""

    def __init__(self, status: DectStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Session:
    """``take`` gets every frame that nobody waits for; it may raise :class:`Restarted`."""

    def __init__(
        self, link: Link, wake: int, take: Callable[[Frame], None], stopping: Callable[[], bool]
    ) -> None:
        self.link = link
        self._wake = wake
        self._take = take
        self._stopping = stopping
        self.firmware = ""
        self.rfpi = ""

    def begin(self, greeted: Callable[[str], None]) -> None:
        """Greet, agree on checksums, start it; raises Unsuited. ``greeted`` hears the firmware first."""
        for _ in range(_TRIES):
            self.link.command(Command.HELLO, _HELLO)
            hello = self.wait_for(Command.HELLO_REPLY, _ANSWER_S)
            if hello is not None:
                break
        else:
            raise DeviceUnavailable("the module does not answer", error_id="dect.cmbs_silent")
        self._judge(hello.command, greeted)
        self.link.tell_capabilities()
        capable = self.wait_for(Command.CAPABILITIES_REPLY, _ANSWER_S)
        self.link.check(capable is not None and len(capable.command) > 4 and bool(capable.command[4] & 1))
        self.ask(Event.SYS_START, done=Event.SYS_START_DONE)
        found = self.ask(Event.PARAM_GET, el.parameter(Param.RFPI), done=Event.PARAM_GET_DONE)
        self.rfpi = el.parameter_of(found)[1].hex().upper()

    @staticmethod
    def _judge(hello: bytes, greeted: Callable[[str], None]) -> None:
        """Whether its firmware will do."""
        version, build = int.from_bytes(hello[:2], "little"), int.from_bytes(hello[2:4], "little")
        text = version_text(version, build)
        greeted(text)
        if version == BOOT_LOADER:
            raise Unsuited(DectStatus.TOO_OLD, "the module has no firmware: only its boot loader answers")
        if version < LEAST_VERSION:
            least = version_text(LEAST_VERSION, 0).split(" ", maxsplit=1)[0]
            raise Unsuited(DectStatus.TOO_OLD, f"its firmware speaks {text}, at least {least} is needed")

    def turn(self) -> None:
        """Send what is due; take what comes within a tick, or until woken."""
        for frame in self.link.turn(TICK_S, self._wake):
            self._take(frame)

    def wait_for(self, event: int, seconds: float) -> Frame | None:
        """The next frame of this kind; others are taken meanwhile. None: it did not come."""
        until = time.monotonic() + seconds
        while not self._stopping() and (left := until - time.monotonic()) > 0:
            found = None
            for frame in self.link.turn(min(left, TICK_S), self._wake):
                if frame.event == event and found is None:
                    found = frame
                else:
                    self._take(frame)
            if found is not None:
                return found
        return None

    def ask(self, event: Event, *elements: Element, done: Event) -> Frame:
        """Raises DeviceUnavailable without an answer, PeerProtocolError for a refusal."""
        for _ in range(_TRIES):
            self.link.send(event, *elements)
            found = self.wait_for(done, _ANSWER_S)
            if found is not None:
                if not el.answered_ok(found):
                    raise PeerProtocolError(f"the module refuses {event.name}", error_id="dect.cmbs_refused")
                return found
        raise DeviceUnavailable(f"the module does not answer {event.name}", error_id="dect.cmbs_silent")
