"""One test call without a person: call, say something, judge what is heard. Pure: events in, commands out."""

from dataclasses import dataclass
from enum import IntEnum

from appliance.phone import commands, events

_SAME_HZ = 10.0


class Verdict(IntEnum):
    """Exit codes of a test call."""

    OK = 0
    NOT_ANSWERED = 3
    NOT_REGISTERED = 4
    NOT_HEARD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """What to try. ``seconds`` is how long to talk; ``expect_hz`` must be heard meanwhile, if given."""

    number: str
    play: str = ""
    seconds: float = 5.0
    patience: float = 40.0
    """Seconds until the answer must have come."""
    digits: str = ""
    expect_hz: int | None = None
    wait_registration: bool = True


class Probe:
    """Runs a plan. Feed it every event and the time; it hands back commands and finally a verdict."""

    def __init__(self, plan: ProbePlan, *, now: float) -> None:
        self._plan = plan
        self._deadline = now + plan.patience
        self._started = False
        self._answered = False
        self._heard = False
        self.verdict: Verdict | None = None

    def begin(self) -> list[commands.Command]:
        """What to do at once."""
        return [] if self._plan.wait_registration else self._call()

    def on_event(self, event: events.Event, *, now: float) -> list[commands.Command]:
        """Take an event; what to do about it."""
        plan = self._plan
        match event:
            case events.Registered() if not self._started:
                return self._call()
            case events.RegistrationFailed() if not self._started:
                self.verdict = Verdict.NOT_REGISTERED
            case events.Answered():
                self._answered = True
                self._deadline = now + plan.seconds
                orders: list[commands.Command] = []
                if plan.play:
                    orders.append(commands.Play(path=plan.play))
                if plan.digits:
                    orders.append(commands.Digits(digits=plan.digits))
                return orders
            case events.Heard() if plan.expect_hz is not None:
                self._heard = self._heard or any(abs(hz - plan.expect_hz) <= _SAME_HZ for hz in event.hz)
            case events.Failed(command="call"):
                self.verdict = Verdict.NOT_ANSWERED
            case events.Ended():
                self._conclude()
            case _:
                pass
        return []

    def on_time(self, *, now: float) -> list[commands.Command]:
        """Take the time; what to do about it."""
        if now < self._deadline:
            return []
        if not self._started:
            self.verdict = Verdict.NOT_REGISTERED
            return []
        self._conclude()
        return [commands.Hangup()]

    def _call(self) -> list[commands.Command]:
        self._started = True
        return [commands.Call(number=self._plan.number)]

    def _conclude(self) -> None:
        if not self._answered:
            self.verdict = Verdict.NOT_ANSWERED
        elif self._plan.expect_hz is not None and not self._heard:
            self.verdict = Verdict.NOT_HEARD
        else:
            self.verdict = Verdict.OK
