"""The question whether a call may be recorded: only a pressed 1 is a yes, the call goes on in any case."""

from appliance.calls.voice.dialogue import DONE, Dialogue, Input, Move, Next, Scene, Talk

ANSWER_MS = 4000


def _agreed(talk: Talk) -> Next | None:
    talk.call.consents.add(talk.step.argument)
    return None


CONSENT = Dialogue(
    begin=lambda _talk: "question",
    first=("question",),
    scenes={
        "question": Scene(
            say=lambda _talk: ("recording_question",),
            wait_ms=ANSWER_MS,
            on={
                "1": Move(to="thanks", do=_agreed),
                Input.WRONG: Move(to=DONE),
                Input.SILENCE: Move(to=DONE),
            },
        ),
        "thanks": Scene(say=lambda _talk: ("please_wait",), on={Input.SAID: Move(to=DONE)}),
    },
)
