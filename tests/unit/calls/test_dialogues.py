"""Dialogues: every table is sound, and the runner does what tables say."""

import dataclasses
from typing import Any

import pytest

from appliance.calls.voice import catalogue
from appliance.calls.voice.dialogue import (
    DONE,
    HANG_UP,
    Dialogue,
    Digits,
    Input,
    Leave,
    Move,
    Scene,
    Take,
    Talk,
    Way,
    defects,
)
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import Application, Language
from appliance.model.ids import CallId, LegId, Milliseconds
from appliance.model.plan import Outcome, Play
from appliance.model.voice import Done, RecordingEnd, Request
from tests.unit.calls import office
from tests.unit.calls.conversation import A, Conversation, run_step


@dataclasses.dataclass(frozen=True, slots=True)
class Look(Request):
    what: str


def _dial(talk: Talk) -> Leave:
    return Leave(Way.DIAL, talk.entered)


def _loud(talk: Talk) -> str | None:
    return "loud" if talk.tries > 1 else None


GONE: list[str] = []
SAMPLE = Dialogue(
    begin=lambda _talk: "menu",
    first=("menu",),
    hung_up=lambda talk: GONE.append(talk.scene),
    scenes={
        "menu": Scene(
            say=lambda _talk: ("one", "two"),
            on={
                "1": Move(to="record"),
                "2": Move(to="ask"),
                "3": Move(to="number"),
                "4": Move(to="music"),
                "9": Move(to=DONE),
                Input.SILENCE: Move(to="menu", do=_loud, may=("loud",)),
                Input.WRONG: Move(to="menu"),
            },
        ),
        "loud": Scene(say=lambda _talk: ("loud",), barge_in=False, on={Input.SAID: Move(to=HANG_UP)}),
        "record": Scene(
            say=lambda _talk: ("tone/beep",),
            take=lambda _talk: Take(name="voice/x", longest_ms=Milliseconds(9000)),
            on={Input.RECORDED: Move(to="menu")},
        ),
        "ask": Scene(
            ask=lambda _talk: Look("it"),
            on={Input.REPLIED: Move(to="number"), Input.FAILED: Move(to="menu")},
        ),
        "number": Scene(
            say=lambda _talk: ("number",),
            digits=Digits(longest=4, complete=lambda _talk, keyed: keyed == "21"),
            on={
                "*": Move(to="menu"),
                Input.ENTERED: Move(to=HANG_UP, do=_dial, may=(Way.DIAL,)),
                Input.SILENCE: Move(to=HANG_UP),
            },
        ),
        "music": Scene(
            hears=lambda _talk: fx.HearsFile(name="music/default", language=Language.GERMAN, loop=True),
            wait_ms=0,
            on={"#": Move(to="menu")},
        ),
    },
)


@pytest.fixture(autouse=True)
def _sample(monkeypatch: pytest.MonkeyPatch) -> None:
    GONE.clear()
    dialogues = {**catalogue.DIALOGUES, Application.ANNOUNCEMENT: SAMPLE}
    monkeypatch.setattr("appliance.calls.voice.runner.DIALOGUES", dialogues)


def begin(**changes: Any) -> Conversation:
    return Conversation(run_step(application=Application.ANNOUNCEMENT, **changes.pop("step", {})), **changes)


@pytest.mark.parametrize("application", list(catalogue.DIALOGUES))
def test_every_table_is_sound(application: Application) -> None:
    assert defects(catalogue.DIALOGUES[application]) == []


def test_the_sample_is_sound_and_defects_are_found() -> None:
    assert defects(SAMPLE) == []
    bad = Dialogue(
        begin=lambda _talk: "a",
        first=("a",),
        scenes={
            "a": Scene(on={"1": Move(to="a"), "x": Move(to="nowhere")}),
            "b": Scene(on={Input.SAID: Move(to=HANG_UP)}),
        },
    )
    assert defects(bad) == [
        "a: nothing follows 'silence'",
        "a: 'x' is no input",
        "a: 'x' leads to unknown 'nowhere'",
        "b: cannot be reached",
        "a: has no way out",
    ]


def test_a_key_interrupts_prompts_and_is_looked_up() -> None:
    talk = begin()
    assert fx.Answer(leg=A) in talk.effects
    assert talk.said == [("one", "two")]
    talk.press("3")
    assert talk.said[-1] == ("number",)


def test_silence_and_wrong_keys_repeat_the_scene_and_a_table_may_give_up() -> None:
    talk = begin()
    talk.press("8")
    assert talk.said == [("one", "two"), ("one", "two")]
    talk.listen()
    assert isinstance(talk.hears, fx.HearsNothing)
    talk.wait()
    assert talk.said[-1] == ("loud",)
    talk.press("1")
    assert talk.said[-1] == ("loud",)
    talk.listen()
    assert talk.ended is Cause.NORMAL


