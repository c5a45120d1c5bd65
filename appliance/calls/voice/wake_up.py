"""Wake-up calls that must be confirmed: any key proves that somebody is awake, else it rings again later."""

from collections.abc import Sequence
from datetime import time

from appliance.calls import wakeup
from appliance.calls.voice.dialogue import HANG_UP, KEYS, Dialogue, Input, Move, Next, Scene, Talk
from appliance.model.spoken import clock_time

TIMES = 3
"""So often it is said what to do."""


def _said(talk: Talk) -> Sequence[str]:
    wake_up = next((one for one in talk.x.snapshot.features.wake_ups if one.id == talk.step.argument), None)
    at = clock_time(time.fromisoformat(wake_up.time), talk.language) if wake_up is not None else ()
    return (talk.step.prompt, *at, "wake_confirm")


def _confirm(talk: Talk) -> None:
    wakeup.confirmed(talk.x, talk.step.argument)


def _asleep(talk: Talk) -> Next | None:
    return HANG_UP if talk.tries >= TIMES else None


WAKE_UP = Dialogue(
    begin=lambda _talk: "wake",
    first=("wake",),
    scenes={
        "wake": Scene(
            say=_said,
            wait_ms=4000,
            on={
                **{key: Move(to="confirmed", do=_confirm) for key in KEYS},
                Input.SILENCE: Move(to="wake", do=_asleep, may=(HANG_UP,)),
            },
        ),
        "confirmed": Scene(say=lambda _talk: ("wake_confirmed",), on={Input.SAID: Move(to=HANG_UP)}),
    },
)
