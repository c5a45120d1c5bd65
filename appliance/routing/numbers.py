"""Telephone numbers: dialled digits and providers' spellings to E.164, and back to what each wants to see.

Emergency numbers never come here: ``phonenumbers`` would read 110 as +49110. Numbers are put together from
the country's prefixes before the library sees them, because it "validly" misreads local numbers
(4531234 in Germany becomes +49 4531 234 instead of a subscriber next door).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, shortnumberinfo

from appliance.model.documents import Site
from appliance.model.ids import E164

MAX_DIALLED = 40
"""Longer input is no number (E.164 has 15 digits, prefixes and separators come on top)."""
_SEPARATORS = re.compile(r"[\s./()\[\]\u00a0\u2010-\u2015-]")
_DIALABLE = re.compile(r"\+?[0-9*#]+\Z")
_E164 = re.compile(r"\+[1-9][0-9]{3,14}\Z")
_SHORT_TOO: dict[str, re.Pattern[str]] = {"DE": re.compile(r"115|116[0-9]{3}|118[0-9]{2,3}\Z")}
"""Ranges of short numbers as the regulator set them; the library knows only those in use today."""
MIN_LOCAL_DIGITS = 3
"""Shorter digits are no subscriber's number anywhere we know."""


class Form(StrEnum):
    """A way to write a public number."""

    E164 = "e164"
    """+4922147100"""
    E164_NO_PLUS = "e164_noplus"
    """4922147100"""
    NATIONAL = "national"
    """022147100; foreign numbers as INTERNATIONAL."""
    INTERNATIONAL = "international"
    """004922147100"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """How numbers are dialled at a site."""

    country: str = "DE"
    area_code: str = ""
    outside_prefix: str = ""

    @classmethod
    def of(cls, site: Site) -> "Dialling":
        """Take it from the site's document."""
        return cls(country=site.country, area_code=site.area_code, outside_prefix=site.outside_prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNumber:
    """A number of the public network: E.164, or a short number (116117) that exists only as dialled."""

    number: str
    short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Country:
    """``code`` is the country code without plus, empty for a country the library does not know."""

    code: str
    international: str
    international_pattern: re.Pattern[str]
    trunk_prefix: str
    trunk_prefix_optional: bool


@lru_cache(maxsize=256)
def _country(region: str) -> _Country:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return _Country(
            code="",
            international="00",
            international_pattern=re.compile("00"),
            trunk_prefix="0",
            trunk_prefix_optional=False,
        )
    pattern = metadata.international_prefix or "00"
    preferred = metadata.preferred_international_prefix or (pattern if pattern.isdigit() else "00")
    trunk_prefix = metadata.national_prefix or ""
    return _Country(
        code=str(metadata.country_code),
        international=re.sub(r"\D", "", preferred),
        international_pattern=re.compile(pattern),
        trunk_prefix=trunk_prefix,
        trunk_prefix_optional=not trunk_prefix or metadata.country_code == 1,
    )


def clean(text: str) -> str:
    """Drop what people write between digits; empty if the rest is not dialable (+, digits, * and #)."""
    if len(text) > MAX_DIALLED:
        return ""
    digits = _SEPARATORS.sub("", text)
    return digits if _DIALABLE.match(digits) else ""


@lru_cache(maxsize=8192)
def e164(text: str) -> E164 | None:
    """Read ``+<country code><number>``; None if no such number can exist (wrong length, no such country)."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    written_out = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return E164(written_out) if _E164.match(written_out) else None


@lru_cache(maxsize=8192)
def is_valid(number: str) -> bool:
    """True if the numbering plan of its country has room for this E.164 number, not only by length."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=4096)
def is_short(digits: str, country: str) -> bool:
    """True for public short numbers (115, 116117, 11833), which have no E.164 form."""
    if country in _SHORT_TOO and _SHORT_TOO[country].fullmatch(digits):
        return True
    if len(digits) > 6 or not digits.isdigit():
        return False
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return False
    return (
        shortnumberinfo.is_valid_short_number_for_region(number, country)
        and not shortnumberinfo.is_carrier_specific_for_region(number, country)
        and not shortnumberinfo.is_sms_service_for_region(number, country)
    )


@lru_cache(maxsize=4096)
def is_emergency(digits: str, country: str) -> bool:
    """True for exactly the emergency numbers of a country as everybody knows them."""
    return digits.isascii() and digits.isdigit() and shortnumberinfo.is_emergency_number(digits, country)


@lru_cache(maxsize=8192)
def read_dialled(digits: str, dialling: Dialling) -> PublicNumber | None:
    """Understand cleaned digits as an outside call; None if they are none (no prefix, star code)."""
    if digits.startswith("+"):
        return _public(e164(digits))
    if not digits.isdigit():
        return None
    if is_short(digits, dialling.country):
        return PublicNumber(number=digits, short=True)
    if dialling.outside_prefix:
        if not digits.startswith(dialling.outside_prefix):
            return None
        digits = digits.removeprefix(dialling.outside_prefix)
    return read_outside(digits, dialling.country, dialling.area_code)


@lru_cache(maxsize=8192)
def read_outside(digits: str, country: str, area_code: str) -> PublicNumber | None:
    """Understand digits as the public exchange would: short, international, national or local."""
    if not digits:
        return None
    if is_short(digits, country):
        return PublicNumber(number=digits, short=True)
    land = _country(country)
    abroad = land.international_pattern.match(digits)
    if abroad:
        return _public(e164("+" + digits[abroad.end() :]))
    if not land.code:
        return None
    if land.trunk_prefix and digits.startswith(land.trunk_prefix):
        return _public(e164(f"+{land.code}{digits.removeprefix(land.trunk_prefix)}"))
    if len(digits) < MIN_LOCAL_DIGITS:
        return None
    if land.trunk_prefix_optional:
        whole = e164(f"+{land.code}{digits}")
        if whole is not None and is_valid(whole):
            return _public(whole)
    return _public(e164(f"+{land.code}{area_code}{digits}")) if area_code else None


def _public(number: E164 | None) -> PublicNumber | None:
    return None if number is None else PublicNumber(number=number)


@lru_cache(maxsize=8192)
def readings(received: str, country: str, area_code: str) -> tuple[str, ...]:
    """Every number ``+…`` a provider may mean by ``received``, the likeliest first; empty for nonsense.

    Providers send +49…, 0049…, 49…, 0221…, 221… and bare local digits, and rarely say which. The
    readings are spellings only: whether such a number exists is for the caller to find out.
    """
    digits = clean(received)
    if not digits.removeprefix("+").isdigit():
        return ()
    if digits.startswith("+"):
        return _spellings(digits, e164(digits))
    land = _country(country)
    abroad = land.international_pattern.match(digits)
    if abroad:
        return _spellings("+" + digits[abroad.end() :], e164("+" + digits[abroad.end() :]))
    if not land.code:
        return _spellings("+" + digits)
    if land.trunk_prefix and land.code != land.trunk_prefix and digits.startswith(land.trunk_prefix):
        return _spellings(f"+{land.code}{digits.removeprefix(land.trunk_prefix)}")
    local = f"+{land.code}{area_code}{digits}" if area_code else None
    return _spellings("+" + digits, f"+{land.code}{digits}", local)


def _spellings(*numbers: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number for number in numbers if number is not None and _E164.match(number)))


