"""Speaking clock and line test, key by key and second by second."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.calls.voice.clock import CLOCK, ROUNDS, next_tone
from appliance.calls.voice.dialogue import defects
from appliance.calls.voice.line_test import LINE_TEST
from appliance.model import effects as fx
from appliance.model.documents import Application, Language, Site
from appliance.model.plan import Caller
from tests.unit.calls.conversation import A, Conversation, run_step


@pytest.mark.parametrize("dialogue", [CLOCK, LINE_TEST])
def test_the_tables_are_sound(dialogue: object) -> None:
    assert dialogue in (CLOCK, LINE_TEST)
    assert not defects(CLOCK if dialogue is CLOCK else LINE_TEST)


def clock(language: Language = Language.GERMAN, now: datetime | None = None) -> Conversation:
    talk = Conversation(
        run_step(application=Application.CLOCK, language=language), documents=[Site(timezone="Europe/Berlin")]
    )
    assert talk.said
    return talk


def run_to_tone(talk: Conversation) -> datetime:
    """Let the time pass until the tone is heard; when that was."""
    for _ in range(400):
        if talk.said[-1] == ("tone/beep",):
            return talk.now
        timer = next(one for one in talk.timers if one.startswith("talk:"))
        talk.now += timedelta(milliseconds=talk.timers[timer])
        talk.wait()
    raise AssertionError("no tone")


def test_the_clock_tells_the_date_and_then_the_time_at_the_tone() -> None:
    talk = clock()
    # 9:00 UTC on Monday 2 March 2026 is ten o'clock in Berlin.
    assert talk.listen() == (
        "clock_today", "weekday/1", "ordinal/2", "month/3", "number/2", "number/thousand", "number/26",
    )  # fmt: skip
    talk.now += timedelta(seconds=4)
    assert talk.listen() == ("clock_at", "hour/10", "number/and", "number/20", "count/second_many")
    assert run_to_tone(talk) == datetime(2026, 3, 2, 9, 0, 20, tzinfo=UTC)
    talk.now += timedelta(milliseconds=400)
    talk.listen()
    assert talk.said[-1] == ("clock_at", "hour/10", "number/and", "number/30", "count/second_many")


def test_the_clock_ends_after_some_rounds() -> None:
    talk = clock(Language.ENGLISH)
    talk.listen()
    for _ in range(ROUNDS):
        talk.listen()
        due = run_to_tone(talk)
        assert (due.second % 10, due.microsecond) < (1, 0)
        talk.listen()
    assert talk.said[-1] == ("goodbye",)
    talk.listen()
    assert talk.over


def test_a_late_announcement_still_gets_its_tone() -> None:
    talk = clock()
    talk.listen()
    talk.now += timedelta(seconds=60)
    talk.listen()
    assert talk.said[-1] == ("tone/beep",)


@pytest.mark.parametrize(
    ("second", "micro", "least", "expected"),
    [
        (0, 0, 0, 0),
        (0, 1, 0, 10),
        (1, 0, 8, 10),
        (2, 0, 8, 10),
        (2, 1, 8, 20),
        (55, 0, 8, 70),
        (45, 0, 14, 60),
    ],
)
def test_tones_come_at_full_tens(second: int, micro: int, least: int, expected: int) -> None:
    now = datetime(2026, 3, 2, 9, 59, second, micro, tzinfo=UTC)
    assert next_tone(now, least) == datetime(2026, 3, 2, 9, 59, tzinfo=UTC) + timedelta(seconds=expected)


def line_test(**party: object) -> Conversation:
    caller = Caller(**{"number": "+492214710", **party})  # type: ignore[arg-type]  # the tests name real fields
    return Conversation(run_step(application=Application.LINE_TEST), caller=caller)


def heard(talk: Conversation) -> fx.AudioSource:
    return talk.hears


def test_the_line_test_tells_the_number_it_sees() -> None:
    shown = line_test()
    assert shown.said[-1] == (
        "line_test", "line_number", "digit_plus", *(f"digit_{one}" for one in "492214710"),
    )  # fmt: skip
    for withheld in (line_test(withheld=True), line_test(number="")):
        assert withheld.said[-1] == ("line_test", "line_unknown")


def test_the_line_test_repeats_keys_and_plays_tone_and_echo() -> None:
    talk = line_test()
    talk.listen()
    talk.press("7")
    assert talk.said[-1] == ("digit_7",)
    talk.press("0")
    assert talk.said[-1] == ("digit_0",)
    talk.press("*")
    assert heard(talk) == fx.HearsTone(tone=fx.ToneKind.TEST)
    talk.press("#")
    assert talk.said[-1] == ("line_test_echo",)
    talk.listen()
    assert heard(talk) == fx.HearsLegs(legs=frozenset({A}))
    talk.wait()
    assert talk.listen() == ("goodbye",)
    assert talk.over


def test_the_line_test_goes_on_without_a_key() -> None:
    talk = line_test()
    talk.listen()
    talk.listen()
    talk.wait()
    assert heard(talk) == fx.HearsTone(tone=fx.ToneKind.TEST)
    talk.wait()
    assert talk.said[-1] == ("line_test_echo",)
    talk.hang_up()
    assert talk.over
