"""A conversation with a machine, as a table: in each scene what is said, and what follows each input.

Theory of operation: entering a scene, its ``ask`` is put to the outside, or else its prompts are said. After
them (or interrupted by a key) the scene waits for a key, for digits, or records. Whatever happens is an input
and is looked up in ``on``; the move may do something and leads to another scene or out of the dialogue.
Inputs are the keys ``0-9 * #`` and the words of :class:`Input`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model import effects as fx
from appliance.model.documents import Language
from appliance.model.events import RecordingEnded
from appliance.model.ids import MenuId, Milliseconds
from appliance.model.plan import Run
from appliance.model.voice import Reply, Request

KEYS = "0123456789*#"
BEEP = "tone/beep"


class Input(StrEnum):
    """What may happen in a scene besides a key that it lists."""

    SAID = "said"
    """Everything was said, and the scene waits for nothing."""
    ENTERED = "entered"
    """Digits were keyed in: ``talk.entered``, never empty unless ended by the hash key."""
    SILENCE = "silence"
    """No key for as long as the scene waits."""
    WRONG = "wrong"
    """A key that the scene does not list."""
    RECORDED = "recorded"
    """A recording is over: ``talk.recorded``."""
    REPLIED = "replied"
    """The outside replied: ``talk.reply``."""
    FAILED = "failed"
    """The outside could not do it, or not in time."""


class Way(StrEnum):
    """How a dialogue is left."""

    HANG_UP = "hang_up"
    DONE = "done"
    """The plan goes on with what follows DONE; nothing: hang up."""
    BRANCH = "branch"
    """The plan goes on with the step of this label."""
    DIAL = "dial"
    """As if the party had dialled this itself."""
    TAKEN = "taken"
    """The move has put the leg elsewhere; the dialogue is over."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Out of the dialogue; ``to`` is the label or what is dialled, ``menu`` where it may be dialled."""

    way: Way
    to: str = ""
    menu: MenuId | None = None


HANG_UP = Leave(Way.HANG_UP)
DONE = Leave(Way.DONE)
TAKEN = Leave(Way.TAKEN)

Next = str | Leave
"""The name of a scene, or a way out."""


@dataclass(slots=True, kw_only=True)
class Talk:
    """A dialogue in progress, as its functions see it. ``data`` belongs to the dialogue."""

    x: Exchange
    call: Call
    leg: Leg
    step: Run
    language: Language
    dialogue: "Dialogue"
    data: Any = None
    scene: str = ""
    entered: str = ""
    reply: Reply | None = None
    recorded: RecordingEnded | None = None
    heard: bool = False
    """Everything the scene says was heard to its end."""
    tries: int = 0
    """How often this scene was entered in a row."""
    # -- the runner's own
    stage: "Stage" = field(default_factory=lambda: Stage.SAYING)
    serial: int = 0
    keyed: str = ""
    ahead: str = ""
    """Keys pressed while the outside was asked."""
    recording: str = ""
    moves: int = 0


class Stage(StrEnum):
    """Where in a scene a dialogue is."""

    ASKING = "asking"
    SAYING = "saying"
    RECORDING = "recording"
    WAITING = "waiting"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What follows an input. ``do`` comes first and may choose another of ``may``; None: ``to``."""

    to: Next
    do: Callable[[Talk], Next | None] | None = None
    may: tuple[Next | Way, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Digits are keyed in: until the hash key, ``longest``, a pause, or when ``complete`` says so."""

    longest: int = 16
    complete: Callable[[Talk, str], bool] | None = None
    pause_ms: int = 3000
    """Between two digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Record the party, from the end of the prompts until a key or the limits of :class:`effects.Record`."""

    name: str
    """``voice/…``, unused so far."""
    longest_ms: Milliseconds
    silence_ms: int = 0


