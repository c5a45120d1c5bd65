"""The line test: which number the box sees, which keys arrive, a test tone, and one's own voice."""

from collections.abc import Sequence

from appliance.calls.voice.dialogue import DONE, Dialogue, Digits, Input, Move, Scene, Talk
from appliance.model import effects as fx
from appliance.model import spoken

TONE_MS = 15_000
ECHO_MS = 60_000
KEYS_MS = 10_000


def _number(talk: Talk) -> Sequence[str]:
    party = talk.leg.party
    digits = () if party.withheld else spoken.digits(party.number)
    return ("line_test", "line_number", *digits) if digits else ("line_test", "line_unknown")


def _echo(talk: Talk) -> fx.AudioSource:
    return fx.HearsLegs(legs=frozenset({talk.leg.id}))


_TONE, _ECHO = Move(to="tone"), Move(to="echo")

LINE_TEST = Dialogue(
    begin=lambda _talk: "number",
    first=("number",),
    scenes={
        "number": Scene(say=_number, on={Input.SAID: Move(to="help")}),
        "help": Scene(
            say=lambda _talk: ("line_test_keys",),
            digits=Digits(longest=1),
            wait_ms=KEYS_MS,
            on={"*": _TONE, "#": _ECHO, Input.ENTERED: Move(to="key"), Input.SILENCE: _TONE},
        ),
        "key": Scene(
            say=lambda talk: spoken.digits(talk.entered),
            digits=Digits(longest=1),
            wait_ms=KEYS_MS,
            on={"*": _TONE, "#": _ECHO, Input.ENTERED: Move(to="key"), Input.SILENCE: _TONE},
        ),
        "tone": Scene(
            hears=lambda _talk: fx.HearsTone(tone=fx.ToneKind.TEST),
            wait_ms=TONE_MS,
            on={"*": Move(to="help"), "#": _ECHO, Input.SILENCE: _ECHO},
        ),
        "echo": Scene(
            say=lambda _talk: ("line_test_echo",),
            hears=_echo,
            wait_ms=ECHO_MS,
            on={"*": Move(to="help"), "#": Move(to="goodbye"), Input.SILENCE: Move(to="goodbye")},
        ),
        "goodbye": Scene(say=lambda _talk: ("goodbye",), on={Input.SAID: Move(to=DONE)}),
    },
)
