"""Programs of ours that are driven line by line: commands in as JSON, events out as JSON, for tests.

Every ``wait`` takes an event that no earlier one has taken, so nothing is missed and nothing counted twice.
"""

import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.processes import Process

Event = dict[str, Any]
_SAME_HZ = 12.0


class Program:
    """One such program in a process of its own; a context manager that always cleans up."""

    def __init__(
        self,
        name: str,
        module: str,
        words: Sequence[str],
        *,
        secret: str = "",
        log: Path | None = None,
        inside: Sequence[str] = (),
    ) -> None:
        self.events: list[Event] = []
        self._used: set[int] = set()
        self._news = threading.Condition()
        self.process = Process(
            name,
            [*inside, sys.executable, "-m", module, "--json", *words],
            env={"ORTSAMT_PHONE_SECRET": secret},
            log=log,
            on_line=self._take,
        )
        self.address = ""

    def __enter__(self) -> Self:
        try:
            self.address = self.wait("ready", 60)["address"]
        except AssertionError:
            self.process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop(timeout=3)
        defects = [one for one in self.events if one["event"] == "defect"]
        assert kind is not None or not defects, defects

    def wait(self, event: str, timeout: float = 20, **fields: Any) -> Event:
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

    def forget(self) -> None:
        """Let no later ``wait`` take an event of before."""
        with self._news:
            self._used.update(range(len(self.events)))

    def send(self, command: str, **fields: Any) -> None:
        """Give any command; None values are left out."""
        given = {key: value for key, value in fields.items() if value is not None}
        self.process.send(json.dumps({"do": command, **given}))

    # Sound

    def hears(self, *hz: float, within: float = 15, call: int | None = None) -> None:
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

    def silence(self, within: float = 15, call: int | None = None) -> None:
        """It is, or within so many seconds becomes, silent."""
        self._last_heard(lambda one: one["kind"] == "silence", within, call, "silence")

    def hears_sound(self, within: float = 15, call: int | None = None) -> None:
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
            errors = "" if self.process.alive else f"\nit has ended:\n{self.process.output[-2000:]}"
            raise AssertionError(f"{self.process.name}: wanted {wanted}, got:\n{told}{errors}")
        self._news.wait(min(left, 1.0))

    def _take(self, line: str) -> None:
        if line.startswith("{"):
            with self._news:
                self.events.append(json.loads(line))
                self._news.notify_all()
