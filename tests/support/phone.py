"""A real SIP phone for tests: ``ortsamt phone --json`` in a process of its own.

    with Phone(server=f"127.0.0.1:{port}", user="21", secret="…", tone=1000) as phone:
        phone.register()
        call = phone.call("22")
        phone.wait("answered", call=call)
        phone.hears(700)
        phone.hangup(call)

Every ``wait`` takes an event that no earlier one has taken, so nothing is missed and nothing counted twice.
"""

import json
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.processes import Process

Event = dict[str, Any]
_SAME_HZ = 12.0


class Phone:
    """One phone; a context manager that always cleans up. Options are those of ``ortsamt phone``."""

    def __init__(
        self,
        *,
        server: str = "",
        user: str = "phone",
        secret: str = "",
        name: str = "",
        transport: str = "udp",
        srtp: str = "off",
        codecs: tuple[str, ...] = (),
        port: int = 0,
        tone: int = 0,
        echo: bool = False,
        answer: bool = False,
        register: bool = True,
        options: tuple[str, ...] = (),
        log: Path | None = None,
    ) -> None:
        self.user = user
        words = ["--json", "--user", user, "--transport", transport, "--srtp", srtp, "--port", str(port)]
        words += ["--tone", str(tone)]
        if server:
            words += ["--server", server]
        if name:
            words += ["--name", name]
        for codec in codecs:
            words += ["--codec", codec]
        words += ["--echo"] * echo + ["--answer"] * answer + ["--no-register"] * (not register)
        self.events: list[Event] = []
        self._used: set[int] = set()
        self._news = threading.Condition()
        self.process = Process(
            f"phone {user}",
            [sys.executable, "-m", "appliance.commands.phone", *words, *options],
            env={"ORTSAMT_PHONE_SECRET": secret},
            log=log,
            on_line=self._take,
        )
        self.address = ""

    def __enter__(self) -> Self:
        self.address = self.wait("ready")["address"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop(timeout=3)

    # Events

    def wait(self, event: str, timeout: float = 10, **fields: Any) -> Event:
        """The next event of this name with these field values, among those no earlier wait has taken.

        A time-out or the phone's end raises AssertionError with all events so far.
        """
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                for index, one in enumerate(self.events):
                    if index in self._used or one["event"] != event:
                        continue
                    if all(one.get(key) == value for key, value in fields.items()):
                        self._used.add(index)
                        return one
                self._wait_news(deadline, f"{event} {fields or ''}")

    def count(self, event: str, **fields: Any) -> int:
        """How many such events there were so far."""
        with self._news:
            return sum(
                one["event"] == event and all(one.get(key) == value for key, value in fields.items())
                for one in self.events
            )

    def send(self, command: str, **fields: Any) -> None:
        """Give any command of the phone; None values are left out."""
        given = {key: value for key, value in fields.items() if value is not None}
        self.process.send(json.dumps({"do": command, **given}))

    # Registration

    def register(self, timeout: float = 10) -> Event:
        """Wait for the registration that started with the phone."""
        return self.wait("registered", timeout)

    def unregister(self, timeout: float = 10) -> Event:
        """Give the registration up."""
        self.send("unregister")
        return self.wait("unregistered", timeout)

    # Calls: `call` is the number that `call()` and `incoming()` hand back; None the current one

    def call(self, number: str, *headers: str) -> int:
        """Call; returns the call's number at once."""
        self.send("call", number=number, headers=list(headers))
        called: int = self.wait("calling", number=number)["call"]
        return called

    def incoming(self, timeout: float = 10, **fields: Any) -> Event:
        """Wait for somebody to call."""
        return self.wait("incoming", timeout, **fields)

    def answer(self, call: int | None = None, timeout: float = 10) -> int:
        """Answer and wait until the call is established; returns its number."""
        self.send("answer", call=call)
        fields = {} if call is None else {"call": call}
        answered: int = self.wait("answered", timeout, **fields)["call"]
        return answered

    def reject(self, status: int = 486, call: int | None = None) -> None:
        """Refuse the ringing call."""
        self.send("reject", status=status, call=call)

    def hangup(self, call: int | None = None, timeout: float = 10) -> Event:
        """End the call and wait for its end."""
        self.send("hangup", call=call)
        return self.ended(call, timeout)

    def ended(self, call: int | None = None, timeout: float = 10) -> Event:
        """Wait for a call's end, whoever ends it."""
        return self.wait("ended", timeout, **({} if call is None else {"call": call}))

    def hold(self, call: int | None = None, timeout: float = 10) -> Event:
        """Hold and wait until the other side agreed."""
        self.send("hold", call=call)
        return self.wait("held", timeout, **({} if call is None else {"call": call}))

    def resume(self, call: int | None = None, timeout: float = 10) -> Event:
        """Resume and wait until the other side agreed."""
        self.send("resume", call=call)
        return self.wait("resumed", timeout, **({} if call is None else {"call": call}))

    def digits(self, digits: str, call: int | None = None, method: str = "rtp") -> None:
        """Send digits (``rtp`` or ``info``)."""
        self.send("digits", digits=digits, method=method, call=call)

    def transfer(self, number: str, call: int | None = None) -> None:
        """Transfer at once (REFER)."""
        self.send("transfer", number=number, call=call)

    def consult(self, number: str, call: int | None = None) -> int:
        """Hold and call somebody to ask; returns the new call's number."""
        self.send("consult", number=number, call=call)
        asked: int = self.wait("calling", number=number)["call"]
        return asked

    def complete(self, call: int | None = None, other: int | None = None) -> None:
        """Connect the held call with the one asked (REFER with Replaces)."""
        self.send("complete", call=call, other=other)

    def media(self, call: int | None = None) -> Event:
        """Codec, encryption and packet counts now."""
        self.send("media", call=call)
        return self.wait("media_figures")

    # Sound

    def tone(self, hz: int, call: int | None = None) -> None:
        """Say a tone from now on; 0 is silence."""
        self.send("tone", hz=hz, call=call)

    def play(self, path: Path, call: int | None = None) -> None:
        """Say a WAV file once (event ``played`` at its end)."""
        self.send("play", path=str(path), call=call)

    def hears(self, *hz: float, within: float = 5, call: int | None = None) -> None:
        """The last thing heard in this call is, or within so many seconds becomes, this tone (or pair).

        Without a call: of the call that was last heard of. After a change of who talks, first wait for
        what must be heard in between, or start from another tone: what was heard before still counts.
        """
        wanted = sorted(hz)
        self._last_heard(
            lambda one: (
                one["kind"] == "tone"
                and len(one["hz"]) == len(wanted)
                and all(abs(a - b) <= _SAME_HZ for a, b in zip(one["hz"], wanted, strict=True))
            ),
            within,
            call,
            f"a tone of {wanted} Hz",
        )

    def silence(self, within: float = 5, call: int | None = None) -> None:
        """It is, or within so many seconds becomes, silent."""
        self._last_heard(lambda one: one["kind"] == "silence", within, call, "silence")

    def hears_sound(self, within: float = 5, call: int | None = None) -> None:
        """Speech or music is heard, or comes within so many seconds."""
        self._last_heard(lambda one: one["kind"] == "sound", within, call, "speech or music")

    def _last_heard(self, test: Any, within: float, call: int | None, what: str) -> None:
        deadline = time.monotonic() + within
        with self._news:
            while True:
                heard = [
                    one for one in self.events if one["event"] == "heard" and call in (None, one["call"])
                ]
                if heard and test(heard[-1]):
                    return
                self._wait_news(deadline, what)

    def _wait_news(self, deadline: float, wanted: str) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not self.process.alive:
            told = "\n".join(json.dumps(one) for one in self.events)
            errors = "" if self.process.alive else f"\nthe phone has ended:\n{self.process.output[-2000:]}"
            raise AssertionError(f"{self.process.name}: wanted {wanted}, got:\n{told}{errors}")
        self._news.wait(min(left, 1.0))

    def _take(self, line: str) -> None:
        if line.startswith("{"):
            with self._news:
                self.events.append(json.loads(line))
                self._news.notify_all()