def _nothing(_talk: Talk) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One state of a dialogue."""

    on: Mapping[str, Move]
    """By key or :class:`Input`. Keys listed here count only as the first of ``digits``."""
    say: Callable[[Talk], Sequence[str]] = _nothing
    barge_in: bool | Callable[[Talk], bool] = True
    """A key interrupts the prompts."""
    digits: Digits | None = None
    wait_ms: int | Callable[[Talk], int] = 6000
    """For the first key after the prompts; 0: for ever."""
    ask: Callable[[Talk], Request] | None = None
    take: Callable[[Talk], Take] | None = None
    hears: Callable[[Talk], fx.AudioSource] | None = None
    """Heard after the prompts while waiting; None: silence."""

    @property
    def keys(self) -> bool:
        """True when it waits for keys."""
        return self.digits is not None or any(one in KEYS for one in self.on)

    def interruptible(self, talk: Talk) -> bool:
        """True when a key interrupts the prompts now."""
        return self.barge_in(talk) if callable(self.barge_in) else self.barge_in

    def patience_ms(self, talk: Talk) -> int:
        """How long it waits now for the first key; 0: for ever."""
        return self.wait_ms(talk) if callable(self.wait_ms) else self.wait_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A whole conversation. ``begin`` makes ``talk.data`` and chooses the first scene."""

    begin: Callable[[Talk], Next]
    first: tuple[Next, ...]
    """What ``begin`` may return."""
    scenes: Mapping[str, Scene]
    hung_up: Callable[[Talk], None] | None = None
    """The party has gone, in whatever scene; recordings in progress are being ended."""


def targets(move: Move) -> tuple[Next | Way, ...]:
    """Everything a move may lead to."""
    return (move.to, *move.may)


def defects(dialogue: Dialogue) -> list[str]:
    """What is wrong with a table: unknown or unreachable scenes, missing inputs, no way out. Empty: sound."""
    found: list[str] = []
    for name, scene in dialogue.scenes.items():
        waits_for_keys = scene.keys and scene.wait_ms != 0
        needed = {
            Input.ENTERED: scene.digits is not None,
            Input.SILENCE: waits_for_keys and scene.take is None,
            Input.RECORDED: scene.take is not None,
            Input.REPLIED: scene.ask is not None,
            Input.FAILED: scene.ask is not None,
            Input.SAID: not (scene.keys or scene.take or scene.ask or scene.hears),
        }
        found += [
            f"{name}: nothing follows '{one}'"
            for one, is_needed in needed.items()
            if is_needed and one not in scene.on
        ]
        found += [
            f"{name}: '{one}' is no input" for one in scene.on if one not in KEYS and one not in list(Input)
        ]
        if scene.ask is not None and (scene.take or scene.keys or scene.say is not _nothing):
            found.append(f"{name}: a scene that asks does nothing else")
        for given, move in scene.on.items():
            found += [
                f"{name}: '{given}' leads to unknown '{one}'"
                for one in targets(move)
                if isinstance(one, str) and not isinstance(one, Way) and one not in dialogue.scenes
            ]
    reached = _reached(dialogue)
    found += [f"{name}: cannot be reached" for name in dialogue.scenes if name not in reached]
    leaving = _leaving(dialogue)
    found += [f"{name}: has no way out" for name in dialogue.scenes if name not in leaving]
    return found


def _reached(dialogue: Dialogue) -> set[str]:
    reached: set[str] = set()
    front = [one for one in dialogue.first if isinstance(one, str)]
    while front:
        name = front.pop()
        if name in reached or name not in dialogue.scenes:
            continue
        reached.add(name)
        for move in dialogue.scenes[name].on.values():
            front += [one for one in targets(move) if isinstance(one, str) and not isinstance(one, Way)]
    return reached


def _leaving(dialogue: Dialogue) -> set[str]:
    leaving: set[str] = set()
    while True:
        more = {
            name
            for name, scene in dialogue.scenes.items()
            if name not in leaving
            and any(
                isinstance(one, Leave | Way) or one in leaving
                for move in scene.on.values()
                for one in targets(move)
            )
        }
        if not more:
            return leaving
        leaving |= more