@lru_cache(maxsize=8192)
def read_caller(received: str, country: str) -> E164 | None:
    """The caller's number from whatever the provider sends; None if it cannot be told for sure."""
    possible = tuple(number for number in map(e164, readings(received, country, "")) if number is not None)
    if not possible:
        return None
    if clean(received).startswith(("+", *_prefixes(country))):
        return possible[0]
    return next((number for number in possible if is_valid(number)), None)


@lru_cache(maxsize=256)
def _prefixes(country: str) -> tuple[str, ...]:
    land = _country(country)
    trunk_prefix = land.trunk_prefix if land.trunk_prefix != land.code else ""
    return tuple(prefix for prefix in (land.international, trunk_prefix) if prefix)


def trunk_prefix(country: str) -> str:
    """What one dials before an area code: 0 in Germany, nothing in Italy."""
    return _country(country).trunk_prefix


@lru_cache(maxsize=8192)
def written(number: str, form: Form, country: str) -> str:
    """Write an E.164 number in a provider's form; whatever is not E.164 (short numbers) stays as it is."""
    if not number.startswith("+"):
        return number
    match form:
        case Form.E164:
            return number
        case Form.E164_NO_PLUS:
            return number[1:]
        case Form.NATIONAL:
            return dialled_form(number, country)
        case Form.INTERNATIONAL:
            return _country(country).international + number[1:]


@lru_cache(maxsize=8192)
def dialled_form(number: str, country: str) -> str:
    """The digits one dials at an ordinary line of that country: national where possible, else 00…."""
    if not number.startswith("+"):
        return number
    land = _country(country)
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return land.international + number[1:]
    if land.code == str(parsed.country_code):
        # PhoneNumberFormat.NATIONAL forgets the 0 of numbers it does not know.
        return land.trunk_prefix + phonenumbers.national_significant_number(parsed)
    return land.international + number[1:]


def dial_back(number: str, dialling: Dialling) -> str:
    """What a phone must dial to call a public number back, with the outside prefix: shown in its lists."""
    if not number.startswith("+"):
        return number
    return dialling.outside_prefix + dialled_form(number, dialling.country)


@lru_cache(maxsize=8192)
def pretty(number: str, country: str) -> str:
    """A public number for people's eyes: ``0221 47100`` at home, ``+41 43 543 55 70`` from abroad."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    if _country(country).code == str(parsed.country_code) and phonenumbers.is_valid_number(parsed):
        return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
