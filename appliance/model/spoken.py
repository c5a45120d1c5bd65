"""Numbers, dates and times as spoken: values turned into the names of prompts to be played in a row.

The prompts are made by ``image-build/prompts/families.py``, the same names in every language; which of them
are said, and in which order, is the grammar of the language and stands here. Dates and times are the
listener's wall clock.
"""

from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum

from appliance.model.languages import Language

Prompts = tuple[str, ...]

_DIGITS = {"+": "digit_plus", "*": "digit_star", "#": "digit_hash"} | {
    str(n): f"digit_{n}" for n in range(10)
}
_MAX_NUMBER = 999_999_999


class Form(Enum):
    """How a German number ends that ends in one: eins, ein Anruf, eine Nachricht."""

    COUNTING = "counting"
    MASCULINE = "masculine"
    """Neuter too."""
    FEMININE = "feminine"


class Thing(StrEnum):
    """What can be counted aloud."""

    MESSAGE = "message"
    NEW_MESSAGE = "new_message"
    SAVED_MESSAGE = "saved_message"
    CALL = "call"
    CALLER = "caller"
    PARTICIPANT = "participant"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


_MASCULINE = {Thing.CALL, Thing.CALLER, Thing.PARTICIPANT, Thing.DAY}


def number(value: int, language: Language, form: Form = Form.COUNTING) -> Prompts:
    """Say an integer; beyond 999 999 999 its digits. Raises ValueError for negative ones."""
    if value < 0:
        raise ValueError(f"cannot say {value}")
    if value > _MAX_NUMBER:
        return digits(str(value))
    millions, rest = divmod(value, 1_000_000)
    thousands, below = divmod(rest, 1000)
    said: list[str] = []
    if millions == 1:
        said.append("number/million_one")
    elif millions:
        said += (*_below_thousand(millions, language, Form.FEMININE), "number/millions")
    if thousands:
        said += (*_below_thousand(thousands, language, Form.MASCULINE), "number/thousand")
    if below or not said:
        if said and below < 100 and language is Language.ENGLISH:
            said.append("number/and")
        said += _below_thousand(below, language, form)
    return tuple(said)


def ordinal(value: int, language: Language) -> Prompts:
    """Say ``der dritte``, ``the third``; beyond 31 ``Nummer`` and the number."""
    if 1 <= value <= 31:
        return (f"ordinal/{value}",)
    return ("number/number", *number(value, language))


def counted(value: int, thing: Thing, language: Language) -> Prompts:
    """Say how many: ``keine Nachricht``, ``eine Nachricht``, ``einundzwanzig Nachrichten``."""
    if value == 0:
        return (f"count/{thing}_none",)
    if value == 1:
        return (f"count/{thing}_one",)
    form = Form.MASCULINE if thing in _MASCULINE else Form.FEMININE
    return (*number(value, language, form), f"count/{thing}_many")


def digits(text: str) -> Prompts:
    """Say a telephone number digit by digit; what is not dialled (blanks, brackets) is left out."""
    return tuple(_DIGITS[one] for one in text if one in _DIGITS)


def year(value: int, language: Language) -> Prompts:
    """Say a year: ``neunzehnhundertneunundneunzig``, ``twenty twenty-six``."""
    century, rest = divmod(value, 100)
    if not 1100 <= value <= 9999 or (century % 10 == 0 and (language is Language.GERMAN or rest < 10)):
        return number(value, language)
    if language is Language.GERMAN:
        if century >= 20:
            return number(value, language)
        return (f"number/{century}", "number/hundred", *((f"number/{rest}",) if rest else ()))
    if rest == 0:
        return (f"number/{century}", "number/hundred")
    return (f"number/{century}", f"minute/{rest}" if rest < 10 else f"number/{rest}")


def day(value: date, language: Language, *, today: date) -> Prompts:
    """Say when: ``gestern``, ``am Montag, dem dritten Mai``; the year only when it is another."""
    near = {timedelta(0): "day/today", timedelta(-1): "day/yesterday", timedelta(1): "day/tomorrow"}.get(
        value - today
    )
    if near is not None:
        return (near,)
    said = (f"weekday_on/{value.isoweekday()}", f"ordinal_on/{value.day}", f"month/{value.month}")
    return said if value.year == today.year else (*said, *year(value.year, language))


def calendar_day(value: date, language: Language) -> Prompts:
    """Say which day it is: ``Montag, der dritte Mai zweitausendsechsundzwanzig``."""
    named = (f"weekday/{value.isoweekday()}", f"ordinal/{value.day}", f"month/{value.month}")
    return (*named, *year(value.year, language))


def clock_time(value: time, language: Language, *, seconds: bool = False) -> Prompts:
    """Say a time of day: 24 hours in German, twelve in English; with ``seconds`` to the second."""
    precise = (
        ("number/and", *counted(value.second, Thing.SECOND, language)) if seconds and value.second else ()
    )
    if language is Language.GERMAN:
        minutes = (f"number/{value.minute}",) if value.minute else ()
        return (f"hour/{value.hour}", *minutes, *precise)
    half = "time/am" if value.hour < 12 else "time/pm"
    if value.minute:
        minute = f"minute/{value.minute}" if value.minute < 10 else f"number/{value.minute}"
        return (f"hour/{value.hour}", minute, half, *precise)
    if value.hour % 12 == 0:
        return ("time/midnight" if value.hour == 0 else "time/noon", *precise)
    return (f"hour/{value.hour}", half, *precise)


def moment(value: datetime, language: Language, *, now: datetime) -> Prompts:
    """Say day and time: ``gestern um vierzehn Uhr dreißig``. Both times are of the listener's time zone."""
    said = clock_time(value.time(), language)
    return (*day(value.date(), language, today=now.date()), "time/at", *said)


def duration(seconds: int, language: Language) -> Prompts:
    """Say how long: from one hour on without seconds. Raises ValueError if negative."""
    if seconds < 0:
        raise ValueError(f"cannot say a duration of {seconds} seconds")
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = (
        [(hours, Thing.HOUR), (minutes, Thing.MINUTE)]
        if hours
        else [(minutes, Thing.MINUTE), (rest, Thing.SECOND)]
    )
    shown = [counted(count, thing, language) for count, thing in parts if count]
    if not shown:
        return (*number(0, language), "count/second_many")
    return shown[0] if len(shown) == 1 else (*shown[0], "number/and", *shown[1])


def _below_thousand(value: int, language: Language, form: Form) -> Prompts:
    hundreds, rest = divmod(value, 100)
    said: list[str] = [f"number/{hundreds}00"] if hundreds else []
    if rest or not hundreds:
        if hundreds and language is Language.ENGLISH:
            said.append("number/and")
        inflected = rest == 1 and form is not Form.COUNTING
        said.append(f"number/one_{form.value}" if inflected else f"number/{rest}")
    return tuple(said)
