"""Which numbers may be shown to a called party that are not the line's own (CLIP no screening).

Source: § 120 (2) TKG: own German numbers; the caller's number on a forwarded call; never those of emergency,
directory, mass traffic or premium services, nor short numbers.
"""

import re
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType, shortnumberinfo

_NEVER_IN_GERMANY = re.compile(r"118|0?(900|190|137|138|18[0-9])|116|115\Z")
_PREMIUM = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


class Objection(StrEnum):
    """Why a number must not be shown."""

    NO_NUMBER = "no_number"
    EMERGENCY = "emergency"
    SERVICE = "service"
    ABROAD = "abroad"


@lru_cache(maxsize=4096)
def objection(number: str, country: str, *, forwarded: bool = False) -> Objection | None:
    """Why this E.164 number must not be shown; ``forwarded``: it is the caller's on a call we forward."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Objection.NO_NUMBER
    national = phonenumbers.national_significant_number(parsed)
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    german = region == "DE"
    if shortnumberinfo.is_emergency_number(national, region) or (german and national in {"110", "112"}):
        return Objection.EMERGENCY
    if phonenumbers.number_type(parsed) in _PREMIUM or (german and _NEVER_IN_GERMANY.match(national)):
        return Objection.SERVICE
    if not phonenumbers.is_possible_number(parsed):
        return Objection.NO_NUMBER
    if not forwarded and country == "DE" and not german:
        return Objection.ABROAD
    return None