def test_digits_end_by_hash_by_length_by_pause_and_when_complete() -> None:
    for keys, then_wait, dialled in (
        ("22#", False, "22"),
        ("2222", False, "2222"),
        ("23", True, "23"),
        ("21", False, "21"),
    ):
        talk = begin()
        talk.press("3" + keys)
        if then_wait:
            talk.wait()
        (record, _legs) = talk.control.live_calls()[0] if talk.control.live_calls() else (None, ())
        assert talk.said[-1] == ("number",)
        if dialled in office.EXTENSIONS:
            assert any(isinstance(one, fx.Originate) for one in talk.effects), keys
        else:
            assert record is None or record.cause is Cause.UNALLOCATED


def test_a_key_of_the_table_counts_only_before_the_first_digit() -> None:
    talk = begin()
    talk.press("3*")
    assert talk.said[-1] == ("one", "two")
    talk.press("32*2#")
    assert len(talk.control.live_calls()) == 1
    assert talk.control.live_calls()[0][0].cause is Cause.UNALLOCATED


def test_keys_pressed_while_the_outside_is_asked_are_kept() -> None:
    talk = begin()
    talk.press("2")
    assert talk.requests == [Look("it")]
    talk.press("21")
    talk.reply(Done())
    assert ("number",) not in talk.said
    assert any(isinstance(one, fx.Originate) for one in talk.effects)


def test_an_outside_that_fails_or_is_late_is_an_input_of_its_own() -> None:
    talk = begin()
    talk.press("2")
    talk.reply(None)
    assert talk.said == [("one", "two")] * 2
    talk.press("2")
    talk.wait()
    assert talk.said == [("one", "two")] * 3
    late = talk.effects[-1]
    talk.feed(ev.Consulted(call=CallId("id1"), serial=1, reply=Done()))
    assert talk.said == [("one", "two")] * 3, late


def test_recording_begins_after_the_tone_and_a_key_ends_it() -> None:
    talk = begin()
    talk.press("1")
    assert talk.records == []
    talk.listen()
    assert [one.name for one in talk.records] == ["voice/x"]
    talk.press("5")
    assert talk.said[-1] == ("one", "two")


@pytest.mark.parametrize("end", [RecordingEnd.LONGEST, RecordingEnd.FAILED, RecordingEnd.SILENCE])
def test_a_recording_may_end_by_itself(end: RecordingEnd) -> None:
    talk = begin()
    talk.press("1")
    talk.listen()
    talk.recorded(end)
    assert talk.said[-1] == ("one", "two")


@pytest.mark.parametrize("keys", ["", "1", "2", "3", "4", "37"])
def test_hanging_up_ends_everything_in_every_scene(keys: str) -> None:
    talk = begin()
    talk.press(keys)
    if keys == "1":
        talk.listen()
    talk.hang_up()
    assert not talk.control.live_calls()
    assert not [one for one in talk.timers if one.startswith("talk:")]
    assert len(GONE) == 1
    assert any(isinstance(one, fx.StopRecord) for one in talk.effects) == (keys == "1")


def test_a_scene_may_play_music_until_a_key() -> None:
    talk = begin()
    talk.press("4")
    assert isinstance(talk.hears, fx.HearsFile)
    assert not [one for one in talk.timers if one.startswith("talk:")]
    talk.press("#")
    assert talk.said[-1] == ("one", "two")


def test_what_follows_the_application_is_the_plan_s_business() -> None:
    after = Play(prompt="welcome", language=Language.GERMAN, answer=False)
    talk = Conversation(run_step(application=Application.ANNOUNCEMENT, next={Outcome.DONE: 1}), after)
    talk.press("9")
    assert isinstance(talk.hears, fx.HearsFile)
    assert talk.hears.name == "welcome"


def test_a_party_that_takes_the_place_of_another_begins_anew() -> None:
    talk = begin()
    talk.press("3")
    replaced = ev.LegIncoming(
        leg=LegId("n"), origin=office.device("23"), caller=office.CALLER, dialled="", replaces=A
    )
    effects = talk.feed(replaced)
    lists = [one for one in effects if isinstance(one, fx.SetAudio) and one.leg == "n"]
    assert isinstance(lists[0].hears, fx.HearsList)
    assert GONE == ["number"]


def test_a_dialogue_that_goes_round_by_itself_ends() -> None:
    silent = Dialogue(
        begin=lambda _talk: "a",
        first=("a",),
        scenes={
            "a": Scene(on={Input.SAID: Move(to="b", may=(HANG_UP,))}),
            "b": Scene(on={Input.SAID: Move(to="a")}),
        },
    )
    assert defects(silent) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("appliance.calls.voice.runner.DIALOGUES", {Application.ANNOUNCEMENT: silent})
        assert begin().ended is Cause.NORMAL
