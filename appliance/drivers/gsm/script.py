"""Dialogues written from top to bottom: a generator asks, waits, and gets the reply back. Pure.

``reply = yield Ask("AT+CPIN?", prefixes=("+CPIN:",))``; ``yield Pause(100)``. Several run at once; their
commands take turns in the channel.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from appliance.drivers.gsm.at import Channel, Command, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A command whose reply is waited for; see :class:`appliance.drivers.gsm.at.Command`."""

    text: str
    prefixes: tuple[str, ...] = ()
    bare: bool = False
    needs_answer: bool = False
    with_pdu: bool = False
    payload: str = ""
    call: bool = False
    timeout_ms: int = 5000
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so long."""

    ms: int


Script = Generator[Ask | Pause, Reply, None]
_NO_REPLY = Reply()


class Scripts:
    """Runs dialogues over a channel."""

    def __init__(self, channel: Channel, now_ms: Callable[[], int]) -> None:
        self._channel = channel
        self._now = now_ms
        self._asleep: list[tuple[int, Script]] = []
        self._closed = False

    def run(self, script: Script) -> None:
        """Begin a dialogue."""
        self._step(script, None)

    def tick(self) -> None:
        """Go on with those whose pause is over."""
        now = self._now()
        due = [script for at, script in self._asleep if at <= now]
        self._asleep = [one for one in self._asleep if one[0] > now]
        for script in due:
            self._step(script, _NO_REPLY)

    @property
    def deadline_ms(self) -> int | None:
        """When :meth:`tick` has something to do."""
        return min((at for at, _ in self._asleep), default=None)

    def close(self) -> None:
        """End all of them where they stand."""
        self._closed = True
        asleep, self._asleep = self._asleep, []
        for _, script in asleep:
            script.close()

    def _step(self, script: Script, reply: Reply | None) -> None:
        if self._closed:
            script.close()
            return
        try:
            wanted = next(script) if reply is None else script.send(reply)
        except StopIteration:
            return
        if isinstance(wanted, Pause):
            self._asleep.append((self._now() + wanted.ms, script))
            return
        self._channel.submit(
            Command(
                text=wanted.text,
                done=lambda answer: self._step(script, answer),
                prefixes=wanted.prefixes,
                bare=wanted.bare,
                needs_answer=wanted.needs_answer,
                with_pdu=wanted.with_pdu,
                payload=wanted.payload,
                call=wanted.call,
                timeout_ms=wanted.timeout_ms,
            ),
            urgent=wanted.urgent,
        )
