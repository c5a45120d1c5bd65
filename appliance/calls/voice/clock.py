"""The speaking clock: the date, then the time at the next tone, ten seconds on the dot, and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.calls.voice.dialogue import BEEP, DONE, Dialogue, Input, Move, Next, Scene, Talk
from appliance.model import spoken

ROUNDS = 6
STEP_S = 10
"""Tones come at multiples of so many seconds."""
SPEAKING_S = 8
"""At least so far ahead is the next tone: the time is said by then, in either language."""
DATE_S = 6
"""Longer, when the date is said before."""
WAITS_MS = {"long": 1000, "short": 100, "shortest": 20}
"""How often it is looked whether the moment has come: seldom at first, so that it takes few moves."""


@dataclass(slots=True, kw_only=True)
class Clock:
    """What is announced."""

    due: datetime
    """When the tone comes."""
    rounds: int = 0


def next_tone(now: datetime, least_s: int) -> datetime:
    """Return the next multiple of ten seconds that is at least so far ahead."""
    earliest = now + timedelta(seconds=least_s)
    second = -(-(earliest.second * 1_000_000 + earliest.microsecond) // (STEP_S * 1_000_000)) * STEP_S
    return earliest.replace(second=0, microsecond=0) + timedelta(seconds=second)


def _local(talk: Talk, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(talk.x.snapshot.site.timezone))


def _begin(talk: Talk) -> Next:
    talk.data = Clock(due=next_tone(talk.x.now, SPEAKING_S + DATE_S))
    return "date"


def _date(talk: Talk) -> Sequence[str]:
    clock: Clock = talk.data
    return ("clock_today", *spoken.calendar_day(_local(talk, clock.due).date(), talk.language))


def _time(talk: Talk) -> Sequence[str]:
    clock: Clock = talk.data
    at = _local(talk, clock.due).time()
    return ("clock_at", *spoken.clock_time(at, talk.language, seconds=True))


def _wait(talk: Talk) -> Next:
    clock: Clock = talk.data
    left_ms = (clock.due - talk.x.now).total_seconds() * 1000
    if left_ms <= 0:
        return "tone"
    return next((name for name, wait_ms in WAITS_MS.items() if wait_ms < left_ms), "shortest")


def _again(talk: Talk) -> Next:
    clock: Clock = talk.data
    clock.rounds += 1
    clock.due = next_tone(talk.x.now, SPEAKING_S)
    return "time" if clock.rounds < ROUNDS else "goodbye"


_LOOK = Move(to="tone", do=_wait, may=(*WAITS_MS, "tone"))


CLOCK = Dialogue(
    begin=_begin,
    first=("date",),
    scenes={
        "date": Scene(say=_date, on={Input.SAID: Move(to="time")}),
        "time": Scene(say=_time, on={Input.SAID: _LOOK}),
        **{
            name: Scene(wait_ms=wait_ms, on={"*": Move(to=DONE), Input.SILENCE: _LOOK})
            for name, wait_ms in WAITS_MS.items()
        },
        "tone": Scene(
            say=lambda _talk: (BEEP,),
            barge_in=False,
            on={Input.SAID: Move(to="time", do=_again, may=("goodbye",))},
        ),
        "goodbye": Scene(say=lambda _talk: ("goodbye",), on={Input.SAID: Move(to=DONE)}),
    },
)
