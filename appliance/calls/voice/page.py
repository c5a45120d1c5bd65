"""Recorded announcements on many phones at once: who answered early waits, so that all hear the same."""

from collections.abc import Sequence
from datetime import datetime

from appliance.calls.voice.dialogue import HANG_UP, Dialogue, Input, Move, Next, Scene, Talk
from appliance.model import effects as fx


def _left_ms(talk: Talk) -> int:
    begins = datetime.fromisoformat(talk.step.argument)
    return round((begins - talk.x.now).total_seconds() * 1000)


def _begin(talk: Talk) -> Next:
    return "wait" if _left_ms(talk) > 0 else "announce"


def _announcement(talk: Talk) -> Sequence[str]:
    return ("tone/beep", talk.step.prompt)


PAGE = Dialogue(
    begin=_begin,
    first=("wait", "announce"),
    scenes={
        "wait": Scene(
            hears=lambda _talk: fx.HearsNothing(),
            wait_ms=lambda talk: max(1, _left_ms(talk)),
            on={Input.SILENCE: Move(to="announce")},
        ),
        "announce": Scene(say=_announcement, on={Input.SAID: Move(to=HANG_UP)}),
    },
)
