"""Prompts that come in families: digits, numbers, days, times, counted things.

Named as ``appliance/model/spoken.py`` puts them in a row. Each is said within a row of others,
so it has next to no silence around it.
"""

from __future__ import annotations

_UNITS = (
    ("null", "zero"),
    ("eins", "one"),
    ("zwei", "two"),
    ("drei", "three"),
    ("vier", "four"),
    ("fünf", "five"),
    ("sechs", "six"),
    ("sieben", "seven"),
    ("acht", "eight"),
    ("neun", "nine"),
    ("zehn", "ten"),
    ("elf", "eleven"),
    ("zwölf", "twelve"),
    ("dreizehn", "thirteen"),
    ("vierzehn", "fourteen"),
    ("fünfzehn", "fifteen"),
    ("sechzehn", "sixteen"),
    ("siebzehn", "seventeen"),
    ("achtzehn", "eighteen"),
    ("neunzehn", "nineteen"),
)
_TENS = {
    20: ("zwanzig", "twenty"),
    30: ("dreißig", "thirty"),
    40: ("vierzig", "forty"),
    50: ("fünfzig", "fifty"),
    60: ("sechzig", "sixty"),
    70: ("siebzig", "seventy"),
    80: ("achtzig", "eighty"),
    90: ("neunzig", "ninety"),
}
_ENGLISH_ORDINALS = {
    1: "first",
    2: "second",
    3: "third",
    5: "fifth",
    8: "eighth",
    9: "ninth",
    12: "twelfth",
    20: "twentieth",
    30: "thirtieth",
}
_GERMAN_ORDINALS = {1: "erste", 3: "dritte", 7: "siebte", 8: "achte"}
_MONTHS = (
    ("Januar", "January"),
    ("Februar", "February"),
    ("März", "March"),
    ("April", "April"),
    ("Mai", "May"),
    ("Juni", "June"),
    ("Juli", "July"),
    ("August", "August"),
    ("September", "September"),
    ("Oktober", "October"),
    ("November", "November"),
    ("Dezember", "December"),
)
_WEEKDAYS = (
    ("Montag", "Monday"),
    ("Dienstag", "Tuesday"),
    ("Mittwoch", "Wednesday"),
    ("Donnerstag", "Thursday"),
    ("Freitag", "Friday"),
    ("Samstag", "Saturday"),
    ("Sonntag", "Sunday"),
)
# none, one, many
_COUNTED = {
    "message": (
        ("keine Nachricht", "eine Nachricht", "Nachrichten"),
        ("no messages", "one message", "messages"),
    ),
    "new_message": (
        ("keine neue Nachricht", "eine neue Nachricht", "neue Nachrichten"),
        ("no new messages", "one new message", "new messages"),
    ),
    "saved_message": (
        ("keine gespeicherte Nachricht", "eine gespeicherte Nachricht", "gespeicherte Nachrichten"),
        ("no saved messages", "one saved message", "saved messages"),
    ),
    "call": (("kein Anruf", "ein Anruf", "Anrufe"), ("no calls", "one call", "calls")),
    "caller": (("kein Anrufer", "ein Anrufer", "Anrufer"), ("no callers", "one caller", "callers")),
    "participant": (
        ("kein Teilnehmer", "ein Teilnehmer", "Teilnehmer"),
        ("no participants", "one participant", "participants"),
    ),
    "second": (("keine Sekunde", "eine Sekunde", "Sekunden"), ("no seconds", "one second", "seconds")),
    "minute": (("keine Minute", "eine Minute", "Minuten"), ("no minutes", "one minute", "minutes")),
    "hour": (("keine Stunde", "eine Stunde", "Stunden"), ("no hours", "one hour", "hours")),
    "day": (("kein Tag", "ein Tag", "Tage"), ("no days", "one day", "days")),
}
_SINGLE = {
    "digit_plus": ("plus", "plus"),
    "digit_star": ("Stern", "star"),
    "digit_hash": ("Raute", "hash"),
    "number/hundred": ("hundert", "hundred"),
    "number/thousand": ("tausend", "thousand"),
    "number/million_one": ("eine Million", "one million"),
    "number/millions": ("Millionen", "million"),
    "number/and": ("und", "and"),
    "number/number": ("Nummer", "number"),
    "number/one_masculine": ("ein", "one"),
    "number/one_feminine": ("eine", "one"),
    "day/today": ("heute", "today"),
    "day/yesterday": ("gestern", "yesterday"),
    "day/tomorrow": ("morgen", "tomorrow"),
    "time/at": ("um", "at"),
    "time/am": ("vormittags", "A.M."),
    "time/pm": ("nachmittags", "P.M."),
    "time/noon": ("zwölf Uhr", "twelve noon"),
    "time/midnight": ("null Uhr", "midnight"),
}


def german(value: int) -> str:
    """0 to 99 in words."""
    if value < 20:
        return _UNITS[value][0]
    unit, tens = value % 10, _TENS[value - value % 10][0]
    return f"{'ein' if unit == 1 else _UNITS[unit][0]}und{tens}" if unit else tens


def english(value: int) -> str:
    """0 to 99 in words."""
    if value < 20:
        return _UNITS[value][1]
    unit, tens = value % 10, _TENS[value - value % 10][1]
    return f"{tens}-{_UNITS[unit][1]}" if unit else tens


def german_ordinal(value: int) -> str:
    """1 to 31 in words: ``dritte``."""
    return _GERMAN_ORDINALS.get(value) or german(value) + ("te" if value < 20 else "ste")


def english_ordinal(value: int) -> str:
    """1 to 31 in words: ``third``."""
    if value in _ENGLISH_ORDINALS:
        return _ENGLISH_ORDINALS[value]
    if value > 20:
        return f"{english(value - value % 10)}-{english_ordinal(value % 10)}"
    return f"{english(value)}th"


def texts() -> dict[str, dict[str, str]]:
    """Return every family's prompts: name, then text by language."""
    pairs = dict(_SINGLE)
    for value in range(100):
        pairs[f"number/{value}"] = (german(value), english(value))
    for value in range(10):
        pairs[f"digit_{value}"] = _UNITS[value]
    for value in range(1, 10):
        hundred = "ein" if value == 1 else german(value)
        pairs[f"number/{value}00"] = (f"{hundred}hundert", f"{english(value)} hundred")
        pairs[f"minute/{value}"] = (german(value), f"oh {english(value)}")
    for value in range(1, 32):
        word = german_ordinal(value)
        pairs[f"ordinal/{value}"] = (f"der {word}", f"the {english_ordinal(value)}")
        pairs[f"ordinal_on/{value}"] = (f"dem {word}n", f"the {english_ordinal(value)}")
    for at, (in_german, in_english) in enumerate(_MONTHS, 1):
        pairs[f"month/{at}"] = (in_german, f"of {in_english}")
    for at, (in_german, in_english) in enumerate(_WEEKDAYS, 1):
        pairs[f"weekday/{at}"] = (in_german, in_english)
        pairs[f"weekday_on/{at}"] = (f"am {in_german}", f"on {in_english}")
    for hour in range(24):
        pairs[f"hour/{hour}"] = (f"{'ein' if hour == 1 else german(hour)} Uhr", english(hour % 12 or 12))
    for thing, (in_german_all, in_english_all) in _COUNTED.items():
        for which, de, en in zip(("none", "one", "many"), in_german_all, in_english_all, strict=True):
            pairs[f"count/{thing}_{which}"] = (de, en)
    return {name: {"de": de, "en": en} for name, (de, en) in pairs.items()}
