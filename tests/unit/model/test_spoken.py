"""Numbers, dates and times in words: the sentences people would say, and nothing that no prompt says."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import spoken
from appliance.model.languages import Language
from appliance.model.spoken import Form, Thing

FAMILIES = Path(__file__).resolve().parents[3] / "image-build" / "prompts"
DE, EN = Language.GERMAN, Language.ENGLISH


def _texts() -> dict[str, dict[str, str]]:
    program = "import build, json; print(json.dumps([(t.name, t.language, t.text) for t in build.load()[1]]))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=FAMILIES, capture_output=True, timeout=60, check=True
    )
    found: dict[str, dict[str, str]] = {}
    for name, language, text in json.loads(done.stdout):
        found.setdefault(name, {})[language] = text
    return found


TEXTS = _texts()


def heard(prompts: spoken.Prompts, language: Language) -> str:
    """What the prompts say, one after the other; raises KeyError when one is missing in a language."""
    for name in prompts:
        assert set(TEXTS[name]) == {"de", "en"}
    return " ".join(TEXTS[name][language.value] for name in prompts)


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (0, "null", "zero"),
        (1, "eins", "one"),
        (11, "elf", "eleven"),
        (16, "sechzehn", "sixteen"),
        (17, "siebzehn", "seventeen"),
        (21, "einundzwanzig", "twenty-one"),
        (30, "dreißig", "thirty"),
        (99, "neunundneunzig", "ninety-nine"),
        (100, "einhundert", "one hundred"),
        (101, "einhundert eins", "one hundred and one"),
        (999, "neunhundert neunundneunzig", "nine hundred and ninety-nine"),
        (1000, "ein tausend", "one thousand"),
        (1001, "ein tausend eins", "one thousand and one"),
        (1100, "ein tausend einhundert", "one thousand one hundred"),
        (21_021, "einundzwanzig tausend einundzwanzig", "twenty-one thousand and twenty-one"),
        (101_000, "einhundert ein tausend", "one hundred and one thousand"),
        (1_000_000, "eine Million", "one million"),
        (
            999_999,
            "neunhundert neunundneunzig tausend neunhundert neunundneunzig",
            "nine hundred and ninety-nine thousand nine hundred and ninety-nine",
        ),
        (2_000_003, "zwei Millionen drei", "two million and three"),
        (12_345_678_901, "eins zwei drei vier fünf sechs sieben acht neun null eins", None),
    ],
)
def test_numbers(value: int, german: str, english: str | None) -> None:
    assert heard(spoken.number(value, DE), DE) == german
    if english is not None:
        assert heard(spoken.number(value, EN), EN) == english


def test_a_german_one_agrees_with_what_is_counted() -> None:
    assert heard(spoken.number(1, DE, Form.MASCULINE), DE) == "ein"
    assert heard(spoken.number(101, DE, Form.FEMININE), DE) == "einhundert eine"
    assert heard(spoken.number(21, DE, Form.FEMININE), DE) == "einundzwanzig"
    assert heard(spoken.number(1, EN, Form.FEMININE), EN) == "one"


@pytest.mark.parametrize(
    ("count", "thing", "german", "english"),
    [
        (0, Thing.NEW_MESSAGE, "keine neue Nachricht", "no new messages"),
        (1, Thing.NEW_MESSAGE, "eine neue Nachricht", "one new message"),
        (21, Thing.MESSAGE, "einundzwanzig Nachrichten", "twenty-one messages"),
        (101, Thing.MESSAGE, "einhundert eine Nachrichten", "one hundred and one messages"),
        (1, Thing.CALL, "ein Anruf", "one call"),
        (101, Thing.CALL, "einhundert ein Anrufe", "one hundred and one calls"),
        (2, Thing.CALLER, "zwei Anrufer", "two callers"),
    ],
)
def test_counted_things(count: int, thing: Thing, german: str, english: str) -> None:
    assert heard(spoken.counted(count, thing, DE), DE) == german
    assert heard(spoken.counted(count, thing, EN), EN) == english


def test_ordinals() -> None:
    assert [heard(spoken.ordinal(n, DE), DE) for n in (1, 3, 7, 8, 19, 20, 31)] == [
        "der erste",
        "der dritte",
        "der siebte",
        "der achte",
        "der neunzehnte",
        "der zwanzigste",
        "der einunddreißigste",
    ]
    english = [heard(spoken.ordinal(n, EN), EN) for n in (1, 4, 8, 11, 12, 13, 20, 22, 31)]
    assert english == [
        f"the {word}"
        for word in (
            "first",
            "fourth",
            "eighth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "twentieth",
            "twenty-second",
            "thirty-first",
        )
    ]
    assert heard(spoken.ordinal(32, DE), DE) == "Nummer zweiunddreißig"


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (1905, "neunzehn hundert fünf", "nineteen oh five"),
        (1999, "neunzehn hundert neunundneunzig", "nineteen ninety-nine"),
        (2000, "zwei tausend", "two thousand"),
        (2009, "zwei tausend neun", "two thousand and nine"),
        (2026, "zwei tausend sechsundzwanzig", "twenty twenty-six"),
        (2100, "zwei tausend einhundert", "twenty-one hundred"),
    ],
)
def test_years(value: int, german: str, english: str) -> None:
    assert heard(spoken.year(value, DE), DE) == german
    assert heard(spoken.year(value, EN), EN) == english


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (date(2027, 5, 4), "heute", "today"),
        (date(2027, 5, 3), "gestern", "yesterday"),
        (date(2027, 5, 5), "morgen", "tomorrow"),
        (date(2027, 4, 3), "am Samstag dem dritten April", "on Saturday the third of April"),
        (
            date(2026, 12, 31),
            "am Donnerstag dem einunddreißigsten Dezember zwei tausend sechsundzwanzig",
            "on Thursday the thirty-first of December twenty twenty-six",
        ),
    ],
)
def test_days(value: date, german: str, english: str) -> None:
    assert heard(spoken.day(value, DE, today=date(2027, 5, 4)), DE) == german
    assert heard(spoken.day(value, EN, today=date(2027, 5, 4)), EN) == english


def test_the_day_of_the_calendar() -> None:
    assert (
        heard(spoken.calendar_day(date(2027, 5, 3), DE), DE)
        == "Montag der dritte Mai zwei tausend siebenundzwanzig"
    )
    assert (
        heard(spoken.calendar_day(date(2027, 5, 3), EN), EN) == "Monday the third of May twenty twenty-seven"
    )


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (time(0, 0), "null Uhr", "midnight"),
        (time(0, 30), "null Uhr dreißig", "twelve thirty A.M."),
        (time(1, 0), "ein Uhr", "one A.M."),
        (time(1, 1), "ein Uhr eins", "one oh one A.M."),
        (time(12, 0), "zwölf Uhr", "twelve noon"),
        (time(12, 5), "zwölf Uhr fünf", "twelve oh five P.M."),
        (time(21, 21), "einundzwanzig Uhr einundzwanzig", "nine twenty-one P.M."),
    ],
)
def test_times_of_day(value: time, german: str, english: str) -> None:
    assert heard(spoken.clock_time(value, DE), DE) == german
    assert heard(spoken.clock_time(value, EN), EN) == english


def test_to_the_second_and_with_the_day() -> None:
    assert (
        heard(spoken.clock_time(time(14, 30, 10), DE, seconds=True), DE)
        == "vierzehn Uhr dreißig und zehn Sekunden"
    )
    assert heard(spoken.clock_time(time(14, 0, 1), EN, seconds=True), EN) == "two P.M. and one second"
    now = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)
    assert heard(spoken.moment(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), DE, now=now), DE) == (
        "gestern um dreiundzwanzig Uhr neunundfünfzig"
    )
    assert (
        heard(spoken.moment(datetime(2027, 1, 1, 0, 0, tzinfo=UTC), EN, now=now), EN) == "today at midnight"
    )


@pytest.mark.parametrize(
    ("seconds", "german", "english"),
    [
        (0, "null Sekunden", "zero seconds"),
        (1, "eine Sekunde", "one second"),
        (61, "eine Minute und eine Sekunde", "one minute and one second"),
        (120, "zwei Minuten", "two minutes"),
        (3600 + 21 * 60 + 7, "eine Stunde und einundzwanzig Minuten", "one hour and twenty-one minutes"),
    ],
)
def test_durations(seconds: int, german: str, english: str) -> None:
    assert heard(spoken.duration(seconds, DE), DE) == german
    assert heard(spoken.duration(seconds, EN), EN) == english


def test_telephone_numbers_digit_by_digit() -> None:
    assert heard(spoken.digits("+49 (221) 40"), DE) == "plus vier neun zwei zwei eins vier null"
    assert heard(spoken.digits("*21#"), EN) == "star two one hash"
    assert spoken.digits("anonymous") == ()


@pytest.mark.parametrize("say", [lambda: spoken.number(-1, DE), lambda: spoken.duration(-1, EN)])
def test_what_cannot_be_said_is_refused(say: object) -> None:
    assert callable(say)
    with pytest.raises(ValueError, match="cannot say"):
        say()


@given(st.sampled_from(Language), st.integers(0, 10**12), st.sampled_from(Form), st.sampled_from(Thing))
def test_every_number_is_made_of_prompts_there_are(
    lang: Language, value: int, form: Form, thing: Thing
) -> None:
    for said in (
        spoken.number(value, lang, form),
        spoken.ordinal(value, lang),
        spoken.counted(value, thing, lang),
        spoken.duration(value, lang),
        spoken.digits(str(value)),
    ):
        assert said
        heard(said, lang)


@given(st.sampled_from(Language), st.datetimes(), st.datetimes(), st.booleans())
def test_every_moment_is_made_of_prompts_there_are(
    lang: Language, at: datetime, now: datetime, exact: bool
) -> None:
    heard(spoken.moment(at, lang, now=now), lang)
    heard(spoken.calendar_day(at.date(), lang), lang)
    heard(spoken.clock_time(at.time(), lang, seconds=exact), lang)


def test_all_of_what_is_common_is_there() -> None:
    for language in Language:
        for value in range(1100):
            heard(spoken.number(value, language), language)
            heard(spoken.year(1000 + value, language), language)
        for thing in Thing:
            for value in range(3):
                heard(spoken.counted(value, thing, language), language)
        first = date(2027, 1, 1)
        for days in range(365):
            heard(spoken.day(first + timedelta(days), language, today=first), language)
        for minute in range(24 * 60):
            heard(spoken.clock_time(time(minute // 60, minute % 60), language), language)
