"""Small dialogues that need nothing from outside: announcement."""

from collections.abc import Sequence

from appliance.calls.voice.dialogue import DONE, Dialogue, Input, Move, Scene, Talk


def _prompt(talk: Talk) -> Sequence[str]:
    return (talk.step.prompt,) if talk.step.prompt else ()


ANNOUNCEMENT = Dialogue(
    begin=lambda _talk: "announcement",
    first=("announcement",),
    scenes={"announcement": Scene(say=_prompt, on={Input.SAID: Move(to=DONE)})},
)
